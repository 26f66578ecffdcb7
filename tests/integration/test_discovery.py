# SPDX-License-Identifier: MIT
"""Nodes that the cluster tells: they come and go without a reload and without a session lost."""

import contextlib
import json
import os
import re
import socket
import ssl
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness import LOOPBACK, PATIENCE, PgSession, free_port, make_cert, port_of, wait_for
from listing import DECOMMISSIONED, DECOMMISSIONING, document, node, reply, reset
from process import program
from test_jsonkeys import documented
from test_upgrade import Generations, lives

# A machine that stands still for a moment is no failure.
CHECK = 'check = { inter = "100ms"; timeout = "5s"; rise = 1; fall = 2; };'


def conf_of(seeds, discover="", nodes="", services=None, cluster=CHECK, extra="", every="1s"):
    """A configuration that learns its nodes from `seeds`, URLs."""
    urls = ", ".join(f'"{url}"' for url in seeds)
    if "cache" not in discover:
        discover += 'cache = "";'
    services = services or (f'{{ name = "psql"; bind = "{LOOPBACK}:{free_port()}"; port = "sql"; '
                            'balance = "roundrobin"; }')
    nodes = f"nodes = ( {nodes} );" if nodes else ""
    return (f'cluster = {{ {nodes} discover = {{ from = ( {urls} ); every = "{every}"; '
            f'{discover} }}; {cluster} }};\nservices = ( {services} );\n{extra}\n')


def servers(sluice, service="psql"):
    """Names of its servers that are up."""
    rows = sluice.stat()
    return sorted(name.split("/")[1] for name, row in rows.items()
                  if name.startswith(f"{service}/n") and row["status"] == "UP")


def leaving(sluice, service="psql"):
    """Names of its servers that the cluster has let go."""
    rows = next(x for x in sluice.status()["services"] if x["name"] == service)["servers"]
    return [r["name"] for r in rows if "drain (left the cluster)" in r["admin"]]


def wait_servers(sluice, *names, service="psql"):
    wait_for(lambda: servers(sluice, service) == sorted(names),
             what=lambda: f"servers {names}; there are {servers(sluice, service)}")


def discovery(sluice):
    return sluice.status()["discovery"]


def texts(sluice):
    """What the journal says of discovery, in order."""
    events = json.loads(sluice.http("/v1/events")[2])["events"]
    return [e["text"] for e in events if e.get("text", "").startswith("discovery: ")]


def run(*words, socket_path=None, expect=0):
    """What a command says."""
    where = ["-s", socket_path] if socket_path else []
    done = subprocess.run([program("sluice"), *words, *where], capture_output=True, text=True,
                          timeout=PATIENCE, check=False)
    assert done.returncode == expect, done
    return done.stdout


def wait_text(sluice, words, count=1):
    wait_for(lambda: len([t for t in texts(sluice) if words in t]) >= count,
             what=lambda: f"{words!r} in {texts(sluice)}")


class Clients:
    """SQL sessions that stay, and that all must work at the end."""

    def __init__(self, port):
        self.port = port
        self.sessions = []

    def add(self, count):
        self.sessions += [PgSession(self.port) for _ in range(count)]

    def check(self):
        for session in self.sessions:
            assert session.value("SELECT 1") == "1"

    def close(self):
        while self.sessions:
            self.sessions.pop().close()

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.close()


class Arrivals:
    """A client that opens one session after the other, all the time."""

    def __init__(self, port):
        self.port = port
        self.served, self.failures = 0, []
        self.ends = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while not self.ends.is_set():
            try:
                with contextlib.closing(PgSession(self.port)) as session:
                    assert session.value("SELECT 1") == "1"
                self.served += 1
            except (OSError, AssertionError) as failure:
                self.failures.append(failure)
            time.sleep(0.005)

    def wait_served(self, count):
        """Until so many more have been served."""
        before = self.served
        wait_for(lambda: self.served >= before + count, what="clients to be served")

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *failure):
        self.ends.set()
        self.thread.join(PATIENCE)
        assert not self.failures, self.failures[:3]


# --- nodes come and go ----------------------------------------------------------------------------


def test_it_begins_with_one_address_and_follows_the_cluster_from_three_nodes_to_five_and_back(
        sluice, simnodes, tmp_path):
    cluster = simnodes(5)
    for number in (4, 5):
        cluster.command(number, "unlist")
    conf = conf_of([f"http://{LOOPBACK}:{cluster.node(1).http}"],
                   f'cache = "{tmp_path}/nodes";')
    s = sluice(conf)
    wait_servers(s, "n1", "n2", "n3")
    with Clients(port_of(conf, "psql")) as clients:
        clients.add(6)
        cluster.command(4, "list")
        cluster.command(5, "list")
        wait_servers(s, "n1", "n2", "n3", "n4", "n5")
        clients.add(10)
        assert all(cluster.status(n)["sessions"] >= 2 for n in (4, 5))
        before = {name: row["stot"] for name, row in s.stat().items()}
        held = cluster.status(4)["sessions"] + cluster.status(5)["sessions"]
        cluster.command(4, "unlist")
        wait_servers(s, "n1", "n2", "n3", "n5")
        cluster.command(5, "decommission")
        wait_servers(s, "n1", "n2", "n3")
        clients.check()
        # They get no new sessions and keep those that they have.
        accepted = [cluster.status(n)["accepted"] for n in (4, 5)]
        clients.add(6)
        clients.check()
        assert [cluster.status(n)["accepted"] for n in (4, 5)] == accepted
        assert cluster.status(4)["sessions"] + cluster.status(5)["sessions"] == held
        after = {name: row["stot"] for name, row in s.stat().items()}
        assert all(int(after[f"psql/n{n}"]) == int(before[f"psql/n{n}"]) + 2 for n in (1, 2, 3))
        clients.close()
    wait_for(lambda: cluster.status(4)["sessions"] + cluster.status(5)["sessions"] == 0,
             what="the last sessions to end")
    wait_text(s, "the last session has ended")
    wait_for(lambda: not leaving(s), what="those that left to go")
    # Between the two commands it may have asked.
    told = [t.removeprefix("discovery: ") for t in texts(s)]
    gone = [t for t in told if t.endswith(": the last session has ended")]
    told = [t for t in told if t not in gone]
    assert told[0] == "n1, n2, n3 joined"
    assert told[-2:] == ["n4 left", "n5 is being decommissioned"]
    assert told[1:-2] in (["n4, n5 joined"], ["n4 joined", "n5 joined"])
    assert sorted(re.findall("n[0-9]", " ".join(gone))) == ["n4", "n5"]
    assert "reload" not in s.log()
    assert (tmp_path / "nodes").read_text().count("\n") == 4  # a comment, and a line for each


