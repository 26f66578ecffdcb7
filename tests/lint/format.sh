#!/bin/sh
# The sources look as .clang-format says.
#   sh tests/lint/format.sh
set -eu
cd "$(dirname "$0")/../.."

find src include bench tests -name '*.[ch]' -print0 | xargs -0r clang-format --dry-run -Werror || {
    echo 'cure: clang-format -i on those files'
    exit 1
}
