#!/bin/sh
# From a fresh Debian to sluice at work, with no database and no file: installs the packages that
# are missing, builds, and runs `sluice demo`, which says what to try next.
#
#   sh conf/demo.sh                    three simulated nodes
#   sh conf/demo.sh --nodes 5          any option of `sluice demo`
#   sh conf/demo.sh --build-only       leaves build/release/sluice
set -eu
cd "$(dirname "$0")/.."

build_only=
if [ "${1-}" = --build-only ]; then
    [ $# -eq 1 ] || {
        echo 'usage: sh conf/demo.sh --build-only | [OPTIONS OF sluice demo]' >&2
        exit 2
    }
    build_only=yes
fi

sh conf/packages.sh build

echo '==> building: build/release/sluice'
mkdir -p build
log=build/demo.log
{
    cmake --preset release && cmake --build --preset release -- --quiet
} >"$log" 2>&1 || {
    cat "$log" >&2
    exit 1
}

[ -z "$build_only" ] || exit 0
echo "==> running: build/release/sluice demo $*"
exec build/release/sluice demo "$@"