def test_whoever_connects_all_the_time_sees_nothing_of_it(sluice, simnodes):
    cluster = simnodes(5)
    for number in (4, 5):
        cluster.command(number, "unlist")
    conf = conf_of([f"http://{LOOPBACK}:{cluster.node(1).http}"])
    s = sluice(conf)
    wait_servers(s, "n1", "n2", "n3")
    with Clients(port_of(conf, "psql")) as clients, Arrivals(port_of(conf, "psql")) as arrivals:
        for _ in range(2):
            clients.add(3)
            cluster.command(4, "list")
            cluster.command(5, "list")
            wait_servers(s, "n1", "n2", "n3", "n4", "n5")
            arrivals.wait_served(10)
            clients.add(5)
            cluster.command(5, "unlist")
            cluster.command(4, "decommission")
            wait_servers(s, "n1", "n2", "n3")
            arrivals.wait_served(10)
            clients.check()
            cluster.command(4, "reset")
            cluster.command(4, "unlist")
        accepted = [cluster.status(n)["accepted"] for n in (4, 5)]
        arrivals.wait_served(20)
        assert [cluster.status(n)["accepted"] for n in (4, 5)] == accepted
        assert sum(cluster.status(n)["sessions"] for n in (4, 5)) >= 1
        clients.check()
    assert not [name for name, n in s.metrics().items() if "connect_errors" in name and n]
    assert "reload" not in s.log()


def test_a_node_that_comes_back_while_it_has_sessions_simply_serves_again(sluice, simnodes,
                                                                          listing):
    cluster = simnodes(2)
    told = listing(cluster.nodes)
    conf = conf_of([told.url])
    s = sluice(conf)
    wait_servers(s, "n1", "n2")
    with Clients(port_of(conf, "psql")) as clients:
        clients.add(4)
        told.tell(cluster.nodes[:1])
        wait_servers(s, "n1")
        assert leaving(s) == ["n2"]
        told.tell(cluster.nodes)
        wait_servers(s, "n1", "n2")
        assert not leaving(s)
        assert s.stat()["psql/n2"]["scur"] == "2"
        clients.add(4)
        assert int(s.stat()["psql/n2"]["scur"]) == cluster.status(2)["sessions"] == 4
        clients.check()
        told.tell(cluster.nodes[:1])
        wait_servers(s, "n1")
        clients.check()
    wait_text(s, "n2: the last session has ended")
    assert "psql/n2" not in s.stat()
    # After that it is a new one.
    told.tell(cluster.nodes)
    wait_servers(s, "n1", "n2")
    assert s.stat()["psql/n2"]["stot"] == "0"
    assert [t.removeprefix("discovery: ") for t in texts(s)] == [
        "n1, n2 joined", "n2 left", "n2 joined", "n2 left", "n2: the last session has ended",
        "n2 joined"]


@pytest.mark.parametrize("state, words, event", [
    (None, "left the cluster", "n2 left"),
    (DECOMMISSIONING, "is being decommissioned", "n2 is being decommissioned"),
    (DECOMMISSIONED, "is decommissioned", "n2 is decommissioned")])
def test_a_node_that_leaves_is_in_drain_until_its_last_session_has_ended(
        sluice, simnodes, listing, tmp_path, state, words, event):
    cluster = simnodes(3)
    one, _, three = cluster.nodes
    told = listing(cluster.nodes)
    conf = conf_of([told.url], f'session = "none"; cache = "{tmp_path}/nodes";')
    s = sluice(conf)
    wait_servers(s, "n1", "n2", "n3")
    with Clients(port_of(conf, "psql")) as clients:
        clients.add(6)
        told.tell(cluster.nodes if state else [one, three], {"2": state} if state else {})
        wait_servers(s, "n1", "n3")
        wait_text(s, f"discovery: {event}")
        for _ in range(2):
            row = next(r for r in s.status()["services"][0]["servers"] if r["name"] == "n2")
            assert row["admin"] == ["drain (left the cluster)"] and row["state"] == "DRAIN"
            assert (row["sessions"], row["cause"]) == (2, words)
            assert s.stat()["psql/n2"]["status"] == "DRAIN"
            assert s.metrics()['haproxy_server_current_sessions{proxy="psql",server="n2"}'] == 2
            said = " ".join(run("why", "n2", socket_path=s.socket_path).split())
            assert f"as it {words}: no new sessions; 2 sessions go on" in said, said
            assert "serves again (cluster.discover)" in said and "sluice ready" not in said
            # A reload of another thing keeps it, and finds nothing else.
            s.write_conf(conf.replace("roundrobin", "leastconn"))
            answer = s.ctl("reload")
            assert "n2" not in answer and "server" not in answer, answer
        assert discovery(s)["known"] == discovery(s)["joined"] == 2
        assert (tmp_path / "nodes").read_text().count("127.0.0.1") == 2
        served = cluster.status(2)["accepted"]
        clients.add(4)
        clients.check()
        assert cluster.status(2)["accepted"] == served
        # Orders for it are obeyed, and do not bring it back.
        run("drain", "n2", socket_path=s.socket_path)
        run("ready", "n2", socket_path=s.socket_path)
        assert s.stat()["psql/n2"]["status"] == "DRAIN"
        with subprocess.Popen([program("sluice"), "watch", "--until", "n2 drained", "--timeout",
                               f"{PATIENCE:.0f}s", "--since", "1h", "-s", s.socket_path],
                              stdout=subprocess.PIPE, text=True) as watch:
            assert watch.stdout.readline()
            clients.close()
            assert "n2 drained" in watch.communicate(timeout=PATIENCE)[0]
            assert watch.returncode == 0
    wait_text(s, "discovery: n2: the last session has ended")
    assert "psql/n2" not in s.stat()
    wait_servers(s, "n1", "n3")


def test_a_node_that_left_and_is_dead_goes_as_any_other(sluice, simnodes, listing):
    cluster = simnodes(3)
    told = listing(cluster.nodes)
    conf = conf_of([told.url], 'session = "none";',
                   cluster=CHECK + ' server = { on_marked_down = "shutdown-sessions"; };')
    s = sluice(conf)
    wait_servers(s, "n1", "n2", "n3")
    with Clients(port_of(conf, "psql")) as clients:
        clients.add(3)
        told.tell(cluster.nodes[:2])
        wait_servers(s, "n1", "n2")
        assert leaving(s) == ["n3"]
        cluster.command(3, "kill")
        wait_text(s, "n3: the last session has ended")
        assert "psql/n3" not in s.stat()


def test_a_node_without_sessions_goes_at_once(sluice, simnodes, listing):
    cluster = simnodes(2)
    told = listing(cluster.nodes)
    s = sluice(conf_of([told.url]))
    wait_servers(s, "n1", "n2")
    told.tell(cluster.nodes[:1])
    wait_text(s, "n2 left")
    assert "psql/n2" not in s.stat()
    assert texts(s)[-1] == "discovery: n2 left"


@pytest.mark.parametrize("state", [None, DECOMMISSIONING])
def test_a_written_node_that_the_cluster_lets_go_is_told_once(sluice, simnodes, listing, state):
    cluster = simnodes(3)
    one, two, three = cluster.nodes
    told = listing(cluster.nodes)
    written = (f'{{ name = "second"; host = "{two.host}"; sql_port = {two.sql}; '
               f'http_port = {two.http}; }}')
    s = sluice(conf_of([told.url], 'session = "none";', nodes=written))
    wait_servers(s, "n1", "n3")
    told.tell(cluster.nodes if state else [one, three], {"2": state} if state else {})
    what = "second is being decommissioned" if state else "second left"
    wait_text(s, f"discovery: {what}, still written in the file: delete it there")
    told.wait_asked(2)
    assert len([t for t in texts(s) if "second" in t]) == 1
    assert s.stat()["psql/second"]["status"] == "UP"


