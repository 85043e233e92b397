#!/bin/sh
# Fills a real file system (8 MiB of memory, in a mount namespace of its own: no root needed) under the journal, and looks
# whether events go on from its reserve. After `swift build --build-tests`.
set -eu
cd "$(dirname "$0")/.."
disk=$(mktemp -d)
trap 'rmdir "$disk"' EXIT
unshare --map-root-user --mount sh -c '
    mount -t tmpfs -o size=8m none "$1"
    ZANZO_SMALL_DISK=$1 swift test --skip-build --disable-xctest --filter aRealFullDisk' sh "$disk"
