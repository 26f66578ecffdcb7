#!/bin/sh
# Runs a file of tests of the page, SLUICE_BUILD being the build.
#
#   SLUICE_BUILD=build/asan sh tests/browser/run.sh [OPTION of node...] tests/browser/test_live.mjs
#
# In a network of its own with nothing but loopback, where that is allowed: a browser ends all its
# connections when an address of the host comes or goes, as other tests make them do.
set -eu
[ $# -gt 0 ] || {
    echo 'usage: sh tests/browser/run.sh [OPTION...] FILE' >&2
    exit 2
}
[ "$(id -u)" -eq 0 ] && as= || as=--map-root-user
# shellcheck disable=SC2086 # one option or none
if unshare --net $as ip link set lo up 2>/dev/null; then
    # shellcheck disable=SC2016 # expanded by the shell in there
    exec unshare --net $as sh -c 'ip link set lo up && exec node "$@"' sh "$@"
fi
exec node "$@"
