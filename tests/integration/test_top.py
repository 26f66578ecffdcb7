# SPDX-License-Identifier: MIT
"""`sluice top` on a terminal that tmux makes, as a person sees it, and its text with --once."""

import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

import harness
import pytest
from harness import PATIENCE, wait_for
from test_upgrade import Generations

SIZES = [(80, 24), (200, 60), (40, 10)]


class Terminal:
    """A terminal of tmux, with a server of its own, that runs a line of shell."""

    def __init__(self, line, columns=80, rows=24, env=None):
        self.dir = Path(tempfile.mkdtemp(prefix="sluice-top-"))
        clean = {k: v for k, v in os.environ.items()
                 if k not in ("TMUX", "SLUICE_SOCKET", "NO_COLOR", "COLUMNS", "LINES")}
        self.env = clean | {"LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}
        words = [f"{k}={v}" for k, v in ({"TERM": "screen-256color"} | (env or {})).items()]
        self.tmux("new-session", "-d", "-x", columns, "-y", rows,
                  "env", *words, "sh", "-c", line)
        self.tmux("set-option", "-g", "status", "off")
        self.tmux("resize-window", "-x", columns, "-y", rows)

    def tmux(self, *args, check=True):
        done = subprocess.run(["tmux", "-S", self.dir / "tmux", "-f", "/dev/null", "-u",
                               *map(str, args)], env=self.env, capture_output=True, text=True,
                              timeout=PATIENCE, check=False)
        assert not check or done.returncode == 0, (args, done.stderr)
        return done.stdout

    def screen(self, *args):
        return self.tmux("capture-pane", "-p", *args)

    def rows(self):
        return self.screen().split("\n")

    def wait(self, pattern, timeout=PATIENCE):
        """Until the screen has it; the match."""
        return wait_for(lambda: re.search(pattern, self.screen(), re.M), timeout,
                        lambda: f"{pattern!r} on the screen:\n{self.screen()}")

    def wait_gone(self, pattern):
        wait_for(lambda: not re.search(pattern, self.screen(), re.M),
                 what=lambda: f"no {pattern!r} on the screen:\n{self.screen()}")

    def press(self, *keys):
        """Names of keys as tmux has them: "Down", "Enter", "C-l"; others are themselves."""
        self.tmux("send-keys", *keys)

    def type(self, words):
        self.tmux("send-keys", "-l", words)

    def resize(self, columns, rows):
        self.tmux("resize-window", "-x", columns, "-y", rows)

    def flag(self, name):
        return self.tmux("display-message", "-p", "#{" + name + "}").strip()

    def release(self):
        self.tmux("kill-server", check=False)
        shutil.rmtree(self.dir, ignore_errors=True)


class Top(Terminal):
    """`sluice top` in a shell that says what became of it: ENDED and the exit status."""

    def __init__(self, proxy, *args, **options):
        self.out = Path(tempfile.mkdtemp(prefix="sluice-top-out-"))
        path = getattr(proxy, "socket_path", proxy)
        top = shlex.join(map(str, [harness.program("sluice"), "top", "-s", path, *args]))
        super().__init__(
            f"ulimit -c 0; trap : INT QUIT; echo BEFORE; stty -g >{self.out}/before; echo $$ >{self.out}/shell; "
            f"{top} 2>{self.out}/err; echo ENDED $?; stty -g >{self.out}/after; exec cat",
            **options)

    def pid(self):
        """Of sluice itself."""
        shell = wait_for(lambda: (self.out / "shell").exists() and
                         (self.out / "shell").read_text().strip(), what="the shell's number")
        children = Path(f"/proc/{shell}/task/{shell}/children")
        return int(wait_for(lambda: children.read_text().split(), what="top to run")[0])

    def errors(self):
        return (self.out / "err").read_text()

    def wait_end(self, status, second_screen=True):
        """Until it has ended; then the terminal is as it was, if it has a second screen."""
        ended = self.wait(r"^ENDED (\d+)$")
        assert int(ended[1]) == status, (ended[0], self.errors())
        wait_for(lambda: (self.out / "after").exists() and (self.out / "after").read_text(),
                 what="stty")
        assert (self.out / "before").read_text() == (self.out / "after").read_text()
        assert self.flag("alternate_on") == "0"
        assert self.flag("cursor_flag") == "1"
        assert self.flag("keypad_flag") == "0"
        assert not second_screen or "BEFORE" in self.screen()
        assert "Sanitizer" not in self.errors() and "runtime error" not in self.errors()

    def release(self):
        super().release()
        shutil.rmtree(self.out, ignore_errors=True)


@pytest.fixture
def proxy(proxy):
    for server in ("psql/n1", "psql/n2", "psql/n3", "dbconsole/n1"):
        proxy.wait_server(server, "UP")
    return proxy


@pytest.fixture
def top(request):
    def start(*args, **options):
        t = Top(*args, **options)
        request.addfinalizer(t.release)
        return t
    return start


@pytest.fixture
def sessions(proxy):
    held = [harness.PgSession(proxy.sql_port) for _ in range(6)]
    yield held
    for session in held:
        session.socket.close()


def once(*args, proxy=None, expect=0, env=None):
    clean = {k: v for k, v in os.environ.items()
             if k not in ("SLUICE_SOCKET", "COLUMNS", "LINES", "NO_COLOR")}
    if proxy:
        clean["SLUICE_SOCKET"] = str(proxy.socket_path)
    done = subprocess.run([harness.program("sluice"), "top", *map(str, args)],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=PATIENCE, check=False,
                          env=clean | {"LC_ALL": "C.UTF-8", "TERM": "xterm"} | (env or {}))
    assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr, done.stderr
    assert done.returncode == expect, (args, done)
    return done


# --- looking -----------------------------------------------------------------------------------

@pytest.mark.parametrize("columns,rows", SIZES)
def test_each_tab_is_shown_at_each_size(top, proxy, sessions, columns, rows):
    t = top(proxy, columns=columns, rows=rows)
    t.wait(r"^psql .*3(/3| of 3) usable +6")
    t.wait(r"^ +● UP +n1 ")
    assert "read-only" in t.rows()[0] and "live" in t.rows()[0]
    assert t.rows()[rows - 1].startswith("q quit  ? help")
    assert len(t.rows()) == rows + 1
    t.press("2")
    t.wait(r"^ID|^ +ID +CLIENT|CLIENT")
    wait_for(lambda: len(re.findall(r"127\.0\.0\.1:\d", t.screen())) >= min(6, rows - 4),
             what=lambda: f"six sessions:\n{t.screen()}")
    assert f"psql/{'n'}" in t.screen()
    t.press("3")
    t.wait(r"psql/n\d +.*CHECKING -> UP|dbcons.*CHECKING ->")
    t.press("4")
    t.wait(r"^psql +3/3 ")
    if rows > 10:
        t.wait(rf"^process +pid {proxy.pid}, ")
    t.press("q")
    t.wait_end(0)


def test_a_new_size_is_drawn_at_once(top, proxy):
    t = top(proxy, "--interval", "1h")
    t.wait(r"^dbconsole ")
    assert "ADDRESS" not in t.screen()
    t.resize(200, 50)
    t.wait(r"STATE .* ADDRESS")
    assert t.rows()[49].startswith("q quit")
    t.resize(40, 10)
    t.wait(r"^ 1 Services  2  3  4 ")
    assert max(map(len, t.rows())) <= 40
    t.resize(10, 3)
    t.wait("too small")
    t.resize(80, 24)
    t.wait(r"^ 1 Services  2 Sessions  3 Events  4 Process ")
    t.wait(r"^dbconsole ")
    t.press("q")
    t.wait_end(0)


def test_sort_filter_troubles_and_help(top, proxy, cluster):
    t = top(proxy)
    t.wait(r"^dbconsole ")
    t.press("s")
    t.wait("by state")
    t.press("S")
    t.wait("by state, reversed")
    for _ in range(6):
        t.press("s")
    t.wait("by configuration")
    t.type("/=psql n2")
    t.wait(r"^filter: =psql n2$")
    t.wait("5 hidden")
    assert not re.search(r" n1 ", t.screen())
    t.press("Enter")
    t.wait(r"^q quit ")
    t.press("Escape")
    t.wait(r" n1 ")
    t.press("t")
    t.wait("nothing is left of 6 by")
    cluster.command(3, "health 503")
    t.wait(r"^ +[◐✖] (NOLB|DOWN).* n3 ")
    t.wait(r'└ .*HTTP 503 "Service Unavailable"')
    t.press("t")
    t.wait(r" n1 ")
    t.press("?")
    t.wait("a tab, by its number")
    t.wait("need --write")
    t.press("q")
    t.wait(r"^dbconsole ")
    t.press("C-l")
    t.wait(r"^dbconsole ")
    t.press("q")
    t.wait_end(0)


def test_tab_and_arrows_lead_through_all(top, proxy, sessions):
    t = top(proxy, "--tab", "process")
    t.wait(r"^version +sluice ")
    t.press("Tab")
    t.wait(r"^dbconsole ")
    t.press("Down")
    t.press("Enter")
    t.wait("filter: =psql/n1")
    wait_for(lambda: len(re.findall(r"psql/n1", t.screen())) >= 3, what=t.screen)
    assert "psql/n2" not in t.screen()
    t.press("Enter")
    t.wait(r"psql/n1 session \d+ of 127\.0\.0\.1:\d+ is open")
    t.press("Escape")
    t.wait_gone("is open")
    t.press("BTab")
    t.wait(r"^dbconsole ")
    t.press("End")
    t.press("e")
    t.wait("filter: =dbconsole/n3")
    t.wait(r"dbconsole/n3 +CHECKING -> UP")
    t.press("Left", "Left", "Left", "Left")
    t.press("q")
    t.wait_end(0)


def test_events_come_live(top, proxy, cluster):
    t = top(proxy, "--tab", "events", "--interval", "100ms")
    t.wait(r"psql/n1 +CHECKING -> UP")
    cluster.command(2, "health 503")
    t.wait(r"^\d\d:\d\d:\d\d psql/n2 +UP -> NOLB +drain: HTTP 503")
    cluster.command(2, "health 200")
    t.wait(r"psql/n2 +.*-> UP ")
    t.press("q")
    t.wait_end(0)


def test_clicks_choose_with_mouse(top, proxy):
    t = top(proxy, "--mouse")
    t.wait(r"^dbconsole ")
    assert t.flag("mouse_any_flag") == "1"
    column = t.rows()[2].index("3 Events") + 2
    t.type(f"\033[M {chr(32 + column)}{chr(32 + 3)}\033[M#{chr(32 + column)}{chr(32 + 3)}")
    t.wait(r"CHECKING -> UP")
    t.press("q")
    t.wait_end(0)


# --- acting ------------------------------------------------------------------------------------

def test_read_only_refuses_to_act(top, proxy, sessions):
    t = top(proxy)
    t.wait(r"^ +● UP +n1 ")
    t.press("Down")
    for key in "dmrwfk":
        t.press(key)
        t.wait(r"^read-only: start it as sluice top --write")
        t.press("t", "t")
        t.wait(r"^q quit ")
    assert proxy.server_status("psql/n1") == "UP"
    assert len(json.loads(proxy.http("/v1/sessions")[2])["sessions"]) == 6
    t.press("q")
    t.wait_end(0)


def test_a_server_is_drained_after_a_yes(top, proxy, sessions):
    t = top(proxy, "--write")
    t.wait(r"WRITE  ● live")
    t.wait(r"^ +● UP +n1 .* 2 ")
    t.press("Down", "d")
    t.wait(r"^ drain psql/n1: no new sessions, the 2 sessions there stay; 2 of 3 servers stay")
    t.wait(r"^y: do it    any other key: leave it")
    t.press("n")
    t.wait("^left as it was")
    assert proxy.server_status("psql/n1") == "UP"
    t.press("d")
    t.wait(r"^ drain psql/n1")
    t.press("y")
    t.wait(r"^psql/n1 drains")
    t.wait(r"^ +◐ DRAIN +n1 ")
    assert proxy.server_status("psql/n1") == "DRAIN"
    t.press("m", "y")
    t.wait(r"^ +■ MAINT +n1 ")
    t.press("r")
    t.wait("drain and maint are taken back")
    t.press("y")
    t.wait(r"^ +● UP +n1 ")
    t.press("q")
    t.wait_end(0)


def test_weight_and_fault_are_typed(top, proxy):
    t = top(proxy, "--write", columns=132)
    t.wait(r"^ +● UP +n1 ")
    t.press("Down", "w")
    t.wait(r"Which weight for psql/n1\? It has 1;")
    t.type("300")
    t.press("Enter")
    t.wait(r'^"300" is not a weight: write 0 to 256, or 50%')
    t.press("w")
    t.wait("Which weight")
    t.type("7")
    t.press("Enter")
    t.wait(r"^ psql/n1: weight 1 becomes 7; it has none")
    t.press("y")
    t.wait("^psql/n1 has the weight 7")
    wait_for(lambda: proxy.stat()["psql/n1"]["weight"] == "7", what="the weight")
    t.press("f")
    t.wait("Which fault")
    t.type("nonsense")
    t.press("Enter", "y")
    t.wait(r"^the daemon answered: .*nonsense")
    t.press("f")
    t.wait("Which fault")
    t.type("delay 20ms for 10m")
    t.press("Enter", "y")
    t.wait(r"└ fault: delay 20ms.* left")
    t.press("f")
    t.wait("Which fault")
    t.type("none")
    t.press("Enter", "y")
    t.wait_gone("└ fault")
    t.press("q")
    t.wait_end(0)


def test_sessions_are_ended(top, proxy, sessions):
    t = top(proxy, "--write", "--tab", "sessions")

    def left():
        return len(json.loads(proxy.http("/v1/sessions")[2])["sessions"])
    wait_for(lambda: len(re.findall(r"127\.0\.0\.1:\d", t.screen())) >= 6, what=t.screen)
    t.press("k")
    t.wait(r"^ END session \d+ of 127\.0\.0\.1:\d+ on psql/n\d, open for")
    t.press("y")
    t.wait(r"^session \d+ is ended")
    wait_for(lambda: left() == 5, what="five sessions")
    t.press("1", "Down", "k")
    t.wait(r"^ END all of psql/n1: \d session")
    t.press("y")
    t.wait("^the sessions of psql/n1 are ended")
    wait_for(lambda: left() <= 4, what="no session of n1")
    t.press("q")
    t.wait_end(0)


# --- the daemon goes, and comes back -----------------------------------------------------------

def test_it_goes_on_after_a_restart(top, cluster, sluice):
    folder = tempfile.mkdtemp(prefix="sluice-top-")
    path = Path(folder) / "admin.sock"
    conf = harness.cluster_conf(cluster.nodes) + (
        f'admin = {{ bind = "{harness.LOOPBACK}:{harness.free_port()}"; socket = "{path}"; }};\n')
    try:
        first = sluice(conf)
        t = top(path)
        t.wait(r"^dbconsole ")
        first.stop()
        t.wait(r"✖ lost \d+s, trying again")
        t.wait(r"^no daemon: ")
        t.wait(r"^dbconsole ")
        t.press("3")
        t.wait(r"CHECKING -> UP")
        t.press("1")
        second = sluice(conf)
        t.wait(r"● live")
        t.press("4")
        t.wait(rf"pid {second.pid}, ")
        t.press("q")
        t.wait_end(0)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_it_waits_for_a_daemon_that_is_still_to_come(top, cluster, sluice):
    folder = tempfile.mkdtemp(prefix="sluice-top-")
    path = Path(folder) / "admin.sock"
    try:
        t = top(path, columns=132)
        t.wait(rf"^no daemon: {path} does not exist start sluice, or name its admin.socket")
        sluice(harness.cluster_conf(cluster.nodes) +
               f'admin = {{ bind = "{harness.LOOPBACK}:{harness.free_port()}"; '
               f'socket = "{path}"; }};\n')
        t.wait(r"^ +● UP +n1 ")
        t.press("q")
        t.wait_end(0)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("with_session", [False, True])
def test_an_upgrade_leads_to_the_new_process(top, cluster, sluice, with_session):
    conf = harness.cluster_conf(cluster.nodes)
    generations = Generations(sluice(conf))
    held = None
    try:
        if with_session:
            held = harness.PgSession(harness.port_of(conf, "psql"))
        t = top(generations.balancer, "--tab", "process")
        t.wait(rf"^process +pid {generations.now}, ")
        pid = generations.upgrade()
        t.wait(rf"^process +pid {pid}, ")
        if with_session:
            t.wait(rf"^before it +pid {generations.balancer.pid}, upgraded .*still has 1 session$")
        t.press("3")
        t.wait("upgraded: process|accepting connections|CHECKING|started")
        t.press("q")
        t.wait_end(0)
    finally:
        if held:
            held.socket.close()
        generations.end()


def test_keys_work_while_the_daemon_is_silent(top, proxy):
    t = top(proxy, "--interval", "100ms")
    t.wait(r"^dbconsole ")
    proxy.send_signal(signal.SIGSTOP)
    try:
        t.press("4")
        t.wait(r"^version +sluice ")
        t.press("1")
        t.wait(r"^dbconsole ")
        t.wait(r"✖ lost \d+s, trying again", timeout=60)
        t.wait(r"^the daemon does not answer on ")
    finally:
        proxy.send_signal(signal.SIGCONT)
    t.wait("● live")
    t.press("q")
    t.wait_end(0)


# --- the terminal ------------------------------------------------------------------------------

@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_leaves_the_terminal_as_it_was(top, proxy, number):
    t = top(proxy)
    t.wait(r"^dbconsole ")
    assert t.flag("alternate_on") == "1"
    os.kill(t.pid(), number)
    t.wait_end(128 + number)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS])
