# SPDX-License-Identifier: MIT
"""`sluice why` and /v1/why: what is said of servers that go down, drain, and come back."""

import json
import re
import subprocess

import pytest
from harness import PATIENCE, PgSession, cluster_conf, free_port, port_of, wait_for
from process import program

CHECK = ('type = "http"; port = "http"; path = "/health?ready=1"; inter = "200ms"; '
         'fastinter = "50ms"; timeout = "1s"; rise = 2; fall = 3;')

KEYS = {"service", "server", "node", "tracks", "state", "health", "gets_sessions", "sessions",
        "since", "since_s", "now", "verdict", "rules", "next_check_ms", "checks", "agent_checks", "events"}
CHECK_KEYS = {"time", "duration_ms", "code", "words", "status", "info", "passed", "draining",
              "counter_before", "counter_after", "state", "text"}


class Cluster:
    def __init__(self, simnodes, sluice, check=CHECK):
        self.nodes = simnodes(3)
        self.conf = cluster_conf(self.nodes.nodes, check=check)
        self.balancer = sluice(self.conf)
        for node in self.nodes.nodes:
            self.balancer.wait_server(f"psql/{node.name}", "UP")

    def get(self, server, code=200):
        got, _, body = self.balancer.http(f"/v1/why?server={server}")
        assert got == code, body
        return json.loads(body)

    def run(self, *words, code=0):
        done = subprocess.run([program("sluice"), *words, "-s", self.balancer.socket_path],
                              capture_output=True, text=True, check=False, timeout=PATIENCE)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout if code == 0 else done.stderr

    def wait_verdict(self, server, pattern):
        """The answer whose verdict has that pattern."""
        last = []

        def seen():
            last[:] = [self.get(server)]
            return last[0] if re.search(pattern, last[0]["verdict"]) else None
        return wait_for(seen, what=lambda: f"{pattern!r} of {server}: {last[0]['verdict']}")


@pytest.fixture
def cluster(simnodes, sluice):
    return Cluster(simnodes, sluice)


def test_a_server_that_is_up(cluster):
    why = cluster.wait_verdict("psql/n1", r"^UP for \d+s: gets new sessions$")
    assert set(why) == KEYS
    assert (why["service"], why["server"], why["node"]) == ("psql", "n1", "n1")
    assert why["gets_sessions"] and why["health"] == "up" and why["tracks"] is None
    assert 0 <= why["next_check_ms"] <= 1000
    assert why["checks"] and all(set(c) == CHECK_KEYS for c in why["checks"])
    assert why["checks"][0]["text"] == "HTTP 200"
    assert any("GET /health?ready=1" in rule and "once for all services" in rule
               for rule in why["rules"]), why["rules"]
    # The ring is bounded, and it is always the newest that are in it.
    first = wait_for(lambda: (lambda w: w if len(w["checks"]) == 16 else None)(
        cluster.get("psql/n1")))["checks"][0]["time"]
    later = wait_for(lambda: (lambda w: w if w["checks"][0]["time"] > first else None)(
        cluster.get("psql/n1")))
    assert len(later["checks"]) == 16
    times = [c["time"] for c in later["checks"]]
    assert times == sorted(times, reverse=True)


def test_a_node_that_is_killed_and_comes_back(cluster):
    cluster.nodes.command(2, "kill")
    why = cluster.wait_verdict("psql/n2", r"^DOWN.*3 failed checks in a row \(fall = 3\): ")
    assert "Connection refused" in why["verdict"]
    assert "it comes back after 2 good checks in a row (rise = 2)" in why["verdict"]
    assert not why["gets_sessions"] and why["health"] == "down"
    assert any("does the node run" in rule for rule in why["rules"]), why["rules"]
    assert why["events"][0]["server"] == "n2"
    counters = [(c["counter_before"], c["counter_after"]) for c in why["checks"]]
    assert (2, 0) in counters and (3, 2) in counters and (4, 3) in counters, counters
    assert {c["state"] for c in why["checks"]} >= {"UP", "UP 2/3", "UP 1/3", "DOWN"}
    # The other service knows the same of the node, and the other nodes are well.
    assert "Connection refused" in cluster.wait_verdict("dbconsole/n2", "^DOWN")["verdict"]
    assert cluster.get("psql/n1")["gets_sessions"]
    cluster.nodes.command(2, "start")
    why = cluster.wait_verdict("psql/n2", r"^UP for")
    assert [c["passed"] for c in why["checks"][:2]] == [True, True]
    assert any(e["kind"] == "server" and e["to"] == "UP" for e in why["events"])


