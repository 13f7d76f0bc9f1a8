#!/bin/sh
# Put a clean clone of this repository's last commit into the home of a root's ordinary user.
#
#     tests/machines/clone.sh ROOT NAME
set -eu

here=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
there=$1/home/visitor/$2
rm -rf "$there"
git clone -q --no-hardlinks "$here" "$there"
chroot "$1" chown -R visitor:visitor "/home/visitor/$2"
