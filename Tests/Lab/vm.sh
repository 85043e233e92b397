#!/usr/bin/env bash
# Run a shell script as root inside a small Debian VM that has what a container or a build machine lacks:
# systemd as PID 1 and a kernel with the V4L2 test driver (vivid).
#
#   vm.sh build                    build the VM once (about 3 minutes; cached)
#   vm.sh run FOLDER [SECONDS]     boot, run FOLDER/job.sh with bash, power off; exit with its status
#
# FOLDER is mounted read-write at /mnt in the guest (virtio-9p). Put the program under test in it, with what it needs;
# what job.sh prints is shown here as it comes and kept in FOLDER/out.log, its exit status in FOLDER/rc. The guest's disk
# is a throw-away snapshot: each run starts clean. There is no network in the guest but loopback.
#
# A camera:      modprobe vivid n_devs=1 node_types=0x1 input_types=0x0   -> /dev/video0 (YUYV, NV12, GREY, MJPG …)
# Faults:        v4l2-ctl -d /dev/video0 --set-ctrl=disconnect=1          the device goes away (ENODEV)
#                rmmod vivid; modprobe vivid ...                          unplug and replug
#                --set-ctrl=inject_v4l2_buf_flag_error=1                  one corrupt buffer
#                --set-ctrl=inject_fatal_streaming_error=1                the stream dies
#                --set-ctrl=inject_vidioc_streamon_error=1                the next STREAMON fails
#                --set-ctrl=percentage_of_dropped_buffers=30              lost frames
#
# The guest is emulated by default (TCG: 10 to 20 times slower than the host, so ask the camera for small frames and take
# no timings), because a /dev/kvm that opens is not always one that runs a guest. Its processor has AVX2 and no AVX-512.
#
# Environment: VM_CACHE (default ~/.cache/zanzo-vm), VM_PACKAGES (extra Debian packages; each set has its own image),
#              VM_ACCEL (default tcg,thread=multi; kvm where it works).
set -euo pipefail

packages=systemd,systemd-sysv,udev,dbus,kmod,linux-image-amd64,initramfs-tools,procps,iproute2,jq,socat,logrotate,python3
packages+=,v4l2loopback-dkms,linux-headers-amd64,v4l-utils,libv4l-0,libavformat59,libavcodec59,libavutil57,libswscale6,libpng16-16,libyaml-0-2,ffmpeg
packages+=${VM_PACKAGES:+,$VM_PACKAGES}
# Another list of packages is another image: without this a cached one would lack a library and fail far from the cause.
cache=${VM_CACHE:-$HOME/.cache/zanzo-vm}/$(sha256sum <<<"$packages" | cut -c1-12)

need() {
    command -v "$1" >/dev/null || { echo "vm.sh: $1 is missing: apt-get install $2" >&2; exit 2; }
}

build() {
    [ -e "$cache/disk.img" ] && return
    need mmdebstrap mmdebstrap
    need mke2fs e2fsprogs
    mkdir -p "$cache"
    echo "vm.sh: building the VM's disk in $cache (about 3 minutes, once)" >&2
    root=$(mktemp -d "$cache/root.XXXXXX")
    trap "rm -rf '$root'" EXIT
    mmdebstrap --quiet --variant=minbase --include="$packages" bookworm "$root/fs.tar"
    mkdir "$root/fs" && tar -xf "$root/fs.tar" -C "$root/fs"
    cat >"$root/fs/etc/systemd/system/job.service" <<-'UNIT'
	[Unit]
	After=multi-user.target
	[Service]
	Type=oneshot
	ExecStart=/bin/sh -c 'mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 host /mnt; cd /mnt; bash job.sh >out.log 2>&1; echo $$? >rc; sync; systemctl poweroff -f'
	UNIT
    mkdir -p "$root/fs/etc/systemd/system/multi-user.target.wants"
    ln -s ../job.service "$root/fs/etc/systemd/system/multi-user.target.wants/job.service"
    cp "$root"/fs/boot/vmlinuz-* "$cache/vmlinuz"
    cp "$root"/fs/boot/initrd.img-* "$cache/initrd"
    mke2fs -q -t ext4 -d "$root/fs" "$cache/disk.part" 4G
    # Renamed last: a build that was interrupted is built again, not used.
    mv "$cache/disk.part" "$cache/disk.img"
}

run() {
    need qemu-system-x86_64 qemu-system-x86
    local folder=$1 seconds=${2:-400}
    [ -f "$folder/job.sh" ] || { echo "vm.sh: $folder/job.sh is missing" >&2; exit 2; }
    rm -f "$folder/rc"
    : >"$folder/out.log"
    tail -n +1 -f "$folder/out.log" &
    local shown=$!
    timeout "$seconds" qemu-system-x86_64 -accel "${VM_ACCEL:-tcg,thread=multi}" -cpu max -m 2048 -smp 2 \
        -kernel "$cache/vmlinuz" -initrd "$cache/initrd" \
        -append "root=/dev/vda rw console=ttyS0 quiet" \
        -drive "file=$cache/disk.img,format=raw,if=virtio,snapshot=on" \
        -virtfs "local,path=$folder,mount_tag=host,security_model=none" \
        -nic none -nographic -no-reboot </dev/null >"$folder/console.log" 2>&1 || true
    sleep 1.5 # tail looks once a second: its last lines are the ones that matter
    kill "$shown"
    wait "$shown" 2>/dev/null || true
    [ -s "$folder/out.log" ] || { echo "vm.sh: the guest left no output; see $folder/console.log" >&2; exit 3; }
    [ -s "$folder/rc" ] || { echo "vm.sh: the guest did not end within $seconds s; see $folder/console.log" >&2; exit 4; }
    exit "$(cat "$folder/rc")"
}

case ${1:-} in
build) build ;;
run) build && run "$(realpath "$2")" "${3:-400}" ;;
*) sed -n '2,26s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
