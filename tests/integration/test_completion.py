# SPDX-License-Identifier: MIT
"""What bash, zsh and fish offer when a person presses Tab, each in its own program."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import harness
import pytest
from balancer import needs, output
from screen import Screen
from test_cli import run

SHELLS = ("bash", "zsh", "fish")


@pytest.fixture
def proxy(simnodes, sluice):
    return sluice(harness.cluster_conf(simnodes(3).nodes))


class Place:
    """A home with the scripts in it, and with `sluice` in $PATH."""

    def __init__(self, path):
        self.path = path
        (path / "bin").mkdir()
        (path / "bin" / "sluice").symlink_to(harness.program("sluice"))
        for shell in SHELLS:
            (path / f"_sluice.{shell}").write_text(run("completion", shell).stdout)
        (path / "zfunc").mkdir()
        shutil.copy(path / "_sluice.zsh", path / "zfunc" / "_sluice")
        for name in ("alpha.conf", "beta.conf"):
            (path / name).touch()

    def env(self, proxy=None):
        # Without one, none: the host may have a daemon at the usual place.
        env = os.environ | {"SLUICE_SOCKET": str(self.path / "none.sock")}
        if proxy:
            env["SLUICE_SOCKET"] = str(proxy.socket_path)
        return env | {"PATH": f"{self.path}/bin:{os.environ['PATH']}", "HOME": str(self.path),
                      "LC_ALL": "C.UTF-8", "TERM": "xterm"}


@pytest.fixture
def place():
    with tempfile.TemporaryDirectory(prefix="completion-") as name:
        yield Place(Path(name))


# What is typed, and some of what must be offered; nothing that must not.
CASES = [
    ("sluice sta", {"status"}, {"watch"}),
    ("sluice comp", {"completion"}, set()),
    ("sluice status --j", {"--json"}, {"--since"}),
    ("sluice drain --", {"--deadline", "--wait", "--socket"}, {"--json"}),
    ("sluice drain ", {"n1", "n2", "n3", "psql/n1", "dbconsole/n3"}, {"psql"}),
    ("sluice drain --wait 5m ps", {"psql/n1", "psql/n2", "psql/n3"}, {"n1"}),
    ("sluice fault n1 ", {"refuse", "blackhole", "reset", "delay", "throttle", "status", "none"},
     {"n1"}),
    ("sluice rebalance ", {"psql", "dbconsole"}, {"psql/n1"}),
    ("sluice drill ", {"start", "stop", "mark", "list", "report", "compare", "record"}, set()),
    ("sluice drill record --ev", {"--every"}, set()),
    ("sluice drill report --format ", {"text", "markdown", "json", "html", "record"}, set()),
    ("sluice check -f alp", {"alpha.conf"}, {"beta.conf"}),
    ("sluice import ", {"alpha.conf", "beta.conf"}, set()),
    ("sluice completion ", {"bash", "zsh", "fish"}, {"servers"}),
]
IDS = [typed for typed, _, _ in CASES]


# --- bash -------------------------------------------------------------------------------------

ASK_BASH = r"""
source "$1"
COMP_LINE=$2
read -ra COMP_WORDS <<<"$COMP_LINE"
[[ $COMP_LINE == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_sluice
printf '%s\n' "${COMPREPLY[@]}"
"""


def ask_bash(place, typed, proxy=None):
    said = output("bash", "--norc", "-c", ASK_BASH, "bash", place.path / "_sluice.bash", typed,
                  env=place.env(proxy), cwd=place.path)
    return set(said.split("\n")) - {""}


@needs("bash")
@pytest.mark.parametrize("typed, offered, absent", CASES, ids=IDS)
def test_bash_offers(place, proxy, typed, offered, absent):
    found = ask_bash(place, typed, proxy)
    assert offered <= found and not absent & found, found


@needs("bash")
def test_bash_knows_the_socket_on_the_line(place, proxy):
    assert ask_bash(place, "sluice ready ") == set()
    assert "n1" in ask_bash(place, f"sluice ready -s {proxy.socket_path} ")
    assert "n1" in ask_bash(place, f"sluice ready --socket = {proxy.socket_path} ")
    assert r"all\ up" in ask_bash(place, "sluice watch --until ", proxy)


# --- fish -------------------------------------------------------------------------------------


def ask_fish(place, typed, proxy=None):
    said = output("fish", "--no-config", "-c", 'source $argv[1]; complete -C $argv[2]',
                  place.path / "_sluice.fish", typed, env=place.env(proxy), cwd=place.path)
    return {line.split("\t")[0] for line in said.splitlines()}


@needs("fish")
@pytest.mark.parametrize("typed, offered, absent", CASES, ids=IDS)
def test_fish_offers(place, proxy, typed, offered, absent):
    found = ask_fish(place, typed, proxy)
    assert offered <= found and not absent & found, found


@needs("fish")
def test_fish_knows_the_socket_on_the_line(place, proxy):
    assert not {"n1", "psql/n1"} & ask_fish(place, "sluice ready ")
    assert "n1" in ask_fish(place, f"sluice ready -s {proxy.socket_path} ")
    assert "all up" in ask_fish(place, "sluice watch --until ", proxy)


# --- on a terminal, as a person does it -------------------------------------------------------


RC = {
    "bash": "bind 'set show-all-if-ambiguous on'; PS1='ready> '; source ~/_sluice.bash\n",
    "zsh": "PS1='ready> '; fpath=(~/zfunc $fpath); autoload -Uz compinit; compinit -u -D\n"
           "setopt no_list_ambiguous list_packed\n",
}


@pytest.fixture
def typing(place, proxy, tmp_path):
    """typing(shell): a screen with that shell in it."""
    open_ones = []

    def start(shell):
        rc = place.path / ("rc" if shell == "bash" else ".zshrc")
        rc.write_text(RC[shell])
        argv = {"bash": ["bash", "--noprofile", "--rcfile", rc, "-i"], "zsh": ["zsh", "-i"]}
        # A shell's prompt and what is typed go to its standard error.
        screen = Screen(tmp_path, "sh", "-c", 'cd "$0" && exec "$@" 2>&1', place.path,
                        *argv[shell], size=(160, 50), **place.env(proxy))
        open_ones.append(screen)
        screen.wait(r"^ready>")
        return screen
    yield start
    for screen in open_ones:
        screen.close()


def press_tab(screen, typed):
    screen.type(typed)
    screen.wait(rf"^ready> {re.escape(typed.rstrip())}")
    screen.press("Tab")


@needs("tmux", "zsh")
@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_word_is_completed_on_the_line(typing, shell):
    screen = typing(shell)
    press_tab(screen, "sluice stat")
    screen.wait(r"^ready> sluice status")
    screen.type("--j")
    screen.press("Tab")
    screen.wait(r"^ready> sluice status --json")
    screen.press("C-u")
    press_tab(screen, "sluice drain dbconsole/n")
    for name in ("n1", "n2", "n3"):
        screen.wait(rf"dbconsole/{name}\b")


@needs("tmux", "zsh")
@pytest.mark.parametrize("typed, offered, absent", CASES, ids=IDS)
def test_zsh_offers(typing, typed, offered, absent):
    screen = typing("zsh")
    press_tab(screen, typed)
    for word in offered:
        screen.wait(rf"(^|\s){re.escape(word)}($|[\s=])")
    shown = set(screen.text().split())
    assert not (absent - set(typed.split())) & shown, shown


@needs("tmux")
def test_a_condition_is_quoted_where_it_is_typed(typing):
    screen = typing("bash")
    press_tab(screen, "sluice watch --until all")
    screen.wait(r"all\\ up +all\\ down|all\\ d(own|rained) +all\\ ")
    screen.press("C-u")
    press_tab(screen, "sluice watch --until 'psql/n1 u")
    screen.wait(r"--until 'psql/n1 up'")


# --- the scripts themselves -------------------------------------------------------------------


def test_scripts_have_no_mistake(place):
    for shell, check in (("bash", "bash -n"), ("zsh", "zsh -n"), ("fish", "fish --no-execute")):
        if shutil.which(shell):
            done = subprocess.run([*check.split(), place.path / f"_sluice.{shell}"], check=False,
                                  capture_output=True, text=True, timeout=harness.PATIENCE)
            assert (done.returncode, done.stderr) == (0, ""), shell
    if shutil.which("shellcheck"):
        output("shellcheck", place.path / "_sluice.bash")


def test_names_come_at_once_or_not_at_all(proxy, tmp_path):
    names = run("completion", "servers", proxy=proxy).stdout.split()
    assert names == ["n1", "psql/n1", "n2", "psql/n2", "n3", "psql/n3",
                     "dbconsole/n1", "dbconsole/n2", "dbconsole/n3"]
    assert run("completion", "services", proxy=proxy).stdout.split() == ["psql", "dbconsole"]
    done = run("completion", "servers", "-s", tmp_path / "none", expect=1)
    assert (done.stdout, done.stderr) == ("", "")


def test_another_shell_is_refused():
    done = run("completion", "bsh", expect=2)
    assert 'no shell "bsh": did you mean "bash"?' in done.stderr
