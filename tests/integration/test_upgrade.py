# SPDX-License-Identifier: MIT
"""SIGUSR2 and `upgrade`: the program is replaced while it serves."""

import contextlib
import hashlib
import os
import re
import signal
import socket
import threading
import time
from pathlib import Path

import pytest
from harness import LOOPBACK, PATIENCE, cluster_conf, free_port, wait_for
from peers import conf_of, connect, echo, echoes, peer, server, service

__all__ = ["peer"]

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
        wait_for(lambda c=column: counts(balancer)["sql/s1", c] == sent, what=f"all of {column}")
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
