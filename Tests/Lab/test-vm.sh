#!/usr/bin/env bash
# The installed daemon under a real systemd with the kernel's test camera, in an emulated VM: see vm.sh for the VM, and
# guest/ for the checks, which are numbered and stand alone.
#
#   test-vm.sh [PATTERN…]     all checks, or those whose file names match (test-vm.sh '30-*')
#
# Environment: MODEL (any small model file), ZANZO_TREE (an installed tree to take in place of `make install`),
#              LAB_FOLDER (kept afterwards; else a temporary one, kept where a check fails), VM_* as vm.sh says.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
model=${MODEL:-$top/config/demo.safetensors}
[ -f "$model" ] || { echo "test-vm.sh: there is no model at $model; set MODEL" >&2; exit 2; }

folder=${LAB_FOLDER:-$(mktemp -d -t zanzo-vm.XXXXXX)}
mkdir -p "$folder"
folder=$(realpath "$folder")
rm -rf "$folder/root" "$folder/lab" "$folder"/failed-*.log
if [ -n "${ZANZO_TREE:-}" ]; then
    cp -r "$ZANZO_TREE" "$folder/root"
else
    make -C "$top" --no-print-directory install DESTDIR="$folder/root" >"$folder/install.log" 2>&1 ||
        { tail "$folder/install.log" >&2; exit 2; }
fi
mkdir "$folder/lab"
cp -r "$here/check.sh" "$here/guest" "$folder/lab"
cp "$model" "$folder/model.safetensors"
patterns=$*
printf 'export ONLY=%q\nexport RESULTS=/mnt/results\n: >"$RESULTS"\n. lab/guest/job.sh\n' "${patterns:-*}" \
    >"$folder/job.sh"

status=0
"$here/vm.sh" run "$folder" "${LAB_SECONDS:-2700}" || status=$?
if [ "$status" -eq 0 ] && [ -z "${LAB_FOLDER:-}" ]; then
    rm -rf "$folder"
else
    echo "The guest's logs are in $folder" >&2
fi
exit "$status"
