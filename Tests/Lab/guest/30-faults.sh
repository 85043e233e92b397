# Faults of a camera
plug
systemctl start zanzod
check "the camera is scored" within $PATIENCE scores door
pid=$(main_pid)

check "a buffer flagged as an error" press inject_v4l2_buf_flag_error
check "is counted as corrupt" within 20 camera door '.frames.corrupt >= 1'
check "and the camera stays online" scores door
check "frames that the driver loses" press percentage_of_dropped_buffers 50
check "are counted" within 30 camera door '[.frames | to_entries[] | select(.key | test("miss|lost|drop"; "i")) | .value] | add >= 1'
press percentage_of_dropped_buffers 0

sessions=$(camera door .sessions)
check "a stream that dies" press inject_fatal_streaming_error
check "is opened again" within $PATIENCE camera door ".sessions > $sessions"
check "and scored again" within $PATIENCE scores door

sessions=$(camera door .sessions)
press inject_vidioc_streamon_error
press inject_fatal_streaming_error
check "a camera that refuses STREAMON once is asked again" within $PATIENCE camera door ".sessions > $sessions and .state == \"online\""

sequence=$(last_sequence)
check "the camera is unplugged (ENODEV)" press disconnect
check "an event says that it is offline" within 30 event_after "$sequence" '.type | test("camera.offline")'
# vivid's camera comes back by itself when everybody has closed it, and the daemon opens it again; so it is unplugged until
# the driver can be unloaded in between. A daemon that kept the lost device open would never let that happen.
unload() { press disconnect; rmmod vivid; }
check "the lost device is closed: its driver can be unloaded" within 60 unload
check "the camera stays offline" within 30 camera door '.state == "offline"'
sequence=$(last_sequence)
check "plugged in with another size (television input)" plug 0x1
check "it is scored again" within $((PATIENCE * 2)) scores door
check "with an event" within 10 event_after "$sequence" '.type | test("camera.online")'
check "the daemon is the same process" [ "$pid" = "$(main_pid)" ]
check "no event is missing from the journal" journal_is_gapless
