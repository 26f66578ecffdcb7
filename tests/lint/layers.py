# SPDX-License-Identifier: MIT
"""Keeps the arrangement of the code.

    python3 tests/lint/layers.py BUILD         checks the tree against the objects in BUILD
    python3 tests/lint/layers.py --self-test   plants one fault for each rule and wants it found

BUILD is a finished build without link-time optimisation.  Given BUILD, the self-test runs first.
The rules, by the names in the messages:

    include   a file includes only headers of the layers that its layer may use, and external
              libraries only where they belong
    call      the same for what the objects refer to; `core` and `report` make no system calls
    name      an exported name begins with the stem of its file; a large module `crew` may have
              parts in files of their own, crew_listeners.c, which share its stem
    mutable   no exported object can be written to
    cycle     there is no cycle between modules
    stem      a stem stands for one module in the whole tree, and a module has its header
    header    a header compiles alone
    size      files and functions stay short
    top       the top of the tree has these entries and no others
"""

import collections
import concurrent.futures
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

# What each layer may use.  Calls go down; layers that do not name each other never meet.
LAYERS = {
    "base": [],
    "net": ["base"],
    "core": ["base"],
    "conf": ["core", "base"],
    "report": ["core", "base"],
    "engine": ["net", "core", "base"],
    "control": ["engine", "report", "conf", "net", "core", "base"],
    "cli": ["conf", "report", "net", "core", "base"],
    "sim": ["net", "base"],
    "main": ["control", "cli", "sim", "base"],
}

# External libraries by the beginning of the header's name, and the layers that may use them.
# `main` makes the event loop that it hands to control and sim.
LIBRARIES = {
    "ev.h": ["engine", "control", "sim", "main"],
    "openssl/": ["net"],
    "libconfig.h": ["conf"],
    "jansson.h": ["conf", "report"],
    "ares": ["engine"],
    "curses.h": ["cli"],
    "ncurses": ["cli"],
    "crypt.h": ["control"],
}

# `core` decides and `report` writes text: neither has fds, clocks or threads.
PURE = ["core", "report"]
IMPURE_HEADERS = re.compile(
    r"^((unistd|fcntl|poll|netdb|pthread|threads|signal)"
    r"|sys/(socket|epoll|stat|time|uio|un|eventfd|timerfd|resource)|base/tick)\.h$")
IMPURE_CALLS = re.compile(
    r"^(open|openat|read|write|close|pread|pwrite|readv|writev|socket|socketpair|connect|bind|listen"
    r"|accept4?|send|sendto|sendmsg|recv|recvfrom|recvmsg|poll|select|epoll_\w+|fcntl|ioctl|stat|fstat"
    r"|fopen|fdopen|fread|fwrite|fclose|fprintf|printf|puts|fputs|getaddrinfo|getenv|fork|execv\w*|kill"
    r"|signal|sigaction|time|clock|clock_gettime|gettimeofday|nanosleep|usleep|sleep|rand|random"
    r"|getrandom|pthread_\w+|thrd_\w+|mtx_\w+|tick_\w+)(64)?$")

TOP = {"CMakeLists.txt", "CMakePresets.json", "src", "include", "conf", "tests", "bench", "man",
       "README.md", "LICENSE", "CHANGELOG.md", ".ci", ".clang-format", ".clang-tidy",
       ".editorconfig", ".gitignore"}
TOP_OPTIONAL = {"bench"}

FILE_LINES = 500       # below
FUNCTION_LINES = 60    # below, for nearly all
FUNCTION_SHARE = 0.95
FUNCTION_LIMIT = 80    # at most, for every one

SANITIZER_NAME = re.compile(r"^(__odr_asan|__asan_|__ubsan_|__tsan_|__sanitizer_|_sub_[ID]_|\.L)")
READ_ONLY_SECTION = re.compile(r"^\.(rodata|data\.rel\.ro)")

