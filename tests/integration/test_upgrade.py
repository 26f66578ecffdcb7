# SPDX-License-Identifier: MIT
"""SIGUSR2 and `upgrade`: the program is replaced while it serves."""

import contextlib
import hashlib
import itertools
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
from harness import LOOPBACK, PATIENCE, PgSession, cluster_conf, free_port, port_of, wait_for
from peers import black_hole, conf_of, connect, echo, echoes, peer, server, service
from process import freeze, program

__all__ = ["black_hole", "peer"]

STARTED = re.compile(r"upgrading: .* starts as process (\d+)")
SERVES = re.compile(r"upgraded: process (\d+) serves from now on")


def lives(pid):
    """A zombie that nobody reaps does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Generations:
    """A balancer and those that have taken its place: all write to one log."""

    def __init__(self, balancer):
        self.balancer = balancer

    @property
    def pids(self):
        """Of all that were ever started."""
        return [self.balancer.pid] + [int(n) for n in STARTED.findall(self.balancer.log())]

    @property
    def now(self):
        """The process that serves."""
        return int((SERVES.findall(self.balancer.log()) or [self.balancer.pid])[-1])

    def upgrade(self):
        """Waits until another process serves and answers; its pid."""
        before = len(SERVES.findall(self.balancer.log()))
        os.kill(self.now, signal.SIGUSR2)
        wait_for(lambda: len(SERVES.findall(self.balancer.log())) > before,
                 what=f"a successor\n{self.balancer.log()[-3000:]}")
        wait_for(self.answers, what="the successor to answer")
        return self.now

    def answers(self):
        try:
            return f"Pid: {self.now}" in self.balancer.ctl("show info")
        except OSError:
            return False

    def refused(self, words):
        """An upgrade that fails: the line that says why."""
        before = len(self.balancer.log())
        os.kill(self.now, signal.SIGUSR2)
        wait_for(lambda: "not upgraded: " in self.balancer.log()[before:], what="a refusal")
        log = self.balancer.log()[before:]
        assert words in log, log
        return log

    def end(self):
        """As the service manager would: the one that serves, and what is left then."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.now, signal.SIGTERM)
        try:
            wait_for(lambda: not any(lives(p) for p in self.pids), what="all to end")
        finally:
            for pid in self.pids:
                if lives(pid) and pid != self.balancer.pid:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGABRT)
        assert self.balancer.wait() == 0
        self.balancer.assert_no_report()


@pytest.fixture
def generations(sluice):
    """generations(conf): a running balancer that can be upgraded."""
    with contextlib.ExitStack() as stack:
        def start(conf, **options):
            found = Generations(sluice(conf, **options))
            stack.callback(found.end)
            return found
        yield start


@pytest.fixture
def behind(generations, peer):
    """behind(extra): (a port, its Generations) with an echo server behind it."""
    def start(extra="", more="", **options):
        port = free_port()
        conf = conf_of([service("sql", port, [server("s1", peer(echo).address)], more)],
                       extra=extra)
        return port, generations(conf, **options)
    return start


class Newcomers:
    """Clients that come, say something, hear it again, and go: so many a second."""

    def __init__(self, port, rate):
        self.port, self.rate = port, rate
        self.served, self.failures = 0, []
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(4)]

    def _once(self):
        word = os.urandom(64)
        try:
            with socket.create_connection((LOOPBACK, self.port), PATIENCE) as s:
                s.sendall(word)
                heard = b""
                while len(heard) < len(word):
                    part = s.recv(4096)
                    assert part, "closed"
                    heard += part
                assert heard == word
        except (OSError, AssertionError) as why:
            with self.lock:
                self.failures.append(repr(why))
            return
        with self.lock:
            self.served += 1

    def _run(self):
        every = len(self.threads) / self.rate
        due = time.monotonic()
        while not self.over.is_set():
            self._once()
            due = max(due + every, time.monotonic() - 1)
            self.over.wait(max(0, due - time.monotonic()))

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for t in self.threads:
            t.join(PATIENCE)


