# SPDX-License-Identifier: MIT
"""The admin endpoint over HTTP: each route, and clients that behave badly."""

import csv
import http.client
import io
import json
import re
import socket

import harness
import haproxies
import pytest

PATHS = ["/", "/stats", "/haproxy?stats", "/stats;csv", "/stats;csv;norefresh",
         "/haproxy?stats;csv", "/haproxy?stats;csv;norefresh", "/v1/status", "/v1/sessions",
         "/v1/events", "/metrics", "/healthz", "/readyz"]


class Held:
    """An SQL session for the time of a `with`."""

    def __init__(self, proxy):
        self.session = harness.PgSession(proxy.sql_port)

    def __enter__(self):
        return self.session

    def __exit__(self, *_):
        self.session.close()


class Wire:
    """A bare connection to the endpoint."""

    def __init__(self, proxy):
        self.socket = socket.create_connection((proxy.admin_host, proxy.admin_port),
                                               harness.PATIENCE)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def answer(self, head=False):
        """(status, fields, body) of the next one."""
        status = int(self.file.readline().split()[1])
        fields = {}
        while line := self.file.readline().strip():
            name, _, value = line.decode().partition(": ")
            fields[name.lower()] = value
        size = 0 if head else int(fields.get("content-length", 0))
        return status, fields, self.file.read(size)

    def is_gone(self):
        """Now, without waiting."""
        self.socket.settimeout(0)
        try:
            return self.socket.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except ConnectionResetError:
            return True
        finally:
            self.socket.settimeout(harness.PATIENCE)

    def is_closed(self):
        try:
            return self.file.read(1) == b""
        except ConnectionResetError:
            return True


def rows_of(text):
    return haproxies.parse_stat(text)


def test_each_route_answers_and_nothing_may_be_kept_or_framed(proxy):
    for path in PATHS:
        status, fields, body = proxy.http(path)
        assert (status, bool(body)) == (200, True), path
        # HAProxy's clients want its own words at its addresses.
        haproxys = ";csv" in path or path.startswith("/haproxy")
        assert fields["cache-control"] == ("no-cache" if haproxys else "no-store"), path
        assert fields["x-frame-options"] == "DENY", path
        assert "default-src 'none'" in fields["content-security-policy"], path


def test_the_page_shows_services_servers_and_nothing_from_elsewhere(proxy):
    status, fields, page = proxy.http("/")
    assert (status, fields["content-type"]) == (200, "text/html; charset=utf-8")
    for word in ("psql", "dbconsole", "n1", "n2", "n3", "UP"):
        assert word in page
    assert not re.search(r"""(src|href)\s*=\s*["'](https?:)?//""", page)
    assert set(re.findall(r"<script[^>]*>", page)) == {
        '<script src="/ui/theme.js">', '<script type="module" src="/ui/app.js">'}
    for part in re.findall(r"""(?:src|href)="(/ui/[^"]*)\"""", page):
        assert proxy.http(part)[0] == 200, part
    assert proxy.http("/stats")[2].startswith("<!doctype html") or \
        proxy.http("/stats")[2].startswith("<!DOCTYPE html")


