# SPDX-License-Identifier: MIT
"""An address that two proxies share by VRRP: conf/deploy/keepalived, with Debian's keepalived.

Two hosts with a proxy each, one with the nodes and one with clients, on a switch: network
namespaces of the test's own.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import harness
import namespaces
import pytest
from harness import PATIENCE, TOP, PgSession, wait_for
from namespaces import ip
from test_systemd import setns

CONF = TOP / "conf" / "deploy" / "keepalived" / "keepalived.conf"
SHARED = "192.0.2.10"
ADDRESSES = {"lb1": "192.0.2.11", "lb2": "192.0.2.12", "nodes": "192.0.2.21",
             "client": "192.0.2.99"}
MOVE = 3 * PATIENCE  # until the address has moved, on a busy machine


def lacking():
    if not shutil.which("keepalived") or not shutil.which("curl"):
        return "keepalived or curl is not installed"
    return None if namespaces.can_make() else "network namespaces cannot be made here"


pytestmark = pytest.mark.skipif(bool(lacking()), reason=lacking() or "")


class Network:
    """A switch, and a host at each of its ports."""

    def __init__(self):
        self.prefix = f"sluice-{os.getpid()}-vrrp"
        self.made = []
        try:
            self._add("switch")
            ip("-n", self.host("switch"), "link", "add", "br0", "type", "bridge")
            ip("-n", self.host("switch"), "link", "set", "br0", "up")
            for name, address in ADDRESSES.items():
                self._add(name)
                ip("-n", self.host(name), "link", "add", "eth0", "type", "veth", "peer", "name",
                   name, "netns", self.host("switch"))
                ip("-n", self.host("switch"), "link", "set", name, "master", "br0", "up")
                ip("-n", self.host(name), "addr", "add", f"{address}/24", "dev", "eth0")
                ip("-n", self.host(name), "link", "set", "eth0", "up")
        except BaseException:
            self.close()
            raise

    def host(self, name):
        return f"{self.prefix}-{name}"

    def _add(self, name):
        ip("netns", "add", self.host(name))
        self.made.append(self.host(name))
        ip("-n", self.host(name), "link", "set", "lo", "up")

    def run_by(self, name):
        return ["ip", "netns", "exec", self.host(name)]

    @contextlib.contextmanager
    def inside(self, name):
        """This thread's sockets are that host's."""
        with open("/proc/thread-self/ns/net", "rb") as own, \
                open(f"/run/netns/{self.host(name)}", "rb") as other:
            setns(other.fileno())
            try:
                yield
            finally:
                setns(own.fileno())

    def has_shared(self, name):
        text = subprocess.run(["ip", "-n", self.host(name), "-j", "addr", "show", "eth0"],
                              stdout=subprocess.PIPE, check=True).stdout
        return any(a["local"] == SHARED for a in json.loads(text)[0]["addr_info"])

    def close(self):
        for name in self.made:
            ip("netns", "del", name)


SLUICE = """
cluster = { nodes = ( { name = "n1"; host = "192.0.2.21"; sql_port = 7001; http_port = 7002; } );
    check = { type = "http"; port = "http"; path = "/health?ready=1"; inter = "300ms"; fall = 2; }; };
