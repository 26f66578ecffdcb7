# SPDX-License-Identifier: MIT
"""Clients that notice nothing: a server breaks off before it was heard, and another one serves."""

import concurrent.futures
import hashlib
import random
import socket
import struct

import pytest
from harness import LOOPBACK, PgError, PgSession, free_port, psql
from peers import NO_CHECK, conf_of, server, service, session_log

__all__ = ["session_log"]

CLIENTS = 30


@pytest.fixture
def front(simnodes, sluice, session_log):
    """front(more): (the port, the balancer, the nodes); no check sees what becomes of a node."""
    def start(more='protocol = "pgwire";', count=3):
        nodes, port = simnodes(count), free_port()
        servers = [server(n.name, n.sql) for n in nodes.nodes]
        balancer = sluice(conf_of([service("psql", port, servers, check=NO_CHECK, more=more)],
                                  session_log=session_log.path))
        return port, balancer, nodes
    return start


def ask(port):
    """A session that lives for one query."""
    session = PgSession(port)
    try:
        assert session.query("SELECT 1") == [("1",)]
    finally:
        session.close()


def ask_all(port, count=CLIENTS):
    """So many at once; what they failed with."""
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        done = [pool.submit(ask, port) for _ in range(count)]
    return [f.exception() for f in done if f.exception()]


@pytest.mark.parametrize("command", ["reject", "refuse", "kill"])
def test_a_node_that_turns_clients_away_costs_none_of_them_anything(front, session_log, command):
    port, _, nodes = front()
    nodes.command(1, command)
    assert ask_all(port) == []
    ended = session_log.wait(CLIENTS)
    assert {s["reason"] for s in ended} == {"normal"}
    assert {s["server"] for s in ended} == {"n2", "n3"}
    assert any(s["redispatched"] for s in ended)


def test_after_a_refused_request_for_encryption_it_is_the_same(front, session_log):
    port, _, nodes = front()
    nodes.command(1, "reject")
    nodes.command(2, "reject")
    for _ in range(6):
        # psql asks for encryption first, and goes on in clear after an 'N'.
        assert psql(port, "SELECT 1", sslmode="prefer").stdout.strip() == "1"
    assert {s["server"] for s in session_log.wait(6)} == {"n3"}


def test_another_refusal_is_the_clients_to_read(front):
    port, _, nodes = front(count=1)
    nodes.command(1, "reject 53300")
    with pytest.raises(PgError) as refused:
        PgSession(port)
    assert refused.value.sqlstate == "53300"


def test_a_service_may_do_without(front, session_log):
    port, _, nodes = front(more='protocol = "pgwire"; replay = false;')
    nodes.command("all", "reject")
    with pytest.raises(PgError) as refused:
        PgSession(port)
    assert refused.value.sqlstate == "57P01"
    assert session_log.wait(1)[0]["retries"] == 0


@pytest.mark.parametrize(("command", "code", "words"), [
    ("reject", "57P01", "shutting down"),
    ("kill", "57P03", "cannot connect now"),
])
def test_when_no_node_is_left_the_client_reads_why(front, command, code, words):
    port, _, nodes = front(more='protocol = "pgwire"; retries = 3;')
    for node in nodes.nodes:
        nodes.command(node.id, command)
    with pytest.raises(PgError) as refused:
        PgSession(port)
    assert refused.value.sqlstate == code
    assert words in str(refused.value)


class Breaker:
    """A server that resets each connection once it has so many bytes of it."""

    def __init__(self, size):
        self.size = size
        self.listening = socket.create_server((LOOPBACK, 0))
        self.port = self.listening.getsockname()[1]

    def serve(self):
        """The digest of what came, then the reset."""
        with self.listening, self.listening.accept()[0] as connection:
            data = receive(connection, self.size)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return hashlib.sha256(data).digest()


def receive(connection, size):
    data = b""
    while len(data) < size and (chunk := connection.recv(size - len(data))):
        data += chunk
    return data


@pytest.mark.parametrize("size", [1, 1000, 16384])
def test_any_protocol_is_said_again_to_the_byte(sluice, session_log, size):
    data = random.Random(size).randbytes(size)
    breaker, port = Breaker(size), free_port()
    good = socket.create_server((LOOPBACK, 0))
    good.settimeout(10)
    servers = [server("bad", breaker.port), server("good", good.getsockname()[1])]
    sluice(conf_of([service("any", port, servers, more='balance = "first";')],
                   session_log=session_log.path))
    with concurrent.futures.ThreadPoolExecutor(1) as pool, good:
        broken = pool.submit(breaker.serve)
        with socket.create_connection((LOOPBACK, port), 10) as client:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            assert broken.result(10) == hashlib.sha256(data).digest()
            with good.accept()[0] as second:
                assert receive(second, size + 1) == data
                second.sendall(b"answer")
            assert receive(client, 100) == b"answer"
    ended = session_log.wait(1)[0]
    assert (ended["reason"], ended["server"], ended["bytes_in"]) == ("normal", "good", size)
