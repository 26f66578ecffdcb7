# SPDX-License-Identifier: MIT
"""How it stops: readiness turns first, sessions that can be asked are asked, nothing is refused
before it has to be."""

import os
import signal
import socket
import threading
import time

import pytest
from harness import (LOOPBACK, PATIENCE, PgError, PgSession, cluster_conf, free_port, port_of,
                     wait_for)
from peers import conf_of, connect, echo, echoes, peer, server, service
from process import freeze

__all__ = ["peer"]


def readiness(balancer):
    return balancer.http("/readyz")[::2]


def test_readiness_turns_before_it_stops_accepting(sluice, peer):
    port = free_port()
    balancer = sluice(conf_of([service("sql", port, [server("s1", peer(echo).address)])],
                              extra='stop_delay = "4s"; hard_stop_after = "10m";'))
    assert readiness(balancer)[0] == 200
    with connect(port) as before:
        began = time.monotonic()
        balancer.send_signal(signal.SIGTERM)
        balancer.wait_log("accepting for another 4s")
        code, body = readiness(balancer)
        assert code == 503 and "stopping" in body
        with connect(port) as late:
            assert echoes(late), "who comes meanwhile is served"
            balancer.wait_log("accepting no more")
            assert time.monotonic() - began > 3.5
            with pytest.raises(OSError):
                connect(port, timeout=2).close()
            assert echoes(before) and echoes(late)
            assert balancer.http("/healthz")[0] == 200
    assert balancer.wait() == 0


def test_a_second_signal_ends_a_delayed_stop_at_once(sluice, peer):
    port = free_port()
    balancer = sluice(conf_of([service("sql", port, [server("s1", peer(echo).address)])],
                              extra='stop_delay = "10m";'))
    with connect(port) as s:
        assert echoes(s)
        balancer.send_signal(signal.SIGTERM)
        balancer.wait_log("accepting for another 10m")
        balancer.send_signal(signal.SIGTERM)
        assert balancer.wait() == 0


def test_no_client_is_lost_while_readiness_is_watched(sluice, peer):
    """Clients that come as long as /readyz says so, and a little longer, are all served."""
    port = free_port()
    balancer = sluice(conf_of([service("sql", port, [server("s1", peer(echo).address)])],
                              extra='stop_delay = "3s";'))
    failures, served = [], []
    turned = threading.Event()

    def come():
        while not turned.is_set():
            try:
                with socket.create_connection((LOOPBACK, port), PATIENCE) as s:
                    assert echoes(s)
                served.append(1)
            except (OSError, AssertionError) as why:
                failures.append(repr(why))

    threads = [threading.Thread(target=come, daemon=True) for _ in range(4)]
    for t in threads:
        t.start()
    wait_for(lambda: len(served) > 50, what="some clients")
    balancer.send_signal(signal.SIGTERM)
    wait_for(lambda: readiness(balancer)[0] == 503, what="/readyz to turn")
    turned.set()
    for t in threads:
        t.join(PATIENCE)
    assert balancer.wait() == 0
    assert failures == []


def pgwire(nodes):
    return cluster_conf(nodes, [f'{{ name = "psql"; bind = "{LOOPBACK}:{free_port()}"; '
                                'port = "sql"; protocol = "pgwire"; }'],
                        extra='hard_stop_after = "6s";')


def test_sessions_are_asked_to_leave_between_transactions(sluice, simnodes):
    """Over three quarters of the limit, and one in a transaction as soon as that is over."""
    conf = pgwire(simnodes().nodes)
    balancer = sluice(conf)
    port = port_of(conf, "psql")
    idle = [PgSession(port) for _ in range(10)]
    busy = PgSession(port)
    busy.query("BEGIN")
    began = time.monotonic()
    balancer.send_signal(signal.SIGTERM)
    ends = []
    for s in idle:
        with pytest.raises((PgError, ConnectionError)) as why:
            s.finish()
        assert not isinstance(why.value, PgError) or why.value.sqlstate == "57P01"
        ends.append(time.monotonic() - began)
        s.socket.close()
    assert max(ends) < 5.7 and max(ends) - min(ends) > 0.8, ends
    assert busy.query("SELECT 1")
    busy.send("COMMIT")
    with pytest.raises((PgError, ConnectionError)) as why:
        busy.finish()
        busy.finish()
    assert not isinstance(why.value, PgError) or why.value.sqlstate == "57P01"
    assert time.monotonic() - began < 5.9
    busy.socket.close()
    assert balancer.wait() == 0
    assert "closing" not in balancer.log()


def test_what_cannot_be_asked_ends_with_the_limit(sluice, simnodes):
    conf = pgwire(simnodes().nodes)
    balancer = sluice(conf)
    busy = PgSession(port_of(conf, "psql"))
    busy.query("BEGIN")
    balancer.send_signal(signal.SIGTERM)
    began = time.monotonic()
    assert balancer.wait() == 0
    assert time.monotonic() - began > 5
    assert "closing 1 session" in balancer.log()
    busy.socket.close()


def test_whoever_is_in_the_kernels_queue_is_let_in(sluice, peer):
    """Frozen while clients come: told to stop, it still takes them."""
    port = free_port()
    balancer = sluice(conf_of([service("sql", port, [server("s1", peer(echo).address)])]))
    freeze(balancer.pid)
    clients = [connect(port) for _ in range(20)]
    os.kill(balancer.pid, signal.SIGTERM)
    os.kill(balancer.pid, signal.SIGCONT)
    assert all(echoes(s) for s in clients)
    for s in clients:
        s.close()
    assert balancer.wait() == 0
