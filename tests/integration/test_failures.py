# SPDX-License-Identifier: MIT
"""Nodes that die, leave, freeze and return, as clients live through it."""

import collections
import signal
import socket
import threading

import pytest
from harness import (LOOPBACK, PATIENCE, PgSession, cluster_conf, free_port, port_of, wait_for)
from peers import (FAST_HTTP, PATIENT_HTTP, SessionLog, answer_with, black_hole, conf_of, connect,
                   echoes, ends, is_silent, peer, read_all, read_exactly, server, service,
                   session_log)

__all__ = ["SessionLog", "black_hole", "peer", "session_log"]


class Clients:
    """Threads that open a session, use it until it breaks, and note what broke."""

    def __init__(self, port, count, statements=None):
        self.port, self.statements = port, statements
        self.lock = threading.Lock()
        self.leaving = threading.Event()
        self.holders = {}  # client: the node of its session
        self.broken = []  # (client, node) of each session that ended unasked
        self.refused = []  # exceptions of sessions that did not begin
        self.begun = collections.Counter()  # sessions by node
        self.threads = [threading.Thread(target=self._run, args=(i,), daemon=True)
                        for i in range(count)]
        for thread in self.threads:
            thread.start()

    def _run(self, i):
        while not self.leaving.is_set():
            try:
                session = PgSession(self.port)
                node = int(session.value("SHOW node_id"))
            except Exception as e:
                with self.lock:
                    self.refused.append(e)
                self.leaving.wait(0.02)
                continue
            with self.lock:
                self.holders[i] = node
                self.begun[node] += 1
            self._use(i, session, node)

    def _use(self, i, session, node):
        done = 0
        try:
            while not self.leaving.is_set() and done != self.statements:
                assert int(session.value("SHOW node_id")) == node
                done += 1
                self.leaving.wait(0.005)
            session.close()
        except OSError:
            with self.lock:
                self.broken.append((i, node))
        with self.lock:
            self.holders.pop(i, None)

    def held_by(self, node):
        with self.lock:
            return {i for i, holder in self.holders.items() if holder == node}

    def wait_all(self):
        wait_for(lambda: len(self.holders) == len(self.threads), what="all clients at work")

    def stop(self):
        self.leaving.set()
        for thread in self.threads:
            thread.join(PATIENCE)


@pytest.fixture
def clients():
    """clients(port, count, statements=None): Clients that stop with the test."""
    all_ = []

    def start(*args, **options):
        all_.append(Clients(*args, **options))
        return all_[-1]
    yield start
    for c in all_:
        c.stop()


@pytest.fixture
def cluster(simnodes, sluice):
    """cluster(…): (the nodes, the balancer, its SQL port) with three nodes, all UP."""
    def start(check="", extra="", **options):
        nodes = simnodes(3)
        conf = cluster_conf(nodes.nodes, check=check and f'port = "http"; {check};', extra=extra,
                            **options)
        balancer = sluice(conf)
        for node in nodes.nodes:
            balancer.wait_server(f"psql/{node.name}", "UP")
        return nodes, balancer, port_of(conf, "psql")
    return start


def node_of(port):
    with PgSession(port) as session:
        return int(session.value("SHOW node_id"))


def nodes_of(port, count):
    """Where that many sessions, one after the other, went."""
    return collections.Counter(node_of(port) for _ in range(count))


# --- nodes that go ----------------------------------------------------------------------------


def test_a_killed_node_costs_its_own_sessions_and_no_other(cluster, clients):
    nodes, balancer, port = cluster()
    some = clients(port, 9)
    some.wait_all()
    lost = some.held_by(2)
    assert len(lost) == 3
    nodes.command(2, "kill")
    balancer.wait_server("psql/n2", "DOWN")
    some.wait_all()
    assert 2 not in nodes_of(port, 6)
    nodes.command(2, "start")
    balancer.wait_server("psql/n2", "UP")
    wait_for(lambda: node_of(port) == 2, what="a session on the node that is back")
    some.stop()
    assert sorted(some.broken) == sorted((i, 2) for i in lost)
    assert not some.refused


