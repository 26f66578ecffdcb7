# SPDX-License-Identifier: MIT
"""Nine nodes in three regions, each at the end of a cable of its own length."""

import json

import drills
import namespaces
import pytest
from harness import LOOPBACK, PgSession, cluster_conf, free_port, port_of, wait_for

pytestmark = pytest.mark.skipif(not namespaces.can_make(),
                                reason="network namespaces cannot be made here")

DELAYS = {"near": 0, "middle": 30, "far": 80}
CHECK = ('type = "http"; port = "http"; path = "/health?ready=1"; inter = "200ms"; '
         'timeout = "5s"; rise = 1; fall = 2;')


@pytest.fixture
def regions():
    made = {}
    try:
        for number, (name, delay) in enumerate(DELAYS.items(), 1):
            made[name] = namespaces.Region(number, delay)
        yield made
    finally:
        for region in made.values():
            region.close()


@pytest.fixture
def nodes(tmp_path, regions):
    """Three in each region: n1 to n3 near, n4 to n6 in the middle, n7 to n9 far."""
    made = []
    try:
        for name, region in regions.items():
            for _ in range(3):
                node = drills.SimNode(tmp_path, len(made) + 1, region.there, region.run_by())
                node.id, node.region = node.number, name
                node.start()
                made.append(node)
        yield made
    finally:
        for node in made:
            if node.process and node.process.is_running():
                node.kill()


def conf_of(nodes, service="", locality="region=near"):
    psql = (f'{{ name = "psql"; bind = "{LOOPBACK}:{free_port()}"; port = "sql"; '
            f'balance = "random"; {service} }}')
    where = f'locality = "{locality}";\n' if locality else ""
    return where + cluster_conf(
        nodes, [psql], CHECK, node_extra=lambda n: f'locality = "region={n.region}"; ')


class Clients:
    """SQL sessions that stay."""

    def __init__(self, port):
        self.port, self.sessions = port, []

    def open(self, count):
        """How many of so many new ones each node got."""
        got = {}
        for _ in range(count):
            self.sessions.append(PgSession(self.port))
            node = self.sessions[-1].query("SHOW node_id")[0][0]
            got[node] = got.get(node, 0) + 1
        return got

    def alive(self):
        return sum(s.query("SELECT 1") == [("1",)] for s in self.sessions)

    def close(self):
        for s in self.sessions:
            s.close()


def by_region(got):
    regions = list(DELAYS)
    sums = dict.fromkeys(regions, 0)
    for node, n in got.items():
        sums[regions[(int(node) - 1) // 3]] += n
    return sums


def test_sessions_stay_near_spill_as_it_degrades_and_come_back(sluice, nodes):
    conf = conf_of(nodes)
    s = sluice(conf)
    clients = Clients(port_of(conf, "psql"))
    for node in nodes:
        s.wait_server(f"psql/{node.name}", "UP")

    assert by_region(clients.open(60)) == {"near": 60, "middle": 0, "far": 0}

    # One of three takes no new sessions: 93 % stay near.
    nodes[0].command("unready")
    s.wait_seen("psql/n1", "NOLB")
    got = by_region(clients.open(200))
    assert 165 <= got["near"] <= 198, got

    # Two of three: 47 %.
    nodes[1].command("unready")
    s.wait_seen("psql/n2", "NOLB")
    got = by_region(clients.open(200))
    assert 60 <= got["near"] <= 130, got
    assert got["middle"] > 20 and got["far"] > 20, got

    # They come back, and so do all new sessions; nobody was cut.
    for node in nodes[:2]:
        node.command("reset")
        s.wait_server(f"psql/{node.name}", "UP")
    assert by_region(clients.open(60)) == {"near": 60, "middle": 0, "far": 0}
    assert clients.alive() == 520
    service = s.status()["services"][0]
    assert service["tiers"] == 2 and service["tier_percent"] == [100, 0]
    assert service["cut"] == 0
    metrics = s.metrics()
    far = sum(v for k, v in metrics.items()
              if k.startswith("sluice_server_cross_tier_sessions_total"))
    assert far > 80
    assert sum(v for k, v in metrics.items()
               if k.startswith("sluice_server_cross_tier_bytes_total")) > 0
    assert metrics['sluice_service_tier_share_percent{proxy="psql",tier="0"}'] == 100
    clients.close()


def test_latency_makes_tiers_where_no_locality_is_known(sluice, nodes):
    conf = conf_of(nodes, 'tiers = "latency";', locality=None)
    s = sluice(conf)
    clients = Clients(port_of(conf, "psql"))

    def tiers():
        return [server["tier"] for server in s.status()["services"][0]["servers"]]
    # Nothing is measured yet: all of them serve.
    first = Clients(port_of(conf, "psql"))
    assert sum(by_region(first.open(9)).values()) == 9
    first.close()
    wait_for(lambda: tiers() == [0, 0, 0, 1, 1, 1, 2, 2, 2], 60, "the tiers to be measured")
    assert by_region(clients.open(40)) == {"near": 40, "middle": 0, "far": 0}
    marks = [e["text"] for e in json.loads(s.http("/v1/events")[2])["events"]
             if e["kind"] == "mark"]
    assert any("near servers are n1, n2, n3; then n4, n5, n6; then n7, n8, n9" in m
               for m in marks), marks
    clients.close()
