# SPDX-License-Identifier: MIT
"""What sluice promises about failures, each as a drill with its expectations.

The clients say what they saw (drills.py), and the daemon's own record of the drill is held against
`sluice drill report --expect`.  bench/failover runs the same at full size beside HAProxy and nginx.
"""

import subprocess
import time

import drills
import pgdrills
import pytest
from harness import program, wait_for

LOAD = {"rate": 50, "sessions": 24}


class Drill:
    """A drill on the balancer of a stage, from its beginning to the verdict."""

    def __init__(self, stage, name):
        self.socket = stage.balancer.process.socket_path
        self.name = name
        self.run("drill", "start", name)

    def run(self, *argv):
        done = subprocess.run([program("sluice"), *argv, "-s", self.socket], text=True,
                              capture_output=True, timeout=30, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def expect(self, expression):
        """Ends it; fails with the whole report if an expectation does not hold."""
        self.run("drill", "stop")
        return self.run("drill", "report", self.name, "--format", "markdown", "--expect",
                        expression)


def assert_nobody_noticed(seen):
    """Nobody but those whose session the node itself ended."""
    assert seen["failed"] == 0, seen
    assert seen["reconnects_failed"] == 0, seen
    assert seen["cut"] == 0, seen
    assert seen["wrong"] == 0, seen
    assert seen["served"] > 100, seen


@pytest.fixture
def drilled(monkeypatch):
    """Makes each scenario's stage start a drill and judge it: drilled("cut=0,failed=0")."""
    def prepare(expression):
        enter, finish = drills.Stage.__enter__, drills.Stage.finish

        def entered(stage):
            enter(stage)
            stage.drill = Drill(stage, "failover")
            return stage

        def finished(stage):
            stage.drill.expect(expression)
            return finish(stage)
        monkeypatch.setattr(drills.Stage, "__enter__", entered)
        monkeypatch.setattr(drills.Stage, "finish", finished)
    return prepare


def test_a_rolling_restart_costs_no_connection(tmp_path, drilled):
    drilled("failed=0, outages>=3, gap<2s, detect<100ms")
    seen = drills.rolling_restart(tmp_path, "sluice", **LOAD)
    assert_nobody_noticed(seen)
    assert seen["by_node"] > 0, seen


def test_a_killed_node_costs_no_new_connection(tmp_path, drilled):
    """It is out within 50 ms of the first connect that it refused."""
    drilled("failed=0, outages=1, detect<50ms, gap<1s, recover<10s")
    seen = drills.kill_node(tmp_path, "sluice", **LOAD)
    assert_nobody_noticed(seen)
    assert seen["detect_ms"] < 500, seen


def test_checks_alone_find_a_killed_node_within_their_interval(tmp_path, drilled):
    drilled("outages=1, recover<10s")
    seen = drills.kill_quietly(tmp_path, "sluice")
    assert seen["detect_ms"] < 1.1 * drills.INTER_MS + 200, seen


def test_a_frozen_node_costs_no_new_connection(tmp_path, drilled):
    """New ones go elsewhere within time-out and interval; its sessions end after down_grace."""
    drilled("failed=0, outages=1, gap<1s")
    seen = drills.freeze_node(tmp_path, "sluice", **LOAD)
    assert_nobody_noticed(seen)
    assert seen["detect_ms"] < 2 * drills.INTER_MS + 1000, seen
    assert seen["max_ms"] < 2 * drills.INTER_MS + 1500, seen
    assert seen["sessions_end_ms"] < 2 * drills.INTER_MS + 2000 + 1500, seen


def test_clients_wait_while_all_nodes_are_down(tmp_path, drilled):
    drilled("failed=0, outages=3, noserver>3s, held>10")
    seen = drills.outage(tmp_path, "sluice", **LOAD)
    assert seen["failed"] == 0, seen
    assert seen["wrong"] == 0, seen


def test_reloads_cost_nothing(tmp_path, drilled):
    drilled("failed=0, cut=0, asked=0, outages=0, gap<1s, connected>100")
    seen = drills.reloads(tmp_path, "sluice", count=30, upgrades=0, every_s=0.1, **LOAD)
    assert_nobody_noticed(seen)
    assert seen["by_node"] == 0, seen
    assert seen["counters_back"] == 0, seen


def test_upgrades_cost_nothing(tmp_path, monkeypatch):
    """Each is a process of its own: the record that is judged is the last one's."""
    finish = drills.Stage.finish

    def finished(stage):
        time.sleep(drills.SETTLE_S)  # of load on the last process
        done = subprocess.run([program("sluice"), "drill", "report", "--last", "1m", "--expect",
                               "failed=0, cut=0, outages=0, gap<1s", "-s",
                               stage.balancer.process.socket_path], text=True,
                              capture_output=True, timeout=30, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return finish(stage)
    monkeypatch.setattr(drills.Stage, "finish", finished)
    seen = drills.reloads(tmp_path, "sluice", count=6, upgrades=3, every_s=0.2, **LOAD)
    assert_nobody_noticed(seen)
    assert seen["by_node"] == 0, seen
    assert seen["counters_back"] == 0, seen


def test_a_node_that_returns_gets_its_share(tmp_path, drilled):
    """Sessions that stay are moved to it between their transactions, a few at a time."""
    drilled("failed=0, asked>0, share<=20%")
    service = 'rebalance = true; rebalance_every = "1s";'
    with drills.Stage(tmp_path, "sluice", rate=0, sessions=30, service=service) as stage:
        node = stage.nodes[1]
        process = stage.balancer.process
        begin = drills.now_ms()
        node.command("drain 2s 0s 500ms")
        wait_for(lambda: node.state() == "stopped", what="the drain's end")
        stage.node_closes(node, begin)

        def counts():
            return [int(process.stat()[f"psql/n{i}"]["scur"]) for i in (1, 2, 3)]
        # Clients that are slower than the node would find it there again.
        wait_for(lambda: sum(counts()) == 30 and counts()[1] == 0, what="sessions elsewhere")
        node.command("start")
        process.wait_server("psql/n2", "UP")

        def is_even():
            now = counts()
            return sum(now) == 30 and max(now) - min(now) <= 3
        wait_for(is_even, 30, "an even share")
        time.sleep(0.5)  # one sample more, in which it stays so
        seen = stage.finish()
    polite = [c for c in stage.report["cuts"] if "57P01" in c["why"]]
    assert len(polite) == len(stage.report["cuts"]), stage.report["cuts"]
    assert seen["failed"] == 0 and seen["wrong"] == 0, seen


def test_pgbench_clients_spread_again_over_postgresql(tmp_path):
    """One of three servers dies and returns; nobody's pool is restarted for it."""
    seen = pgdrills.node_returns(tmp_path, "sluice", settle_s=12,
                                 service='rebalance = true; rebalance_every = "1s";')
    assert sum(seen["sessions"]) == pgdrills.CLIENTS, seen
    assert 0.8 <= seen["share"] <= 1.2, seen