def test_a_crash_leaves_the_terminal_as_it_was(top, proxy, number):
    # No core file, and no report of the sanitizers, which is none of a fault of its own.
    t = top(proxy, env={"ASAN_OPTIONS": "handle_segv=0:handle_abort=0:handle_sigbus=0"})
    t.wait(r"^dbconsole ")
    os.kill(t.pid(), number)
    t.wait_end(128 + number)


@pytest.mark.parametrize("key,number", [("C-c", signal.SIGINT), ("C-\\", signal.SIGQUIT)])
def test_keys_that_are_signals_end_it(top, proxy, key, number):
    t = top(proxy)
    t.wait(r"^dbconsole ")
    t.press(key)
    t.wait_end(128 + number)


def test_it_stops_and_goes_on(request, proxy):
    t = Terminal("exec bash --norc --noprofile -i", env={"PS1": "PROMPT "})
    request.addfinalizer(t.release)
    t.wait("PROMPT")
    t.type(f"stty -g >{t.dir}/before; "
           f"{harness.program('sluice')} top -s {proxy.socket_path}; echo ENDED $?\n")
    t.wait(r"^dbconsole ")
    t.press("C-z")
    t.wait(r"Stopped")
    assert t.flag("alternate_on") == "0"
    assert t.flag("cursor_flag") == "1"
    t.type("echo line; fg\n")
    t.wait(r"^dbconsole ")
    assert t.flag("alternate_on") == "1"
    t.press("4")
    t.wait(r"^version +sluice ")
    t.press("C-c")
    t.wait_gone(r"^version +sluice ")
    wait_for(lambda: t.flag("alternate_on") == "0", what="the shell's screen")
    t.type(f"stty -g | cmp - {t.dir}/before && echo SA''ME\n")
    t.wait(r"^SAME$")