@pytest.mark.skipif(not haproxies.BINARY.exists(), reason="haproxy is not installed")
def test_the_csv_has_haproxys_columns(proxy, tmp_path, started, cluster):
    port = harness.free_port()
    servers = "\n".join(f"  server {n.name} {n.host}:{n.sql} check port {n.http}"
                        for n in cluster.nodes)
    theirs = started(haproxies.Haproxy(
        tmp_path, "global\n  stats socket {socket} level admin\n"
        "defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 5s\n  timeout server 5s\n"
        f"listen psql\n  bind 127.0.0.1:{port}\n  option httpchk GET /health?ready=1\n{servers}\n"
        f"listen dbconsole\n  bind 127.0.0.1:{harness.free_port()}\n{servers}\n"))
    header = theirs.ctl("show stat").splitlines()[0]
    # What follows the column "-" are those of modules, which differ from build to build.
    static = header[:header.index(",-,") + 3]
    csv_text = proxy.http("/stats;csv")[2]
    assert csv_text.splitlines()[0] == static
    assert csv_text.count("\n\n") == 1 and csv_text.endswith("\n\n")
    rows = list(csv.reader(io.StringIO(csv_text.strip())))
    assert {len(row) for row in rows} == {len(static.split(","))}
    assert list(rows_of(csv_text)) == list(theirs.stat())
    for path in PATHS[4:7]:
        assert proxy.http(path)[2].splitlines()[0] == static
    ours, other = rows_of(csv_text), theirs.stat()
    for name, row in other.items():
        for column in ("iid", "sid", "type", "act", "bck", "weight", "mode", "pid"):
            assert ours[name][column] == row[column], (name, column)


def test_status_tells_states_and_counters(proxy):
    with Held(proxy) as held:
        held.query("SELECT 1")
        status = proxy.status()
        services = {s["name"]: s for s in status["services"]}
        assert set(services) == {"psql", "dbconsole"}
        assert services["psql"]["sessions"] == 1
        assert services["psql"]["usable"] == 3
        assert {s["name"] for s in services["psql"]["servers"]} == {"n1", "n2", "n3"}
        for server in services["psql"]["servers"]:
            assert server["usable"] is True
            assert server["check"]["code"] == "L7OK"
            assert server["check"]["status"] == 200


def test_sessions_are_listed_while_they_are_open(proxy):
    assert json.loads(proxy.http("/v1/sessions")[2])["sessions"] == []
    with Held(proxy) as held:
        node = held.value("SHOW node_id")
        session, = json.loads(proxy.http("/v1/sessions")[2])["sessions"]
        assert session["service"] == "psql"
        assert session["server"] == f"n{node}"
        assert session["client"] == "%s:%d" % held.socket.getsockname()
        assert session["bytes_out"] > session["bytes_in"] > 0
    harness.wait_for(lambda: json.loads(proxy.http("/v1/sessions")[2])["sessions"] == [])


def test_events_are_listed_from_a_number_on(proxy):
    events = json.loads(proxy.http("/v1/events")[2])["events"]
    assert [e["seq"] for e in events] == list(range(1, len(events) + 1))
    assert any(e.get("server") == "n1" and e["kind"] == "server" for e in events)
    later = json.loads(proxy.http("/v1/events?since=3")[2])["events"]
    assert later[0] == events[2]
    assert json.loads(proxy.http("/v1/events?since=999999")[2])["events"] == []


class Stream:
    """Server-sent events, as they are on the wire: (id, event, data)."""

    def __init__(self, proxy, path="/v1/events", **fields):
        self.connection = http.client.HTTPConnection(proxy.admin_host, proxy.admin_port,
                                                     timeout=harness.PATIENCE)
        self.connection.request("GET", path, headers={"Accept": "text/event-stream"} | fields)
        self.answer = self.connection.getresponse()

    def next(self):
        fields = {}
        while line := self.answer.readline().decode().rstrip("\n"):
            name, _, value = line.partition(": ")
            fields[name] = value
        return int(fields["id"]), fields["event"], json.loads(fields["data"])

    def close(self):
        self.connection.close()


def test_the_live_stream_begins_where_the_client_says(proxy, cluster):
    stream = Stream(proxy)
    assert stream.answer.getheader("Content-Type").startswith("text/event-stream")
    first = stream.next()
    assert (first[0], first[2]["seq"]) == (1, 1)
    last = max(e["seq"] for e in json.loads(proxy.http("/v1/events")[2])["events"])
    since = Stream(proxy, f"/v1/events?since={last}")
    again = Stream(proxy, "/v1/events?since=1", **{"Last-Event-ID": str(last)})
    assert since.next()[0] == last
    cluster.command(2, "kill")
    seen = again.next()
    assert seen[0] == last + 1
    while not (seen[1] == "server" and seen[2]["service"] == "psql"):
        seen = again.next()
    assert seen[2]["server"] == "n2"
    for s in (stream, since, again):
        s.close()


