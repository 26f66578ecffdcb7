# SPDX-License-Identifier: MIT
"""`sluice fault`: what it does to clients and checks, and how it ends."""

import fcntl
import subprocess
import sys
import termios
import time

import pytest
from harness import (PgError, PgSession, Simnodes, Sluice, cluster_conf, free_port, port_of,
                     program, wait_for)
from peers import (conf_of, connect, echo, echoes, is_silent, peer, read_exactly, server, service)

__all__ = ["peer"]

CHECK = ('type = "http"; port = "http"; inter = "200ms"; fastinter = "50ms"; timeout = "300ms"; '
         'rise = 1; fall = 2;')


class Balancer:
    def __init__(self, tmp_path, count=2):
        self.nodes = Simnodes(tmp_path, count)
        conf = cluster_conf(self.nodes.nodes, check=CHECK)
        conf = conf.replace('balance = "leastconn";', 'balance = "roundrobin"; '
                            'protocol = "pgwire";')
        self.process = Sluice(tmp_path, conf)
        self.port = port_of(conf, "psql")

    def fault(self, *words, code=0):
        done = subprocess.run([program("sluice"), "fault", *words, "-s",
                               self.process.socket_path], text=True, capture_output=True,
                              timeout=30, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def sessions(self, count):
        return [PgSession(self.port) for _ in range(count)]

    def on(self, node):
        """A session on that node."""
        for _ in range(20):
            s = PgSession(self.port)
            if s.value("SHOW node_id") == str(node):
                return s
            s.close()
        raise AssertionError(f"no session came to node {node}")

    def stop(self):
        self.process.stop()
        self.nodes.stop()


@pytest.fixture
def balancer(tmp_path):
    b = Balancer(tmp_path)
    yield b
    b.stop()


def test_a_refusing_server_costs_nobody_a_connection(balancer):
    said = balancer.fault("n1", "refuse")
    assert "psql/n1: refuse" in said and "dbconsole/n1: refuse" in said, said
    for s in balancer.sessions(10):
        assert s.value("SHOW node_id") == "2"
        s.close()
    balancer.process.wait_server("psql/n1", "DOWN")
    assert "psql/n1: no fault" in balancer.fault("n1", "none")
    balancer.process.wait_server("psql/n1", "UP")


def test_a_black_hole_is_found_by_the_checks_time_out(balancer):
    kept = balancer.on(1)
    begin = time.monotonic()
    balancer.fault("psql/n1", "blackhole", "for", "2s")
    balancer.process.wait_server("psql/n1", "DOWN")
    assert time.monotonic() - begin > 0.3, "found before a check could time out"
    assert balancer.on(2).value("SELECT 1") == "1"
    # What was asked meanwhile is answered once it is over, and nothing is lost.
    assert kept.value("SELECT 4711") == "4711"
    assert time.monotonic() - begin > 1.8
    balancer.process.wait_server("psql/n1", "UP")
    assert "FAULT OVER" in balancer.process.log()
    kept.close()


def test_a_reset_ends_sessions_and_sends_new_ones_elsewhere(balancer):
    kept = balancer.on(1)
    balancer.fault("n1", "reset")
    with pytest.raises((ConnectionError, PgError)):
        kept.value("SELECT 1")
    for s in balancer.sessions(6):
        assert s.value("SHOW node_id") == "2"
        s.close()
    balancer.fault("n1", "none")


def test_a_delay_is_felt_in_both_directions(balancer):
    s = balancer.on(1)
    balancer.fault("psql/n1", "delay", "500ms")
    begin = time.monotonic()
    assert s.value("SELECT 1") == "1"
    assert time.monotonic() - begin > 0.99
    balancer.fault("psql/n1", "none")
    begin = time.monotonic()
    assert s.value("SELECT 1") == "1"
    assert time.monotonic() - begin < 0.9
    s.close()


def test_a_throttle_bounds_the_rate(balancer):
    s = balancer.on(1)
    balancer.fault("psql/n1", "throttle", "20k")
    begin = time.monotonic()
    assert s.value("SELECT 7 /* " + "x" * 40000 + " */") == "7"
    assert 1.2 < time.monotonic() - begin < 10
    balancer.fault("psql/n1", "none")
    s.close()


def test_a_status_drains_and_sessions_stay(balancer):
    kept = balancer.on(1)
    balancer.fault("n1", "status", "503", "for", "1500ms")
    balancer.process.wait_seen("psql/n1", "NOLB")
    assert kept.value("SELECT 1") == "1"
    balancer.process.wait_server("psql/n1", "UP")
    assert kept.value("SELECT 1") == "1"
    kept.close()


def test_it_is_shown_while_it_lasts(balancer):
    balancer.fault("psql/n1", "delay", "5ms", "for", "1m")
    status = balancer.process.status()
    server = next(s for service in status["services"] if service["name"] == "psql"
                  for s in service["servers"] if s["name"] == "n1")
    assert server["fault"]["text"] == "delay 5ms", server
    assert 50000 < server["fault"]["left_ms"] <= 60000, server
    done = subprocess.run([program("sluice"), "status", "-s", balancer.process.socket_path],
                          text=True, capture_output=True, timeout=30, check=True)
    assert "fault: delay 5ms" in done.stdout, done.stdout
    metrics = balancer.process.metrics()
    assert metrics['sluice_server_fault{proxy="psql",server="n1",fault="delay 5ms"}'] == 1
    balancer.fault("psql/n1", "none")
    wait_for(lambda: not any("sluice_server_fault{" in m for m in balancer.process.metrics()),
             what="the metric to go")


BAD = [
    (("n9", "refuse"), 'no server "n9": did you mean "n1"?'),
    (("n1", "fire"), 'no fault "fire"'),
    (("n1", "delay"), "needs a time with its unit"),
    (("n1", "refuse", "soon"), "takes no amount"),
    (("n1", "refuse", "for", "30"), "write a duration with its unit"),
    (("n1", "status", "999"), "is not a status of HTTP"),
]


def test_a_bad_fault_is_refused_with_the_cure(balancer):
    for words, message in BAD:
        assert message in balancer.fault(*words, code=1), words
    answer = balancer.process.ctl("operator; fault psql/n1 refuse")
    assert "ermission" in answer or "denied" in answer.lower(), answer
    assert balancer.process.server_status("psql/n1").startswith("UP")


def test_a_server_that_a_reload_takes_away_is_rid_of_its_fault(balancer):
    """Nobody would end it in its time, and those who are on that server would stay in its hands."""
    process = balancer.process
    kept = balancer.on(1)
    before = process.conf_path.read_text()
    lines = [line for line in before.splitlines() if 'name = "n1"' not in line]
    assert len(lines) < len(before.splitlines())
    balancer.fault("psql/n1", "blackhole", "for", "10m")
    process.conf_path.write_text("\n".join(lines))
    assert "reloaded" in process.ctl("reload")
    assert "psql/n1" not in process.stat()
    assert kept.value("SHOW node_id") == "1"
    assert "FAULT OVER" in process.log()
    kept.close()


def unsent(s):
    """Bytes that the other side's kernel has not taken yet."""
    size = bytearray(4)
    fcntl.ioctl(s, termios.TIOCOUTQ, size)
    return int.from_bytes(size, sys.byteorder)


@pytest.mark.parametrize("lift", ["none", "refuse"])
def test_what_a_fault_held_comes_when_it_is_lifted(sluice, peer, lift):  # noqa: F811
    """The client speaks before the fault's next look: the server must not be forgotten for it."""
    sessions = []

    def serve(s):
        sessions.append(s)
        echo(s)

    port = free_port()
    balancer = sluice(conf_of([service("web", port, [server("a", peer(serve).address)])]))
    with connect(port) as client:
        assert echoes(client)
        for _ in range(5):
            balancer.ctl("fault web/a delay 5s")
            sessions[0].sendall(b"held")
            wait_for(lambda: not unsent(sessions[0]), what="the server's words at the balancer")
            assert is_silent(client)
            balancer.ctl(f"fault web/a {lift}")
            client.sendall(b"hello")
            assert read_exactly(client, 9) == b"heldhello"
