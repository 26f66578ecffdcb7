# SPDX-License-Identifier: MIT
"""Hosts that vanish from the network: nodes in network namespaces of their own.

A process that is killed says so with its last packet; a host whose cable is pulled says nothing.
"""

import contextlib
import os
import subprocess
import time

import drills
import namespaces
import pytest
from harness import PgSession
from namespaces import ip


pytestmark = pytest.mark.skipif(not namespaces.can_make(),
                                reason="network namespaces cannot be made here")


class Host:
    """A network namespace and the cable to it: 10.N.number.0/30, .1 is this side, .2 the host."""

    def __init__(self, number):
        self.name = f"sluice-{os.getpid()}-{number}"
        self.cable = f"sl{os.getpid() % 100000}n{number}"
        net = f"10.{os.getpid() % 200 + 20}.{number}"
        self.here, self.there = f"{net}.1", f"{net}.2"
        ip("netns", "add", self.name)
        ip("link", "add", self.cable, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        ip("addr", "add", f"{self.here}/30", "dev", self.cable)
        ip("link", "set", self.cable, "up")
        ip("-n", self.name, "addr", "add", f"{self.there}/30", "dev", "eth0")
        ip("-n", self.name, "link", "set", "eth0", "up")
        ip("-n", self.name, "link", "set", "lo", "up")

    def pull_cable(self):
        ip("-n", self.name, "link", "set", "eth0", "down")

    def plug_in(self):
        ip("-n", self.name, "link", "set", "eth0", "up")

    def fall_silent(self):
        """It still hears everything; nothing that it says leaves it."""
        ip("-n", self.name, "route", "add", "blackhole", f"{self.here}/32")

    def speak_again(self):
        ip("-n", self.name, "route", "del", "blackhole", f"{self.here}/32")

    def lose_route(self):
        ip("route", "add", "unreachable", f"{self.there}/32")

    def find_route(self):
        ip("route", "del", "unreachable", f"{self.there}/32")

    def close(self):
        with contextlib.suppress(subprocess.CalledProcessError):
            self.find_route()
        # With its namespace it would go, too, but not at once.
        ip("link", "del", self.cable)
        ip("netns", "del", self.name)


@pytest.fixture
def hosts():
    made = []
    try:
        for number in (1, 2, 3):
            made.append(Host(number))
        yield made
    finally:
        for host in made:
            host.close()


VANISHING = {
    "cable": (Host.pull_cable, Host.plug_in),
    "silence": (Host.fall_silent, Host.speak_again),
    "route": (Host.lose_route, Host.find_route),
}


def nodes_on(tmp_path, hosts):
    return [drills.SimNode(tmp_path, i + 1, host.there, ["ip", "netns", "exec", host.name])
            for i, host in enumerate(hosts)]


@pytest.mark.parametrize("way", VANISHING)
def test_clients_do_not_notice_that_a_host_has_vanished(tmp_path, hosts, way):
    """New connections are served by the others; sessions on it end when it counts as down."""
    leave, come_back = VANISHING[way]
    nodes = nodes_on(tmp_path, hosts)
    with drills.Stage(tmp_path, "sluice", nodes=nodes, rate=60, sessions=30,
                      service='tcp_user_timeout = "4s";') as stage:
        begin = drills.now_ms()
        leave(hosts[1])
        stage.balancer.process.wait_server("psql/n2", "DOWN")
        time.sleep(4)
        come_back(hosts[1])
        stage.node_closes(nodes[1], begin)
        stage.balancer.process.wait_server("psql/n2", "UP")
        seen = stage.finish()
    ends = [c["ms"] - begin for c in stage.report["cuts"] if c["node"] == "2"]
    assert seen["failed"] == 0, seen
    assert seen["reconnects_failed"] == 0, seen
    assert seen["cut"] == 0, seen
    assert seen["wrong"] == 0, seen
    assert ends, "nobody was on the host that vanished"
    assert max(ends) < 12000, f"sessions hung on a host that is gone: {max(ends)} ms"
    assert stage.detection_ms(nodes[1], begin) < 5000


def test_a_host_that_comes_back_gets_sessions_again(tmp_path, hosts):
    nodes = nodes_on(tmp_path, hosts)
    with drills.Stage(tmp_path, "sluice", nodes=nodes, rate=60, sessions=9) as stage:
        hosts[0].pull_cable()
        stage.balancer.process.wait_server("psql/n1", "DOWN")
        hosts[0].plug_in()
        stage.balancer.process.wait_server("psql/n1", "UP")
        before = int(stage.balancer.process.stat()["psql/n1"]["stot"])
        # So many that it gets some even if it has kept all that were there.
        with contextlib.ExitStack() as held:
            for _ in range(30):
                held.enter_context(PgSession(stage.balancer.port))
            after = int(stage.balancer.process.stat()["psql/n1"]["stot"])
        assert after >= before + 4, "no sessions on the host that is back"
        stage.finish()