def test_metrics_come_plain_and_as_openmetrics(proxy):
    with Held(proxy):
        status, fields, text = proxy.http("/metrics")
        assert fields["content-type"].startswith("text/plain; version=0.0.4")
        assert 'haproxy_server_status{proxy="psql",server="n1",state="UP"} 1' in text
        assert proxy.metrics()['haproxy_frontend_current_sessions{proxy="psql"}'] == 1
    assert "# EOF" not in text
    kind = "application/openmetrics-text"
    status, fields, text = proxy.http("/metrics", {"Accept": f"{kind}; version=1.0.0, */*;q=0.1"})
    assert (status, fields["content-type"].split(";")[0]) == (200, kind)
    assert text.endswith("# EOF\n")
    names = re.findall(r"^# TYPE (\S+) ", text, re.M)
    assert len(names) == len(set(names))
    for line in text.splitlines():
        assert re.fullmatch(r'#.*|[a-z_]+(\{.*\})? \S+', line), line


def test_ready_is_503_with_the_reason_while_a_service_has_no_server(proxy, cluster):
    assert proxy.http("/healthz")[0] == 200
    assert proxy.http("/readyz")[::2] == (200, "ok\n")
    cluster.command("all", "kill")
    harness.wait_for(lambda: proxy.http("/readyz")[0] == 503)
    harness.wait_for(lambda: proxy.http("/readyz")[2].count("has no usable server") == 2)
    assert proxy.http("/readyz")[2] == \
        "service psql has no usable server; service dbconsole has no usable server\n"
    assert proxy.http("/healthz")[0] == 200
    cluster.command("all", "start")
    harness.wait_for(proxy.is_ready, what="/readyz to be 200 again")


def test_an_unknown_path_gets_the_list(proxy):
    for path in ("/nope", "/v1", "/haproxy", "/haproxy?x", "/../etc/passwd"):
        status, _, body = proxy.http(path)
        assert status == 404, path
        for known in ("/metrics", "/v1/status", "/stats;csv"):
            assert known in body


