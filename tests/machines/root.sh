#!/bin/sh
# Make the root of a small Debian system in a folder: what a fresh machine has, and nothing more.
#
#     tests/machines/root.sh FOLDER SUITE [PACKAGE ...]
#
# For example, with the two newest Pythons:
#     tests/machines/root.sh /var/tmp/forky forky python3 python3-venv python3.15 python3.15-venv make git
# Needs root and the package debootstrap. Packages come from where this machine's own do.
set -eu

folder=$1 suite=$2
shift 2

mirror=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' | sed -n 's/^Debian //p' | grep -v security | head -n 1)
include=$(echo ca-certificates "$@" | tr ' ' ,)
# the recipe of unstable serves every suite, also those that are newer than this debootstrap
debootstrap --variant=minbase --include="$include" "$suite" "$folder" "$mirror" sid >"$folder.log" 2>&1 || {
    tail -n 5 "$folder.log" >&2
    exit 1
}
# behind a proxy that signs, this machine trusts more than Debian's list
cp /etc/ssl/certs/ca-certificates.crt "$folder/etc/ssl/certs/"
chroot "$folder" useradd --create-home --uid 1001 --shell /bin/sh visitor
[ ! -e "$folder/usr/bin/python3" ] || ln -sf ../../bin/python3 "$folder/usr/local/bin/python"