def test_a_node_that_is_merely_away_stays(sluice, simnodes):
    cluster = simnodes(4)
    cluster.command(4, "unlist")
    s = sluice(conf_of([f"http://{LOOPBACK}:{cluster.node(1).http}"]))
    wait_servers(s, "n1", "n2", "n3")
    cluster.command(3, "kill")
    s.wait_server("psql/n3", "DOWN")
    cluster.command(2, "dead")
    cluster.command(4, "list")  # so that a later list is seen
    wait_servers(s, "n1", "n2", "n4")
    assert s.stat()["psql/n3"]["status"] == "DOWN"
    cluster.command(3, "start")
    wait_servers(s, "n1", "n2", "n3", "n4")
    assert texts(s) == ["discovery: n1, n2, n3 joined", "discovery: n4 joined"]


def test_an_operators_orders_and_counters_stay_with_their_nodes(sluice, simnodes, listing):
    cluster = simnodes(4)
    told = listing(cluster.nodes[:3])
    conf = conf_of([told.url])
    s = sluice(conf)
    wait_servers(s, "n1", "n2", "n3")
    s.ctl("set server psql/n2 state drain")
    s.ctl("set weight psql/n3 50%")
    with Clients(port_of(conf, "psql")) as clients:
        clients.add(4)
        before = s.stat()
        told.tell(cluster.nodes)
        s.wait_server("psql/n4", "UP")
        after = s.stat()
        assert after["psql/n2"]["status"].startswith("DRAIN")
        for name in ("psql/n1", "psql/n2", "psql/n3"):
            for column in ("stot", "weight", "bin", "chkdown"):
                assert after[name][column] == before[name][column], (name, column)
        clients.check()


def test_a_node_that_moves_keeps_its_name(sluice, simnodes, listing):
    cluster = simnodes(3)
    one, two, three = cluster.nodes
    told = listing([one, two])
    s = sluice(conf_of([told.url]))
    wait_servers(s, "n1", "n2")
    told.tell([one, node(2, three.host, three.sql, three.http)])
    wait_for(lambda: s.stat()["psql/n2"]["addr"] == f"{three.host}:{three.sql}",
             what="the other address")
    wait_text(s, "discovery: n2 has another address")
    s.wait_server("psql/n2", "UP")


def test_nodes_that_are_written_stay_and_stand_for_those_of_their_address(sluice, simnodes,
                                                                          listing):
    cluster = simnodes(4)
    one, two, three, four = cluster.nodes
    written = [f'{{ name = "first"; host = "{one.host}"; sql_port = {one.sql}; '
               f'http_port = {one.http}; weight = 7; }}',
               f'{{ name = "n2"; host = "{four.host}"; sql_port = {four.sql}; '
               f'http_port = {four.http}; }}']
    told = listing([one, two, three])
    s = sluice(conf_of([told.url], nodes=", ".join(written)))
    wait_for(lambda: [n for n in s.stat() if "END" not in n] ==
             ["psql/first", "psql/n2", "psql/n2-2", "psql/n3"], what="the servers")
    rows = s.stat()
    assert rows["psql/first"]["weight"] == "7"
    assert rows["psql/n2"]["addr"] == f"{four.host}:{four.sql}"
    assert rows["psql/n2-2"]["addr"] == f"{two.host}:{two.sql}"
    told.tell([two, three])
    wait_for(lambda: discovery(s)["known"] == 2, what="the shorter list")
    assert [n for n in s.stat() if "END" not in n] == ["psql/first", "psql/n2", "psql/n2-2",
                                                        "psql/n3"]


def test_localities_of_discovered_nodes_make_tiers_and_can_be_a_filter(sluice, simnodes, listing):
    cluster = simnodes(3)
    where = ["region=a,zone=1", "region=a,zone=2", "region=b,zone=1"]
    told = listing([node(n.id, n.host, n.sql, n.http, w) for n, w in zip(cluster.nodes, where)])
    s = sluice(conf_of([told.url], extra='locality = "region=a,zone=1";'))
    wait_servers(s, "n1", "n2", "n3")
    rows = {server["name"]: server for server in s.status()["services"][0]["servers"]}
    assert [rows[n]["locality"] for n in ("n1", "n2", "n3")] == where
    assert rows["n1"]["tier"] < rows["n2"]["tier"] < rows["n3"]["tier"]
    near = sluice(conf_of([told.url], 'locality = "region=a";'))
    wait_servers(near, "n1", "n2")
    assert (discovery(near)["joined"], discovery(near)["elsewhere"]) == (2, 1)
    assert "3 nodes (1 left out by locality) from " in run("status", socket_path=near.socket_path)


def test_a_map_has_other_addresses_for_nodes(sluice, simnodes, listing):
    cluster = simnodes(2)
    one, two = cluster.nodes
    told = listing([node(1, "10.255.0.1", 26257, 8080), node(2, "10.255.0.2", 26257, 8080)])
    mapping = (f'map = ( {{ node = "10.255.0.1"; host = "{one.host}"; sql_port = {one.sql}; '
               f'http_port = {one.http}; }}, {{ node = "n2"; host = "localhost"; '
               f'sql_port = {two.sql}; http_port = {two.http}; }} );')
    s = sluice(conf_of([told.url], mapping))
    wait_servers(s, "n1", "n2")
    rows = s.stat()
    assert rows["psql/n1"]["addr"] == f"{one.host}:{one.sql}"
    assert rows["psql/n2"]["addr"].endswith(f":{two.sql}")


def test_of_nodes_with_one_address_there_is_one_server(sluice, simnodes, listing):
    cluster = simnodes(2)
    one, two = cluster.nodes
    told = listing([one, node(7, one.host, one.sql, one.http), two])
    s = sluice(conf_of([told.url]))
    wait_servers(s, "n2", "n7")
    assert discovery(s)["known"] == 2


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "own"])
def test_a_node_that_tells_sluices_own_address_gets_no_session(sluice, simnodes, listing, host):
    one, two = simnodes(2).nodes
    port = free_port()
    own = own_address() if host == "own" else host
    told = listing([one, node(2, own, port, two.http)])
    s = sluice(conf_of([told.url], services=f'{{ name = "psql"; bind = ":{port}"; port = "sql"; '
                       'balance = "roundrobin"; }', cluster="check = { type = \"none\"; };"))
    wait_for(lambda: discovery(s)["joined"] == 2, what="the list")
    with Clients(port) as clients:
        clients.add(6)
        clients.check()
        rows = s.stat()
        assert (rows["psql/n1"]["stot"], rows["psql/n2"]["stot"]) == ("6", "0")
    row = next(r for r in s.status()["services"][0]["servers"] if r["name"] == "n2")
    assert row["state"] == "DOWN"
    said = " ".join(run("why", "psql/n2", socket_path=s.socket_path).split())
    assert f"its address is where this service listens (bind :{port})" in said
    told.tell([one, two])
    wait_for(lambda: s.stat()["psql/n2"]["addr"] == f"{two.host}:{two.sql}", what="another address")
    wait_for(lambda: s.stat()["psql/n2"]["status"] == "no check", what="n2 to serve")