def test_a_node_that_drains(simnodes, sluice):
    # While it changes there is time to look.
    cluster = Cluster(simnodes, sluice, CHECK.replace('"50ms"', '"2s"'))
    with PgSession(port_of(cluster.conf, "psql")) as session:
        server = f"psql/n{session.value('SHOW node_id')}"
        number = int(server[-1])
        cluster.nodes.command(number, "health 503")
        why = cluster.wait_verdict(server, r"answered 503 \(drain_status\), which asks for none; "
                                           "1 session goes on; it comes back after 2 good checks")
        assert why["state"] == "NOLB 2/3" and not why["gets_sessions"]
        assert why["verdict"].startswith("NOLB 2/3 for ")
        assert any("an answer of 503 means" in rule for rule in why["rules"]), why["rules"]
        assert any("2 more failed checks in a row" in rule for rule in why["rules"]), why["rules"]
        assert why["checks"][0]["draining"] and why["checks"][0]["status"] == 503
        assert (why["checks"][0]["counter_before"], why["checks"][0]["counter_after"]) == (4, 3)
        assert cluster.get(server.replace("psql", "dbconsole"))["health"] == "nolb"
        cluster.nodes.command(number, "health 200")
        cluster.wait_verdict(server, "^NOLB.*it comes back after 1 more good check")
        cluster.wait_verdict(server, "^UP for")


def test_three_answers_of_503_take_it_down(cluster):
    cluster.nodes.command(1, "health 503")
    why = cluster.wait_verdict("psql/n1", r"^DOWN.*3 failed checks in a row \(fall = 3\): HTTP 503")
    assert [c["draining"] for c in why["checks"][:3]] == [True] * 3
    assert any(e["kind"] == "server" and e["to"].startswith("NOLB") for e in why["events"])


def test_a_server_in_maintenance_and_drained(cluster):
    cluster.run("maint", "psql/n1")
    why = cluster.get("psql/n1")
    assert re.search(r"^in maintenance for \d+s, by a command: no new sessions, no checks",
                     why["verdict"]), why["verdict"]
    assert "`sluice ready psql/n1` ends it" in why["verdict"]
    assert why["rules"][0].startswith("out of maintenance it is checked every 200ms"), why["rules"]
    assert why["state"] == "MAINT" and not why["gets_sessions"]
    # Its node is checked for the other service, too.
    assert cluster.get("dbconsole/n1")["gets_sessions"]
    cluster.run("maint", "dbconsole/n1")
    assert cluster.get("psql/n1")["next_check_ms"] is None
    cluster.run("ready", "n1", "--wait", "10s")
    with PgSession(port_of(cluster.conf, "psql")) as session:
        number = session.value("SHOW node_id")
        cluster.run("drain", f"psql/n{number}")
        why = cluster.get(f"psql/n{number}")
    assert re.search(r"^draining for \d+s, by a command: no new sessions; 1 session goes on; "
                     f"`sluice ready psql/n{number}` ends it$", why["verdict"]), why["verdict"]
    cluster.run("ready", f"n{number}", "--wait", "10s")
    assert cluster.get(f"psql/n{number}")["gets_sessions"]


