# SPDX-License-Identifier: MIT
"""Clients of the dashboard that follow in crowds, or ask and do not read."""

import http.client
import socket

import harness
import pytest

# Of sluice: places of the HTTP endpoint, and what followers leave of them.
PLACES = 256
FREE = PLACES // 4
# Enough for more than 64 MiB that wait to be read.
SERVERS = 200
ASKING = 40


@pytest.fixture
def proxy(simnodes, sluice):
    return sluice(harness.cluster_conf(simnodes(1).nodes))


@pytest.fixture
def connect(request):
    def start(proxy, target, room=None):
        """Asks, and does not read."""
        s = socket.socket()
        request.addfinalizer(s.close)
        s.settimeout(harness.PATIENCE)
        if room:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        s.connect((proxy.admin_host, proxy.admin_port))
        s.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n"
                  "Accept: text/event-stream\r\n\r\n".encode())
        return s
    return start


def status_of(proxy, target):
    connection = http.client.HTTPConnection(proxy.admin_host, proxy.admin_port,
                                            timeout=harness.PATIENCE)
    try:
        connection.request("GET", target)
        return connection.getresponse().status
    finally:
        connection.close()


def answer_to(s):
    return s.recv(12).decode()


@pytest.mark.parametrize("target", ["/v1/live", "/v1/events"])
def test_followers_leave_room_for_those_who_ask(proxy, connect, target):
    following = [connect(proxy, target) for _ in range(PLACES - FREE)]
    assert {answer_to(s) for s in following} == {"HTTP/1.1 200"}
    assert answer_to(connect(proxy, target)) == "HTTP/1.1 503"
    for path in "/healthz", "/metrics", "/v1/status":
        assert status_of(proxy, path) == 200, path
    following[0].close()
    harness.wait_for(lambda: answer_to(connect(proxy, target)) == "HTTP/1.1 200",
                     what="the place of a follower that has gone")


def test_answers_that_nobody_reads_do_not_take_all_memory(sluice, connect):
    servers = ", ".join(f'{{ name = "n{i}"; address = "127.0.0.1:1"; }}'
                        for i in range(SERVERS))
    proxy = sluice(f"""
services = (
  {{ name = "psql"; bind = "127.0.0.1:{harness.free_port()}"; servers = ( {servers} ); }}
);
""")
    # A few megabytes each; most is in no buffer of the kernel's.
    asking = [connect(proxy, "/v1/history?last=450&points=1800", room=4096)
              for _ in range(ASKING)]
    harness.wait_for(lambda: status_of(proxy, "/v1/history") == 503, what="a refusal")
    assert status_of(proxy, "/healthz") == 200
    for s in asking:
        s.close()
    harness.wait_for(lambda: status_of(proxy, "/v1/history") == 200, what="an answer")