def test_head_is_get_without_its_body(proxy):
    with Wire(proxy) as wire:
        for path in PATHS:
            wire.send(f"HEAD {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            status, fields, _ = wire.answer(head=True)
            assert status == 200
            assert int(fields["content-length"]) > 0
        wire.send(b"HEAD /nope HTTP/1.1\r\nHost: x\r\n\r\n")
        assert wire.answer(head=True)[0] == 404


def test_other_methods_get_405(proxy):
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"):
        status, fields, _ = proxy.http("/v1/status", method=method)
        assert (status, fields["allow"]) == (405, "GET, HEAD"), method


def test_garbage_gets_400_and_the_end(proxy):
    for garbage in (b"\0\1\2\3\n", b"GET\r\n\r\n", b"GET / HTTP/2.0\r\n\r\n",
                    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n",
                    b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
                    b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                    b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                    b"GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n"):
        with Wire(proxy) as wire:
            wire.send(garbage)
            assert wire.answer()[0] == 400, garbage
            assert wire.is_closed(), garbage


def test_a_length_that_wraps_around_is_no_length(proxy):
    """The end of the request, computed, would be its beginning: it would be served for ever."""
    for path in ("/healthz", "/metrics"):
        head = f"GET {path} HTTP/1.1\r\nContent-Length: {{:020d}}\r\n\r\n"
        size = len(head.format(0))
        for length in (2**64 - size, 2**64 - size + 1, 2**64 - 1, 2**63):
            with Wire(proxy) as wire:
                wire.send(head.format(length).encode())
                assert wire.answer()[0] == 400
                assert wire.is_closed()
    assert proxy.http("/healthz")[0] == 200


def test_requests_in_one_packet_are_answered_in_order(proxy):
    with Wire(proxy) as wire:
        wire.send(b"GET /healthz HTTP/1.1\r\n\r\nGET /nope HTTP/1.1\r\n\r\n"
                  b"GET /readyz HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
                  b"GET /v1/status HTTP/1.1\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\n\r\n")
        assert wire.answer()[::2] == (200, b"ok\n")
        assert wire.answer()[0] == 404
        assert wire.answer()[::2] == (200, b"ok\n")
        assert json.loads(wire.answer()[2])["services"]
        assert wire.is_closed()
    with Wire(proxy) as wire:
        wire.send(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert wire.answer()[0] == 200
        assert wire.is_closed()


def test_a_pile_of_requests_waits_for_its_reader(proxy):
    """Answers of megabytes asked for at once, then read: none is lost, none piles up."""
    request = b"GET / HTTP/1.1\r\n\r\n"
    count = 1200
    before = rss(proxy.pid)
    with Wire(proxy) as wire:
        wire.send(request * count)
        wire.socket.shutdown(socket.SHUT_WR)
        assert wire.answer()[0] == 200
        assert proxy.http("/healthz")[0] == 200
        assert rss(proxy.pid) - before < 96 << 20
        for _ in range(count - 1):
            assert wire.answer()[0] == 200
        assert wire.is_closed()


def rss(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as f:
        return int(f.read().split()[1]) * 4096


def test_a_slow_client_is_served_byte_by_byte(proxy):
    with Wire(proxy) as wire:
        wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"\r\nGET /healthz HTTP/1.1\r\nHost: slow\r\n\r\n":
            wire.send(bytes([byte]))
        assert wire.answer()[::2] == (200, b"ok\n")


def test_idle_clients_do_not_keep_a_health_checker_out(proxy):
    wires = [Wire(proxy) for _ in range(200)]
    try:
        for wire in wires:
            wire.send(b"GET /healthz HTTP/1.1\r\n\r\n")
        assert {wire.answer()[0] for wire in wires} == {200}
        for _ in range(100):
            wires.append(Wire(proxy))
            wires[-1].send(b"GET /readyz HTTP/1.1\r\n\r\n")
            assert wires[-1].answer()[0] == 200
        # Ones that were idle longer made room for them.
        harness.wait_for(lambda: sum(wire.is_gone() for wire in wires[:200]) >= 40,
                         what="the idle ones to be closed")
        assert not any(wire.is_gone() for wire in wires[200:])
        wires[-1].send(b"GET /healthz HTTP/1.1\r\n\r\n")
        assert wires[-1].answer()[0] == 200
    finally:
        for wire in wires:
            wire.__exit__()
    with Held(proxy) as held:
        assert held.value("SELECT 1") == "1"


def test_a_follower_that_never_reads_holds_up_nobody(proxy, cluster):
    with Wire(proxy) as deaf:
        deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        deaf.send(b"GET /v1/events HTTP/1.1\r\nAccept: text/event-stream\r\n\r\n")
        live = proxy.events()
        for _ in range(100):
            for word in ("drain", "ready"):
                assert proxy.ctl(f"set server psql/n1 state {word}") == "\n"
        last = json.loads(proxy.http("/v1/events")[2])["events"][-1]["seq"]
        live.wait(lambda e: e["seq"] == last)
        assert [e["seq"] for e in live.seen] == list(range(1, last + 1))
        with Held(proxy) as held:
            assert held.value("SELECT 1") == "1"


def test_a_request_without_an_end_is_cut_off(proxy):
    with Wire(proxy) as wire:
        try:
            for _ in range(100):
                wire.send(b"GET / HTTP/1.1\r\nX: " if _ == 0 else b"a" * 4096)
            assert wire.is_closed()
        except (BrokenPipeError, ConnectionResetError):
            pass
    assert proxy.http("/healthz")[0] == 200