def own_address():
    """One of this host that is not loopback's; a test machine without any has only the others."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("no interface but lo")
        return s.getsockname()[0]


def test_addresses_of_ipv6_are_taken(sluice, listing):
    if not socket.has_ipv6 or not can_bind_ipv6():
        pytest.skip("no IPv6 here")
    told = listing([node(1, "[::1]", 26257, 8080), node(2, "[fd00::2]", 26257, 8080)])
    s = sluice(conf_of([told.url], cluster='check = { type = "none"; };'), wait="healthy")
    wait_for(lambda: discovery(s)["known"] == 2, what="the list")
    rows = {row["name"]: row["address"] for row in s.status()["services"][0]["servers"]}
    assert rows == {"n1": "[::1]:26257", "n2": "[fd00::2]:26257"}


def can_bind_ipv6():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def test_clients_wait_for_the_first_list_if_they_are_held(sluice, simnodes, listing):
    cluster = simnodes(1)
    told = listing([])
    service = (f'{{ name = "psql"; bind = "{LOOPBACK}:{free_port()}"; port = "sql"; '
               'hold = "20s"; }')
    conf = conf_of([told.url], services=service)
    s = sluice(conf, wait="healthy")
    wait_for(lambda: discovery(s)["error"], what="the empty list to be refused")
    assert s.http("/readyz")[0] == 503
    with ThreadPoolExecutor() as pool:
        client = pool.submit(PgSession, port_of(conf, "psql"))
        wait_for(lambda: s.status()["services"][0]["held"] == 1, what="a client that is held")
        told.tell(cluster.nodes)
        with contextlib.closing(client.result(PATIENCE)) as session:
            assert session.value("SELECT 1") == "1"


BALANCES = ("roundrobin", "leastconn", "random", "first", "source", "static-rr", "hash")


def test_every_way_to_balance_does_without_a_server(sluice, simnodes, listing):
    cluster = simnodes(2)
    told = listing([])
    ports = {balance: free_port() for balance in BALANCES}
    services = ", ".join(f'{{ name = "{b}"; bind = "{LOOPBACK}:{port}"; balance = "{b}"; '
                         'retries = 1; timeout = { connect = "1s"; queue = "1s"; }; }'
                         for b, port in ports.items())
    s = sluice(conf_of([told.url], services=services), wait="healthy")
    for port in ports.values():
        with pytest.raises((ConnectionError, OSError)):
            PgSession(port)
    told.tell(cluster.nodes)
    for balance, port in ports.items():
        wait_servers(s, "n1", "n2", service=balance)
        with contextlib.closing(PgSession(port)) as session:
            assert session.value("SELECT 1") == "1"


# --- whom it asks ---------------------------------------------------------------------------------


def test_seeds_are_asked_in_turn_and_then_the_nodes_that_are_known(sluice, simnodes, listing):
    cluster = simnodes(4)
    cluster.command(4, "decommission")
    dead = f"http://{LOOPBACK}:{free_port()}"
    told = listing(cluster.nodes[:3])
    s = sluice(conf_of([dead, told.url]))
    wait_servers(s, "n1", "n2", "n3")
    assert discovery(s)["from"] == told.url
    assert discovery(s)["error"] is None
    told.close()
    nodes = [f"http://{n.host}:{n.http}" for n in cluster.nodes]
    wait_for(lambda: discovery(s)["from"] in nodes, what="a node to be asked")
    assert discovery(s)["error"] is None
    cluster.command(4, "reset")
    wait_servers(s, "n1", "n2", "n3", "n4")


def test_only_one_is_asked_at_a_time(sluice, simnodes, listing):
    cluster = simnodes(3)
    told = listing(cluster.nodes)
    s = sluice(conf_of([told.url]))
    wait_servers(s, "n1", "n2", "n3")
    now, most = [], []

    def slow(connection, _):
        now.append(1)
        most.append(len(now))
        time.sleep(0.4)
        reply(connection, document(cluster.nodes).encode())
        now.pop()
    told.answer = slow
    told.wait_asked(4)
    assert max(most) == 1


# --- the cluster's HTTP goes away -----------------------------------------------------------------


def test_the_list_stays_while_nobody_answers_and_that_is_told_once(sluice, simnodes, listing):
    cluster = simnodes(3)
    told = listing(cluster.nodes)
    conf = conf_of([told.url], 'session = "none"; ')  # so that no other node is asked
    s = sluice(conf)
    wait_servers(s, "n1", "n2", "n3")
    with Clients(port_of(conf, "psql")) as clients:
        clients.add(3)
        told.close()
        wait_text(s, "the cluster cannot be asked")
        failures = discovery(s)["failures"]
        wait_for(lambda: discovery(s)["failures"] >= failures + 2, what="further rounds")
        assert len([t for t in texts(s) if "cannot be asked" in t]) == 1
        assert "Connection refused" in discovery(s)["error"]
        assert servers(s) == ["n1", "n2", "n3"]
        metrics = s.metrics()
        assert metrics["sluice_discovery_nodes"] == 3
        assert metrics["sluice_discovery_failures_total"] >= 3
        assert metrics["sluice_discovery_last_success_age_seconds"] >= 1
        clients.check()
        told.open()
        wait_text(s, "the cluster answers again")
        assert discovery(s)["error"] is None
        clients.check()


def test_it_starts_from_the_list_that_was_kept_while_nobody_answers(sluice, simnodes, listing,
                                                                    tmp_path):
    cluster = simnodes(4)
    cache = tmp_path / "nodes"
    told = listing(cluster.nodes[:3])
    conf = conf_of([told.url], f'session = "none"; cache = "{cache}";')
    first = sluice(conf)
    wait_servers(first, "n1", "n2", "n3")
    wait_for(cache.exists, what="the list to be kept")
    assert cache.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.glob("nodes*")] == ["nodes"]
    first.stop()
    told.close()
    os.utime(cache, (time.time() - 7500, time.time() - 7500))
    s = sluice(conf)
    wait_servers(s, "n1", "n2", "n3")
    wait_text(s, "the kept list counts: 3 nodes, 2h05m old")
    assert discovery(s)["known"] == 3
    assert discovery(s)["last_s"] >= 7500
    wait_text(s, "the cluster cannot be asked")
    told.tell(cluster.nodes)
    told.open()
    wait_servers(s, "n1", "n2", "n3", "n4")
    wait_for(lambda: time.time() - cache.stat().st_mtime < 60, what="the list to be new")


@pytest.mark.parametrize("content, mode, words", [
    (b"\x00\xff" * 500, 0o600, "left out"),
    (b"n1 10.0.0.1\nn1 10.0.0.2\n", 0o600, "is taken"),
    (b"n1 10.0.0.1\n", 0o666, "can be changed by others"),
    (b"# x\n" * 600000, 0o600, "too large"),
    (b"", 0o600, "left out"),
], ids=["garbage", "a-name-twice", "anybodys", "too-large", "empty"])
def test_a_kept_list_that_is_none_is_left_out(sluice, simnodes, listing, tmp_path, content, mode,
                                              words):
    cluster = simnodes(2)
    cache = tmp_path / "nodes"
    cache.write_bytes(content)
    cache.chmod(mode)
    told = listing(cluster.nodes)
    s = sluice(conf_of([told.url], f'cache = "{cache}";'))
    assert words in s.log()
    wait_servers(s, "n1", "n2")
    wait_for(lambda: cache.read_text().count("127.0.0.1") == 2, what="a new list")
    assert cache.stat().st_mode & 0o777 == 0o600


def test_a_place_that_cannot_keep_the_list_is_told_once(sluice, simnodes, listing, tmp_path):
    cluster = simnodes(2)
    told = listing(cluster.nodes[:1])
    s = sluice(conf_of([told.url], f'cache = "{tmp_path}/none/none/nodes";'))
    wait_servers(s, "n1")
    told.tell(cluster.nodes)
    wait_servers(s, "n1", "n2")
    told.wait_asked(2)
    assert len([t for t in texts(s) if "the list is not kept" in t]) == 1


# --- odd answers ----------------------------------------------------------------------------------


def many(count, pad=0):
    nodes = [node(i, f"10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}", 26257, 8080)
             for i in range(1, count + 1)]
    for one in nodes if pad else []:
        one["metrics"] = {"pad": "x" * pad}
    return document(nodes).encode()


def drip(connection, _):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        connection.sendall(b" ")
        time.sleep(0.05)


def endless(connection, _):
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b'{"nodes":[' * 10000)


HOSTILE = {
    "garbage": lambda c, _: c.sendall(os.urandom(5000)),
    "html": lambda c, _: reply(c, b"<html>hello</html>"),
    "a-word": lambda c, _: reply(c, b"healthy\n"),
    "lines": lambda c, _: reply(c, b"10.0.0.1\n10.0.0.2\n10.0.0.3\n"),
    "binary": lambda c, _: reply(c, b'{"nodes":[\0]}'),
    "not-json": lambda c, _: reply(c, b'{"nodes":[{"desc":'),
    "deep": lambda c, _: reply(c, b'{"nodes":' + b"[" * 200000),
    "no-nodes": lambda c, _: reply(c, b'{"nodes":[]}'),
    "other-types": lambda c, _: reply(c, b'{"nodes":[1,"x",null,{"desc":7}]}'),
    "huge": lambda c, _: reply(c, many(10000)),
    "odd-names": lambda c, _: reply(c, document([node(
        1, 'x"; rm -rf', 26257, 8080, 'region=a"};\nadmin')]).encode()),
    "one-number-twice": lambda c, _: reply(c, document([
        node(1, "10.0.0.1", 26257, 8080), node(1, "10.0.0.2", 26257, 8080)]).encode()),
    "port-out-of-range": lambda c, _: reply(c, document([node(
        1, "10.0.0.1", 99999, 8080)]).encode()),
    "500": lambda c, _: reply(c, b"{}", "500 Internal Server Error"),
    "header-without-end": lambda c, _: c.sendall(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 50000),
    "too-long": lambda c, _: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n"
                                       b"\r\n"),
    "itself-as-host": lambda c, _: reply(c, document([node(1, "*", 26257, 8080)]).encode()),
    "a-path-as-host": lambda c, _: reply(c, document([node(
        1, "unix:/run/postgresql", 5432, 8080)]).encode()),
    "redirect": lambda c, _: reply(c, b"", "302 Found", "Location: http://127.0.0.1:1/\r\n"),
    "cut-off": lambda c, _: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"),
    "reset": lambda c, _: reset(c),
    "silent": lambda c, _: time.sleep(3),
    "drip": drip,
    "endless": endless,
}


@pytest.mark.parametrize("way", HOSTILE)
def test_odd_answers_do_no_harm(sluice, simnodes, listing, way):
    cluster = simnodes(3)
    told = listing(cluster.nodes)
    conf = conf_of([told.url], 'session = "none"; minimum = 2; ')
    s = sluice(conf)
    wait_servers(s, "n1", "n2", "n3")
    with Clients(port_of(conf, "psql")) as clients:
        clients.add(3)
        told.answer = HOSTILE[way]
        wait_for(lambda: discovery(s)["error"], what="an error")
        assert servers(s) == ["n1", "n2", "n3"]
        clients.check()
        told.answer = None
        wait_for(lambda: not discovery(s)["error"], what="the good list")
        assert servers(s) == ["n1", "n2", "n3"]
        assert not re.search("joined|left", "".join(texts(s)[1:])), texts(s)
        clients.check()


def test_ten_thousand_nodes_are_refused_while_everything_goes_on(sluice, simnodes, listing):
    cluster = simnodes(3)
    told = listing(cluster.nodes)
    conf = conf_of([told.url], 'session = "none"; ', every="3s")
    s = sluice(conf)
    wait_servers(s, "n1", "n2", "n3")
    crowd = many(10000, pad=1500)
    assert 14 << 20 < len(crowd) < 32 << 20
    with Clients(port_of(conf, "psql")) as clients, Arrivals(port_of(conf, "psql")) as arrivals:
        clients.add(3)
        told.answer = lambda c, _: reply(c, crowd)
        wait_text(s, "there are more than 1024 nodes")
        assert "more than 1024 nodes" in discovery(s)["error"]
        # Checks find what happens while such answers come.
        cluster.command(3, "health 503")
        s.wait_server("psql/n3", "DOWN")
        arrivals.wait_served(20)
        assert all(row["check"]["age_s"] <= 2 for row in s.status()["services"][0]["servers"])
        cluster.command(3, "health 200")
        told.wait_asked(2)
        wait_servers(s, "n1", "n2", "n3")
        assert len([t for t in texts(s) if "more than 1024" in t]) == 1
        assert resident(s.pid) < 1 << 30  # the sanitizer keeps what is freed for a while


def resident(pid):
    """Bytes of memory."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(r"VmRSS:\s*(\d+) kB", file.read())[1]) * 1024