def test_it_ends_with_its_terminal(top, proxy):
    t = top(proxy)
    t.wait(r"^dbconsole ")
    pid = t.pid()
    t.tmux("kill-server")
    wait_for(lambda: not Path(f"/proc/{pid}").exists() or
             Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z", what="top to end")


def test_colours_are_for_those_who_want_them(top, proxy):
    colour = re.compile(r"\033\[[0-9;]*3[0-7]m")
    t = top(proxy)
    t.wait(r"^dbconsole ")
    assert colour.search(t.screen("-e"))
    for env in ({"NO_COLOR": "1"}, {"TERM": "vt100"}):
        t = top(proxy, env=env)
        t.wait(r"^dbconsole ")
        assert not colour.search(t.screen("-e")), env
        assert "\033[7m" in t.screen("-e") or "\033[0;7m" in t.screen("-e")


@pytest.mark.parametrize("how", [{"args": ["--ascii"]}, {"env": {"LC_ALL": "C"}},
                                 {"env": {"TERM": "linux"}}])
def test_ascii_where_there_is_no_more(top, proxy, how):
    t = top(proxy, *how.get("args", []), env=how.get("env"))
    t.wait(r"^ +\+ UP +n1 ")
    for key in "1234?":
        t.press(key)
        assert t.screen().isascii()
    t.press("q", "q")
    t.wait_end(0, second_screen=how.get("env", {}).get("TERM") != "linux")


def test_terminals_that_cannot_are_refused(top, proxy):
    for term, words in (("dumb", "cannot move its cursor"), ("nonsense", "is not known")):
        t = top(proxy, env={"TERM": term})
        t.wait("ENDED 1")
        assert words in t.errors() and "sluice top --once" in t.errors()
    assert "have to be a terminal" in once(proxy=proxy, expect=1).stderr


class Liar:
    """A control socket that answers what it is told to, forever."""

    def __init__(self, path, answers):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        self.answers = answers
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._answer, args=(client,), daemon=True).start()

    def _answer(self, client):
        # A client that leaves in the middle of it is none of its business.
        with contextlib.suppress(OSError), client, client.makefile("r", newline="\n") as lines:
            for line in lines:
                answer = next((a for q, a in self.answers.items() if line.startswith(q)), "")
                client.sendall(f"{answer}\n> ".encode())