def test_a_draining_node_gets_no_more_and_keeps_what_it_has(cluster, clients):
    nodes, balancer, port = cluster()
    some = clients(port, 6)
    some.wait_all()
    held = some.held_by(2)
    before = nodes.status(2)["accepted"]
    nodes.command(2, "drain 60s 60s 60s")
    balancer.wait_seen("psql/n2", "NOLB")
    assert 2 not in nodes_of(port, 12)
    assert nodes.status(2)["accepted"] == before
    assert some.held_by(2) == held
    # fall checks later it counts as down; that costs the sessions nothing either.
    balancer.wait_server("psql/n2", "DOWN")
    assert some.held_by(2) == held
    nodes.command(2, "reset")
    balancer.wait_server("psql/n2", "UP")
    wait_for(lambda: node_of(port) == 2, what="a session on the node that is back")
    some.stop()
    assert (some.broken, some.refused) == ([], [])


def test_one_503_is_enough(cluster):
    """With a fall of a hundred checks, the first 503 alone stops new sessions."""
    nodes, balancer, port = cluster(PATIENT_HTTP.replace("fall = 3", "fall = 100"))
    nodes.command(1, "unready")
    balancer.wait_server("psql/n1", "NOLB")
    assert nodes_of(port, 12).keys() == {2, 3}
    nodes.command(1, "reset")
    balancer.wait_server("psql/n1", "UP")
    assert 1 in nodes_of(port, 6)


def test_a_node_that_hangs_is_left_and_its_sessions_wait_for_it(cluster):
    nodes, balancer, port = cluster(FAST_HTTP + '; timeout = "200ms"')
    sessions = [PgSession(port) for _ in range(3)]
    by_node = {int(s.value("SHOW node_id")): s for s in sessions}
    assert by_node.keys() == {1, 2, 3}
    nodes.command(3, "hang")
    by_node[3].send("SHOW node_id")
    balancer.wait_server("psql/n3", "DOWN")
    assert nodes_of(port, 6).keys() == {1, 2}
    assert is_silent(by_node[3].socket)
    nodes.command(3, "resume")
    assert by_node[3].finish() == [("3",)]
    balancer.wait_server("psql/n3", "UP")
    for session in sessions:
        session.close()


def test_a_stopped_process_is_left_and_its_sessions_wait_for_it(simnodes, sluice):
    """SIGSTOP: the kernel still accepts connections, nobody answers."""
    first, second = simnodes(1).nodes[0], simnodes(1)
    frozen, port = second.nodes[0], free_port()
    balancer = sluice(conf_of([service(
        "sql", port,
        [server("good", first.sql, check=f"port = {first.http}"),
         server("frozen", frozen.sql, check=f"port = {frozen.http}")],
        check=FAST_HTTP + '; timeout = "200ms"')]))
    for name in "good", "frozen":
        balancer.wait_server(f"sql/{name}", "UP")
    held = [PgSession(port) for _ in range(4)]
    second.send_signal(signal.SIGSTOP)
    try:
        balancer.wait_server("sql/frozen", "DOWN")
        for _ in range(6):
            with PgSession(port) as session:
                assert session.value("SELECT 1") == "1"
    finally:
        second.send_signal(signal.SIGCONT)
    for session in held:
        assert session.value("SELECT 2") == "2"
        session.close()
    balancer.wait_server("sql/frozen", "UP")