def test_metrics_of_nodes_may_be_large(sluice, simnodes, listing):
    """A list of 200 nodes has some 20 MB of them."""
    cluster = simnodes(3)
    metrics = {f"some.metric.of-a-node-{i}": i * 1.37 for i in range(150000)}
    nodes = [node(n.id, n.host, n.sql, n.http) | {"metrics": metrics} for n in cluster.nodes]
    told = listing([cluster.node(1)])
    s = sluice(conf_of([told.url], every="3s"))
    wait_servers(s, "n1")
    told.tell(nodes)
    assert len(told.body) > 15 << 20
    wait_servers(s, "n1", "n2", "n3")


def test_a_list_that_is_much_smaller_counts_when_it_has_come_three_times(sluice, simnodes,
                                                                         listing):
    cluster = simnodes(5)
    told = listing(cluster.nodes)
    # A session in clear is shown to no other node: none of them contradicts.
    s = sluice(conf_of([told.url], 'session = "none"; '))
    wait_servers(s, "n1", "n2", "n3", "n4", "n5")
    told.tell(cluster.nodes[:2])
    wait_for(lambda: discovery(s)["error"], what="the list to be refused")
    assert "2 of the 5 nodes" in discovery(s)["error"]
    assert len(servers(s)) == 5
    told.tell(cluster.nodes)
    wait_for(lambda: not discovery(s)["error"], what="the good list")
    asked = len(told.requests)
    told.tell(cluster.nodes[:2])
    wait_servers(s, "n1", "n2")
    assert len(told.requests) - asked >= 3


