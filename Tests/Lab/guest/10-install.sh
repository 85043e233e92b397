# The installed unit, without any camera
libraries_are_found() { for p in zanzod zanzo; do refused grep 'not found' <(ldd "/usr/bin/$p"); done; }
check "the programs find their libraries on a box without Swift" libraries_are_found
check "the user, its group and its membership in video exist" sh -c 'id -nG zanzo | grep -qw video'
check "the shipped configuration passes zanzo check or says what to edit" \
    sh -c 'zanzo check /usr/share/doc/zanzo/zanzo.yaml; [ $? -le 78 ]'
check "systemd finds nothing to complain of in the units" \
    sh -c '! systemd-analyze verify --man=no zanzod.service zanzod.socket 2>&1 | grep zanzod'

exposure() { systemd-analyze security --no-pager zanzod.service | sed -n 's/.*exposure level for [^:]*: \([0-9.]*\).*/\1/p'; }
under_three() { local score; score=$(exposure); echo "exposure $score"; awk -v s="$score" 'BEGIN { exit !(s != "" && s < 3) }'; }
check "systemd-analyze security is under 3 (it is $(exposure))" under_three

# Type=notify: start returns when READY came, and fails where it does not.
check "the unit reaches READY without a camera" systemctl start zanzod
check "the daemon runs as zanzo, with no capability" \
    sh -c 'p=$(systemctl show -p MainPID --value zanzod); [ "$(stat -c %U /proc/$p)" = zanzo ] && grep -q "CapEff:.*0000000000000000" /proc/$p/status'
check "STATUS says that no camera is up" within 20 sh -c 'systemctl show -p StatusText --value zanzod | grep -E "^0/1 "'
check "zanzo status lists the camera, not online" within 20 camera door '.state != "online"'
check "the log has no time stamps of its own under systemd" \
    sh -c '! journalctl --no-pager -o cat -u zanzod | grep -E "^(<[0-9]>)?20[0-9][0-9]-"'
check "no library complains in it of a right that the unit withholds" refused logged 'thread priority|not permitted|denied'

# The camera comes after the daemon: the device rule must know it although no driver was there at the start.
check "a camera plugged in later" plug
check "is found and scored without a restart" within $PATIENCE scores door