def test_slow_answers_count_only_beyond_the_time_out(cluster):
    nodes, balancer, port = cluster(FAST_HTTP + '; timeout = "250ms"')
    nodes.command(1, "slow 20ms")
    nodes.command(2, "slow 5s")
    balancer.wait_server("psql/n2", "DOWN")
    assert balancer.server_status("psql/n1").startswith("UP")
    assert balancer.stat()["psql/n2"]["check_status"] in ("L7TOUT", "* L7TOUT")
    assert nodes_of(port, 6).keys() == {1, 3}
    nodes.command(2, "slow 0s")
    balancer.wait_server("psql/n2", "UP")


def test_nobody_notices_a_flapping_node(cluster, clients):
    nodes, balancer, port = cluster(PATIENT_HTTP.replace("rise = 2", "rise = 1"))
    events = balancer.events()
    some = clients(port, 4, statements=3)
    some.wait_all()
    nodes.command(2, "flap 250ms")

    def went(state):
        return sum("n2" in str(e.get("server")) and str(e.get("to")).startswith(state)
                   for e in events.seen)
    wait_for(lambda: went("NOLB") >= 3, what="the node to leave three times")
    nodes.command(2, "flap 0s")
    balancer.wait_server("psql/n2", "UP")
    some.stop()
    assert (some.broken, some.refused) == ([], [])
    assert min(some.begun[n] for n in (1, 2, 3)) > 0


def test_nobody_notices_a_closed_sql_port(cluster):
    nodes, balancer, port = cluster()
    nodes.command(2, "refuse")
    assert nodes_of(port, 30).keys() == {1, 3}
    rows = balancer.stat()
    assert int(rows["psql/n2"]["wredis"]) > 0
    assert int(rows["psql/BACKEND"]["econ"]) == 0
    nodes.command(2, "reset")
    wait_for(lambda: node_of(port) == 2, what="a session on the node that is back")


def test_with_no_node_left_a_client_hears_so_at_once(cluster):
    nodes, balancer, port = cluster()
    nodes.command("all", "kill")
    for n in 1, 2, 3:
        balancer.wait_server(f"psql/n{n}", "DOWN")
    assert balancer.http("/readyz")[0] == 503
    with connect(port) as s:
        ends(s)
    nodes.command("all", "start")
    wait_for(balancer.is_ready, what="a usable node")
    assert sum(nodes_of(port, 3).values()) == 3


# --- connecting -------------------------------------------------------------------------------


def test_a_connect_that_is_not_answered_goes_elsewhere_with_all_bytes(sluice, peer, black_hole,
                                                                      session_log):
    port, good, late = free_port(), [], []

    def serve(s):
        good.append(read_all(s))
        s.sendall(b"heard")

    at = peer(serve)
    sluice(conf_of([service("sql", port, [server("hole", black_hole.port),
                                          server("good", at.address)],
                            more='balance = "roundrobin";')],
                   connect="300ms", session_log=session_log.path))
    for i in range(4):
        with connect(port) as s:
            # Said, and finished, before any server is there.
            s.sendall(b"early %d" % i)
            s.shutdown(socket.SHUT_WR)
            late.append(read_all(s))
    assert late == [b"heard"] * 4
    assert good == [b"early %d" % i for i in range(4)]
    lines = session_log.wait(4)
    again = [line for line in lines if line["redispatched"]]
    assert len(again) == 4  # the good one is each second in turn
    assert {line["server"] for line in lines} == {"good"}
    for line in again:
        assert line["retries"] == 1 and 290 <= line["connect_ms"] < 3000
    assert {line["reason"] for line in lines} == {"normal"}


@pytest.mark.parametrize("more", ["retries = 0;", "retries = 2; redispatch = false;"])
def test_with_only_a_black_hole_a_session_ends_in_time(sluice, black_hole, session_log, more):
    port = free_port()
    sluice(conf_of([service("sql", port, [server("hole", black_hole.port)], more=more)],
                   connect="200ms", session_log=session_log.path))
    with connect(port) as s:
        s.sendall(b"hello?")
        ends(s)
    line, = session_log.wait()
    assert line["reason"] == "connect_timeout"
    assert line["retries"] == (2 if "retries = 2" in more else 0)
    assert line["connect_ms"] is None