Finding = collections.namedtuple("Finding", "rule place text")
# One line of nm: class is nm's letter, section is "*UND*" for what the object only refers to.
Symbol = collections.namedtuple("Symbol", "name kind section")


class Tree:
    """A source tree and the objects that were built from it."""

    def __init__(self, root, build=None):
        self.root = pathlib.Path(root)
        self.build = pathlib.Path(build) if build else None

    def files(self, top, *suffixes):
        return sorted(p for p in (self.root / top).rglob("*") if p.suffix in suffixes)

    def name(self, path):
        return str(path.relative_to(self.root))

    def layer(self, path):
        """The layer of a file in src/ or include/."""
        return path.relative_to(self.root).parts[1]

    def objects(self):
        """(source, object) for each .c file; CMake names a layer's target like the layer."""
        for source in self.files("src", ".c"):
            layer = self.layer(source)
            target = "sluice" if layer == "main" else layer
            yield source, self.build / f"CMakeFiles/{target}.dir" / (self.name(source) + ".o")

    @functools.cached_property
    def symbols(self):
        """{source: [Symbol]} of all objects, by one nm."""
        paths = {str(o): s for s, o in self.objects() if o.exists()}
        if not paths:
            return {}
        out = run("nm", "-A", "-f", "sysv", *paths)
        found = {source: [] for source in paths.values()}
        for line in out.splitlines():
            fields = [f.strip() for f in line.split("|")]
            if len(fields) == 7:
                path, _, name = fields[0].rpartition(":")
                found[paths[path]].append(Symbol(name, fields[2], fields[6]))
        return found


def run(*command):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT).stdout


def is_exported(symbol):
    """Defined here and visible to other objects; w and v are weak references or definitions."""
    return (symbol.section != "*UND*" and (symbol.kind.isupper() or symbol.kind in "wv")
            and symbol.kind != "U" and not SANITIZER_NAME.match(symbol.name))


def is_undefined(symbol):
    return symbol.section == "*UND*"


# --- include ---------------------------------------------------------------------------------

INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', re.M)


def may_use(layer, other):
    return other == layer or other in LAYERS[layer]


def judge_quoted(tree, path, header):
    """What is wrong with #include "header" in that file, or None."""
    layer = tree.layer(path)
    other, _, rest = header.partition("/")
    if (path.parent / header).exists() and path.is_relative_to(tree.root / "src"):
        private = (path.parent / header).resolve().is_relative_to(path.parent.resolve())
        return None if private else "leaves its directory"
    if rest and (tree.root / "include" / header).exists():
        return None if may_use(layer, other) else f"{layer} must not use {other}"
    if tree.build and (tree.build / "generated" / header).exists():
        return None
    return "is neither in include/ nor next to the file"


def judge_system(layer, header):
    for prefix, users in LIBRARIES.items():
        if header.startswith(prefix) and layer not in users:
            return f"{layer} must not use that library, only " + ", ".join(users)
    return None


def check_includes(tree):
    for path in tree.files("src", ".c", ".h", ".def") + tree.files("include", ".h", ".def"):
        layer = tree.layer(path)
        if layer not in LAYERS:
            yield Finding("include", tree.name(path), f"{layer} is not a layer")
            continue
        for quoted, system in INCLUDE.findall(path.read_text()):
            header = quoted or system
            problem = judge_quoted(tree, path, quoted) if quoted else judge_system(layer, system)
            if not problem and layer in PURE and IMPURE_HEADERS.search(header):
                problem = f"{layer} has no fds, clocks or threads"
            if problem:
                yield Finding("include", tree.name(path), f"{header}: {problem}")


# --- names and the graph of calls ------------------------------------------------------------

def check_objects(tree):
    for source, path in tree.objects():
        if not path.exists():
            yield Finding("name", tree.name(source), f"no object {path}: build first")
        elif any(s.name.startswith("__gnu_lto") for s in tree.symbols[source]):
            yield Finding("name", tree.name(source), "built for link-time optimisation")


