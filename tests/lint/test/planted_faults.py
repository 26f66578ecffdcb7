# SPDX-License-Identifier: MIT
"""The self-test of layers.py: a small sound tree, and one fault at a time planted in it."""

import pathlib
import subprocess
import tempfile

SOUND = {
    ".gitignore": "/build/\n",
    "include/base/error.h": "#ifndef E\n#define E\nint error_set(int code);\n#endif\n",
    "src/base/error.c": '#include "base/error.h"\nint error_set(int code) { return code + 1; }\n',
    "include/core/pool.h": "#ifndef P\n#define P\n#include <stddef.h>\n"
                           "size_t pool_pick(size_t n);\nextern const char *const pool_words[2];\n"
                           "#endif\n",
    "src/core/pool.c": '#include "core/pool.h"\n#include "base/error.h"\n'
                       "static int turn;\n"
                       'const char *const pool_words[2] = { "a", "b" };\n'
                       "size_t pool_pick(size_t n)\n{\n\treturn n + error_set(turn++);\n}\n",
    "include/net/sock.h": "#ifndef S\n#define S\nint sock_open(void);\n#endif\n",
    "src/net/sock.c": '#include "net/sock.h"\n#include "copy.h"\n#include <openssl/ssl.h>\n'
                      "int sock_open(void) { return copy_all(); }\n",
    "src/net/copy.h": "#ifndef C\n#define C\nint copy_all(void);\n#endif\n",
    "src/net/copy.c": '#include "copy.h"\nint copy_all(void) { return 1; }\n',
    "src/main/main.c": "int main(void) { return 0; }\n",
}
TOP = ["CMakeLists.txt", "CMakePresets.json", "conf", "tests", "man", "README.md", "LICENSE",
       "CHANGELOG.md", ".ci", ".clang-format", ".clang-tidy", ".editorconfig"]


def long_function(name, lines):
    return f"int {name}(void)\n{{\n" + "\t;\n" * (lines - 4) + "\treturn 1;\n}\n"


def after(name, text):
    return {name: SOUND[name] + text}


# Each fault: what it is, the rule that must fire and no other, the files that change (None: gone).
FAULTS = [
    ("a header of a sibling layer", "include", after("src/core/pool.c", '#include "net/sock.h"\n')),
    ("a header of a higher layer", "include", after("src/base/error.c", '#include "core/pool.h"\n')),
    ("a public header that looks up", "include",
     after("include/base/error.h", '#include "core/pool.h"\n')),
    ("a library in the wrong layer", "include", after("src/core/pool.c", "#include <ev.h>\n")),
    ("OpenSSL outside net", "include", after("src/base/error.c", "#include <openssl/err.h>\n")),
    ("a system header in core", "include", after("src/core/pool.c", "#include <sys/socket.h>\n")),
    ("the private header of another layer", "include",
     after("src/core/pool.c", '#include "../net/copy.h"\n')),
    ("a directory that is no layer", "include",
     {"include/misc/odd.h": "#ifndef O\n#define O\nint odd(void);\n#endif\n"}),
    ("a call to a sibling without its header", "call",
     after("src/core/pool.c", "int sock_open(void);\nint pool_x(void) { return sock_open(); }\n")),
    ("a clock in core", "call",
     after("src/core/pool.c", "long time(long *);\nlong pool_x(void) { return time(0); }\n")),
    ("a name without the stem", "name", after("src/net/copy.c", "int helper(void) { return 1; }\n")),
    ("a stem that only resembles", "name",
     after("src/net/copy.c", "int copyall(void) { return 1; }\n")),
    ("a source that was not built", "name", {"src/net/copy.c": "#error not built\n"}),
    ("a mutable global", "mutable", after("src/net/copy.c", "int copy_count = 3;\n")),
    ("a zeroed mutable global", "mutable", after("src/net/copy.c", "long copy_total;\n")),
    ("a mutable table of constants", "mutable",
     after("src/net/copy.c", 'const char *copy_names[] = { "a" };\n')),
    ("a thread-local global", "mutable", after("src/net/copy.c", "__thread int copy_errno;\n")),
    ("two modules that need each other", "cycle",
     {"src/net/copy.c": '#include "copy.h"\n#include "net/sock.h"\n'
                        "int copy_all(void) { return sock_open(); }\n"}),
    ("a stem used twice", "stem",
     {"src/core/copy.c": '#include "core/copy.h"\nint copy_x(void) { return 1; }\n',
      "include/core/copy.h": "#ifndef CC\n#define CC\nint copy_x(void);\n#endif\n"}),
    ("a module without a header", "stem", {"src/net/bare.c": "int bare(void) { return 1; }\n"}),
    ("a module with two headers", "stem",
     {"include/net/copy.h": "#ifndef C\n#define C\nint copy_all(void);\n#endif\n"}),
    ("a header that needs another", "header",
     {"include/base/error.h": "#ifndef E\n#define E\nsize_t error_size(void);\n"
                              "int error_set(int code);\n#endif\n",
      "src/base/error.c": '#include <stddef.h>\n' + SOUND["src/base/error.c"]}),
    ("a header without a guard", "header", {"src/net/copy.h": "enum { A };\nint copy_all(void);\n"}),
    ("a long file", "size", after("src/net/copy.c", "\n" * 500)),
    ("a very long function", "size", after("src/net/copy.c", long_function("copy_x", 81))),
    ("too many long functions", "size", after("src/net/copy.c", long_function("copy_x", 60))),
    ("a stray entry at the top", "top", {"notes.txt": ""}),
    ("a missing entry at the top", "top", {"LICENSE": None}),
]


def compile_tree(root):
    """Objects where CMake would put them; a source that does not compile has none."""
    for source in sorted(root.glob("src/*/*.c")):
        layer = source.parent.name
        target = "sluice" if layer == "main" else layer
        relative = source.relative_to(root)
        out = root / f"build/CMakeFiles/{target}.dir/{relative}.o"
        out.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["gcc", "-c", "-w", "-fPIC", "-fvisibility=hidden", "-fsanitize=address",
                        "-I", root / "include", "-o", out, source], check=False,
                       stderr=subprocess.DEVNULL)


def plant(root, changes):
    files = {name: "" for name in TOP} | SOUND | changes
    for name, text in files.items():
        if text is not None:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    compile_tree(root)


def run_one(check, tree_class, name, rule, changes):
    """True if exactly that rule fires; `rule` is None for the sound tree."""
    with tempfile.TemporaryDirectory(prefix="layers.") as directory:
        root = pathlib.Path(directory)
        plant(root, changes)
        findings = check(tree_class(root, root / "build"))
    if {finding.rule for finding in findings} == ({rule} if rule else set()):
        return True
    print(f"self-test: {name}: expected {rule or 'nothing'}, found {findings}")
    return False


def run_all(check, tree_class):
    """The number of faults that were not found as they should be."""
    cases = [("the sound tree", None, {})] + FAULTS
    failed = [case for case in cases if not run_one(check, tree_class, *case)]
    print(f"self-test: {len(cases) - len(failed)} of {len(cases)} as expected")
    return len(failed)
