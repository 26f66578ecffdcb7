# SPDX-License-Identifier: MIT
"""Sessions that end because of their server: drains with a deadline, and rebalancing."""

import contextlib
import subprocess
import time

import pytest
from harness import LOOPBACK, PATIENCE, PgSession, cluster_conf, free_port, port_of, wait_for
from process import program


def service_of(balancer):
    return balancer.status()["services"][0]


def sessions_of(balancer):
    return {s["name"]: s["sessions"] for s in service_of(balancer)["servers"]}


def run(balancer, *words, code=0):
    done = subprocess.run([program("sluice"), *words, "-s", balancer.socket_path],
                          capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == code, done.stderr
    return done.stdout


@pytest.fixture
def cluster(simnodes, sluice):
    """cluster(more): (the nodes, the balancer, its port); `more` is of the service."""
    def start(more=""):
        nodes = simnodes(3)
        conf = cluster_conf(nodes.nodes, services=[
            f'{{ name = "psql"; bind = "{LOOPBACK}:{free_port()}"; port = "sql"; '
            f'balance = "leastconn"; protocol = "pgwire"; {more} }}'])
        balancer = sluice(conf)
        for node in nodes.nodes:
            balancer.wait_server(f"psql/{node.name}", "UP")
        return nodes, balancer, port_of(conf, "psql")
    return start


@pytest.fixture
def clients():
    with contextlib.ExitStack() as stack:
        def connect(port, count):
            return [stack.enter_context(PgSession(port)) for _ in range(count)]
        yield connect


def on_node(sessions, number):
    return [s for s in sessions if s.value("SHOW node_id") == str(number)]


def test_a_drain_with_a_deadline_ends_sessions_between_transactions(cluster, clients):
    _, balancer, port = cluster()
    sessions = clients(port, 30)
    mine = on_node(sessions, 1)
    busy = mine[0]
    assert len(mine) == 10
    busy.query("BEGIN")
    begun = time.monotonic()
    run(balancer, "drain", "psql/n1", "--deadline", "6s")
    assert balancer.server_status("psql/n1") == "DRAIN"
    ended, waiting = [], mine[1:]
    while waiting:
        assert time.monotonic() - begun < 5.8
        for session in [s for s in waiting if not s.is_open()]:
            kind, body = session.message()
            assert kind == "E" and b"57P01" in body
            waiting.remove(session)
            ended.append(time.monotonic() - begun)
        time.sleep(0.01)
    # One after another over three quarters of the time.
    assert ended[-1] - ended[0] > 2.2
    # In a transaction it may finish that first.
    assert busy.value("SHOW node_id") == "1"
    busy.query("COMMIT")
    kind, body = busy.message()
    assert kind == "E" and b"57P01" in body
    wait_for(lambda: sessions_of(balancer)["n1"] == 0)
    assert service_of(balancer)["ended"]["drained"] == 10
    assert all(s.is_open() for s in sessions if s not in mine)


def test_what_is_there_at_the_deadline_is_ended(cluster, clients):
    _, balancer, port = cluster()
    mine = on_node(clients(port, 6), 2)
    for session in mine:
        session.query("BEGIN")
    run(balancer, "drain", "n2", "--deadline", "1s", "--wait", "5s")
    assert not any(s.is_open() for s in mine)
    assert service_of(balancer)["ended"]["drain_over"] == len(mine) == 2
    assert "the time to drain psql/n2 is over: 2 sessions ended" in balancer.log()


def test_ready_takes_the_deadline_back(cluster, clients):
    _, balancer, port = cluster()
    mine = on_node(clients(port, 3), 3)
    mine[0].query("BEGIN")
    balancer.ctl("drain psql/n3 deadline 3s")
    run(balancer, "ready", "n3")
    time.sleep(3.2)
    mine[0].query("COMMIT")
    assert mine[0].value("SHOW node_id") == "3"


def test_the_runtime_api_waits_for_the_last_session(cluster, clients):
    _, balancer, port = cluster()
    mine = on_node(clients(port, 3), 1)
    assert "drain it first" in balancer.ctl("wait 1s srv-drained psql/n1")
    mine[0].query("BEGIN")
    assert balancer.ctl("drain psql/n1").strip() == ""
    assert "Wait delay expired." in balancer.ctl("wait 100ms srv-drained psql/n1")
    assert balancer.ctl("drain psql/n1 deadline 400ms").strip() == ""
    assert "Done." in balancer.ctl("wait 10s srv-drained psql/n1")
    assert sessions_of(balancer)["n1"] == 0


def reconnect(sessions, port):
    """What a pool does with those that have been ended."""
    for i, session in enumerate(sessions):
        if not session.is_open():
            session.socket.close()
            sessions[i] = PgSession(port)


def test_rebalance_shows_and_does_what_evens_out(cluster):
    _, balancer, port = cluster()
    balancer.ctl("set server psql/n3 state drain")
    sessions = [PgSession(port) for _ in range(20)]
    balancer.ctl("set server psql/n3 state ready")
    before = {"n1": 10, "n2": 10, "n3": 0}
    assert sessions_of(balancer) == before
    shown = run(balancer, "rebalance", "--dry-run")
    assert "psql/n1: 10 sessions, an even share is 7: 2 would be asked to end\n" in shown
    assert sessions_of(balancer) == before
    assert "psql/n2: 10 sessions, an even share is 7: 2 of 2 end\n" in run(balancer, "rebalance")
    wait_for(lambda: sum(sessions_of(balancer).values()) == 16)

    def even():
        run(balancer, "rebalance", "psql")
        reconnect(sessions, port)
        return sorted(sessions_of(balancer).values()) == [6, 7, 7]
    wait_for(even, interval=0.1)
    assert "rebalancing psql: 4 sessions end: 2 on n1, 2 on n2" in balancer.log()
    assert service_of(balancer)["ended"]["rebalanced"] >= 6
    for session in sessions:
        session.close()


def test_a_node_that_returns_gets_its_share(cluster):
    nodes, balancer, port = cluster('rebalance = true; rebalance_every = "1s";')
    nodes.command(3, "kill")
    balancer.wait_server("psql/n3", "DOWN")
    sessions = [PgSession(port) for _ in range(60)]
    nodes.command(3, "start")

    def even():
        reconnect(sessions, port)
        now = sessions_of(balancer).values()
        return sum(now) == 60 and max(now) <= 23  # 15 % beyond an even share
    wait_for(even, timeout=30, what="an even share")
    for session in sessions:
        session.close()