def test_a_node_that_knows_few_others_is_contradicted(sluice, simnodes, listing):
    cluster = simnodes(5)
    told = listing(cluster.nodes)
    s = sluice(conf_of([told.url]))
    wait_servers(s, "n1", "n2", "n3", "n4", "n5")
    told.tell(cluster.nodes[:2])
    wait_for(lambda: discovery(s)["from"] != told.url, what="another one to be asked")
    told.wait_asked(4)
    assert len(servers(s)) == 5
    assert discovery(s)["error"] is None


def test_a_list_below_the_minimum_never_counts(sluice, simnodes, listing):
    cluster = simnodes(3)
    told = listing(cluster.nodes)
    s = sluice(conf_of([told.url], 'session = "none"; minimum = 3; '))
    wait_servers(s, "n1", "n2", "n3")
    told.tell(cluster.nodes[:2])
    told.wait_asked(5)
    assert "minimum is 3" in discovery(s)["error"]
    assert servers(s) == ["n1", "n2", "n3"]


# --- sessions and TLS -----------------------------------------------------------------------------


def test_a_session_is_shown_and_its_end_is_told_with_the_cure(sluice, simnodes, listing, tmp_path):
    cluster = simnodes(3)
    told = listing(cluster.nodes[:2])
    told.session = "CIGA=="
    secret = tmp_path / "session"
    secret.write_text("session=CIGA==; Path=/; HttpOnly; Secure\n")
    s = sluice(conf_of([told.url], f'session = "file:{secret}";'))
    wait_servers(s, "n1", "n2")
    told.session = "CIGB=="
    wait_text(s, "the session has expired")
    assert any("cockroach auth-session login" in t for t in texts(s))
    failures = discovery(s)["failures"]
    wait_for(lambda: discovery(s)["failures"] > failures + 1, what="further rounds")
    assert len([t for t in texts(s) if "the session has expired" in t]) == 1
    assert servers(s) == ["n1", "n2"]
    told.tell(cluster.nodes)
    secret.write_text("CIGB==\n")
    wait_servers(s, "n1", "n2", "n3")
    wait_text(s, "the cluster answers again")
    # In clear it is nobody's but the seed's.
    assert "CIG" not in s.log() + s.http("/v1/status")[2] + s.ctl("reload")


def test_a_session_that_is_said_back_is_shown_to_nobody(sluice, listing):
    told = listing()
    told.answer = lambda c, _: reply(c, b'{"code": 1, "message": "no CIGAxyzzy0=="}')
    s = sluice(conf_of([told.url], 'session = "CIGAxyzzy0==";'), wait="alive")
    wait_text(s, "no ************")
    told.answer = lambda c, _: reply(c, b"", "500 no CIGAxyzzy0==")
    wait_for(lambda: "500 no ****" in (discovery(s)["error"] or ""), what="another error")
    assert "CIG" not in s.log() + s.http("/v1/status")[2] + s.http("/v1/events")[2]


def test_a_wrong_session_is_told_apart_from_none(sluice, simnodes, listing):
    cluster = simnodes(2)
    told = listing(cluster.nodes)
    told.session = "CIGA=="
    conf = conf_of([told.url])
    s = sluice(conf, wait="healthy")
    wait_text(s, "the cluster wants a session")
    assert "write it as cluster.discover.session" in discovery(s)["error"]
    assert "--session" not in discovery(s)["error"]
    s.write_conf(conf.replace('cache = ""', 'cache = ""; session = "CIGB=="'))
    assert '+ cluster.discover.session ("...")' in s.ctl("reload")
    wait_text(s, "the session has expired or is not the cluster's")
    assert "get another by cockroach auth-session login" in discovery(s)["error"]
    s.write_conf(conf.replace('cache = ""', 'cache = ""; session = "CIGA=="'))
    s.ctl("reload")
    wait_servers(s, "n1", "n2")


def test_an_event_of_trouble_is_whole(sluice, simnodes, listing):
    cluster = simnodes(2)
    told = listing(cluster.nodes)
    told.close()
    s = sluice(conf_of([told.url], 'session = "none";'), wait="healthy")
    where = told.url.removeprefix("http://")
    words = f"the cluster cannot be asked: {where}: cannot connect: Connection refused"
    wait_text(s, "cannot be asked")
    assert texts(s) == [f"discovery: {words}"]
    # The status has the cure, until it cannot be that.
    assert discovery(s)["error"].startswith(f"{words} (a node's HTTP port is 8080")
    told.open()
    wait_servers(s, "n1", "n2")
    told.close()
    wait_for(lambda: discovery(s)["error"] == words, what="the trouble")


def test_a_session_of_a_fifo_holds_nothing_up(sluice, simnodes, listing, tmp_path):
    cluster = simnodes(1)
    os.mkfifo(tmp_path / "session")
    one = cluster.node(1)
    written = (f'{{ name = "first"; host = "{one.host}"; sql_port = {one.sql}; '
               f'http_port = {one.http}; }}')
    s = sluice(conf_of([listing([]).url], f'session = "file:{tmp_path}/session";', nodes=written))
    wait_text(s, "the session cannot be read")
    assert "is not a file" in discovery(s)["error"]
    assert s.stat()["psql/first"]["status"] == "UP"


@pytest.mark.parametrize("path", ["", "/api/v2/nodes/", "/_status/nodes"])
def test_simulated_nodes_want_a_session_for_either_list(sluice, simnodes, path):
    cluster = simnodes(3)
    cluster.command("all", "session secret")
    one = f"http://{LOOPBACK}:{cluster.node(1).http}{path}"
    without = sluice(conf_of([one]), wait="healthy")
    wait_text(without, "the cluster wants a session")
    assert not servers(without)
    # /api/v2/nodes/ does not tell where the nodes speak HTTP.
    check = 'check = { type = "tcp"; port = "sql"; inter = "100ms"; timeout = "5s"; rise = 1; };'
    s = sluice(conf_of([one], 'session = "secret";', cluster=check))
    wait_servers(s, "n1", "n2", "n3")