class Stayers:
    """Long sessions that say something all the time and compare what comes back."""

    def __init__(self, port, count):
        self.sockets = [connect(port) for _ in range(count)]
        self.failures, self.bytes = [], 0
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self._run, args=(s,), daemon=True)
                        for s in self.sockets]

    def _run(self, s):
        sent, heard, total = hashlib.sha256(), hashlib.sha256(), 0
        try:
            while not self.over.wait(0.02):
                word = os.urandom(1000)
                s.sendall(word)
                sent.update(word)
                left = len(word)
                while left:
                    part = s.recv(left)
                    assert part, "closed"
                    heard.update(part)
                    left -= len(part)
                total += len(word)
            assert sent.digest() == heard.digest()
        except (OSError, AssertionError) as why:
            with self.lock:
                self.failures.append(repr(why))
        with self.lock:
            self.bytes += total

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for t in self.threads:
            t.join(PATIENCE)
        for s in self.sockets:
            s.close()


COUNTED = ("stot", "bin", "bout")


def counts(balancer):
    """What is counted, of the server and of the frontend."""
    rows = balancer.stat()
    return {(name, column): int(rows[name][column])
            for name in ("sql/FRONTEND", "sql/s1", "sql/BACKEND") for column in COUNTED}


def test_ten_upgrades_lose_nothing(behind, tmp_path):
    """Neither a client that comes, nor a byte of one that stays; and counters only grow."""
    pid_file = tmp_path / "pid"
    port, all_of_them = behind(f'pidfile = "{pid_file}";')
    balancer = all_of_them.balancer
    seen = counts(balancer)
    with Stayers(port, 20) as stayers, Newcomers(port, 100) as newcomers:
        for _ in range(10):
            served = newcomers.served
            pid = all_of_them.upgrade()
            wait_for(lambda: pid_file.read_text() == f"{pid}\n", what="the pid file")
            now = counts(balancer)
            assert {k: (seen[k], n) for k, n in now.items() if n < seen[k]} == {}
            seen = now
            wait_for(lambda n=served: newcomers.served > n + 10, what="more clients")
        assert lives(balancer.pid), "the first one still has the sessions that stay"
    assert newcomers.failures == [] and stayers.failures == []
    total = newcomers.served + 20
    wait_for(lambda: counts(balancer)["sql/s1", "stot"] == total, what="all to be counted")
    sent = newcomers.served * 64 + stayers.bytes
    for column in ("bin", "bout"):
        wait_for(lambda c=column: counts(balancer)["sql/s1", c] == sent,
                 what=lambda c=column: f"all {sent} of {c}: {counts(balancer)}")
    assert counts(balancer)["sql/FRONTEND", "stot"] == total
    wait_for(lambda: [p for p in all_of_them.pids if lives(p)] == [pid],
             what="the others to have gone")


def test_orders_and_health_survive(generations, simnodes):
    """Nobody waits for checks, and what a person has ordered stays."""
    nodes = simnodes()
    conf = cluster_conf(nodes.nodes)
    all_of_them = generations(conf)
    balancer = all_of_them.balancer
    nodes.command(3, "kill")
    balancer.wait_server("psql/n3", "DOWN")
    for command in ("set server psql/n1 state drain", "set server psql/n2 weight 37",
                    "set server dbconsole/n1 state maint", "set maxconn server psql/n2 12"):
        assert balancer.ctl(command).strip() == ""
    before = balancer.stat()
    log = len(balancer.log())
    all_of_them.upgrade()
    after = balancer.stat()
    for name in ("psql/n1", "psql/n2", "psql/n3", "dbconsole/n1", "dbconsole/n2"):
        for column in ("status", "weight", "slim", "chkdown", "chkfail", "check_status"):
            if (name, column) != ("psql/n3", "chkfail"):
                was, now = (x[name][column].removeprefix("* ") for x in (before, after))
                assert was == now, (name, column)
    assert "CHECKING" not in balancer.log()[log:]
    nodes.command(3, "start")
    balancer.wait_server("psql/n3", "UP")


