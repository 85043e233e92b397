#!/usr/bin/env bash
# The rooms whose code runs on several threads, under ThreadSanitizer: a debug build of its own in .build-threads. Any race that
# it finds fails the run, with both places. There are no suppressions: what it cannot know of Swift's Mutex is told by
# thread_sanitizer_mutex.c.
#
#   test-threads.sh         Environment: SWIFT, CC, ROOMS (a regular expression of suites)
set -euo pipefail
cd "$(dirname "$0")/../.."
swift=${SWIFT:-swift}
build=.build-threads
rooms=${ROOMS:-VideoTests|TeamTests|PublishTests|CaptureTests|ServiceTests|TrainingTests\.}
flags=(--scratch-path "$build" --sanitize=thread)

# Processes of their own (ProcessTests) run without the sanitizer's library, and are tested elsewhere.
$swift build --build-tests "${flags[@]}" 2>&1 | { grep -v 'Cannot export local symbol' || true; }
compiler=${CC:-$(command -v clang || dirname "$(command -v "$swift")")}
[ -d "$compiler" ] && compiler=$compiler/clang
"$compiler" -O1 -shared -fPIC -Wall -Werror -o "$build"/mutex.so Tests/Lab/thread_sanitizer_mutex.c

# Without its checks every test would pass whatever it does.
nm "$build"/debug/Service.build/*.o | grep -q 'U __tsan_write' || {
    echo "test-threads: no call of __tsan_write… in the rooms: the flag has not reached them" >&2
    exit 1
}
export TSAN_OPTIONS='exitcode=66 halt_on_error=0'
LD_PRELOAD=$PWD/$build/mutex.so $swift test --skip-build --disable-xctest "${flags[@]}" --filter "$rooms"
