#!/bin/sh
# The tree stands alone: no file names a place or a person outside of it.
#
#   sh tests/lint/words.sh
#
# Looked at is what git tracks or would track, or all files where there is no git.  One letter of
# each pattern stands in brackets, so that this file does not match itself.
set -eu
cd "$(dirname "$0")/../.."

# Directories of somebody's machine; notes left for later; people and programs that wrote it.
pattern='(^|[^[:alnum:]_./])/(wor[k]|hom[e]/[a-z]|User[s]/|roo[t]/)|shared/referenc[e]|/tm[p]/(b|pack)-'
pattern="$pattern|\\b(TOD[O]|FIXM[E]|XX[X])\\b"
pattern="$pattern|\\b(Claud[e]|Anthropi[c]|ChatGP[T]|OpenA[I]|Copilo[t]|language mode[l]|AI assistan[t])\\b"
pattern="$pattern|\\b(helpe[r]s?|lea[d]|sub-?agen[t]) (agen[t]|sessio[n])s?\\b|\\bbrief\\.m[d]\\b"

files() {
    git ls-files -z --cached --others --exclude-standard 2>/dev/null ||
        find . -path ./.git -prune -o -path ./build -prune -o -type f -print0
}

found=$(files | xargs -0 grep -snIE -- "$pattern" /dev/null || true)
[ -z "$found" ] || {
    printf '%s\n' "$found"
    exit 1
}
