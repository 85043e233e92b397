# Watchdog, stop, kill
override <<'UNIT'
[Service]
WatchdogSec=10
UNIT
# A threshold this low makes every frame an anomaly: an event is running when the daemon is stopped.
configure <<'YAML'
street: {source: "synthetic:street?seed=1&rate=5&size=64x64", real_time: true, threshold: 0.000000001}
YAML
check "the unit starts" systemctl start zanzod
check "an event is running" within $PATIENCE event_after 0 '.type | test("anomaly.start")'
pid=$(main_pid)
sequence=$(last_sequence)

check "the daemon is stopped dead (SIGSTOP)" kill -STOP "$pid"
new_process() { local now; now=$(main_pid); [ "$now" != 0 ] && [ "$now" != "$1" ]; }
check "the watchdog kills it and systemd starts another" within 60 new_process "$pid"
check "the log says that it was the watchdog" sh -c 'journalctl --no-pager -u zanzod | grep -i "watchdog"'
check "the camera is scored again" within $PATIENCE scores street
check "new events follow the old ones" within $PATIENCE event_after "$sequence" '.type | test("anomaly.start")'
check "no event is missing from the journal" journal_is_gapless

pid=$(main_pid)
sequence=$(last_sequence)
check "after SIGKILL it comes again, over the stale socket file" sh -c "kill -KILL $pid"
check "as another process" within 30 new_process "$pid"
check "with the camera scored" within $PATIENCE scores street
check "no event is missing from the journal" journal_is_gapless
check "an event is running again" within $PATIENCE event_after "$sequence" '.type | test("anomaly.start")'

sequence=$(last_sequence)
started=$(date +%s%N)
check "SIGTERM stops it" systemctl stop zanzod
took=$((($(date +%s%N) - started) / 1000000))
# 2 s on a real machine; here everything is emulated, and systemctl takes its part.
check "in time ($took ms emulated)" [ "$took" -lt 8000 ]
check "as a success" is Result success
check "the running event ended with its reason" event_after "$sequence" '(.type | test("anomaly.end")) and .data.reason == "stopped"'
check "no event is missing from the journal" journal_is_gapless