def weights_taken(control):
    """Orders to one process on one connection until that ends: the last that was not refused."""
    def answer():
        said = bytearray()
        while not said.endswith(b"> "):
            said += control.recv(65536) or b"no more> "
        return said.decode().removesuffix("> ").strip()
    control.sendall(b"prompt\n")
    answer()
    kept = None
    with contextlib.suppress(OSError):
        for weight in itertools.cycle(range(1, 257)):
            control.sendall(f"set server sql/s1 weight {weight}\n".encode())
            said = answer()
            if said == "no more":
                break
            assert said in ("", "an upgrade is under way: try again")
            kept = kept if said else weight
    return kept


def test_no_order_that_was_answered_is_lost(behind):
    """What comes after the hand-over is refused by the old process."""
    _, all_of_them = behind()
    balancer = all_of_them.balancer
    for _ in range(6):
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(PATIENCE)
            control.connect(str(balancer.socket_path))
            os.kill(all_of_them.now, signal.SIGUSR2)
            kept = weights_taken(control)
        wait_for(all_of_them.answers, what="the successor to answer")
        assert int(balancer.ctl("get weight sql/s1").split()[0]) == kept


def test_orders_to_frontends_survive(generations, peer):
    shut, limited = free_port(), free_port()
    servers = [server("s1", peer(echo).address)]
    all_of_them = generations(conf_of([service("shut", shut, servers),
                                       service("limited", limited, servers)]))
    balancer = all_of_them.balancer
    assert balancer.ctl("set maxconn frontend limited 7").strip() == ""
    assert balancer.ctl("shutdown frontend shut").strip() == ""
    for _ in range(2):
        all_of_them.upgrade()
        rows = balancer.stat()
        assert rows["limited/FRONTEND"]["slim"] == "7"
        assert rows["shut/FRONTEND"]["status"] == "STOP"
        with pytest.raises(ConnectionRefusedError):
            connect(shut)
        with connect(limited) as s:
            assert echoes(s)


def test_an_address_by_command_takes_no_health_along(generations, peer):
    """The address of the file counts again, and what was found out elsewhere says nothing of it."""
    good, closed = peer(echo).port, free_port()
    all_of_them = generations(conf_of([service("sql", free_port(), [server("s1", good)],
                                               check='type = "tcp"; inter = "60s"; '
                                                     'fastinter = "100ms"; rise = 1000; fall = 2')]))
    balancer = all_of_them.balancer
    balancer.wait_server("sql/s1", "UP")
    balancer.ctl(f"set server sql/s1 addr {LOOPBACK} port {closed}")
    balancer.ctl("set server sql/s1 health down")
    balancer.wait_server("sql/s1", "DOWN")
    all_of_them.upgrade()
    balancer.wait_server("sql/s1", "UP")


def test_a_panic_goes_on(generations, simnodes):
    nodes = simnodes(3)
    conf = cluster_conf(
        nodes.nodes,
        services=[f'{{ name = "psql"; bind = "{LOOPBACK}:{free_port()}"; port = "sql"; '
                  'protocol = "pgwire"; panic = "route"; }'],
        check='type = "http"; port = "http"; path = "/health?ready=1"; inter = "200ms"; '
              'fastinter = "100ms"; rise = 2; fall = 3;')
    all_of_them = generations(conf)
    balancer = all_of_them.balancer
    for node in nodes.nodes:
        balancer.wait_server(f"psql/{node.name}", "UP")
    nodes.command("all", "unready")

    def panics():
        return balancer.status()["services"][0]["panicking"]
    wait_for(panics, what="a panic")
    for node in nodes.nodes:
        balancer.wait_server(f"psql/{node.name}", "DOWN")
    all_of_them.upgrade()
    assert panics()
    with PgSession(port_of(conf, "psql")) as session:
        assert session.value("SELECT 1") == "1"
    nodes.command("all", "reset")
    wait_for(lambda: not panics(), what="its end")


