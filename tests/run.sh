#!/bin/sh
# Everything that tells whether the tree is sound, from a fresh Debian on:
# installs the packages that are missing, builds with sanitizers and with the fuzzers, and runs
# all tests.
#
#   sh tests/run.sh                    all
#   sh tests/run.sh -L unit            the tests with that label: unit integration browser
#                                      lint fuzz
#   sh tests/run.sh -R unit.core -V    any option of ctest
#   FUZZ_SECONDS=600 sh tests/run.sh -L fuzz
#
# Ends with ctest's summary and its exit code.
set -eu
cd "$(dirname "$0")/.."

say() {
    echo "==> $*"
}

# The output of configuring is only of interest when it fails.
configure() {
    mkdir -p build
    cmake --preset "$@" >"build/configure-$1.log" 2>&1 || {
        cat "build/configure-$1.log" >&2
        exit 1
    }
}

sh conf/packages.sh build test

say 'building with gcc and the address and undefined-behaviour sanitizers: build/asan'
configure asan -DSLUICE_WERROR=ON
cmake --build --preset asan -- --quiet

say 'building with the thread sanitizer: build/tsan'
configure tsan -DSLUICE_WERROR=ON
cmake --build --preset tsan --target sluice -- --quiet

say 'building the fuzzers with clang: build/fuzz'
configure fuzz -DSLUICE_WERROR=ON
cmake --build --preset fuzz -- --quiet

say "running the tests: ctest --preset asan $*"
exec ctest --preset asan -j4 --output-on-failure "$@"
