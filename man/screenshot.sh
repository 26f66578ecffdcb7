#!/bin/sh
# Makes man/dashboard.png, the picture in README: the demo's page a moment after node n2 began to
# drain.  Needs a release build (sh conf/demo.sh --build-only) and Debian's chromium.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
demo=
trap '[ -z "$demo" ] || kill "$demo"; wait; rm -rf "$work"' EXIT

mkfifo "$work/keys"
build/release/sluice demo <"$work/keys" >"$work/out" 2>&1 &
demo=$!
exec 3>"$work/keys"

# Waits for a line of the demo.
wait_for() {
    timeout 30 sh -c "until grep -q '$1' '$work/out'; do sleep 0.1; done"
}

wait_for 'accepting connections'
url=$(sed -n 's/^ *dashboard *//p' "$work/out")
timeout 30 sh -c "until curl -s '$url' | grep -q '>12 of'; do sleep 0.2; done"
echo 'drain 2' >&3
wait_for 'psql/n2  UP -> NOLB'
chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
    --disable-background-networking --disable-component-update --disable-sync --hide-scrollbars \
    --user-data-dir="$work/profile" --window-size=1280,760 --screenshot="$PWD/man/dashboard.png" \
    "$url" >"$work/chromium" 2>&1
echo 'man/dashboard.png'
