# SPDX-License-Identifier: MIT
"""Connections that are ready before a client comes: what they gain, and what they must not cost."""

import concurrent.futures
import os
import signal
import socket
import statistics
import struct
import threading
import time
from pathlib import Path

import drills
import namespaces
import pytest
from harness import LOOPBACK, PgSession, cluster_conf, free_port, port_of, wait_for
from peers import Peer, conf_of, server, service, session_log
from test_upgrade import Generations

__all__ = ["session_log"]

WARM = 4
RTT_MS = 100
GAIN_MS = 60  # at least; a round trip is what it should be

far = pytest.mark.skipif(not namespaces.can_make(),
                         reason="network namespaces cannot be made here")


def of_server(sluice, name="n1"):
    """Its keys that begin with warm, and its sessions."""
    for found in sluice.status()["services"][0]["servers"]:
        if found["name"] == name:
            return found
    raise AssertionError(f"no server {name}")


def wait_warm(sluice, count, name="n1"):
    wait_for(lambda: of_server(sluice, name)["warm"] == count,
             what=lambda: f"{count} warm connections to {name}: {of_server(sluice, name)}")


PATIENT = 'type = "http"; port = "http"; inter = "200ms"; timeout = "5s"; rise = 1; fall = 2;'


def conf_with(nodes, warm=WARM, check=""):
    psql = (f'{{ name = "psql"; bind = "{LOOPBACK}:{free_port()}"; port = "sql"; '
            'balance = "leastconn"; protocol = "pgwire"; }')
    return cluster_conf(nodes, [psql], check, node_extra=lambda n: f"warm = {warm}; ",
                        extra="threads = 2;")


class Server(Peer):
    """Answers each startup with a welcome, each query with nothing; reads until the end."""

    WELCOME = b"R" + struct.pack("!II", 8, 0) + b"Z" + struct.pack("!I", 5) + b"I"

    def __init__(self, close_after=None):
        """`close_after`: seconds in which a connection that says nothing is closed."""
        self.close_after = close_after
        super().__init__(self.talk)

    def talk(self, s):
        s.settimeout(self.close_after)
        try:
            said = s.recv(4096)
        except TimeoutError:
            return
        s.settimeout(None)
        while said:
            s.sendall(self.WELCOME)
            said = s.recv(4096)


def front(sluice, peer, warm=WARM, more="", threads=2, check=None, **options):
    """(port, balancer) with one server n1; its check always passes, or never comes."""
    port = free_port()
    checked = {"check": check} if check else {}
    text = conf_of([service("psql", port,
                            [server("n1", peer.port, f"warm = {warm}; {more}")],
                            more='protocol = "pgwire"; retries = 3;', **checked)],
                   extra=f"threads = {threads};", **options)
    return port, sluice(text)


# --- the gain -------------------------------------------------------------------------------------


@pytest.fixture
def region():
    made = namespaces.Region(1, RTT_MS)
    yield made
    made.close()


@pytest.fixture
def far_node(tmp_path, region):
    node = drills.SimNode(tmp_path, 1, region.there, region.run_by())
    node.start()
    yield node
    node.kill()


def measure(port, rounds=5):
    """Milliseconds until a client has connected and is welcome, the median."""
    took = []
    for _ in range(rounds):
        began = time.monotonic()
        session = PgSession(port)
        took.append((time.monotonic() - began) * 1000)
        session.close()
    return statistics.median(took)


@far
def test_a_far_client_is_spared_a_round_trip(sluice, far_node):
    times = {}
    for warm in 0, WARM:
        conf = conf_with([far_node], warm, PATIENT)
        balancer = sluice(conf)
        balancer.wait_server("psql/n1", "UP")
        # One that is taken comes again within a round trip: one client after the other finds some.
        wait_warm(balancer, warm)
        times[warm] = measure(port_of(conf, "psql"))
        seen = of_server(balancer)
        assert seen["warm_used"] == (5 if warm else 0), seen
        assert seen["warm_lost"] == 0 and seen["connected"] == 5, seen
        balancer.stop()
    print(f"first answer after {times[0]:.0f} ms, with warm connections after {times[WARM]:.0f} ms")
    assert times[WARM] <= times[0] - GAIN_MS, times
    assert times[WARM] >= RTT_MS - 5, times


