#!/bin/sh
# Makes the pictures in README: man/dashboard.png and man/timeline.png, the demo's page while a node
# drains and another one is dead, and man/terminal.svg, what a terminal shows meanwhile.
#
#   sh man/screenshot.sh [BUILD]       default: build/release, as sh conf/demo.sh --build-only makes it
#
# Needs Debian's chromium, node, npm, tmux and python3: sh conf/packages.sh test.
set -eu
cd "$(dirname "$0")/.."
SLUICE_BUILD=$(cd "${1:-build/release}" && pwd)
export SLUICE_BUILD
sh tests/browser/install.sh "$SLUICE_BUILD"
sh tests/browser/run.sh man/screenshot.mjs
python3 -B man/terminal.py "$SLUICE_BUILD/sluice" man/terminal.svg
