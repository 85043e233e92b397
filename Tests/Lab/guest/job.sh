# Runs in the guest as root: installs what `make install` made, then each numbered script, and counts.
set -uo pipefail
cd /mnt
. lab/check.sh
. lab/guest/daemon.sh

cp -r --no-preserve=ownership root/. /
systemd-sysusers
systemd-tmpfiles --create zanzo.conf
systemctl daemon-reload
install -m 644 model.safetensors "$MODEL"

# wanted NAME: one of the patterns in ONLY matches it.
wanted() {
    local pattern
    set -f
    for pattern in ${ONLY:-*}; do
        # Unquoted on purpose: it is a pattern.
        # shellcheck disable=SC2053
        if [[ $1 == $pattern ]]; then set +f; return 0; fi
    done
    set +f
    return 1
}

for script in lab/guest/[0-9]*.sh; do
    wanted "$(basename "$script")" || continue
    echo "== $(sed -n '1s/^# //p' "$script")"
    bash -uo pipefail -c '. lab/check.sh; . lab/guest/daemon.sh; fresh; . "$0"' "$script" || check "$script ran to its end" false
    # Not a check of its own: what the daemon said is what explains a failure.
    if grep -qx FAIL "$RESULTS" && [ ! -e "failed-$(basename "$script").log" ]; then
        journalctl --no-pager -o short-monotonic -u zanzod -u zanzod.socket >"failed-$(basename "$script").log"
    fi
done
summary