@far
def test_a_path_that_swallows_everything_costs_no_more_than_a_connect(
        sluice, tmp_path, region, far_node, simnodes, session_log):
    """The far node is gone without a word: a session that took its connection goes elsewhere."""
    near = simnodes(1).nodes[0]
    port = free_port()
    servers = [server("n1", f"{far_node.host}:{far_node.sql}", "warm = 2;"),
               server("near", near.sql)]
    balancer = sluice(conf_of(
        [service("psql", port, servers, more='protocol = "pgwire"; balance = "first";')],
        extra="threads = 1;", connect="1s", session_log=session_log.path))
    wait_warm(balancer, 2)
    region.link.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        session = PgSession(port)
        took = time.monotonic() - began
        assert session.query("SELECT 1") == [("1",)]
        session.close()
    finally:
        region.link.send_signal(signal.SIGCONT)
    # A second for the words, a second for a connect of its own.
    assert took < 8, took
    ended = session_log.wait(1)[0]
    assert ended["server"] == "near" and ended["reason"] == "normal", ended
    assert of_server(balancer)["warm_lost"] >= 1


# --- a server that closes them --------------------------------------------------------------------


def test_what_the_server_closes_is_replaced_and_clients_do_not_notice(sluice, session_log):
    peer = Server()
    port, balancer = front(sluice, peer, session_log=session_log.path)
    over, failures, served = threading.Event(), [], []

    def come_and_go():
        while not over.is_set():
            try:
                PgSession(port).socket.close()
                served.append(1)
            except OSError as e:
                failures.append(e)
    wait_warm(balancer, WARM)
    assert of_server(balancer)["sessions"] == 0 and balancer.status()["sessions"] == 0
    wait_for(lambda: peer.sessions() == WARM, what="the server to have accepted them")
    with peer.lock:
        for s in peer.live:
            s.shutdown(socket.SHUT_RDWR)
    wait_for(lambda: of_server(balancer)["warm_lost"] == WARM, what="their loss")
    wait_warm(balancer, WARM)
    clients = [threading.Thread(target=come_and_go) for _ in range(4)]
    for c in clients:
        c.start()
    # Only those that have said nothing are closed, in the very moment in which clients come.
    peer.close_after = 0.05
    wait_for(lambda: len(served) > 300, 60, "clients to come and go")
    over.set()
    for c in clients:
        c.join(30)
    assert not failures, failures[:3]
    assert {s["reason"] for s in session_log.sessions()} == {"normal"}
    seen = of_server(balancer)
    assert seen["connect_errors"] == 0 and seen["state"].startswith(("UP", "no check")), seen
    balancer.stop()
    peer.close()


def test_a_server_that_closes_at_once_is_not_hammered(sluice):
    peer = Server(close_after=0.001)
    _, balancer = front(sluice, peer, threads=1)
    time_began = time.monotonic()
    wait_for(lambda: peer.accepted >= 4 * WARM, 60, "four rounds")
    # 100, 200 and 400 ms lie between the first four of them, whatever happens.
    assert time.monotonic() - time_began >= 0.6
    took = time.monotonic() - time_began
    # At most one round for each doubling, and one.
    rounds = 2
    while 0.1 * (2 ** (rounds - 1) - 1) <= took:
        rounds += 1
    assert peer.accepted <= rounds * WARM, (peer.accepted, took)
    assert of_server(balancer)["warm_lost"] >= 3 * WARM
    assert of_server(balancer)["connect_errors"] == 0
    balancer.stop()
    peer.close()


CHECK = 'type = "tcp"; inter = "60s"; rise = 1; fall = 3'


@pytest.mark.parametrize("how", ["reset", "end"])
def test_a_dead_one_takes_no_server_down(sluice, how):
    """Whoever took it is served, and a single check does not count as two refusals."""
    class Once(Server):
        """Ends the first connection that says something, before it answers."""
        failed = False

        def talk(self, s):
            if not self.failed and s.recv(4096):
                self.failed = True
                if how == "reset":
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            super().talk(s)
    peer = Once()
    port, balancer = front(sluice, peer, warm=1, threads=1, check=CHECK,
                           more='observe = "layer4"; error_limit = 1; on_error = "mark-down";')
    wait_warm(balancer, 1)
    PgSession(port).close()
    seen = of_server(balancer)
    assert peer.failed
    assert seen["warm_lost"] == 1 and seen["retries"] == 0 and seen["replayed"] == 0, seen
    assert seen["state"].startswith("UP") and seen["connect_errors"] == 0, seen
    assert seen["down_count"] == 0, seen
    balancer.stop()
    peer.close()


# --- servers and processes that stop --------------------------------------------------------------


def connected(nodes):
    """Connections that each node has, those that say nothing included."""
    established = "01"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ports = [int(row[1].split(":")[1], 16) for row in rows if row[3] == established]
    return [ports.count(n.sql) for n in nodes.nodes]


