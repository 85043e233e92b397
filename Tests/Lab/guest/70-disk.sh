# A full disk, a read-only one, and log rotation
street='street: {source: "synthetic:street?seed=1&rate=5&size=64x64", real_time: true, threshold: 0.000000001}'
configure <<<"$street"
# The journal and the recordings each on a disk of their own, small enough to fill.
mount -t tmpfs -o size=2M,mode=0750,uid=zanzo,gid=zanzo tmpfs /var/log/zanzo
mount -t tmpfs -o size=4M,mode=0750,uid=zanzo,gid=zanzo tmpfs /var/lib/zanzo
check "the unit starts on small disks" systemctl start zanzod
check "a camera is scored" within $PATIENCE scores street
pid=$(main_pid)
dd if=/dev/zero of=/var/log/zanzo/filler bs=4k 2>/dev/null
dd if=/dev/zero of=/var/lib/zanzo/filler bs=4k 2>/dev/null
# Something to write: each reload is an event. The first may still fit into the journal's last page.
full_disk_is_named() { systemctl reload zanzod; logged 'no space|disk.*full|storage'; }
check "a full disk is named in the log" within 60 full_disk_is_named
check "the camera goes on" within 20 scores street
check "in the same process" [ "$pid" = "$(main_pid)" ]
rm /var/log/zanzo/filler /var/lib/zanzo/filler
sequence=$(last_sequence)
systemctl reload zanzod
check "with space again, events are written again" within 30 event_after "$sequence" true
check "whole lines only, and none missing" journal_is_gapless

systemctl stop zanzod
umount /var/log/zanzo /var/lib/zanzo
mount --bind -o ro /var/lib/zanzo /var/lib/zanzo && mount -o remount,ro,bind /var/lib/zanzo
timeout 60 systemctl start zanzod
check "a read-only state directory is named in the log" within 30 logged 'read-only'
systemctl stop zanzod
umount /var/lib/zanzo

systemctl start zanzod
check "a camera is scored" within $PATIENCE scores street
sequence=$(last_sequence)
# The shipped file is commented out, for the daemon rotates by itself: here it is taken at its word.
sed -n 's/^# \(\/var.*\|    .*\|}\)$/\1/p' /etc/logrotate.d/zanzo >/run/zanzo.logrotate
check "logrotate rotates the journal as the shipped file says" logrotate --force /run/zanzo.logrotate
check "the old journal has another name" sh -c "ls $JOURNAL?*"
check "the daemon writes to the new one" within 30 event_after "$sequence" '.type | test("config.reloaded")'
check "and no event is missing from old and new" journal_is_gapless