def test_a_fault_is_told_and_is_of_one_service(cluster):
    cluster.run("fault", "psql/n3", "refuse")
    why = cluster.wait_verdict("psql/n3", "^DOWN.*a fault is on the way to it: refuse")
    assert any("`sluice fault psql/n3 none`" in rule for rule in why["rules"]), why["rules"]
    assert not any("does the node run" in rule for rule in why["rules"]), why["rules"]
    assert any(e["kind"] == "fault" and e["begins"] for e in why["events"])
    # The node is well for the other service: each has its own count of the same checks.
    other = cluster.get("dbconsole/n3")
    assert other["gets_sessions"] and "fault" not in other["verdict"]
    cluster.run("fault", "psql/n3", "none")
    assert "fault" not in cluster.wait_verdict("psql/n3", "^UP for")["verdict"]


def test_weight_0_is_told_with_its_cure(cluster):
    assert cluster.balancer.ctl("set server psql/n1 weight 0").strip() == ""
    why = cluster.get("psql/n1")
    assert "its weight is 0" in why["verdict"] and not why["gets_sessions"]
    cure = re.search(r"`sluice ctl \"([^\"]*)\"`", why["verdict"])[1]
    assert cluster.balancer.ctl(cure).strip() == ""
    assert cluster.get("psql/n1")["gets_sessions"]


def test_a_name_alone_is_that_server_of_every_service(cluster):
    both = cluster.get("n1")
    assert [s["service"] for s in both["servers"]] == ["psql", "dbconsole"]
    assert all(set(s) == KEYS and s["server"] == "n1" for s in both["servers"])
    assert "did you mean \"psql/n1\"" in cluster.get("psql/n11", code=404)["error"]
    assert "no server" in cluster.get("nobody", code=404)["error"]
    assert "SERVICE/NAME" in json.loads(cluster.balancer.http("/v1/why")[2])["error"]
    assert cluster.balancer.http("/v1/why")[0] == 400


def test_the_command_shows_it_within_80_columns(cluster):
    cluster.nodes.command(2, "kill")
    cluster.wait_verdict("psql/n2", "^DOWN")
    shown = cluster.run("why", "psql/n2")
    assert max(map(len, shown.splitlines())) <= 80, shown
    assert "psql/n2  DOWN" in shown and "LAST CHECKS" in shown and "WHAT HAPPENED" in shown
    assert "Connection refused" in shown and "UP 1/3" in shown
    shown = cluster.run("why", "n2")
    assert "psql/n2  DOWN" in shown and "dbconsole/n2  DOWN" in shown
    assert max(map(len, shown.splitlines())) <= 80, shown
    assert set(json.loads(cluster.run("why", "psql/n2", "--json"))) == KEYS
    assert len(json.loads(cluster.run("why", "n2", "--json"))["servers"]) == 2
    assert 'no server "psql/n22": did you mean "psql/n2"?' in cluster.run("why", "psql/n22", code=1)


def test_it_goes_on_after_a_reload(cluster):
    cluster.nodes.command(3, "kill")
    cluster.wait_verdict("psql/n3", "^DOWN.*3 failed checks")
    before = cluster.get("psql/n1")["checks"][0]["time"]
    cluster.balancer.conf_path.write_text(
        cluster.balancer.conf_path.read_text().replace('inter = "200ms"', 'inter = "150ms"'))
    cluster.run("reload")
    assert "3 failed checks" in cluster.get("psql/n3")["verdict"]
    assert any("every 150ms" in rule for rule in cluster.get("psql/n3")["rules"])
    wait_for(lambda: cluster.get("psql/n1")["checks"][0]["time"] > before)


def test_a_name_that_does_not_resolve(sluice):
    conf = ('services = ( { name = "psql"; bind = "127.0.0.1:%d"; servers = ( '
            '{ name = "a"; address = "127.0.0.1:9"; check = { type = "none"; }; }, '
            '{ name = "b"; address = "no-such-host.invalid:26257"; check = { type = "tcp"; }; } '
            '); } );') % free_port()
    balancer = sluice(conf)
    why = wait_for(lambda: (lambda w: w if "does not resolve" in w["verdict"] else None)(
        json.loads(balancer.http("/v1/why?server=psql/b")[2])))
    assert why["verdict"].startswith("DOWN for ")
    assert '"no-such-host.invalid" does not resolve' in why["verdict"]
    assert any("look up" in rule for rule in why["rules"]), why["rules"]