# --- who is chosen ----------------------------------------------------------------------------


def tokens_of(port, count):
    """What the servers of that many sessions, one after the other, said first."""
    seen = []
    for _ in range(count):
        with connect(port) as s:
            seen.append(read_exactly(s, 1))
    return collections.Counter(seen)


def lettered(peer, letters, more=None):
    return [server(c, peer(answer_with(c.encode())).address, (more or {}).get(c, ""))
            for c in letters]


def test_a_backup_takes_over_and_gives_back(simnodes, sluice):
    nodes, port = simnodes(3), free_port()
    conf = cluster_conf(nodes.nodes,
                        [f'{{ name = "psql"; bind = "{LOOPBACK}:{port}"; port = "sql"; }}'],
                        node_extra=lambda n: "" if n.id == 1 else "backup = true; ")
    balancer = sluice(conf)
    for n in 1, 2, 3:
        balancer.wait_server(f"psql/n{n}", "UP")
    assert nodes_of(port, 4).keys() == {1}
    nodes.command(1, "kill")
    balancer.wait_server("psql/n1", "DOWN")
    with PgSession(port) as kept:
        assert kept.value("SHOW node_id") == "2"
        assert nodes_of(port, 4).keys() == {2}  # the first backup, not both
        nodes.command(2, "unready")
        balancer.wait_seen("psql/n2", "NOLB")
        assert nodes_of(port, 4).keys() == {3}
        nodes.command(1, "start")
        balancer.wait_server("psql/n1", "UP")
        assert nodes_of(port, 4).keys() == {1}
        assert kept.value("SHOW node_id") == "2"


def test_all_backups_serve_if_told_so(sluice, peer):
    port = free_port()
    balancer = sluice(conf_of([service(
        "sql", port, lettered(peer, "abc", {"b": "backup = true;", "c": "backup = true;"}),
        more="allbackups = true;")]))
    assert tokens_of(port, 4) == {b"a": 4}
    balancer.ctl("disable server sql/a")
    assert tokens_of(port, 4) == {b"b": 2, b"c": 2}
    balancer.ctl("enable server sql/a")
    assert tokens_of(port, 4) == {b"a": 4}


