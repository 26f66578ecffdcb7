# SPDX-License-Identifier: MIT
"""Mixed load while servers come and go, and what is left of it afterwards: nothing.

SOAK_SECONDS lengthens the load (20).  SLUICE_VALGRIND=1 also runs a build without sanitizers
under valgrind.
"""

import os
import random
import re
import shutil
import socket
import subprocess
import threading
import time

import harness
import peers
import pytest

SECONDS = float(os.environ.get("SOAK_SECONDS", "20"))
VALGRIND = shutil.which("valgrind") if os.environ.get("SLUICE_VALGRIND") == "1" else None

EXTRA = """
retries = 3;
"""


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def rss(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as f:
        return int(f.read().split()[1]) * 4096


class Load:
    """Threads that use the balancer in every way until told to end; what they count is `done`."""

    def __init__(self, sql, http, process):
        self.sql, self.http, self.process = sql, http, process
        self.over = threading.Event()
        self.done = {}
        self.wrong = []
        self.lock = threading.Lock()
        ways = [self.short, self.short, self.long, self.long, self.web, self.rude, self.cut,
                self.operator]
        self.threads = [threading.Thread(target=self._repeat, args=(way,)) for way in ways]
        for t in self.threads:
            t.start()

    def _repeat(self, way):
        while not self.over.is_set():
            try:
                way()
                with self.lock:
                    self.done[way.__name__] = self.done.get(way.__name__, 0) + 1
            except (OSError, harness.PgError):
                self.over.wait(0.01)  # a node is going or gone
            except Exception as e:  # pylint: disable=broad-except
                self.wrong.append(f"{way.__name__}: {e!r}")
                return

    def short(self):
        s = harness.PgSession(self.sql)
        try:
            assert s.value("SELECT 1") == "1"
        finally:
            s.close()

    def long(self):
        s = harness.PgSession(self.sql)
        try:
            for _ in range(200):
                if self.over.is_set():
                    return
                assert s.value("SELECT 1") == "1"
        finally:
            s.close()

    def web(self):
        status, _, _ = harness.http_get("127.0.0.1", self.http, "/health")
        assert status in (200, 500, 503)

    def rude(self):
        """Gone with a reset, in the middle of a message."""
        with socket.create_connection(("127.0.0.1", self.sql), 5) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            s.sendall(os.urandom(random.randrange(1, 40000)))

    def cut(self):
        """Half-closed at once: the answer comes all the same, or the end."""
        with socket.create_connection(("127.0.0.1", self.sql), 5) as s:
            s.settimeout(5)
            s.shutdown(socket.SHUT_WR)
            while s.recv(4096):
                pass

    def operator(self):
        assert self.process.http("/metrics")[0] == 200
        assert self.process.http("/")[0] == 200
        assert "psql" in self.process.ctl("show stat; show sess; show events")

    def end(self):
        self.over.set()
        for t in self.threads:
            t.join(harness.PATIENCE)
            assert not t.is_alive(), "a client hangs"
        assert not self.wrong, self.wrong


# What is done to a node, what ends it, and whether checks notice.
FAULTS = [("kill", "start", True), ("drain 100ms 100ms 100ms", "reset", True),
          ("hang", "resume", True), ("refuse", "reset", False), ("unready", "reset", True),
          ("health 500", "reset", True), ("reject", "reset", False), ("slow 50ms", "reset", False),
          ("flap 60ms", "reset", False)]


def flap(cluster, process, seconds):
    """One fault after the other, on one node at a time, each over before the next."""
    deadline = time.monotonic() + seconds
    rounds = 0

    def sessions():
        return process.metrics()['haproxy_frontend_sessions_total{proxy="psql"}']
    while time.monotonic() < deadline or rounds < len(FAULTS):
        fault, end, noticed = FAULTS[rounds % len(FAULTS)]
        server = f"psql/n{rounds % len(cluster.nodes) + 1}"
        number = int(server[-1])
        cluster.command(number, fault)
        if noticed:
            harness.wait_for(lambda s=server: not process.server_status(s).startswith("UP"),
                             what=f"{fault} to be noticed")
        before = sessions()
        harness.wait_for(lambda b=before: sessions() > b + 20, what="more sessions")
        cluster.command(number, end)
        if rounds % 3 == 0:
            process.ctl(f"set server {server} state drain; shutdown sessions server {server}; "
                        f"set server {server} state ready; set weight {server} 1")
        process.wait_server(server, "UP")
        rounds += 1
    return rounds


def start(cluster, sluice, **options):
    conf = harness.cluster_conf(
        cluster.nodes, extra=EXTRA,
        check='type = "http"; path = "/health?ready=1"; inter = "50ms"; timeout = "200ms"; '
              'rise = 2; fall = 2;')
    process = sluice(conf, **options)
    return process, harness.port_of(conf, "psql"), harness.port_of(conf, "dbconsole")


def test_nothing_is_left_of_a_mixed_load(simnodes, sluice):
    cluster = simnodes(3)
    process, sql, http = start(cluster, sluice, env=peers.steady_memory())
    # The first rounds fill pools that are kept.
    load = Load(sql, http, process)
    rounds = flap(cluster, process, SECONDS / 3)
    load.end()
    harness.wait_for(lambda: process.status()["sessions"] == 0, what="no session")
    fds, memory = descriptors(process.pid), rss(process.pid)
    load = Load(sql, http, process)
    rounds += flap(cluster, process, SECONDS * 2 / 3)
    load.end()
    assert rounds >= 18
    for way in ("short", "long", "web", "rude", "operator"):
        assert load.done.get(way), load.done
    harness.wait_for(lambda: process.status()["sessions"] == 0, what="no session")
    harness.wait_for(lambda: descriptors(process.pid) <= fds + 4, what="descriptors to be closed")
    assert rss(process.pid) - memory < 8 << 20
    metrics = process.metrics()
    for node in cluster.nodes:
        assert metrics[f'haproxy_server_current_sessions{{proxy="psql",server="{node.name}"}}'] \
            == 0
    assert sum(cluster.sessions()) == 0
    process.stop()


@pytest.mark.skipif(not VALGRIND, reason="SLUICE_VALGRIND=1 and valgrind are needed")
def test_valgrind_finds_no_leak(tmp_path, simnodes, sluice, monkeypatch):
    cluster = simnodes(3)
    build = tmp_path / "build"
    for command in (["cmake", "-S", harness.TOP, "-B", build, "-G", "Ninja",
                     "-DCMAKE_BUILD_TYPE=Debug", "-DSLUICE_TESTS=OFF"],
                    ["cmake", "--build", build, "--target", "sluice"]):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    wrapper = tmp_path / "sluice-under-valgrind"
    wrapper.write_text(
        f"#!/bin/sh\nexec {VALGRIND} -q --leak-check=full --show-leak-kinds=definite,indirect "
        f'--errors-for-leak-kinds=definite,indirect --error-exitcode=99 {build}/sluice "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setattr(harness, "program", lambda name: wrapper)
    process, sql, http = start(cluster, sluice)
    load = Load(sql, http, process)
    flap(cluster, process, 3)
    load.end()
    process.stop(timeout=120)
    assert not re.search(r"==\d+== ", process.log()), process.log()
