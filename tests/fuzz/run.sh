#!/bin/sh
# Runs one fuzzer for a while, from the seeds in tests/fuzz/corpus/NAME.
#
#   sh tests/fuzz/run.sh BUILD NAME      BUILD: a build with -DSLUICE_FUZZ=ON (preset fuzz)
#
# FUZZ_SECONDS is how long: 60 if it is not set for what reads the bytes of others in HAProxy's
# place, 10 for the rest.  What it finds worth keeping goes to BUILD/corpus/NAME, and an
# input that fails to BUILD/failed-NAME-*: run the fuzzer with that file as its argument to see it
# again.  Exit 77 (ctest: skipped) if the fuzzer is not built.
set -eu

[ $# -eq 2 ] || {
    echo 'usage: sh tests/fuzz/run.sh BUILD NAME' >&2
    exit 2
}
build=$1
name=$2
seeds=$(dirname "$0")/corpus/$name
fuzzer=$build/tests/fuzz/fuzz_$name

if [ ! -x "$fuzzer" ]; then
    echo "$fuzzer is not built: cmake --preset fuzz && cmake --build --preset fuzz"
    exit 77
fi
case $name in
hcfg | command | proxyproto | probe) seconds=60 ;;
*) seconds=10 ;;
esac
mkdir -p "$build/corpus/$name"
set -- "$build/corpus/$name"
[ ! -d "$seeds" ] || set -- "$@" "$seeds"
exec "$fuzzer" -max_total_time="${FUZZ_SECONDS:-$seconds}" -timeout=10 -rss_limit_mb=2048 -verbosity=0 \
    -print_final_stats=1 -error_exitcode=1 -artifact_prefix="$build/failed-$name-" "$@"