@pytest.mark.parametrize("threads", [1, 2])
def test_weights_of_3_to_1_are_kept_exactly(sluice, peer, threads):
    port = free_port()
    sluice(conf_of([service("sql", port, lettered(peer, "ab", {"a": "weight = 3;"}))],
                   extra=f"threads = {threads};"))
    for count in 4, 40, 80:
        assert tokens_of(port, count) == {b"a": count * 3 // 4, b"b": count // 4}


def open_at_once(port, count):
    """That many sessions, opened by threads: [(token, socket)]"""
    got, lock = [], threading.Lock()

    def run():
        s = connect(port)
        token = read_exactly(s, 1)
        with lock:
            got.append((token, s))
    threads = [threading.Thread(target=run, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(got) == count
    return got


def test_weights_are_kept_by_sessions_that_come_at_once(sluice, peer):
    port = free_port()
    sluice(conf_of([service("sql", port, lettered(peer, "ab", {"a": "weight = 3;"}))],
                   extra="threads = 2;"))
    got = open_at_once(port, 60)
    assert collections.Counter(token for token, _ in got) == {b"a": 45, b"b": 15}
    for _, s in got:
        s.close()


def test_leastconn_is_exact_with_two_workers(sluice, peer):
    port = free_port()
    balancer = sluice(conf_of([service("sql", port, lettered(peer, "abc"),
                                       more='balance = "leastconn";')],
                              extra="threads = 2;"))
    got = open_at_once(port, 30)
    assert collections.Counter(token for token, _ in got) == {b"a": 10, b"b": 10, b"c": 10}
    for token, s in got:
        if token == b"b":
            s.close()
    wait_for(lambda: balancer.stat()["sql/b"]["scur"] == "0", what="no session on b")
    more = open_at_once(port, 13)
    now = collections.Counter(token for token, _ in more)
    assert now[b"b"] == 11 and now[b"a"] == now[b"c"] == 1
    for _, s in got + more:
        s.close()


# --- limits -----------------------------------------------------------------------------------


def test_a_full_server_lets_clients_wait_and_serves_them(sluice, peer):
    port = free_port()
    at = peer(answer_with(b"a"))
    balancer = sluice(conf_of([service("sql", port, [server("a", at.address, "maxconn = 2;")])],
                              connect="10s"))
    first, second = connect(port), connect(port)
    with first, second:
        assert [read_exactly(s, 1) for s in (first, second)] == [b"a", b"a"]
        third = connect(port)
        wait_for(lambda: balancer.status()["sessions"] == 3, what="the third to be let in")
        assert at.accepted == 2
        assert is_silent(third)
        first.close()
        assert read_exactly(third, 1) == b"a"
        assert echoes(third) and echoes(second)
        third.close()
    assert at.accepted == 3


def test_who_waits_too_long_for_a_full_server_is_told(sluice, peer, session_log):
    port = free_port()
    at = peer(answer_with(b"a"))
    sluice(conf_of([service("sql", port, [server("a", at.address, "maxconn = 1;")])],
                   connect="300ms", session_log=session_log.path))
    with connect(port) as first:
        assert read_exactly(first, 1) == b"a"
        with connect(port) as second:
            ends(second)
        line, = session_log.wait()
        assert (line["reason"], line["haproxy"]) == ("queue_timeout", "sQ")
        assert echoes(first)
    assert at.accepted == 1


def test_a_full_server_leaves_sessions_to_the_others(sluice, peer):
    port = free_port()
    sluice(conf_of([service("sql", port, lettered(peer, "ab", {"a": "maxconn = 1;"}))]))
    got = open_at_once(port, 6)
    assert collections.Counter(token for token, _ in got) == {b"a": 1, b"b": 5}
    for _, s in got:
        s.close()


@pytest.mark.parametrize("of_service, extra", [("maxconn = 3;", ""), ("", "maxconn = 3;")])
def test_at_its_maxconn_a_service_lets_clients_wait_in_the_kernel(sluice, peer, of_service,
                                                                  extra):
    port, other = free_port(), free_port()
    at = peer(answer_with(b"a"))
    balancer = sluice(conf_of([service("sql", port, [server("a", at.address)], more=of_service),
                               service("other", other, [server("a", at.address)])], extra=extra))
    inside = [connect(port) for _ in range(3)]
    for s in inside:
        assert read_exactly(s, 1) == b"a"
    waiting = [connect(port) for _ in range(3)]  # the kernel's queue takes them
    assert balancer.status()["sessions"] == 3
    if extra:  # it is the process that is full: nobody gets in anywhere
        waiting.append(connect(other))
    else:
        with connect(other) as s:
            assert read_exactly(s, 1) == b"a"
    assert all(is_silent(s) for s in waiting)
    for s in inside:
        assert echoes(s)
        s.close()
    for s in waiting:
        assert read_exactly(s, 1) == b"a"
        assert echoes(s)
        s.close()
    assert int(balancer.stat()["sql/FRONTEND"]["smax"]) <= 3


def test_a_node_that_is_hurried_out_of_sight_is_checked_at_once(cluster):
    """A refused connect asks for a check now, not after a long interval."""
    check = PATIENT_HTTP.replace('"100ms"', '"5m"') + '; fastinter = "50ms"; init_state = "up"'
    nodes, balancer, port = cluster(check)
    nodes.command(2, "kill")
    assert nodes_of(port, 12).keys() == {1, 3}
    balancer.wait_server("psql/n2", "DOWN")  # long before its own check is due
