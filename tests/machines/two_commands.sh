#!/bin/sh
# The README's two commands in a clean clone, as an ordinary user of a root, in the C locale and another time zone.
#
#     tests/machines/two_commands.sh ROOT PYTHON
set -eu

here=$(dirname "$0")
"$here/clone.sh" "$1" "course-$2"
exec "$here/enter.sh" "$1" visitor env LC_ALL=C TZ=Asia/Kolkata PYTHON="$2" sh -uc '
    cd "course-$PYTHON"
    timed() {
        begun=$(date +%s)
        "$@"
        echo "== $*: exit status $? after $(($(date +%s) - begun)) s"
    }
    timed make
    timed make
    timed make test
'