def test_no_control_character_reaches_the_terminal(top, proxy, tmp_path):
    evil = "\x1b]0;EVIL\x07\x1b[2J\x9b\u202e\n"
    status = json.loads(proxy.ctl("show status json"))
    status["node"] = evil
    status["services"][0]["name"] = evil
    server = status["services"][1]["servers"][0]
    server.update(name=evil, address=evil, locality=evil, state=evil, cause=evil,
                  fault={"text": evil, "meaning": evil, "left_ms": 5000})
    event = json.loads(proxy.ctl("show events json").split("\n")[0])
    event.update(service=evil[:20], text=evil)
    session = {"kind": "session", "id": 1, "time": "2026-11-20T12:12:01.095Z", "service": "s",
               "server": evil, "client": evil, "bind": evil, "queue_ms": 0, "connect_ms": 1,
               "total_ms": 5, "idle_ms": 5, "bytes_in": 1, "bytes_out": 1, "retries": 0,
               "redispatched": False, "worker": 0, "ended": False}
    path = Path(tempfile.mkdtemp(prefix="sluice-top-")) / "sock"
    Liar(path, {"show status": json.dumps(status) + "\n", "set server": evil + "\n",
                "show events json since 1\n": json.dumps(event) + "\n",
                "show sess": json.dumps({"sessions": [session]}) + "\n"})
    t = top(path, "--write", columns=200)
    raw = tmp_path / "raw"
    t.tmux("pipe-pane", "-o", f"cat >{raw}")
    t.wait(r"EVIL")
    for keys in (["1", "End", "d"], ["y"], ["2"], ["Enter"], ["x"], ["3"], ["Enter"], ["x"],
                 ["4"]):
        t.press(*keys)
        t.wait(r"EVIL|4 Process")
    t.press("C-l")
    t.wait(r"EVIL")
    t.press("q")
    t.wait_end(0)
    bytes_ = raw.read_bytes()
    assert b"EVIL" in bytes_
    assert b"\x1b]0;" not in bytes_ and b"\x07" not in bytes_
    assert b"\x9b" not in bytes_.replace("●".encode(), b"").replace("\u009b".encode(), b"!")
    assert "\u202e".encode() not in bytes_ and "\u009b".encode() not in bytes_
    shutil.rmtree(path.parent, ignore_errors=True)


