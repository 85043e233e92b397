# Sourced in the guest: the daemon's places, its configuration, and the cameras.

MODEL=/etc/zanzo/lab.safetensors
CONFIG=/etc/zanzo/zanzo.yaml
SOCKET=/run/zanzo/events.sock
JOURNAL=/var/log/zanzo/events.jsonl
# Emulated, everything takes 10 to 20 times as long as on a real machine: how long a state may take to come.
PATIENCE=60

# configure <<CAMERAS: the lab's configuration with these cameras (YAML, indented by two).
# The threshold is out of reach, for what a test pattern scores is of no interest here.
configure() {
    cat >"$CONFIG" - <<-YAML
	camera_defaults:
	  model: $MODEL
	  rate: 5
	  size: 320x180
	  input_rate: 5
	  timeout: 5s
	  threshold: 1000000
	  snapshot_every: off
	cameras:
	$(sed 's/^/  /')
	YAML
}

# Every script begins with a machine as after a boot: no camera, no daemon, nothing remembered.
fresh() {
    systemctl stop zanzod.service zanzod.socket 2>/dev/null
    systemctl reset-failed zanzod.service zanzod.socket 2>/dev/null
    rm -rf /run/systemd/system/zanzod.service.d
    systemctl daemon-reload
    unplug
    rm -rf /var/lib/zanzo/* /var/log/zanzo/*
    configure <<<"door: {source: /dev/video0}"
}

# override <<UNIT: a drop-in for this script only.
override() {
    mkdir -p /run/systemd/system/zanzod.service.d
    cat >/run/systemd/system/zanzod.service.d/lab.conf
    systemctl daemon-reload
}

# plug [TYPE]: vivid's camera as /dev/video0; 0x0 is a webcam, 0x1 a television input (720x576 and no small sizes).
plug() {
    modprobe vivid n_devs=1 node_types=0x1 "input_types=${1:-0x0}" && within 20 test -c /dev/video0
}

unplug() {
    lsmod | grep -q '^vivid ' || return 0
    within 30 rmmod vivid
}

# press CONTROL: one of vivid's faults.
press() { v4l2-ctl -d /dev/video0 --set-ctrl="$1=${2:-1}"; }

main_pid() { systemctl show -p MainPID --value zanzod; }
restarts() { systemctl show -p NRestarts --value zanzod; }
is() { [ "$(systemctl show -p "$1" --value zanzod)" = "$2" ]; }
# logged TEXT [SINCE]: the daemon has said it (in any case), in this boot or since a journal cursor.
logged() { journalctl --no-pager -o cat -u zanzod ${2:+--after-cursor="$2"} | grep -iE -- "$1"; }
cursor() { journalctl --no-pager -n 0 --show-cursor | sed -n 's/^-- cursor: //p'; }
# One line from the socket, as anybody reads it. socat goes with this subshell: it notices a reader's end only when it writes.
socket_line() (
    exec {lines}< <(exec timeout 30 socat -u "UNIX-CONNECT:$SOCKET" -)
    socat=$!
    read -r -t 20 -u "$lines" line
    kill "$socat"
    printf '%s\n' "$line" | grep .
)
# as USER GROUP COMMAND…: with that user's and group's rights and no other group.
as() { setpriv --reuid "$1" --regid "$2" --clear-groups -- "${@:3}"; }