def module(tree, source):
    """The main file of the module that a file is part of: crew.c of crew_listeners.c."""
    main = source.with_stem(source.stem.partition("_")[0])
    return main if main in tree.symbols else source


def check_names(tree):
    for source, symbols in tree.symbols.items():
        stem = module(tree, source).stem
        for s in filter(is_exported, symbols):
            if s.name != stem and not s.name.startswith(stem + "_"):
                yield Finding("name", tree.name(source),
                              f"exports {s.name}, which does not begin with {stem}_")
            if not s.section.startswith(".text") and not READ_ONLY_SECTION.match(s.section):
                yield Finding("mutable", tree.name(source),
                              f"exports {s.name}, which can be written to ({s.section})")


def call_graph(tree):
    """{source: {source: a name that the first needs from the second}}."""
    home = {s.name: source for source, symbols in tree.symbols.items()
            for s in symbols if is_exported(s)}
    graph = {source: {} for source in tree.symbols}
    for source, symbols in tree.symbols.items():
        for s in filter(is_undefined, symbols):
            if s.name in home and home[s.name] != source:
                graph[source].setdefault(home[s.name], s.name)
    return graph


def check_calls(tree):
    for source, needs in call_graph(tree).items():
        for other, name in needs.items():
            if not may_use(tree.layer(source), tree.layer(other)):
                yield Finding("call", tree.name(source), f"uses {name} of {tree.name(other)}: "
                              f"{tree.layer(source)} must not use {tree.layer(other)}")
    for source, symbols in tree.symbols.items():
        for s in filter(is_undefined, symbols):
            if tree.layer(source) in PURE and IMPURE_CALLS.match(s.name):
                yield Finding("call", tree.name(source), f"uses {s.name}: "
                              f"{tree.layer(source)} has no fds, clocks or threads")


def path_between(graph, start, goal):
    """The shortest way from start to goal, of at least one step, or None."""
    queue = collections.deque([[start]])
    seen = set()
    while queue:
        path = queue.popleft()
        for step in graph[path[-1]]:
            if step == goal:
                return path + [step]
            if step not in seen:
                seen.add(step)
                queue.append(path + [step])
    return None


def module_graph(tree):
    """call_graph() with the parts of a module as one."""
    merged = {}
    for source, needs in call_graph(tree).items():
        own = merged.setdefault(module(tree, source), {})
        for other, name in needs.items():
            if module(tree, other) != module(tree, source):
                own.setdefault(module(tree, other), name)
    return merged


def check_cycles(tree):
    graph = module_graph(tree)
    reported = set()
    for source in graph:
        cycle = None if source in reported else path_between(graph, source, source)
        if cycle:
            reported.update(cycle)
            steps = [f"{graph[a][b]}() of {tree.name(b)}" for a, b in zip(cycle, cycle[1:])]
            yield Finding("cycle", tree.name(source), "needs " + ", which needs ".join(steps))


# --- stems and headers -----------------------------------------------------------------------

def private_headers(path):
    return [h for h, _ in INCLUDE.findall(path.read_text()) if h and (path.parent / h).exists()]


def check_stems(tree):
    homes = collections.defaultdict(set)
    for path in tree.files("src", ".c", ".h") + tree.files("include", ".h"):
        homes[path.stem].add(str(path.relative_to(tree.root).with_suffix("")).partition("/")[2])
    for stem, places in sorted(homes.items()):
        if len(places) > 1:
            yield Finding("stem", stem, "stands for more than one: " + ", ".join(sorted(places)))
    for path in tree.files("src", ".c"):
        layer, header = tree.layer(path), path.stem + ".h"
        public = tree.root / "include" / layer / header
        own = path.with_suffix(".h")
        if public.exists() and own.exists():
            yield Finding("stem", tree.name(path), "has a public and a private header")
        elif not (public.exists() or own.exists() or private_headers(path) or layer == "main"
                  or module(tree, path) != path):
            yield Finding("stem", tree.name(path),
                          f"has no header: include/{layer}/{header} or src/{layer}/{header}")


