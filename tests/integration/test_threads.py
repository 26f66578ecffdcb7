# SPDX-License-Identifier: MIT
"""Four workers under the thread sanitizer, reloaded all the time while servers flap.

SLUICE_TSAN names a build with -fsanitize=thread (tests/run.sh makes one); without it the test is
skipped.  SOAK_SECONDS lengthens it (15).
"""

import hashlib
import os
import random
import socket
import threading
import time
from pathlib import Path

import harness
import peers
import process
import pytest

SECONDS = float(os.environ.get("SOAK_SECONDS", "15"))
TSAN = os.environ.get("SLUICE_TSAN")

pytestmark = pytest.mark.skipif(not TSAN or not (Path(TSAN) / "sluice").exists(),
                                reason="SLUICE_TSAN names no build with the thread sanitizer")

CHECK = 'check = { type = "tcp"; inter = "50ms"; rise = 1; fall = 1; };'


class Echoes:
    """Clients that send random bytes and compare the hash of what comes back."""

    def __init__(self, port, count=8):
        self.port = port
        self.over = threading.Event()
        self.rounds = 0
        self.wrong = []
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._repeat, args=(i,)) for i in range(count)]
        for t in self.threads:
            t.start()

    def _exchange(self, s, size):
        data = random.randbytes(size)
        sender = threading.Thread(target=s.sendall, args=(data,))
        sender.start()
        back = hashlib.sha256(peers.read_exactly(s, size)).digest()
        sender.join()
        assert back == hashlib.sha256(data).digest(), f"{size} bytes came back changed"

    def _session(self, number):
        """Odd ones stay for many exchanges, even ones come and go."""
        with socket.create_connection((harness.LOOPBACK, self.port), 10) as s:
            s.settimeout(20)
            for _ in range(40 if number % 2 else 1):
                self._exchange(s, random.choice((1, 100, 5000, 200000)))
                with self.lock:
                    self.rounds += 1
                if self.over.is_set():
                    return

    def _repeat(self, number):
        while not self.over.is_set():
            try:
                self._session(number)
            except (OSError, AssertionError) as e:
                self.wrong.append(f"client {number}: {e!r}")

    def end(self):
        self.over.set()
        for t in self.threads:
            t.join(60)
            assert not t.is_alive(), "a client hangs"


def configuration(port, other, servers, turn):
    """Each turn other weights, tiers and balancing, and another number of servers and services."""
    kept = servers if turn % 3 else servers[:-1]
    lines = ",\n".join(
        f'{{ name = "s{i}"; address = "{s}"; weight = {1 + (turn + i) % 5}; '
        f'locality = "region={"ab"[(turn + i) % 2]}"; {CHECK} }}'
        for i, s in enumerate(kept))
    balance = ("leastconn", "roundrobin", "random")[turn % 3]
    tiers = ("locality", "latency", "none")[turn // 3 % 3]
    extra = f'{{ name = "other"; bind = "{harness.LOOPBACK}:{other}"; servers = ( {lines} ); }}'
    return (f'threads = 4;\nlocality = "region=a";\ntiers = "{tiers}";\nservices = (\n'
            f'{{ name = "echo"; bind = "{harness.LOOPBACK}:{port}"; '
            f'balance = "{balance}"; hold = "5s"; servers = (\n{lines}\n); }}'
            + (",\n" + extra if turn % 2 else "") + "\n);\n")


def flap(sluice, over):
    """Servers are taken out and brought back by commands, their sessions stay."""
    while not over.is_set():
        server = f"echo/s{random.randrange(3)}"
        sluice.ctl(f"set server {server} state drain")
        over.wait(0.03)
        sluice.ctl(f"set server {server} state ready; set server {server} health up")
        sluice.ctl("show stat; show sess; show servers state")


def test_reloads_under_load_race_with_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "BUILD", Path(TSAN))
    backends = [peers.Peer(peers.echo) for _ in range(4)]
    servers = [f"{harness.LOOPBACK}:{b.port}" for b in backends]
    port, other = harness.free_port(), harness.free_port()
    sluice = harness.Sluice(tmp_path, configuration(port, other, servers, 1))
    clients = Echoes(port)
    flapping = threading.Thread(target=flap, args=(sluice, clients.over))
    flapping.start()
    reloads = 0
    try:
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            sluice.write_conf(configuration(port, other, servers, reloads))
            sluice.reload()
            reloads += 1
            time.sleep(0.1)
    finally:
        clients.end()
        flapping.join(20)
        for b in backends:
            b.close()
    assert not clients.wrong, clients.wrong[:5]
    assert clients.rounds > 50, f"only {clients.rounds} exchanges"
    assert sluice.log().count("reloaded") >= reloads / 2, sluice.log()[-3000:]
    sluice.stop()
