#!/usr/bin/env bash
# The AVX-512, AVX-512 VNNI and AVX-VNNI kernels against the plain C ones, on any x86 CPU with AVX2: SIMDe turns their
# instructions into those that are there. The checks lie in Tests/Neon, which runs them on emulated ARM CPUs.
#
#   test-emulated.sh    Environment: CLANG (else the one beside `swift`)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
kernels=$here/../../Sources/CKernels
checks=$here/../Neon
clang=${CLANG:-$(dirname "$(readlink -f "$(command -v swift || echo /)")")/clang}
[ -x "$clang" ] || clang=clang
if ! grep -qw avx2 /proc/cpuinfo; then
    echo "This CPU has no AVX2, which the emulated instructions are made of." >&2
    exit 1
fi
folder=$(mktemp -d -t zanzo-emulated.XXXXXX)
trap 'rm -rf "$folder"' EXIT

flags=(-O2 -mavx2 -mfma -mf16c -Wall -Wextra -Werror -Wno-psabi -I "$kernels/include" -I "$checks")
compile() { "$clang" "${flags[@]}" "${@:2}" -c "$1" -o "$folder/$(basename "$1").o"; }
for file in "$kernels"/*_{avx512,avx512vnni,avxvnni}.c; do
    case $file in */peak*) continue ;; esac # benchmarks, which have no answer
    compile "$file" -I "$here/include"
done
for file in "$kernels"/*_{scalar,avx2}.c "$kernels"/{pack,cpu}.c "$checks"/{check,shapes,vectors,convolutions,winograd}.c \
    "$checks/byte_convolutions.c" "$here/main.c"; do
    case $file in */peak*) continue ;; esac
    compile "$file"
done
"$clang" "$folder"/*.o -lm -o "$folder/emulated-kernels"
"$folder/emulated-kernels" && echo "AVX-512, VNNI: every kernel gives what plain C gives"