def test_one_that_drains_has_none_and_gets_them_back(simnodes, sluice):
    nodes = simnodes(2)
    balancer = sluice(conf_with(nodes.nodes))
    for name in "n1", "n2":
        wait_warm(balancer, WARM, name)
    for command in "drain", "maint":
        balancer.ctl(f"set server psql/n1 state {command}")
        wait_warm(balancer, 0)
        wait_for(lambda: connected(nodes) == [0, WARM], what="its connections to end")
        balancer.ctl("set server psql/n1 state ready")
        wait_warm(balancer, WARM)
    nodes.command(1, "kill")
    balancer.wait_server("psql/n1", "DOWN")
    wait_warm(balancer, 0)
    nodes.command(1, "start")
    balancer.wait_server("psql/n1", "UP")
    wait_warm(balancer, WARM)
    metrics = balancer.metrics()
    assert metrics['sluice_server_warm_connections{proxy="psql",server="n1"}'] == WARM
    assert metrics['sluice_server_warm_used_total{proxy="psql",server="n1"}'] == 0
    assert 'sluice_server_warm_lost_total{proxy="psql",server="n1"}' in metrics
    assert balancer.ctl("show sess").count("src=") == 0
    # The node that stays never lost one.
    assert of_server(balancer, "n2")["warm_lost"] == 0


def test_a_reload_changes_how_many_there_are(simnodes, sluice):
    nodes = simnodes(1)
    conf = conf_with(nodes.nodes)
    balancer = sluice(conf)
    wait_warm(balancer, WARM)
    session = PgSession(port_of(conf, "psql"))
    wait_warm(balancer, WARM)
    for count in 8, 0, 2:
        balancer.write_conf(conf.replace(f"warm = {WARM};", f"warm = {count};"))
        balancer.reload()
        wait_warm(balancer, count)
        wait_for(lambda n=count: connected(nodes) == [n + 1], what=f"{count} and a session")
    assert session.query("SELECT 1") == [("1",)]
    session.close()
    # Without the service there is nobody to keep them for.
    balancer.write_conf(conf.replace('name = "psql"', 'name = "other"').replace(
        f":{port_of(conf, 'psql')}", f":{free_port()}").replace(f"warm = {WARM};", ""))
    balancer.reload()
    wait_for(lambda: connected(nodes) == [0], what="the last ones to end")


def test_a_service_that_takes_anothers_address_has_its_own(simnodes, sluice):
    nodes = simnodes(1)
    conf = conf_with(nodes.nodes)
    balancer = sluice(conf)
    wait_warm(balancer, WARM)
    session = PgSession(port_of(conf, "psql"))
    balancer.write_conf(conf.replace('name = "psql"', 'name = "other"'))
    balancer.reload()
    wait_warm(balancer, WARM)
    wait_for(lambda: connected(nodes) == [WARM + 1], what="no more than these and a session")
    assert session.query("SELECT 1") == [("1",)]
    session.close()


def test_an_upgraded_process_leaves_none_behind(simnodes, sluice):
    nodes = simnodes(1)
    conf = conf_with(nodes.nodes)
    generations = Generations(sluice(conf))
    try:
        wait_warm(generations.balancer, WARM)
        session = PgSession(port_of(conf, "psql"))
        wait_warm(generations.balancer, WARM)
        used = of_server(generations.balancer)["warm_used"]
        generations.upgrade()
        wait_warm(generations.balancer, WARM)
        # Its own and the session that the other process still has.
        wait_for(lambda: connected(nodes) == [WARM + 1], what="only its own")
        assert of_server(generations.balancer)["warm_used"] == used == 1
        assert session.query("SELECT 1") == [("1",)]
        # One that leaves politely keeps the session, and nothing else.
        os.kill(generations.now, signal.SIGUSR1)
        wait_for(lambda: connected(nodes) == [1], what="all but the session to end")
        session.close()
    finally:
        generations.end()


# --- many -----------------------------------------------------------------------------------------


def test_a_thousand_clients_at_once_are_served(simnodes, sluice):
    nodes = simnodes(1)
    conf = conf_with(nodes.nodes)
    balancer = sluice(conf)
    port = port_of(conf, "psql")
    wait_warm(balancer, WARM)
    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        sessions = list(pool.map(lambda _: PgSession(port), range(1000)))
    seen = of_server(balancer)
    assert seen["sessions"] == 1000 and seen["connected"] == 1000, seen
    assert seen["connect_errors"] == seen["retries"] == seen["replayed"] == 0, seen
    assert WARM <= seen["warm_used"] <= 1000 and seen["warm_lost"] == 0, seen
    for s in sessions:
        s.close()
    wait_for(lambda: of_server(balancer)["sessions"] == 0, what="all to leave")
    wait_warm(balancer, WARM)
    wait_for(lambda: connected(nodes) == [WARM], what="only warm ones")
