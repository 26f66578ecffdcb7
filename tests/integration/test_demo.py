# SPDX-License-Identifier: MIT
"""`sluice demo`: what a person sees who has neither a database nor a configuration."""

import os
import re
import select
import signal
import socket
import subprocess
import termios
import time
from pathlib import Path

import harness
import namespaces
import process
import pytest


class Demo:
    """A running demo, on a terminal or with pipes; its output is collected as it is waited for."""

    def __init__(self, *args, terminal=False, cwd="/"):
        self.output = ""
        self.master = self.slave = None
        if terminal:
            self.master, self.slave = os.openpty()
            self.before = termios.tcgetattr(self.slave)
            ends = {"stdin": self.slave, "stdout": self.slave, "stderr": self.slave,
                    "start_new_session": True}
        else:
            ends = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE,
                    "stderr": subprocess.STDOUT}
        self.child = subprocess.Popen([harness.program("sluice"), "demo", *args], cwd=cwd,
                                      env=os.environ | {"TERM": "xterm"}, **ends)
        self.input = self.master if terminal else self.child.stdin.fileno()
        self.fd = self.master if terminal else self.child.stdout.fileno()

    def until(self, pattern, timeout=harness.PATIENCE):
        """Waits for it in what was not yet looked at; the match.  What is before it is dropped."""
        deadline = time.monotonic() + timeout
        while not (found := re.search(pattern, self.output)):
            left = deadline - time.monotonic()
            assert left > 0 and self._read(left), f"no {pattern!r} in:\n{self.output}"
        self.output = self.output[found.end():]
        return found

    def _read(self, timeout):
        if not select.select([self.fd], [], [], timeout)[0]:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # EIO: the other side of the terminal is closed
            return False
        self.output += data.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(data)

    def ports(self):
        """(dashboard, SQL, DB console)"""
        page = self.until(r"dashboard +http://127\.0\.0\.1:(\d+)/")[1]
        sql = self.until(r"psql -h 127\.0\.0\.1 -p (\d+) ")[1]
        console = self.until(r"DB console +http://127\.0\.0\.1:(\d+)/")[1]
        self.until(r"Keys: |Commands: ")
        return int(page), int(sql), int(console)

    def say(self, words):
        os.write(self.input, words.encode())

    def end(self, expect=0):
        """Waits; no sanitizer may have complained."""
        while self._read(harness.PATIENCE):
            pass
        assert self.child.wait(harness.PATIENCE) == expect, self.output
        assert "Sanitizer" not in self.output and "runtime error" not in self.output, self.output

    def release(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        for fd in (self.master, self.slave):
            if fd is not None:
                os.close(fd)
        for pipe in (self.child.stdin, self.child.stdout):
            if pipe:
                try:
                    pipe.close()
                except BrokenPipeError:
                    pass


@pytest.fixture
def demo(request):
    def start(*args, **options):
        d = Demo(*args, **options)
        request.addfinalizer(d.release)
        return d
    return start


def test_it_prints_addresses_that_work(demo):
    d = demo()
    page, sql, console = d.ports()
    assert harness.psql(sql, "SHOW node_id").stdout.strip() in ("1", "2", "3")
    status, _, body = harness.http_get("127.0.0.1", page, "/")
    assert status == 200 and "psql" in body and "n3" in body
    harness.wait_for(lambda: harness.http_get("127.0.0.1", page, "/readyz")[0] == 200)
    assert harness.http_get("127.0.0.1", console, "/")[0] == 200
    d.say("quit\n")
    d.end()
    assert not harness.can_connect("127.0.0.1", sql)


def test_the_commands_it_shows_find_it(demo):
    d = demo()
    path = d.until(r"export SLUICE_SOCKET=(\S+)")[1]
    status = subprocess.run([harness.program("sluice"), "status"], text=True, check=True,
                            env=os.environ | {"SLUICE_SOCKET": path}, capture_output=True,
                            timeout=harness.PATIENCE).stdout
    assert re.search(r"psql +leastconn", status)
    subprocess.run([harness.program("sluice"), "drain", "n1", "--deadline", "5s", "--wait", "30s"], check=True,
                   env=os.environ | {"SLUICE_SOCKET": path}, capture_output=True,
                   timeout=30 + harness.PATIENCE)
    d.say("quit\n")
    d.end()
    assert not Path(path).exists()


SUM = (r"clients, in the last \d+ s: (\d+) quer\w+ answered, (\d+) new sessions?, "
       r"(\d+) sessions? cut, (\d+) connects? failed; (\d+) sessions? open")


def wait_clients(d):
    """Until all clients are there: a third of them on each node."""
    d.until("accepting connections")

    def all_there():
        d.say("sum\n")
        return int(d.until(SUM)[5]) >= 12
    harness.wait_for(all_there, what="12 clients")


def test_lines_from_a_pipe_kill_and_drain(demo):
    d = demo()
    d.ports()
    wait_clients(d)
    d.say("kill 2\n")
    d.until(r"node n2: was killed|n2.*killed")
    d.until(r"psql/n2 +UP -> DOWN")
    found = d.until(SUM)
    assert int(found[1]) > 0 and int(found[3]) > 0
    d.say("reset 2\n")
    d.until(r"psql/n2 +DOWN -> UP")
    d.say("drain n1\n")
    d.until(r"psql/n1 +UP -> NOLB")
    d.until(SUM)
    d.say("sum\nnonsense\nkill 9\n2 slow 1ms\nquit\n")
    d.until(SUM)
    d.until("Commands: drain N")
    d.until("no node 9: there are 1 to 3")
    d.end()


def test_keys_of_a_terminal_act_and_the_terminal_is_restored(demo):
    d = demo(terminal=True)
    d.ports()
    during = termios.tcgetattr(d.slave)
    assert not during[3] & (termios.ICANON | termios.ECHO)
    d.until(r"psql/n3 +CHECKING -> UP")
    d.say("2")
    d.until("n2 chosen")
    d.say("k")
    d.until(r"psql/n2 +UP -> DOWN")
    d.say("f")
    d.until("n2 is not running: r brings it back")
    d.say("r")
    d.until(r"psql/n2 +DOWN -> UP")
    d.say("s")
    d.until(SUM)
    d.say("?")
    d.until("Keys: ")
    d.say(":nonsense\x1b:2 unlsit\x7f\x7f\x7fist\r")
    d.until(r": 2 unl.*ist\n  node n2: is not in the list of nodes")
    d.say(":1 nonsense\r")
    d.until('unknown command "nonsense"\n  words of a node: .* decommission .* unlist list session ')
    d.say(":3 status\r")
    d.until(r"\n  3 status: live sessions=\d+ ")
    d.say("zq")
    assert d.child.wait(harness.PATIENCE) == 0
    assert termios.tcgetattr(d.slave) == d.before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_and_the_terminal_is_restored(demo, number):
    d = demo(terminal=True)
    d.ports()
    d.child.send_signal(number)
    assert d.child.wait(harness.PATIENCE) == 0
    assert termios.tcgetattr(d.slave) == d.before


def test_ports_that_are_taken_are_left_alone(demo):
    taken = []
    for port in (26257, 8080, 8404):
        s = socket.socket()
        try:
            s.bind(("127.0.0.1", port))
            s.listen()
            taken.append(s)
        except OSError:
            s.close()  # somebody else has it: it is taken as well
    try:
        d = demo()
        d.until(r"in use.*: this demo has 26[0-9]+, 8[0-9]+, 8[0-9]+ and /tmp/sluice-demo")
        page, sql, console = d.ports()
        assert not {page, sql, console} & {26257, 8080, 8404}
        assert harness.http_get("127.0.0.1", page, "/healthz")[0] == 200
        assert harness.psql(sql, "SELECT 1").stdout == "1\n"
        d.say("quit\n")
        d.end()
    finally:
        for s in taken:
            s.close()


def test_nodes_and_port_are_as_asked_for(demo):
    port = harness.free_port()
    d = demo("--nodes", "5", "--port", str(port))
    page, sql, _ = d.ports()
    assert sql == port
    assert "n5" in harness.http_get("127.0.0.1", page, "/")[2]
    d.child.stdin.close()  # as `sluice demo </dev/null`: it goes on
    assert harness.psql(sql, "SELECT 1").stdout == "1\n"
    d.child.send_signal(signal.SIGTERM)
    d.end()


def test_two_demos_stand_beside_each_other(demo):
    first, second = demo(), demo()
    assert not set(first.ports()) & set(second.ports())
    for d in (first, second):
        d.say("quit\n")
        d.end()


def test_only_nodes_have_no_balancer_and_say_where_they_are(demo):
    d = demo("--nodes", "2", "--only-nodes")
    sql = int(d.until(r"n2   SQL 127\.0\.0\.1:(\d+)   HTTP")[1])
    url = d.until(r"sluice gen --from (http://127\.0\.0\.1:\d+) \| tee sluice\.conf")[1]
    d.until("Commands: drain N, kill N, freeze N, reset N, quit")
    assert harness.psql(sql, "SHOW node_id").stdout == "2\n"
    written = subprocess.run([harness.program("sluice"), "gen", "--from", url], text=True, check=True,
                             capture_output=True, timeout=harness.PATIENCE).stdout
    assert f"sql_port = {sql};" in written
    for word, said in (("2 decommission", "is being decommissioned"), ("2 decommission done", "is decommissioned"),
                       ("2 dead", "is dead in the list"), ("2 list", "is in the list of nodes as it is")):
        d.say(f"{word}\n")
        d.until(f"node n2: {said}")
    d.say("kill 2\nsum\n")
    d.until("node n2: .*(killed|closed|stopped|down)")
    harness.wait_for(lambda: not harness.can_connect("127.0.0.1", sql))
    d.say("quit\n")
    d.end()


def test_two_clusters_stand_beside_each_other(demo):
    first = demo("--only-nodes")
    ports = [first.until(r"n1   SQL 127\.0\.0\.1:(\d+)")[1]]
    second = demo("--only-nodes")
    assert second.until(r"(\d+) is in use: these nodes have other ports")[1]
    ports.append(second.until(r"n1   SQL 127\.0\.0\.1:(\d+)")[1])
    assert len(set(ports)) == 2
    for d in (first, second):
        d.say("quit\n")
        d.end()


def test_the_port_of_a_balancer_that_is_not_there_is_refused(demo):
    d = demo("--only-nodes", "--port", "26257")
    d.until("--port is of the balancer, and with --only-nodes there is none")
    assert d.child.wait(harness.PATIENCE) == 2


README = process.TOP / "README.md"
# In namespaces of its own, where all ports are free and nothing is installed; $1 to $3: what README
# says to type.
AS_TYPED = r"""
mount -t tmpfs none /run
[ ! -d /etc/sluice ] || mount -t tmpfs none /etc/sluice
ip link set lo up
until_it() { for _ in $(seq 300); do "$@" && return 0 || sleep 0.1; done; echo "never: $*" >&2; return 1; }
mkfifo keys
eval "$1" <keys >nodes 2>&1 & nodes=$!
exec 3>keys
until_it grep -q 'In another terminal' nodes
eval "$2"
eval "$3" >run 2>&1 & shell=$!
all_up() { [ "$(sluice status 2>/dev/null | grep -c ' UP ')" = 10 ]; }
until_it all_up || { cat nodes run >&2; exit 1; }
for _ in 1 2 3 4 5; do psql -X -At -h 127.0.0.1 -p 26257 -U root -c 'SHOW node_id'; done | sort >who
kill "$(sluice ctl 'show info' | sed -n 's/^Pid: //p')"
wait "$shell"
echo quit >&3
wait "$nodes"
"""


@pytest.mark.skipif(not namespaces.can_make(), reason="needs root and network namespaces")
def test_gen_lint_and_run_work_as_typed_in_readme(tmp_path):
    typed = re.search(r"\n    sh conf/demo\.sh (--nodes 5 --only-nodes) .*\n"
                      r"    (sluice gen --from http://127\.0\.0\.1:8081 \| tee sluice\.conf) .*\n"
                      r"    (sluice lint; sluice run) ", README.read_text())
    assert typed, "README has no such example"
    path = f"{Path(harness.program('sluice')).parent}:{os.environ['PATH']}"
    env = {k: v for k, v in os.environ.items() if k != "SLUICE_SOCKET"} | {"PATH": path}
    ran = subprocess.run(["unshare", "--net", "--mount", "sh", "-eu", "-c", AS_TYPED, "sh",
                          f"sluice demo {typed[1]}", typed[2], typed[3]],
                         cwd=tmp_path, env=env, text=True, capture_output=True, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert (tmp_path / "sluice.conf").read_text() == ran.stdout
    said = (tmp_path / "run").read_text()
    assert re.search(r"sluice\.conf: 0 warnings, \d notes?", said) and "accepting connections" in said
    assert "Sanitizer" not in said, said
    assert (tmp_path / "who").read_text().split() == ["1", "2", "3", "4", "5"]
