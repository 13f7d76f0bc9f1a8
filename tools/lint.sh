#!/bin/sh
# What can be said of the sources without running them. Settings stand in pyproject.toml; every check runs, and the
# status says whether one of them found something.
set -u
cd "$(dirname "$0")/.."
failed=

check() {
    "$@" >"$report" 2>&1 || {
        failed=yes
        echo "---- $*"
        cat "$report"
    }
}

report=$(mktemp)
trap 'rm -f "$report"' EXIT

check ruff check --quiet .
check ruff format --check --quiet --diff .
check mypy --no-error-summary
check codespell
check lint-imports --no-logo
check zizmor --offline --no-progress --quiet .github/workflows
# Node is needed for the site's scripts alone, and building the book needs none.
if [ -x book/_web/node_modules/.bin/prettier ]; then
    check npm --prefix book/_web run --silent format-check
else
    echo 'not checked: the scripts in book/_web (npm ci --prefix book/_web)'
fi
[ -z "$failed" ]
