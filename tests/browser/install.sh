#!/bin/sh
# Installs what the tests of the page need, playwright-core and axe-core, into BUILD/browser.
# Says and does nothing when they are there.
#
#   sh tests/browser/install.sh BUILD
set -eu
[ $# -eq 1 ] || {
    echo 'usage: sh tests/browser/install.sh BUILD' >&2
    exit 2
}
mkdir -p "$1/browser"
to=$(cd "$1/browser" && pwd)
cd "$(dirname "$0")"

# Installed is what this lock says: npm itself takes seconds to find that out.
cmp -s package-lock.json "$to/installed" && exit 0
for program in node npm; do
    command -v "$program" >/dev/null || {
        echo "install.sh: $program is missing: sh conf/packages.sh test" >&2
        exit 1
    }
done
rm -f "$to/installed"
cp package.json package-lock.json .npmrc "$to/"
(cd "$to" && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier \
    --loglevel=error >install.log 2>&1) || {
    cat "$to/install.log" >&2
    exit 1
}
cp package-lock.json "$to/installed"