def test_a_broken_configuration_changes_nothing(behind):
    port, all_of_them = behind()
    balancer = all_of_them.balancer
    good = balancer.conf_path.read_text()
    first = all_of_them.now
    with connect(port) as s:
        assert echoes(s)
        balancer.conf_path.write_text("services = (")
        all_of_them.refused("the configuration is not valid")
        balancer.conf_path.write_text(good.replace(f":{port}", ":1", 1).replace(
            f'"{LOOPBACK}:1"', '"203.0.113.9:1"', 1))
        all_of_them.refused("cannot listen on 203.0.113.9:1")
        balancer.conf_path.write_text(good)
        assert all_of_them.now == first and balancer.is_ready()
        assert echoes(s)
        with connect(port) as other:
            assert echoes(other)
        all_of_them.upgrade()
        assert echoes(s), "the session stays with the first one"
        with connect(port) as other:
            assert echoes(other)
    wait_for(lambda: not lives(first), what="the first one to end")


def test_a_command_upgrades_as_well(behind):
    port, all_of_them = behind()
    answer = all_of_them.balancer.ctl("upgrade")
    assert re.search(r"starts as process \d+", answer), answer
    wait_for(lambda: all_of_them.now != all_of_them.balancer.pid, what="the successor")
    wait_for(all_of_them.answers, what="the successor to answer")
    with connect(port) as s:
        assert echoes(s)


def test_hard_stop_after_limits_the_old_one(behind):
    port, all_of_them = behind('hard_stop_after = "1s";')
    with connect(port) as s:
        assert echoes(s)
        all_of_them.upgrade()
        wait_for(lambda: not lives(all_of_them.balancer.pid), what="the first one to end")
        with pytest.raises((ConnectionError, AssertionError)):
            assert echoes(s)


def test_a_stop_waits_for_the_sessions_of_all(behind):
    """They have the time that hard_stop_after gives, and then all processes end."""
    port, all_of_them = behind('hard_stop_after = "10m";')
    with connect(port) as s:
        assert echoes(s)
        all_of_them.upgrade()
        os.kill(all_of_them.now, signal.SIGTERM)
        wait_for(lambda: "waiting up to 10m for" in all_of_them.balancer.log(), what="the stop")
        assert echoes(s)
        assert lives(all_of_them.now)
    wait_for(lambda: not any(lives(p) for p in all_of_them.pids), what="all to end")


def test_a_stop_during_an_upgrade_ends_both(behind, tmp_path):
    """The successor is held up by a FIFO that it reads as its configuration."""
    _, all_of_them = behind()
    balancer = all_of_them.balancer
    balancer.conf_path.unlink()
    os.mkfifo(balancer.conf_path)
    os.kill(balancer.pid, signal.SIGUSR2)
    balancer.wait_log(STARTED)
    successor = all_of_them.pids[-1]
    os.kill(balancer.pid, signal.SIGUSR2)
    balancer.wait_log("not upgraded: one is under way")
    os.kill(balancer.pid, signal.SIGTERM)
    assert balancer.wait() == 0
    wait_for(lambda: not lives(successor), what="the successor to be gone")


def test_a_reload_during_an_upgrade_is_not_lost(behind):
    """A command is refused; a signal is obeyed by the one that serves in the end."""
    port, all_of_them = behind()
    balancer = all_of_them.balancer
    old = balancer.conf_path.read_text()
    balancer.conf_path.unlink()
    os.mkfifo(balancer.conf_path)
    os.kill(balancer.pid, signal.SIGUSR2)
    balancer.wait_log(STARTED)
    with open(balancer.conf_path, "w", encoding="utf-8") as late:  # when the successor reads it
        balancer.conf_path.unlink()
        balancer.conf_path.write_text(old.replace('"s1"', '"s2"'))
        assert "not reloaded: an upgrade is under way" in balancer.ctl("reload")
        os.kill(balancer.pid, signal.SIGHUP)
        balancer.wait_log("log files reopened")
        late.write(old)
    wait_for(lambda: all_of_them.now != balancer.pid, what="the successor")
    wait_for(all_of_them.answers, what="the successor to answer")
    wait_for(lambda: "sql/s2" in balancer.stat(), what="the file as it is now")