# --- once --------------------------------------------------------------------------------------

def test_once_prints_one_screen(proxy, sessions):
    out = once("--once", "--size", "80x24", proxy=proxy).stdout
    lines = out.split("\n")
    assert len(lines) == 25 and lines[24] == ""
    assert max(map(len, lines)) <= 80 and "\033" not in out
    assert re.fullmatch(r"sluice \d[^ ]* .*read-only  ● live  \d\d:\d\d:\d\d", lines[0])
    assert re.fullmatch(r"2 services  6 of 6 servers usable  6 sessions  \d+/s  .*B/s out",
                        lines[1])
    assert re.fullmatch(r" 1 Services  2 Sessions  3 Events  4 Process +by configuration",
                        lines[2])
    assert re.fullmatch(r"  STATE +SERVER +SINCE +CHECK +SESS .*", lines[3])
    assert re.fullmatch(r"psql  leastconn  127\.0\.0\.1:\d+ +3 of 3 usable  6 sessions  \d+/s",
                        lines[4])
    for i in (1, 2, 3):
        assert re.match(rf"  ● UP +n{i} +\d+s +HTTP 200.* 2 ", lines[4 + i])
    assert re.match("dbconsole  roundrobin ", lines[8])
    assert lines[23].startswith("q quit  ? help")