services = ( { name = "psql"; bind = ":26257"; port = "sql"; protocol = "pgwire"; hold = "60s"; } );
stop_delay = "15s";
hard_stop_after = "1s";
admin = { bind = "127.0.0.1:8404"; socket = "SOCKET"; };
log = ( { target = "stderr"; level = "debug"; } );
"""


class Proxy:
    """A host with sluice and keepalived."""

    def __init__(self, tmp_path, network, name, other):
        self.network, self.name = network, name
        self.folder = tmp_path / name
        self.folder.mkdir()
        (self.folder / "sluice.conf").write_text(
            SLUICE.replace("SOCKET", str(self.folder / "s")))
        text = CONF.read_text()
        marked = [line for line in text.splitlines() if "swapped on the second host" in line]
        assert len(marked) == 2, marked
        if name == "lb2":
            for line in marked:
                old, new = (ADDRESSES[n] for n in ((other, name) if ADDRESSES[other] in line
                                                   else (name, other)))
                text = text.replace(line, line.replace(old, new))
        (self.folder / "keepalived.conf").write_text(text)
        self.sluice = self.keepalived = None

    def start(self):
        self.start_sluice()
        self.keepalived = harness.Process(
            f"keepalived-{self.name}",
            [*self.network.run_by(self.name), "keepalived", "--dont-fork", "--log-console",
             "--log-detail", "--vrrp", "--use-file", self.folder / "keepalived.conf",
             "--pid", self.folder / "k.pid", "--vrrp_pid", self.folder / "v.pid"],
            self.folder / "keepalived.log", start_new_session=True)
        self.keepalived.wait_log("Entering BACKUP STATE")
        log = self.keepalived.log()
        assert not re.search(r"WARN|Unknown|Unable|unsafe|SECURITY", log), log

    def start_sluice(self):
        self.sluice = harness.Process(
            f"sluice-{self.name}",
            [*self.network.run_by(self.name), harness.program("sluice"), "run", "-f",
             self.folder / "sluice.conf"], self.folder / "sluice.log")
        wait_for(lambda: self.answer("/readyz") == 200, what="sluice to be ready")

    def answer(self, path):
        with self.network.inside(self.name), contextlib.suppress(OSError):
            return harness.http_get("127.0.0.1", 8404, path)[0]
        return None

    def kill_sluice(self):
        self.sluice.child.kill()
        self.sluice.wait()

    def has_shared(self):
        return self.network.has_shared(self.name)

    def wait_state(self, state, times):
        """It has entered this state so many times."""
        wait_for(lambda: self.keepalived.log().count(f"Entering {state} STATE") >= times, MOVE,
                 f"{self.name} to be {state} again")

    def sees_nodes(self, whether):
        words = ["route", "del" if whether else "add", "unreachable", f"{ADDRESSES['nodes']}/32"]
        ip("-n", self.network.host(self.name), *words)

    def close(self):
        if self.sluice and self.sluice.is_running():
            self.sluice.send_signal(signal.SIGTERM)
            self.sluice.wait_log("accepting for another")  # the second one ends that, too
        for process in (self.keepalived, self.sluice):
            if process and process.is_running():
                process.end()
            if process:
                process.show()
        if self.sluice:
            self.sluice.assert_no_report()


class Place:
    def __init__(self, tmp_path, network):
        self.tmp_path, self.network, self.node = tmp_path, network, None
        self.start_node()
        self.proxies = [Proxy(tmp_path, network, "lb1", "lb2"),
                        Proxy(tmp_path, network, "lb2", "lb1")]

    def start_node(self):
        self.node = harness.Process(
            "node", [*self.network.run_by("nodes"), harness.program("simnodes"), "--nodes", 1,
                     "--host", ADDRESSES["nodes"], "--sql-port-base", 7001, "--http-port-base",
                     7002], self.tmp_path / "node.log", stdin=subprocess.PIPE,
            stdout=subprocess.PIPE)
        while self.node.child.stdout.readline() != b"ready\n":
            assert self.node.is_running(), self.node.log()

    def stop_node(self):
        self.node.child.stdin.close()
        self.node.child.stdout.close()
        self.node.wait()

    def holder(self):
        """The proxy that has the address; one of them has it, alone, at the end of each move."""
        def one():
            have = [p for p in self.proxies if p.has_shared()]
            return have[0] if len(have) == 1 else None
        return wait_for(one, MOVE, "one proxy to have the address")

    def wait_holder(self, proxy):
        wait_for(lambda: [p for p in self.proxies if p.has_shared()] == [proxy], MOVE,
                 f"the address to come to {proxy.name}")

    def session(self):
        with self.network.inside("client"):
            return PgSession(26257, SHARED)

    def is_served(self):
        try:
            with self.session() as s:
                return s.value("SHOW node_id") == "1"
        except OSError:
            return False

    def wait_served(self):
        wait_for(self.is_served, MOVE, "a client to be served at the shared address")

    def other(self, proxy):
        return self.proxies[1 - self.proxies.index(proxy)]

    def close(self):
        for proxy in self.proxies:
            proxy.close()
        if not self.node.child.stdin.closed:
            self.stop_node()


@pytest.fixture
def place(tmp_path):
    network = Network()
    try:
        made = Place(tmp_path, network)
        try:
            for proxy in made.proxies:
                proxy.start()
            made.holder()
            yield made
        finally:
            made.close()
    finally:
        network.close()


def test_the_address_goes_where_clients_are_served(place):
    place.wait_served()
    first = place.holder()
    second = place.other(first)

    # The process dies.
    first.kill_sluice()
    place.wait_holder(second)
    place.wait_served()

    # It is back: the address stays, because a move ends sessions.
    with place.session() as session:
        first.start_sluice()
        first.wait_state("BACKUP", 2)
        until = time.monotonic() + 5  # longer than any move takes
        while time.monotonic() < until:
            assert session.value("SHOW node_id") == "1"
            assert (first.has_shared(), second.has_shared()) == (False, True)
            time.sleep(0.1)

    # It has no node any more, while the other one has.
    second.sees_nodes(False)
    wait_for(lambda: second.answer("/readyz") == 503, what="readyz to say no")
    assert second.answer("/healthz") == 200
    place.wait_holder(first)
    place.wait_served()
    second.sees_nodes(True)

    # The host dies.
    ip("-n", place.network.host(first.name), "link", "set", "eth0", "down")
    wait_for(second.has_shared, MOVE, "the address to leave a dead host")
    place.wait_served()


def test_with_no_node_at_all_clients_are_held_at_one_proxy(place):
    place.wait_served()
    place.stop_node()
    for proxy in place.proxies:
        wait_for(lambda proxy=proxy: proxy.answer("/readyz") == 503, what="readyz to say no")
        proxy.keepalived.wait_log("sluice_ready) failed", MOVE)
    holder = place.holder()
    with place.network.inside("client"):
        waiting = socket.create_connection((SHARED, 26257), PATIENCE)
    with waiting:
        # Without a process it is worse off than without nodes.
        holder.kill_sluice()
        place.wait_holder(place.other(holder))
        held = []
        thread = threading.Thread(target=lambda: held.append(place.is_served()))
        thread.start()
        place.start_node()
        thread.join(MOVE)
        assert held == [True]


def test_a_polite_stop_refuses_nobody(place):
    """/readyz says no first; clients are served until the address has moved."""
    place.wait_served()
    first = place.holder()
    refused, over = [], threading.Event()

    def clients():
        while not over.wait(0.02):  # a pace
            try:
                with place.network.inside("client"):
                    socket.create_connection((SHARED, 26257), MOVE).close()
            except ConnectionRefusedError as e:
                refused.append((time.monotonic(), e))
            except OSError:
                pass  # between two hosts: nobody answers
    thread = threading.Thread(target=clients)
    thread.start()
    try:
        first.sluice.send_signal(signal.SIGTERM)
        place.wait_holder(place.other(first))
        place.wait_served()
        assert first.sluice.wait(MOVE) == 0
        place.wait_served()
    finally:
        over.set()
        thread.join(MOVE)
    assert refused == []