def test_a_secure_cluster_is_asked_over_verified_tls(sluice, simnodes, listing, tmp_path):
    cluster = simnodes(3)
    cert, key = make_cert(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    other = listing([], context)
    told = listing([], context)
    nodes = [node(n.id, n.host, n.sql, other.port if n.id == 1 else n.http)
             for n in cluster.nodes]
    for one in (told, other):
        one.tell(nodes)
        one.session = "abc"
    check = 'check = { type = "tcp"; inter = "100ms"; timeout = "5s"; rise = 1; };'
    s = sluice(conf_of([told.url], f'session = "abc"; ca = "{cert}";', cluster=check))
    wait_servers(s, "n1", "n2", "n3")
    # A node that proves who it is may see the session.
    told.close()
    wait_for(lambda: other.requests, what="another node to be asked")
    assert "session=abc" in other.requests[0]
    wait_for(lambda: (discovery(s)["from"] or "").startswith(other.url), what="its answer")
    stranger = sluice(conf_of([other.url], 'session = "abc";', cluster=check), wait="healthy")
    wait_for(lambda: "certificate" in (discovery(stranger)["error"] or ""), what="the refusal")
    assert not servers(stranger)
    trusting = sluice(conf_of([other.url], 'session = "abc"; verify = false;', cluster=check))
    wait_servers(trusting, "n1", "n2", "n3")


# --- with other changes ---------------------------------------------------------------------------


def test_an_operators_reload_keeps_the_list(sluice, simnodes, listing):
    cluster = simnodes(3)
    told = listing(cluster.nodes)
    conf = conf_of([told.url], 'session = "none";')
    s = sluice(conf)
    wait_servers(s, "n1", "n2", "n3")
    told.close()
    with Clients(port_of(conf, "psql")) as clients:
        clients.add(3)
        s.write_conf(conf.replace("roundrobin", "leastconn"))
        answer = s.ctl("reload")
        assert "leastconn" in answer and "servers" not in answer, answer
        assert servers(s) == ["n1", "n2", "n3"]
        clients.check()
        s.write_conf(conf.replace('rise = 1; fall = 2', 'rise = 2; fall = 3'))
        s.reload()
        s.wait_log("reloaded")
        wait_servers(s, "n1", "n2", "n3")
        clients.check()


def test_edits_wait_for_whoever_made_them(sluice, simnodes, listing):
    """New nodes come in while the file is half written, changed, or gone."""
    cluster = simnodes(4)
    told = listing(cluster.nodes[:1])
    conf = conf_of([told.url])
    s = sluice(conf)
    wait_servers(s, "n1")
    s.write_conf(conf + "balance = ")
    told.tell(cluster.nodes[:2])
    wait_servers(s, "n1", "n2")
    s.write_conf(conf.replace("roundrobin", "leastconn"))
    told.tell(cluster.nodes[:3])
    wait_servers(s, "n1", "n2", "n3")
    assert s.status()["services"][0]["balance"] == "roundrobin"
    os.unlink(s.conf_path)
    told.tell(cluster.nodes)
    wait_servers(s, "n1", "n2", "n3", "n4")
    s.write_conf(conf.replace("roundrobin", "leastconn"))
    s.ctl("reload")
    assert s.status()["services"][0]["balance"] == "leastconn"
    assert servers(s) == ["n1", "n2", "n3", "n4"]


def test_what_the_file_includes_stays_in_force(sluice, simnodes, listing, tmp_path):
    cluster = simnodes(2)
    told = listing(cluster.nodes[:1])
    part = tmp_path / "checks.conf"
    part.write_text(CHECK + " # fast\n")
    conf = conf_of([told.url], cluster='\n@include "checks.conf"\n')
    s = sluice(conf)
    wait_servers(s, "n1")
    part.unlink()
    told.tell(cluster.nodes)
    wait_servers(s, "n1", "n2")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give rights away")
def test_nodes_come_in_without_rights_and_in_a_chroot(sluice, simnodes, listing, tmp_path):
    cluster = simnodes(3)
    cert, key = make_cert(tmp_path)
    os.chmod(key, 0o600)
    told = listing(cluster.nodes[:1])
    root = tmp_path / "root"
    root.mkdir()
    root.chmod(0o777)
    admin = (f'admin = ( {{ bind = "{LOOPBACK}:{free_port()}"; socket = "{root}/admin.sock"; }},'
             f' {{ bind = "{LOOPBACK}:{free_port()}"; tls = {{ cert = "{cert}"; key = "{key}"; }}; '
             '} );\n'
             f'log = ( {{ target = "stderr"; }}, {{ target = "file:{tmp_path}/log"; }} );\n'
             f'user = "nobody"; group = "nogroup"; chroot = "{root}";\n')
    # There the leak sanitizer finds no /proc.
    s = sluice(conf_of([told.url], 'cache = "/nodes";', extra=admin),
               env={"ASAN_OPTIONS": "detect_leaks=0"})
    os.chmod(s.conf_path, 0o600)
    wait_servers(s, "n1")
    told.tell(cluster.nodes)
    wait_servers(s, "n1", "n2", "n3")
    wait_for(lambda: (root / "nodes").read_text().count("127.0.0.1") == 3, what="the list")
    assert (root / "nodes").stat().st_uid != 0
    s.stop()
    told.close()
    again = sluice(s.conf_path.read_text(), env={"ASAN_OPTIONS": "detect_leaks=0"})
    wait_servers(again, "n1", "n2", "n3")
    assert discovery(again)["known"] == 3


def secure_check(ca, cert, key):
    return (f'check = {{ type = "https"; ca = "{ca}"; cert = "{cert}"; key = "{key}"; '
            'inter = "100ms"; timeout = "5s"; rise = 1; fall = 2; };')


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give rights away")
def test_files_of_checks_are_read_before_there_is_a_node_to_check(sluice, simnodes, listing,
                                                                  tmp_path):
    cluster = simnodes(2)
    cert, key = make_cert(tmp_path)
    os.chmod(key, 0o600)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    context.load_verify_locations(cert)
    context.verify_mode = ssl.CERT_REQUIRED
    health = listing([], context)
    told = listing([])
    told.body = "{}"
    root = tmp_path / "root"
    root.mkdir()
    root.chmod(0o777)
    extra = (f'admin = {{ bind = "{LOOPBACK}:{free_port()}"; socket = "{root}/admin.sock"; }};\n'
             f'user = "nobody"; group = "nogroup"; chroot = "{root}";\n')
    s = sluice(conf_of([told.url], cluster=secure_check(cert, cert, key), extra=extra),
               env={"ASAN_OPTIONS": "detect_leaks=0"}, wait="healthy")
    wait_text(s, "is refused")
    nodes = [node(n.id, n.host, n.sql, health.port) for n in cluster.nodes]
    told.tell(nodes[:1])
    wait_servers(s, "n1")
    told.tell(nodes)
    wait_servers(s, "n1", "n2")


def test_a_file_of_checks_that_is_none_is_told_at_the_start_and_by_a_reload(sluice, listing,
                                                                            tmp_path):
    cert, key = make_cert(tmp_path)
    other = tmp_path / "other.crt"
    other.write_text("no certificate")
    told = listing([])
    told.body = "{}"
    bad, good = (conf_of([told.url], cluster=secure_check(ca, cert, key)) for ca in (other, cert))
    path = tmp_path / "bad.conf"
    path.write_text(bad)
    done = subprocess.run([program("sluice"), "run", "-f", str(path)], capture_output=True,
                          text=True, timeout=PATIENCE, check=False)
    assert done.returncode
    assert f"cluster.check: CA file {other}" in done.stderr
    s = sluice(good, wait="healthy")
    s.write_conf(bad.replace("100ms", "200ms"))
    s.ctl("reload")
    s.wait_log(f"cluster.check: CA file {other}")


def test_discovery_can_be_switched_on_and_off_by_a_reload(sluice, simnodes, listing):
    cluster = simnodes(3)
    one = cluster.node(1)
    told = listing(cluster.nodes)
    written = (f'{{ name = "first"; host = "{one.host}"; sql_port = {one.sql}; '
               f'http_port = {one.http}; }}')
    conf = conf_of([told.url], nodes=written)
    without = re.sub(r"discover = \{.*?\};", "", conf)
    s = sluice(without)
    assert s.status()["discovery"] is None
    assert not any("discovery" in name for name in s.metrics())
    s.write_conf(conf)
    assert "+ cluster.discover" in s.ctl("reload")
    wait_servers(s, "n2", "n3")
    s.write_conf(without)
    s.ctl("reload")
    wait_servers(s)
    assert s.stat()["psql/first"]["status"] == "UP"
    assert s.status()["discovery"] is None
    s.write_conf(conf)
    s.ctl("reload")
    wait_servers(s, "n2", "n3")


def test_an_edit_counts_for_nodes_that_come_later(sluice, simnodes, listing):
    cluster = simnodes(2)
    told = listing([])
    conf = conf_of([told.url])
    s = sluice(conf, wait="healthy")
    wait_for(lambda: discovery(s)["error"], what="the empty list to be refused")
    s.write_conf(conf.replace('port = "sql"', 'port = "http"'))
    s.ctl("reload")
    told.tell(cluster.nodes)
    wait_servers(s, "n1", "n2")
    assert s.stat()["psql/n1"]["addr"] == f"{LOOPBACK}:{cluster.node(1).http}"


def test_an_upgrade_keeps_the_list_without_any_file(sluice, simnodes, listing):
    cluster = simnodes(4)
    told = listing(cluster.nodes[:3])
    conf = conf_of([told.url], 'session = "none";')
    s = sluice(conf)
    wait_servers(s, "n1", "n2", "n3")
    told.close()
    generations = Generations(s)
    with Clients(port_of(conf, "psql")) as clients:
        clients.add(3)
        generations.upgrade()
        wait_servers(s, "n1", "n2", "n3")
        assert s.stat()["psql/n1"]["stot"] == "1"
        clients.add(3)
        clients.check()
        told.tell(cluster.nodes)
        told.open()
        wait_servers(s, "n1", "n2", "n3", "n4")
        clients.check()
    generations.end()


@pytest.mark.parametrize("order", [("leave", "upgrade"), ("upgrade", "leave")])
def test_an_upgrade_cuts_no_session_on_a_node_that_leaves(sluice, simnodes, listing, order):
    cluster = simnodes(3)
    one, _, three = cluster.nodes
    told = listing(cluster.nodes)
    conf = conf_of([told.url], 'session = "none";')
    s = sluice(conf)
    wait_servers(s, "n1", "n2", "n3")
    generations = Generations(s)

    def leave():
        told.tell([one, three])
        wait_servers(s, "n1", "n3")

    steps = {"leave": leave, "upgrade": generations.upgrade}
    with Clients(port_of(conf, "psql")) as clients:
        clients.add(6)
        before = generations.now
        for step in order:
            steps[step]()
        wait_servers(s, "n1", "n3")
        assert discovery(s)["known"] == 2
        clients.check()
        served = cluster.status(2)["accepted"]
        clients.add(4)
        clients.check()
        assert cluster.status(2)["accepted"] == served
    wait_for(lambda: not lives(before), what="the old process to end")
    wait_for(lambda: "psql/n2" not in s.stat(), what="n2 to go")
    generations.end()


def test_a_thousand_nodes_come_and_go(sluice, simnodes, listing):
    cluster = simnodes(1)
    one = cluster.node(1)
    crowd = [node(i, one.host, one.sql, one.http) for i in range(1, 1025)]
    for i, n in enumerate(crowd):
        n["desc"]["sqlAddress"]["addressField"] = f"127.{1 + i // 250}.0.{1 + i % 250}:{one.sql}"
        n["desc"]["address"] = n["desc"]["sqlAddress"]
    told = listing([one])
    check = 'check = { type = "none"; };'
    s = sluice(conf_of([told.url], 'session = "none";', cluster=check))
    told.tell(crowd)
    wait_for(lambda: discovery(s)["joined"] == 1024, what="all of them")
    assert len(s.status()["services"][0]["servers"]) == 1024
    assert any("n1, n2" in t or "joined" in t for t in texts(s))
    told.tell(crowd[:600])
    wait_for(lambda: discovery(s)["joined"] == 600, what="less of them")


@pytest.mark.parametrize("state", [DECOMMISSIONING, DECOMMISSIONED])
def test_decommissioning_and_decommissioned_nodes_are_left_out(sluice, simnodes, listing, state):
    cluster = simnodes(3)
    told = listing(cluster.nodes)
    conf = conf_of([told.url])
    s = sluice(conf)
    wait_servers(s, "n1", "n2", "n3")
    told.tell(cluster.nodes, {"2": state})
    wait_servers(s, "n1", "n3")
    told.tell(cluster.nodes)
    wait_servers(s, "n1", "n2", "n3")


# --- what people see ------------------------------------------------------------------------------


def test_commands_show_it(sluice, simnodes, listing, tmp_path):
    cluster = simnodes(3)
    one = cluster.node(1)
    written = (f'{{ name = "first"; host = "{one.host}"; sql_port = {one.sql}; '
               f'http_port = {one.http}; }}')
    told = listing(cluster.nodes)
    s = sluice(conf_of([told.url], f'session = "none"; cache = "{tmp_path}/nodes";',
                       nodes=written))
    wait_servers(s, "n2", "n3")
    table = run("status", socket_path=s.socket_path)
    assert re.search(rf"^discovery: 3 nodes from {told.url}, \ds ago$", table, re.M), table
    rule = f"the cluster told of it (cluster.discover): {told.url}, "
    assert rule in " ".join(run("why", "psql/n2", socket_path=s.socket_path).split())
    assert "cluster.discover" not in run("why", "psql/first", socket_path=s.socket_path)
    assert json.loads(run("status", "--json", socket_path=s.socket_path))["discovery"] | {
        "last_s": 0} == {"known": 3, "joined": 2, "elsewhere": 0, "from": told.url, "last_s": 0,
                         "failures": 0, "error": None}
    assert documented()["status: discovery"] == set(discovery(s))
    told.close()
    wait_text(s, "cannot be asked")
    table = run("status", socket_path=s.socket_path)
    assert re.search(rf"^discovery: 3 nodes from {told.url}, \d+s ago\n"
                     r"    . the cluster cannot be asked: ", table, re.M), table
    s.stop()
    again = sluice(s.conf_path.read_text(), wait="healthy")
    wait_servers(again, "n2", "n3")
    table = run("status", socket_path=again.socket_path)
    assert re.search(r"^discovery: 3 nodes from a list that was kept, \d+s old$", table,
                     re.M), table
    assert "a list that was kept" in run("why", "psql/n2", socket_path=again.socket_path)


def test_commands_that_ask_nobody_know_it(tmp_path):
    path = tmp_path / "sluice.conf"
    path.write_text(conf_of(["http://10.0.0.1:8080"], cluster=""))
    assert "ok: 1 service" in run("check", "-f", path)
    assert "0 warnings" in run("lint", "-f", path)
    for topic in ("detection", "balance", "tiers", "drain"):
        said = run("explain", topic, "-f", path)
        assert said.startswith("The cluster tells its nodes"), said
        assert len(said.splitlines()) > 4
    path.write_text(conf_of(["http://10.0.0.1:8080"], cluster='check = { type = "tcp"; };'))
    assert "blind-check: n1, n2, n3: " in run("lint", "-f", path, expect=1)