def test_once_has_the_size_and_the_tab_that_were_asked_for(proxy, sessions):
    out = once("--once", "--tab", "sessions", "--size", "200x60", proxy=proxy).stdout
    assert out.count("\n") == 60
    assert len(re.findall(r"127\.0\.0\.1:\d+ +psql/n[123] ", out)) == 6
    out = once("--once", "--tab", "3", proxy=proxy, env={"COLUMNS": "132", "LINES": "40"}).stdout
    assert out.count("\n") == 40 and "CHECKING -> UP" in out
    out = once("--once", "--tab", "Process", proxy=proxy).stdout
    assert out.count("\n") == 24 and f"pid {proxy.pid}" in out
    out = once("--once", "--size", "40x10", proxy=proxy).stdout
    assert out.count("\n") == 10 and max(map(len, out.split("\n"))) <= 40
    assert once("--once", "--ascii", proxy=proxy).stdout.isascii()
    assert once("--once", proxy=proxy, env={"LC_ALL": "C"}).stdout.isascii()


def test_once_says_why_it_cannot():
    done = once("--once", "-s", "/nonexistent/sock", expect=1)
    assert done.stdout == ""
    assert "no daemon: /nonexistent/sock does not exist\n        start sluice" in done.stderr
    assert "write columns and rows" in once("--once", "--size", "big", expect=2).stderr
