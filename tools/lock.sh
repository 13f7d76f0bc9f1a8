#!/bin/sh
# Write requirements.lock, one file for every Python and system, and check that each of them gets wheels.
#
#     tools/lock.sh [--upgrade | --upgrade-package NAME ...]        needs uv (pip install uv)
#
# Versions stay as they are unless something asks for others. Extras stay in the names: where a package is asked for with
# one, pip takes the newest version otherwise, and finds it without a hash.
set -eu

PYTHONS='3.11 3.12 3.13 3.14 3.15'
SYSTEMS='x86_64-unknown-linux-gnu aarch64-unknown-linux-gnu aarch64-apple-darwin x86_64-apple-darwin x86_64-pc-windows-msvc'

uv pip compile --no-strip-extras -q pyproject.toml nbjudge/pyproject.toml -c tools/lock_constraints.txt --universal --python-version 3.11 \
    --generate-hashes "$@" --no-emit-index-url --no-emit-find-links --no-annotate --no-header \
    --extra data --extra plot --extra student --extra book --extra test --extra lint --extra dev --extra cluster --extra postgresql \
    -o requirements.lock >/dev/null

failed=
for python in $PYTHONS; do
    for system in $SYSTEMS; do
        uv pip compile -q requirements.lock --no-deps --python-version "$python" --python-platform "$system" \
            --only-binary :all: -o /dev/null || {
            echo "Python $python on $system has no wheel of the version locked (above): see tools/lock_constraints.txt" >&2
            failed=yes
        }
    done
done
[ -z "$failed" ]
