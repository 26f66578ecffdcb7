#!/bin/sh
# clang-tidy finds nothing in the sources: .clang-tidy has the checks.
#
#   sh tests/lint/tidy.sh BUILD      BUILD: a build of the tree by ninja
#
# The commands of that build are used, without what only gcc knows.  A file that was found clean
# is not looked at again before it, or something that it includes, or .clang-tidy changes: the
# sums of what was clean are kept in BUILD/tidy.
#
# The analyzer looks at fewer states of a function than it would by itself: what it finds beyond
# that costs more time than all other tests.
set -eu
[ $# -eq 1 ] || {
    echo 'usage: sh tests/lint/tidy.sh BUILD' >&2
    exit 2
}
build=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."

mkdir -p "$build/tidy"
ninja -C "$build" -t compdb >"$build/tidy/all.json"
python3 - "$PWD" "$build/tidy" <<'END'
import hashlib, json, pathlib, re, subprocess, sys

root, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
GCC_ONLY = re.compile(r" (-fsanitize\S*|-fno-sanitize\S*|-fstack-clash-protection|-fcf-protection"
                      r"|-flto\S*|-fno-fat-lto-objects|-Werror)(?= )")
entries, lines = {}, []
for entry in json.loads((out / "all.json").read_text()):
    path = pathlib.Path(entry["directory"], entry["file"])
    if path.suffix == ".c" and any(path.is_relative_to(root / d) for d in ("src", "bench")):
        entry["command"] = GCC_ONLY.sub("", entry["command"])
        entries[str(path)] = entry
(out / "compile_commands.json").write_text(json.dumps(list(entries.values())))

base = subprocess.check_output(["clang-tidy", "--version"]) + (root / ".clang-tidy").read_bytes()
for path, entry in sorted(entries.items()):
    command = re.sub(r" -o \S+ -c ", " -E -c ", entry["command"])
    command = re.sub(r" -M[DTF]( \S+\.[od])?(?= )", "", command)
    text = subprocess.run(command, shell=True, cwd=entry["directory"], check=True,
                          stdout=subprocess.PIPE).stdout
    comments = pathlib.Path(path).read_bytes()
    total = hashlib.sha256(base + entry["command"].encode() + text + comments).hexdigest()
    if not (out / total).exists():
        lines.append(f"{total} {path}")
(out / "todo").write_text("".join(line + "\n" for line in lines))
END

# shellcheck disable=SC2016 # for the inner shell
xargs -r -P 2 -n 2 sh -c '
    if clang-tidy --quiet -p "$0" --extra-arg=-Xclang --extra-arg=-analyzer-config \
        --extra-arg=-Xclang --extra-arg=max-nodes=20000 "$2" 2>"$0/errors.$$"; then
        : >"$0/$1"
        rm "$0/errors.$$"
    else
        grep -v " warnings\{0,1\} generated" "$0/errors.$$"
        rm "$0/errors.$$"
        exit 1
    fi' "$build/tidy" <"$build/tidy/todo"