def test_what_does_not_accept_yet_is_the_successors(behind, peer, black_hole):
    """A service that waited for its first checks: the old process does not keep its socket."""
    port, all_of_them = behind()
    balancer = all_of_them.balancer
    other = free_port()
    old = balancer.conf_path.read_text()
    slow = service("late", other, [server("s1", peer(echo).address), server("s2", black_hole.port)],
                   check='type = "tcp"; inter = "20s"; timeout = "19s"')
    with connect(port) as s:
        assert echoes(s), "a session keeps the old process"
        balancer.conf_path.write_text(old.replace("services = (", f"services = ({slow},", 1))
        assert "reloaded" in balancer.ctl("reload")
        all_of_them.upgrade()
        with connect(other) as new:
            assert echoes(new)
        balancer.conf_path.write_text(old)
        assert "reloaded" in balancer.ctl("reload")
        with pytest.raises(ConnectionRefusedError):
            connect(other)
        assert echoes(s) and lives(balancer.pid)


def test_a_fault_ends_with_the_process_that_it_was_put_on(behind):
    """The one after it has none, and nobody could take it off the old one."""
    port, all_of_them = behind()
    balancer = all_of_them.balancer
    with connect(port) as s:
        assert echoes(s)
        assert "done" in balancer.ctl("fault sql/s1 blackhole")
        all_of_them.upgrade()
        assert echoes(s)
        with connect(port) as other:
            assert echoes(other)
    assert "FAULT OVER" in balancer.log()


# --- sessions that stay with the old process ---------------------------------------------------


@pytest.fixture
def pair(generations, peer):
    """pair(more): (a port, its Generations) with s1 and s2 behind it; `more` is of them."""
    def start(more=""):
        port = free_port()
        servers = [server(n, peer(echo).address, more) for n in ("s1", "s2")]
        return port, generations(conf_of([service("sql", port, servers)]))
    return start


