# Sourced by the lab's scripts: one line for each check, and the count at the end.
#
#   check "what must hold" COMMAND ARG…     runs it; prints ok or FAIL with its last lines; goes on either way
#   within SECONDS COMMAND ARG…             asks again and again until the command succeeds: no sleep for luck
#   refused COMMAND ARG…                    succeeds where the command fails
#   skip "what" "why"                       a check that this machine can't make
#   summary                                 "N passed, N failed"; its status is the test's
#
# Results also go to the file $RESULTS, so that several scripts are counted together.

RESULTS=${RESULTS:-$(mktemp)}
export RESULTS

check() {
    local name=$1 output started=$SECONDS status=0
    shift
    # In a subshell with errexit off: a check that fails must not end the script.
    output=$( ("$@") 2>&1) || status=$?
    if [ "$status" -eq 0 ]; then
        printf 'ok    %-66s %4d s\n' "$name" $((SECONDS - started))
        echo ok >>"$RESULTS"
    else
        printf 'FAIL  %-66s %4d s\n' "$name" $((SECONDS - started))
        printf '      | %s (exit status %d)\n' "$*" "$status"
        tail -n 15 <<<"$output" | sed 's/^/      | /'
        echo FAIL >>"$RESULTS"
    fi
}

within() {
    local deadline=$((SECONDS + $1)) output
    shift
    until output=$("$@" 2>&1); do
        if [ "$SECONDS" -ge "$deadline" ]; then
            echo "not within the time: $*"
            tail -n 10 <<<"$output"
            return 1
        fi
        sleep 0.25
    done
}

refused() { ! "$@"; }

skip() {
    printf -- '-     %-66s %s\n' "$1" "$2"
    echo skip >>"$RESULTS"
}

count() { grep -cx "$1" "$RESULTS" || true; }

summary() {
    local skipped
    skipped=$(count skip)
    echo "$(count ok) passed, $(count FAIL) failed$([ "$skipped" -eq 0 ] || echo ", $skipped skipped")"
    [ "$(count FAIL)" -eq 0 ] && [ "$(count ok)" -gt 0 ]
}

# The daemon under test, as its own status has it. ZANZO is the command line, ZANZO_STATUS its arguments.
status() { "${ZANZO:-zanzo}" status --json ${ZANZO_SOCKET:+--socket "$ZANZO_SOCKET"}; }

# camera NAME 'JQ CONDITION': holds for the camera now.
camera() { status | jq -e --arg name "$1" ".cameras[] | select(.name == \$name) | $2"; }

# The camera is online and its frames are scored: what "it works" means.
scores() { camera "$1" 'select(.state == "online" and .fps_in > 0 and .fps_scored > 0)'; }

# The last event's sequence number in the journal; 0 before the first.
last_sequence() { (tail -n 1 "${JOURNAL:?}" 2>/dev/null || true) | jq -r '.sequence | tonumber' | grep . || echo 0; }

# event_after SEQUENCE 'JQ CONDITION': the journal has such an event, later than SEQUENCE.
event_after() {
    jq -e -n --argjson after "$1" "first(inputs | select((.sequence | tonumber) > \$after) | select($2))" "${JOURNAL:?}"
}

# Every journal together: each line is whole JSON, each number follows the last one.
journal_is_gapless() {
    # Rotated journals have the number or the date after the name; sorted by sequence their order does not matter.
    cat "${JOURNAL:?}"* | jq -e -s 'map(.sequence | tonumber) | sort | length > 0 and . == [range(.[0]; .[-1] + 1)]'
}