def compile_alone(tree, header):
    include = ["-I" + str(tree.root / "include")]
    if tree.build:
        include.append("-I" + str(tree.build / "generated"))
    return subprocess.run(
        ["gcc", "-std=gnu17", "-D_GNU_SOURCE", '-DSLUICE_VERSION=""', "-Wall", "-Werror",
         "-fsyntax-only", *include, "-x", "c", "-"],
        input=f'#include "{header}"\n#include "{header}"\n', text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def check_headers(tree):
    headers = [p.resolve() for p in tree.files("include", ".h") + tree.files("src", ".h")]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, result in zip(headers, pool.map(lambda h: compile_alone(tree, h), headers)):
            if result.returncode != 0:
                yield Finding("header", path.relative_to(tree.root.resolve()),
                              "does not compile alone, twice:\n" + result.stdout)


# --- sizes and the top -----------------------------------------------------------------------

def function_lengths(tree, paths):
    """[(lines, place)] of all functions."""
    if not paths:
        return []
    ctags = shutil.which("ctags-universal") or "ctags"
    out = run(ctags, "--quiet", "--output-format=json", "--fields=+ne", "--languages=C",
              "--langmap=C:.c.h", "--kinds-C=f", "-f", "-", *map(str, paths))
    tags = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    return sorted((t["end"] - t["line"] + 1,
                   f"{tree.name(pathlib.Path(t['path']))}:{t['line']} {t['name']}()")
                  for t in tags if "end" in t)


def check_sizes(tree):
    """The tables (*.def) may be as long as what they list."""
    paths = tree.files("src", ".c", ".h") + tree.files("include", ".h")
    for path in paths:
        lines = path.read_text().count("\n")
        if lines >= FILE_LINES:
            yield Finding("size", tree.name(path), f"has {lines} lines, not below {FILE_LINES}")
    lengths = function_lengths(tree, paths)
    for lines, place in lengths:
        if lines > FUNCTION_LIMIT:
            yield Finding("size", place, f"has {lines} lines, more than {FUNCTION_LIMIT}")
    long = [f"{place} {lines}" for lines, place in lengths if lines >= FUNCTION_LINES]
    if len(long) > (1 - FUNCTION_SHARE) * len(lengths):
        yield Finding("size", "functions", f"{len(long)} of {len(lengths)} have {FUNCTION_LINES} "
                      "lines or more: " + ", ".join(long))


def check_top(tree):
    """What .gitignore names at the top is not part of the tree."""
    lines = (tree.root / ".gitignore").read_text().split()
    ignored = {line.strip("/") for line in lines} | {".git"}
    there = set(os.listdir(tree.root)) - ignored
    for name in sorted(there - TOP):
        yield Finding("top", name, "does not belong there")
    for name in sorted(TOP - TOP_OPTIONAL - there):
        yield Finding("top", name, "is missing")


CHECKS = [check_includes, check_objects, check_names, check_calls, check_cycles, check_stems,
          check_headers, check_sizes, check_top]


def check(tree):
    return [finding for rule in CHECKS for finding in rule(tree)]


def main(arguments):
    here = pathlib.Path(__file__).resolve().parent
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2

    sys.path.insert(0, str(here / "test"))
    import planted_faults  # pylint: disable=import-outside-toplevel
    failures = planted_faults.run_all(check, Tree)
    if arguments[0] == "--self-test" or failures:
        return 1 if failures else 0

    findings = check(Tree(here.parents[1], arguments[0]))
    for rule, place, text in findings:
        print(f"{rule}: {place}: {text}")
    print(f"layers.py: {len(findings)} problems")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
