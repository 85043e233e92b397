#!/bin/sh
# Fills a real file system (8 MiB of memory, in a mount namespace of its own: no root needed) under the journal, and looks
# whether events go on from its reserve. `make test-disk` builds what it needs first.
set -eu
cd "$(dirname "$0")/../.."
unshare --map-root-user --mount true 2>/dev/null || {
    echo 'test-disk: this machine gives no mount namespace (unshare --map-root-user --mount): run it as root, or where' \
        'user namespaces are allowed' >&2
    exit 1
}
disk=$(mktemp -d)
trap 'rmdir "$disk"' EXIT
unshare --map-root-user --mount sh -c '
    mount -t tmpfs -o size=8m none "$1"
    ZANZO_SMALL_DISK=$1 $2 test --skip-build --disable-xctest --filter aRealFullDisk' sh "$disk" "${SWIFT:-swift}"
