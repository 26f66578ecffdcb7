# SPDX-License-Identifier: MIT
"""Most nodes ask for patience or are silent at once: the cluster has lost its quorum."""

import socket
import time

import pytest
from harness import LOOPBACK, PATIENCE, PgSession, cluster_conf, free_port, port_of, wait_for


def service_of(balancer):
    return balancer.status()["services"][0]


def is_panicking(balancer):
    return service_of(balancer)["panicking"]


def panics(events):
    return [e for e in list(events.seen) if e.get("kind") == "panic"]


@pytest.fixture
def cluster(simnodes, sluice):
    """cluster(more): (the nodes, the balancer, its port, its events); `more` is of the service."""
    def start(more=""):
        nodes = simnodes(3)
        conf = cluster_conf(
            nodes.nodes,
            services=[f'{{ name = "psql"; bind = "{LOOPBACK}:{free_port()}"; port = "sql"; '
                      f'balance = "leastconn"; protocol = "pgwire"; {more} }}'],
            check='type = "http"; port = "http"; path = "/health?ready=1"; inter = "200ms"; '
                  'fastinter = "100ms"; timeout = "300ms"; rise = 2; fall = 3;').replace(
            "cluster = {", 'cluster = {\n  server = { on_marked_down = "shutdown-sessions"; };', 1)
        balancer = sluice(conf)
        for node in nodes.nodes:
            balancer.wait_server(f"psql/{node.name}", "UP")
        return nodes, balancer, port_of(conf, "psql"), balancer.events()
    return start


def test_no_session_is_cut_when_all_nodes_say_503(cluster):
    nodes, balancer, port, events = cluster()
    sessions = [PgSession(port) for _ in range(9)]
    nodes.command("all", "unready lost quorum")
    wait_for(lambda: is_panicking(balancer))
    for node in nodes.nodes:
        balancer.wait_server(f"psql/{node.name}", "DOWN")
    time.sleep(0.5)
    assert all(s.is_open() for s in sessions)
    assert [s.value("SELECT 1") for s in sessions] == ["1"] * 9
    assert not balancer.is_ready()
    nodes.command("all", "reset")
    wait_for(lambda: not is_panicking(balancer))
    wait_for(balancer.is_ready)
    assert [s.value("SELECT 1") for s in sessions] == ["1"] * 9
    wait_for(lambda: len(panics(events)) == 2)
    assert "PANIC" in balancer.log() and "PANIC OVER" in balancer.log()
    for session in sessions:
        session.close()


def test_route_sends_new_clients_to_nodes_that_were_not_proven_dead(cluster):
    nodes, balancer, port, _ = cluster('panic = "route";')
    nodes.command(3, "kill")
    balancer.wait_server("psql/n3", "DOWN")
    nodes.command(1, "unready")
    nodes.command(2, "unready")
    wait_for(lambda: is_panicking(balancer))
    for number in (1, 2):
        balancer.wait_server(f"psql/n{number}", "DOWN")
    assert balancer.is_ready()
    seen = set()
    for _ in range(4):
        with PgSession(port) as session:
            seen.add(session.value("SHOW node_id"))
    assert seen == {"1", "2"}
    assert service_of(balancer)["ended"]["no_server"] == 0


def test_refuse_sends_new_clients_only_to_those_that_serve(cluster):
    nodes, balancer, port, _ = cluster('panic = "refuse";')
    nodes.command("all", "unready")
    wait_for(lambda: is_panicking(balancer))
    wait_for(lambda: not balancer.is_ready())
    with socket.create_connection((LOOPBACK, port), PATIENCE) as client:
        assert client.recv(1) == b""


def test_hold_lets_new_clients_wait(cluster):
    nodes, balancer, port, _ = cluster('panic = "hold"; hold = "20s";')
    nodes.command("all", "unready")
    wait_for(lambda: is_panicking(balancer) and not balancer.is_ready())
    with socket.create_connection((LOOPBACK, port), PATIENCE):
        wait_for(lambda: service_of(balancer)["held"] == 1)
        nodes.command("all", "reset")
        wait_for(lambda: service_of(balancer)["held"] == 0)
    assert service_of(balancer)["ended"]["no_server"] == 0


def test_silent_nodes_keep_their_sessions_if_they_are_most(cluster):
    nodes, balancer, port, _ = cluster()
    sessions = [PgSession(port) for _ in range(6)]
    nodes.command(1, "hang")
    nodes.command(2, "hang")
    wait_for(lambda: is_panicking(balancer))
    for number in (1, 2):
        balancer.wait_server(f"psql/n{number}", "DOWN")
    time.sleep(0.5)
    assert all(s.is_open() for s in sessions)
    nodes.command(1, "resume")
    nodes.command(2, "resume")
    wait_for(lambda: not is_panicking(balancer))
    assert [s.value("SELECT 1") for s in sessions] == ["1"] * 6
    for session in sessions:
        session.close()


def test_a_rolling_restart_is_no_panic(cluster):
    nodes, balancer, _, events = cluster('panic = "route";')
    for number in (1, 2, 3):
        nodes.command(number, "drain 500ms 0s 500ms")
        balancer.wait_seen(f"psql/n{number}", "NOLB")
        balancer.wait_server(f"psql/n{number}", "DOWN")
        nodes.command(number, "kill")
        nodes.command(number, "start")
        balancer.wait_server(f"psql/n{number}", "UP")
    assert not panics(events)
    assert not is_panicking(balancer)
