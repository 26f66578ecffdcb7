# SPDX-License-Identifier: MIT
"""Near and far servers as people see them: `sluice status`, `top --once`, `why`, and JSON."""

import json
import re

import pytest
from harness import LOOPBACK, PgSession, cluster_conf, free_port, port_of, wait_for
from test_cli import run

PLACES = {1: "region=eu-west,zone=a", 2: "region=eu-west,zone=b", 3: "region=us-east,zone=a",
          4: "region=us-west,zone=a"}


class Far:
    """n1 and n2 are near, n3 and n4 are not; dbconsole knows no tiers."""

    def __init__(self, simnodes, sluice):
        self.nodes = simnodes(4)
        self.conf = 'locality = "region=eu-west";\n' + cluster_conf(self.nodes.nodes, [
            f'{{ name = "psql"; bind = "{LOOPBACK}:{free_port()}"; port = "sql"; '
            'balance = "random"; }',
            f'{{ name = "dbconsole"; bind = "{LOOPBACK}:{free_port()}"; port = "http"; '
            'tiers = "none"; }'], node_extra=lambda n: f'locality = "{PLACES[n.id]}"; ')
        self.balancer = sluice(self.conf)
        for node in self.nodes.nodes:
            for service in ("psql", "dbconsole"):
                self.balancer.wait_server(f"{service}/{node.name}", "UP")

    def command(self, *words):
        return run(*words, proxy=self.balancer).stdout

    def why(self, server):
        return json.loads(self.balancer.http(f"/v1/why?server={server}")[2])

    def wait_share(self, shares):
        def seen():
            services = self.balancer.status()["services"]
            return next(s for s in services if s["name"] == "psql")["tier_percent"] == shares
        wait_for(seen, what=f"shares of {shares}")


@pytest.fixture
def far(simnodes, sluice):
    return Far(simnodes, sluice)


def test_a_far_server_does_not_look_broken(far):
    far.wait_share([100, 0])
    why = far.why("psql/n3")
    assert re.search(r"^UP for \d+s, but nearer servers are healthy: 0 % of new sessions come here "
                     r"\(tier 1\)$", why["verdict"])
    assert why["health"] == "up" and not why["gets_sessions"]
    assert any(rule.startswith("it is in tier 1: ") for rule in why["rules"])
    assert "nearer servers are healthy: 0 %" in " ".join(far.command("why", "psql/n4").split())
    near = far.why("psql/n1")
    assert near["gets_sessions"] and near["verdict"].endswith(": gets new sessions")
    assert far.why("dbconsole/n3")["gets_sessions"]


def test_status_and_top_tell_the_shares_and_the_tiers(far):
    far.wait_share([100, 0])
    for text in (far.command("status"), far.command("top", "--once")):
        assert text.count("tier 0 eu-west 100 %, tier 1 us-east+us-west 0 %") == 1
        assert text.count("TIER") == 1
        assert all(len(line) <= 80 for line in text.splitlines()), text
    lines = far.command("status").splitlines()
    tiers = [line.split()[-1] for line in lines if re.search(r" n[1-4] ", line)]
    assert tiers[:4] == ["0", "0", "1", "1"] and "0/s" in tiers[4]


def test_shares_follow_what_is_usable(far):
    far.nodes.command(1, "kill")
    far.wait_share([70, 30])
    assert "30 % of them come to its tier (1)" in far.why("psql/n3")["verdict"]
    far.nodes.command(2, "kill")
    far.wait_share([0, 100])
    session = PgSession(port_of(far.conf, "psql"))
    assert session.query("SHOW node_id")[0][0] in ("3", "4")
    wait_for(lambda: "tier 1 us-east+us-west 100 %; 1 session crossed tiers" in
             far.command("status"), what="the session to be counted")
    assert far.why("psql/n3")["verdict"].endswith(": gets new sessions")
    far.nodes.command(1, "start")
    far.nodes.command(2, "start")
    far.wait_share([100, 0])
    assert session.query("SELECT 1") == [("1",)]
    session.close()


def test_one_tier_is_not_told(simnodes, sluice):
    nodes = simnodes(2)
    balancer = sluice(cluster_conf(nodes.nodes, node_extra=lambda n: f'locality = "{PLACES[n.id]}"; '))
    balancer.wait_server("psql/n1", "UP")
    for words in (("status",), ("top", "--once"), ("why", "psql/n1")):
        assert "tier" not in run(*words, proxy=balancer).stdout.lower()
