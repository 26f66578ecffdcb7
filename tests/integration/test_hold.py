# SPDX-License-Identifier: MIT
"""Clients that are held while no server is usable."""

import socket
import subprocess
import threading
import time

import pytest
from harness import LOOPBACK, PATIENCE, PgSession, cluster_conf, free_port, port_of, wait_for
from process import program

CLIENTS = 50


def conf_of(nodes, more):
    service = (f'{{ name = "psql"; bind = "{LOOPBACK}:{free_port()}"; port = "sql"; '
               f'balance = "leastconn"; {more} }}')
    return cluster_conf(nodes.nodes, services=[service])


def service_of(balancer):
    return balancer.status()["services"][0]


class Visitors:
    """Clients that come at once; each asks one question."""

    def __init__(self, port, count):
        self.port, self.nodes, self.failures = port, [], []
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def _run(self):
        try:
            with PgSession(self.port, timeout=PATIENCE) as session:
                self.nodes.append(int(session.value("SHOW node_id")))
        except Exception as e:
            self.failures.append(e)

    def wait(self):
        for thread in self.threads:
            thread.join(PATIENCE)
        assert not any(t.is_alive() for t in self.threads)


@pytest.fixture
def cluster(simnodes, sluice):
    """cluster(more): (the nodes, the balancer, its port); `more` is of the service."""
    def start(more):
        nodes = simnodes(3)
        conf = conf_of(nodes, more)
        balancer = sluice(conf)
        for node in nodes.nodes:
            balancer.wait_server(f"psql/{node.name}", "UP")
        return nodes, balancer, port_of(conf, "psql")
    return start


def start_after(nodes, begun, seconds):
    """All nodes, when so much time has passed since then."""
    time.sleep(max(0, begun + seconds - time.monotonic()))
    nodes.command("all", "start")


def test_nobody_fails_while_all_nodes_are_gone_for_two_seconds(cluster):
    nodes, balancer, port = cluster('hold = "15s";')
    nodes.command("all", "kill")
    begun = time.monotonic()
    visitors = Visitors(port, CLIENTS)
    wait_for(lambda: service_of(balancer)["held"] == CLIENTS, what="all clients to be held")
    start_after(nodes, begun, 2)
    visitors.wait()
    assert not visitors.failures
    assert len(visitors.nodes) == CLIENTS
    service = service_of(balancer)
    assert (service["held"], service["held_max"], service["held_total"]) == (0, CLIENTS, CLIENTS)
    assert service["ended"]["hold_timeout"] == service["ended"]["connect_refused"] == 0


def test_what_is_held_is_shown(cluster):
    nodes, balancer, port = cluster('hold = "1m";')
    nodes.command("all", "kill")
    visitors = Visitors(port, 3)
    wait_for(lambda: service_of(balancer)["held"] == 3)
    for node in nodes.nodes:
        balancer.wait_server(f"psql/{node.name}", "DOWN")
    table = subprocess.run([program("sluice"), "status", "-s", balancer.socket_path],
                           capture_output=True, text=True, check=True, timeout=PATIENCE).stdout
    assert "  3 held  " in table
    assert balancer.metrics()['sluice_service_held_sessions{proxy="psql"}'] == 3
    nodes.command("all", "start")
    visitors.wait()
    assert not visitors.failures
    balancer.ctl("clear counters")
    assert service_of(balancer)["held_max"] == 0
    assert service_of(balancer)["held_total"] == 3


@pytest.mark.parametrize("more, reason", [
    ('hold = "300ms";', "hold_timeout"),
    ('hold = "1m"; hold_max = 1;', "hold_full"),
    ("", "no_server"),
])
def test_the_end_says_why_there_was_no_server(cluster, more, reason):
    nodes, balancer, port = cluster(more)
    nodes.command("all", "kill")
    for node in nodes.nodes:
        balancer.wait_server(f"psql/{node.name}", "DOWN")
    first = socket.create_connection((LOOPBACK, port), PATIENCE)
    if reason == "hold_full":
        wait_for(lambda: service_of(balancer)["held"] == 1)
    with first, socket.create_connection((LOOPBACK, port), PATIENCE) as client:
        assert client.recv(1) == b""
        wait_for(lambda: service_of(balancer)["ended"][reason] >= 1)


def test_the_held_survive_a_reload(cluster):
    nodes, balancer, port = cluster('hold = "1m";')
    nodes.command("all", "kill")
    visitors = Visitors(port, 3)
    wait_for(lambda: service_of(balancer)["held"] == 3)
    balancer.reload()
    balancer.wait_log("reloaded ")
    assert service_of(balancer)["held"] == 3
    nodes.command("all", "start")
    visitors.wait()
    assert not visitors.failures