class Run:
    """A command of the command line, while it runs."""

    def __init__(self, balancer, *words):
        self.begun = time.monotonic()
        self.process = subprocess.Popen(
            [program("sluice"), *words, "-s", balancer.socket_path],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def is_over(self):
        return self.process.poll() is not None

    def end(self, code=0):
        """What it says."""
        out, err = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == code, (out, err)
        return out + err


def sessions_on(all_of_them, port, count):
    """So many sessions, by their server's name, as they are now."""
    by_server = {"s1": [], "s2": []}
    for _ in range(count):
        before = all_of_them.balancer.stat()
        s = connect(port)
        assert echoes(s)
        after = all_of_them.balancer.stat()
        name, = [n for n in by_server
                 if after[f"sql/{n}"]["stot"] != before[f"sql/{n}"]["stot"]]
        by_server[name].append(s)
    return by_server


def ended(s):
    try:
        return not echoes(s)
    except (OSError, AssertionError):
        return True


def before(balancer):
    """Sessions of the processes before, as status has them: (by server, by process)."""
    status = balancer.status()
    servers = status["services"][0]["servers"]
    return ({s["name"]: s["sessions_before"] for s in servers},
            [(p["pid"], p["sessions"]) for p in status["predecessors"] if p["known"]])


def wait_before(balancer, servers, processes):
    wait_for(lambda: before(balancer) == (servers, processes),
             what=f"{servers} {processes}, not {before(balancer)}")


def test_a_drain_waits_for_sessions_of_the_old_process(pair):
    port, all_of_them = pair()
    balancer = all_of_them.balancer
    old = sessions_on(all_of_them, port, 4)
    assert len(old["s1"]) == 2
    all_of_them.upgrade()
    wait_before(balancer, {"s1": 2, "s2": 2}, [(balancer.pid, 4)])
    metrics = balancer.metrics()
    assert metrics["sluice_predecessor_sessions"] == 4
    assert metrics['sluice_server_predecessor_sessions{proxy="sql",server="s1"}'] == 2
    assert balancer.stat()["sql/s1"]["scur"] == "0"
    status = Run(balancer, "status").end()
    assert re.search(rf"^pid {balancer.pid}, replaced \d+s ago, still has 4 sessions$", status,
                     re.MULTILINE), status
    drain = Run(balancer, "drain", "s1", "--wait", "60s")
    assert "still there" in Run(balancer, "drain", "s1", "--wait", "500ms").end(code=1)
    waits = socket.socket(socket.AF_UNIX)
    waits.connect(str(balancer.socket_path))
    waits.sendall(b"wait 60s srv-drained sql/s1\n")
    old["s1"].pop().close()
    wait_before(balancer, {"s1": 1, "s2": 2}, [(balancer.pid, 3)])
    assert not drain.is_over()
    assert all(not ended(s) for s in old["s1"] + old["s2"])
    old["s1"].pop().close()
    assert "no session is left" in drain.end()
    waits.settimeout(PATIENCE)
    assert waits.recv(4096).strip() == b"Done."
    waits.close()
    for s in old["s2"]:
        assert echoes(s)
        s.close()
    wait_for(lambda: not lives(balancer.pid), what="the old process to end")
    wait_before(balancer, {"s1": 0, "s2": 0}, [])
    assert "replaced" not in Run(balancer, "status").end()


def test_the_deadline_of_a_drain_ends_sessions_of_the_old_process(pair):
    port, all_of_them = pair()
    balancer = all_of_them.balancer
    old = sessions_on(all_of_them, port, 4)
    all_of_them.upgrade()
    drain = Run(balancer, "drain", "s1", "--deadline", "2s", "--wait", "10s")
    assert "no session is left" in drain.end()
    assert time.monotonic() - drain.begun >= 1.9
    assert all(ended(s) for s in old["s1"])
    assert all(not ended(s) for s in old["s2"])
    assert balancer.log().count("the time to drain sql/s1 is over: 2 sessions ended") == 1
    # The one that speaks says once what both see.
    assert len(re.findall(r"sql/s1\b.* DRAIN", balancer.log())) == 1, balancer.log()
    for s in old["s1"] + old["s2"]:
        s.close()


def test_a_drain_that_is_taken_back_spares_them(pair):
    port, all_of_them = pair()
    balancer = all_of_them.balancer
    old = sessions_on(all_of_them, port, 2)
    all_of_them.upgrade()
    Run(balancer, "drain", "s1", "--deadline", "3s").end()
    Run(balancer, "ready", "s1").end()
    Run(balancer, "drain", "s2", "--deadline", "3s", "--wait", "20s").end()
    time.sleep(0.3)
    assert [ended(s) for s in old["s1"] + old["s2"]] == [False, True]
    for s in old["s1"] + old["s2"]:
        s.close()


def test_what_ends_sessions_reaches_those_of_all_processes(pair):
    """Two upgrades in a row: each of the three has sessions on both servers."""
    port, all_of_them = pair('on_marked_down = "shutdown-sessions";')
    balancer = all_of_them.balancer
    generations_of = []
    pids = []
    for _ in range(2):
        generations_of.append(sessions_on(all_of_them, port, 4))
        pids.append(all_of_them.now)
        all_of_them.upgrade()
    wait_before(balancer, {"s1": 4, "s2": 4}, [(pids[1], 4), (pids[0], 4)])
    newest = sessions_on(all_of_them, port, 2)
    drain = Run(balancer, "drain", "s1", "--wait", "60s")
    assert balancer.ctl("shutdown sessions server sql/s1").strip() == ""
    assert "no session is left" in drain.end()
    for sessions in [*generations_of, newest]:
        assert all(ended(s) for s in sessions["s1"])
        assert all(not ended(s) for s in sessions["s2"])
    wait_before(balancer, {"s1": 0, "s2": 4}, [(pids[1], 2), (pids[0], 2)])
    assert balancer.ctl("shutdown session 1").strip() == "", "the first of all, which has ended"
    assert "No such session" in balancer.ctl("shutdown session 999999")
    maint = Run(balancer, "maint", "s2", "--wait", "60s")
    assert "no session is left" in maint.end()
    for sessions in [*generations_of, newest]:
        assert all(ended(s) for s in sessions["s2"])
        for s in sessions["s1"] + sessions["s2"]:
            s.close()
    wait_for(lambda: not any(lives(p) for p in pids), what="the old processes to end")


def test_a_server_that_goes_down_ends_sessions_of_the_old_process(generations, simnodes):
    """The old process sees it, too; only the new one says so."""
    nodes = simnodes()
    port = free_port()
    conf = cluster_conf(nodes.nodes, services=[
        f'{{ name = "psql"; bind = "{LOOPBACK}:{port}"; port = "sql"; balance = "leastconn"; }}'])
    all_of_them = generations(conf.replace(
        "cluster = {", 'cluster = {\n  server = { on_marked_down = "shutdown-sessions"; };', 1))
    balancer = all_of_them.balancer
    with contextlib.ExitStack() as stack:
        sessions = [stack.enter_context(PgSession(port)) for _ in range(3)]
        mine, = [s for s in sessions if s.value("SHOW node_id") == "2"]
        all_of_them.upgrade()
        log = len(balancer.log())
        nodes.command(2, "hang")
        wait_for(lambda: not mine.is_open(), what="the session to end")
        balancer.wait_server("psql/n2", "DOWN")
        wait_for(lambda: "n2" in balancer.log()[log:], what="the line")
        assert len(re.findall(r"psql/n2\b.*DOWN", balancer.log()[log:])) == 1
        assert all(s.is_open() for s in sessions if s is not mine)


def test_one_session_of_an_old_process_can_be_ended(pair):
    port, all_of_them = pair()
    balancer = all_of_them.balancer
    old = sessions_on(all_of_them, port, 2)
    ids = {s["server"]: s["id"] for s in json.loads(balancer.ctl("show sess json"))["sessions"]}
    all_of_them.upgrade()
    wait_before(balancer, {"s1": 1, "s2": 1}, [(balancer.pid, 2)])
    assert "ended" in Run(balancer, "kill", str(ids["s1"])).end()
    wait_before(balancer, {"s1": 0, "s2": 1}, [(balancer.pid, 1)])
    assert ended(old["s1"][0]) and not ended(old["s2"][0])
    for s in old["s1"] + old["s2"]:
        s.close()


def test_an_old_process_that_stands_still_is_waited_for(pair):
    """Whether it has obeyed is not known: nobody is told that the server is free."""
    port, all_of_them = pair()
    balancer = all_of_them.balancer
    old = sessions_on(all_of_them, port, 1)
    all_of_them.upgrade()
    wait_before(balancer, {"s1": 1, "s2": 0}, [(balancer.pid, 1)])
    freeze(balancer.pid)
    try:
        why = Run(balancer, "drain", "s2", "--wait", "500ms").end(code=1)
        assert "has not told" in why, why
    finally:
        os.kill(balancer.pid, signal.SIGCONT)
    assert "no session is left" in Run(balancer, "drain", "s2", "--wait", "10s").end()
    old["s1"][0].close()


def test_a_drill_that_runs_ends_with_a_line(pair):
    _, all_of_them = pair()
    balancer = all_of_them.balancer
    assert balancer.ctl("drill start restart-1").strip() == ""
    all_of_them.upgrade()
    assert "drill restart-1 ends here" in balancer.log()
