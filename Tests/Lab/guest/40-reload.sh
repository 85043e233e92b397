# Reload
plug
systemctl start zanzod
check "the camera is scored" within $PATIENCE scores door
pid=$(main_pid)
sessions=$(camera door .sessions)
sequence=$(last_sequence)

configure <<'YAML'
door: {source: /dev/video0}
street: {source: "synthetic:street?seed=1&rate=5&size=64x64", real_time: true}
YAML
check "a camera is added by systemctl reload" systemctl reload zanzod
check "it is scored" within $PATIENCE scores street
check "with an event" within 10 event_after "$sequence" '.type | test("config.reloaded")'
check "the other camera was not touched" camera door ".sessions == $sessions and .state == \"online\""

sequence=$(last_sequence)
sed -i 's/rate: 5$/rat: 5/' "$CONFIG"
check "a misspelt key makes systemctl reload fail" refused systemctl reload zanzod
check "the log names file, line and key" within 10 logged 'zanzo.yaml:[0-9]+: .*rat'
check "with an event" within 10 event_after "$sequence" '.type | test("config.rejected")'
check "the old configuration goes on" scores street
check "in the same process" [ "$pid" = "$(main_pid)" ]

check "a restart with it is refused" refused systemctl restart zanzod
check "with exit status 78" within 10 is ExecMainStatus 78
count=$(restarts)
# RestartSec is 2 s: within 6 s a restart would show.
sleep 6
check "and is not tried again" [ "$count" = "$(restarts)" ]
configure <<<"door: {source: /dev/video0}"
check "the mended configuration starts" systemctl start zanzod
check "no event is missing from the journal" journal_is_gapless
