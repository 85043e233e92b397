#!/usr/bin/env bash
# The rooms that handle memory themselves, with AddressSanitizer in all code and UndefinedBehaviorSanitizer in the C (Swift
# has none on Linux, and traps at overflows by itself): a debug build of its own in .build-sanitized. The first fault that
# either finds ends the run, with its place.
#
#   test-sanitize.sh        Environment: SWIFT, ROOMS (a regular expression of suites' modules)
set -euo pipefail
cd "$(dirname "$0")/../.."
swift=${SWIFT:-swift}
build=.build-sanitized
rooms=${ROOMS:-FilesTests|VideoTests|KernelsTests|ModelTests|PicturesTests|CaptureTests}
# AddressSanitizer's runtime has UndefinedBehaviorSanitizer's in it.
flags=(--scratch-path "$build" --sanitize=address -Xcc -fsanitize=undefined -Xcc -fno-sanitize-recover=undefined)

# gold says that about every one of the runtime's functions.
$swift build --build-tests "${flags[@]}" 2>&1 | { grep -v 'Cannot export local symbol' || true; }

# Without its checks a kernel would pass whatever it does.
for check in __asan_report_ __ubsan_handle_; do
    nm "$build"/debug/CKernels.build/*.o | grep "U $check" >/dev/null || {
        echo "test-sanitize: no call of $check… in the kernels: the flags have not reached them" >&2
        exit 1
    }
done
export UBSAN_OPTIONS=print_stacktrace=1
$swift test --skip-build --disable-xctest "${flags[@]}" --filter "$rooms"
