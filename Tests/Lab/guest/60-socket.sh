# The socket and who may use it
plug
systemctl start zanzod
check "the socket is there: 0660 zanzo:zanzo" [ "$(stat -c '%a %U:%G' $SOCKET)" = "660 zanzo:zanzo" ]
useradd --no-create-home -g zanzo member 2>/dev/null
reload_line() { (sleep 2; systemctl reload zanzod) & socket_line | jq -e '.type'; }
check "root reads an event" reload_line
ask() { printf '{"status":true}\n' | timeout 20 socat -t 5 - "UNIX-CONNECT:$SOCKET" | grep '"cameras"'; }
export -f ask
export SOCKET
check "a member of the group gets an answer" as member zanzo bash -c ask
check "somebody else is refused" refused as nobody nogroup bash -c ask
denied() { grep 'Permission denied' <(as nobody nogroup socat -u "UNIX-CONNECT:$SOCKET" - 2>&1); }
check "by the permissions, as the error says" denied
check "and may not read the journal" refused as nobody nogroup cat "$JOURNAL"
check "nor the recordings" refused as nobody nogroup ls /var/lib/zanzo

second() { timeout 30 setpriv --reuid zanzo --regid zanzo --clear-groups zanzod --config "$CONFIG" 2>&1; }
check "a second daemon on the same socket is refused" refused second
check "with a line that says so" sh -c "$(declare -f second); CONFIG=$CONFIG; second | grep 'another zanzod'"
check "and the first is not disturbed" camera door '.state != null'
check "no event is missing from the journal" journal_is_gapless

systemctl stop zanzod
check "systemd's own socket" systemctl start zanzod.socket
check "is 0660 root:zanzo" [ "$(stat -c '%a %U:%G' $SOCKET)" = "660 root:zanzo" ]
check "a connection starts the daemon and is answered" within $PATIENCE ask
check "which runs" systemctl is-active zanzod
systemctl stop zanzod
check "the socket outlives the daemon" test -S "$SOCKET"
check "and starts it again" within $PATIENCE ask
systemctl stop zanzod.socket zanzod
