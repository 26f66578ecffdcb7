#!/bin/sh
# The shell scripts parse, and shellcheck finds nothing in them if it is installed.
#   sh tests/lint/shell.sh
set -eu
cd "$(dirname "$0")/../.."

scripts=$(find .ci/run conf tests bench man -name '*.sh' -o -path .ci/run 2>/dev/null | sort)
for script in $scripts; do
    sh -n "$script"
done
if command -v shellcheck >/dev/null; then
    # shellcheck disable=SC2086 # a list of names without blanks
    shellcheck $scripts
fi
