#!/bin/sh
# Run .binder/postBuild in a clean root as Binder does, as an ordinary user with an environment and nothing in it, and
# then what a reader does there: open JupyterLab, run a section, check an assignment.
#
#     tests/machines/binder.sh ROOT
set -eu

here=$(dirname "$0")
"$here/clone.sh" "$1" binder
exec "$here/enter.sh" "$1" visitor sh -euc '
    cd binder
    python3 -m venv ../binder-environment
    export PATH="$HOME/binder-environment/bin:$PATH"
    .binder/postBuild
    jupyter lab --version
    jupyter execute book/03-softmax/1-*.ipynb
    nbjudge check 03 | tail -n 1
'
