#!/bin/sh
# The manual pages have no warning, neither of groff nor of man, and describe every command and
# option of the program, every command of its control socket, every path of its endpoint, every end
# of a session and every metric of its own.
#
#   sh tests/lint/man.sh
set -eu
cd "$(dirname "$0")/../.."

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
bad=0
for page in man/*.[1578]; do
    {
        groff -man -ww -z -Kutf8 -Tutf8 "$page"
        LC_ALL=C.UTF-8 MANWIDTH=80 MANROFFSEQ='' man --warnings -E UTF-8 -l -Tutf8 -Z "$page"
    } 2>"$out/warnings" >/dev/null || true
    for section in NAME SYNOPSIS DESCRIPTION; do
        grep -q "^\.SH $section" "$page" || echo "no section $section" >>"$out/warnings"
    done
    if [ -s "$out/warnings" ]; then
        echo "$page:"
        cat "$out/warnings"
        bad=1
    fi
done

# The pages as one line of words; then the names from a table, each of which must be there.
LC_ALL=C.UTF-8 MANWIDTH=80 man --no-hyphenation --no-justification -E ascii \
    -l man/sluice.1 man/sluice.8 2>/dev/null | tr -s ' \n' ' ' >"$out/words"
described() {
    while read -r name; do
        grep -qF -- "$name" "$out/words" || {
            echo "sluice.1 and sluice.8 do not describe: $name"
            bad=1
        }
    done
}
sed -n 's/^COMMAND([A-Z_]*, "\([^"]*\)".*/sluice \1/p' include/cli/commands.def >"$out/names"
described <"$out/names"
sed -n 's/^OPTION([A-Z_]*, [^,]*, "\([^"]*\)".*/--\1/p' include/cli/commands.def >"$out/names"
described <"$out/names"
sed -n 's/^COMMAND("\([^"]*\)".*/\1/p' include/control/commands.def >"$out/names"
described <"$out/names"
# Ends of sessions: the letters and the word in one heading, then the words.
sed -n 's/^REASON([A-Z_]*, "\(..\)", [a-z]*, "\([^"]*\)", ".\([^"]*\)").*/\2, \1/p' \
    include/core/reason.def >"$out/names"
described <"$out/names"
sed -n 's/^REASON([A-Z_]*, "..", [a-z]*, "[^"]*", ".\([^"]*\)").*/\1./p' \
    include/core/reason.def >"$out/names"
described <"$out/names"
sed -n 's/.*"\(sluice_[a-z_]*\)".*/\1/p' src/report/ownseries.c >"$out/names"
described <"$out/names"
sed -n 's/^ROUTE("\([^"]*\)".*/\1/p' include/control/routes.def >"$out/names"
described <"$out/names"
exit "$bad"
