#!/bin/sh
# cppcheck finds nothing in the sources.
#
#   sh tests/lint/cppcheck.sh [BUILD]      with BUILD, only what changed is looked at again
set -eu
cache=
if [ $# -gt 0 ]; then
    mkdir -p "$1/cppcheck"
    cache=--cppcheck-build-dir=$(cd "$1/cppcheck" && pwd)
fi
cd "$(dirname "$0")/../.."

# cppcheck leaves system headers out, but cannot read a file without the loops of this one.
queue=$(echo '#include <sys/queue.h>' | gcc -E - | sed -n 's/^# 1 "\(.*queue\.h\)".*/\1/p')

# Not wanted: unreadVariable does not know that AUTO_CLOSE reads a variable at the end of its
# scope, unusedStructMember that a macro uses a member.
exec cppcheck --quiet -j 2 --error-exitcode=1 --std=c11 -Iinclude --include="$queue" \
    --enable=warning,performance,portability,style --inline-suppr \
    --suppress=missingIncludeSystem --suppress=unmatchedSuppression \
    --suppress=unreadVariable --suppress=unusedStructMember ${cache:+"$cache"} src bench
