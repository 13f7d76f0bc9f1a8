#!/bin/sh
# Make the environment: every package of requirements.lock, then lmcore and nbjudge so that edits take effect at once.
#
#     tools/environment.sh FOLDER [PYTHON]
#
# Without PYTHON an environment that is there keeps its own, and a new one gets the first suitable Python on the path.
# uv installs in seconds where it is there, pip in a minute or two; both refuse what differs from the lock file's hashes.
set -eu

venv=$1
python=${2:-}
made=

NEW_ENOUGH='import sys; sys.exit(sys.version_info[:2] < (3, 11))'
TESTED='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 15))'
VERSION='import sys; print("%d.%d" % sys.version_info[:2])'
BASE='import sys; print(sys._base_executable)'
NAMES='python3 python3.15 python3.14 python3.13 python3.12 python3.11 python'

passes() { "$1" -c "$2" >/dev/null 2>&1; }
have_uv() { command -v uv >/dev/null 2>&1; }

# The first Python on the path that the tests cover; failing that, the first that is newer; failing that, one that uv
# has or fetches.
find_python() {
    for condition in "$TESTED" "$NEW_ENOUGH"; do
        for name in $NAMES; do
            if passes "$name" "$condition"; then
                echo "$name"
                return
            fi
        done
    done
    if have_uv && uv python install -q 3.14; then
        uv python find --no-project 3.14
    else
        echo python3
    fi
}

refuse() {
    {
        echo "This course needs Python 3.11 or newer, and $1 is: $("$1" --version 2>&1 | head -n 1)."
        echo 'Install one (from python.org, or your system: python3.13 and python3.13-venv), then say where it is:'
        echo '    make PYTHON=/path/to/python3.13'
        echo 'uv, if you install it, fetches a suitable Python by itself: then make is enough.'
    } >&2
    exit 1
}

# Is there an environment of the wanted Python already?
kept() { passes "$venv/bin/python" '' && [ "$("$venv/bin/python" -c "$VERSION")" = "$version" ]; }

with_uv() {
    kept || {
        made=yes
        rm -rf "$venv" && uv venv -q --no-project --python "$python" "$venv" || return
    }
    uv pip install -q --python "$venv/bin/python" --compile-bytecode --require-hashes -r requirements.lock &&
        uv pip install -q --python "$venv/bin/python" --offline --no-deps --no-build-isolation -e . -e ./nbjudge
}

with_pip() {
    { kept && passes "$venv/bin/python" 'import pip'; } || {
        made=yes
        rm -rf "$venv"
        "$python" -m venv "$venv" || {
            rm -rf "$venv"
            echo "$python could not make an environment. On Debian and Ubuntu: apt install python$version-venv" >&2
            exit 1
        }
    }
    set -- "$venv/bin/python" -m pip install -q --disable-pip-version-check
    "$@" --require-hashes -r requirements.lock && "$@" --no-index --no-deps --no-build-isolation -e . -e ./nbjudge
}

if [ -z "$python" ]; then
    if passes "$venv/bin/python" "$NEW_ENOUGH"; then
        # from which it can be made again, should that be needed
        python=$("$venv/bin/python" -c "$BASE")
    else
        python=$(find_python)
    fi
fi
passes "$python" "$NEW_ENOUGH" || refuse "$python"
passes "$python" "$TESTED" ||
    echo "warning: Python $("$python" -c "$VERSION") is newer than 3.15, the newest that this course is tested with" >&2
version=$("$python" -c "$VERSION")
echo "Installing the packages of requirements.lock into $venv, with Python $version: seconds with uv, a minute or two with pip"

if have_uv; then
    with_uv && exit
    echo 'uv did not install them (what it says is above): trying pip' >&2
fi
with_pip || {
    [ -z "$made" ] || rm -rf "$venv"
    echo 'The packages could not be installed; what pip says is above. Most often there is no network: check the'
    echo 'connection, or the proxy (HTTPS_PROXY). Nothing half-made was left behind: just run make again.'
    exit 1
} >&2
