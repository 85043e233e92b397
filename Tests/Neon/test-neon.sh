#!/usr/bin/env bash
# The NEON kernels against the plain C ones, on emulated 64-bit ARM CPUs without and with dot products. Swift's own clang
# compiles them (with Debian's C library for that architecture), so that it is the compiler of the real build.
#
#   test-neon.sh        Environment: CLANG (else the one beside `swift`)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
kernels=$here/../../Sources/CKernels
clang=${CLANG:-$(dirname "$(readlink -f "$(command -v swift || echo /)")")/clang}
[ -x "$clang" ] || clang=clang
folder=$(mktemp -d -t zanzo-neon.XXXXXX)
trap 'rm -rf "$folder"' EXIT

target=(--target=aarch64-linux-gnu -isystem /usr/aarch64-linux-gnu/include)
"$clang" "${target[@]}" -O2 -Wall -Wextra -Werror -I "$kernels/include" -I "$here" \
    -B /usr/aarch64-linux-gnu/lib -L /usr/aarch64-linux-gnu/lib -fuse-ld=lld -static \
    "$kernels"/*.c "$here"/*.c -lm -o "$folder/neon-kernels"

failed=0
# emulate CPU SET…: the sets that this CPU must be found to have.
emulate() {
    echo "== $1"
    qemu-aarch64 -cpu "$1" "$folder/neon-kernels" "${@:2}" || { echo "== $1: FAILED (status $?)"; failed=1; }
}
emulate cortex-a53 neon
emulate cortex-a76 neon neondot
emulate max neon neondot neoni8mm
[ "$failed" -eq 0 ] && echo "NEON: every kernel gives what plain C gives, on every CPU"
exit "$failed"
