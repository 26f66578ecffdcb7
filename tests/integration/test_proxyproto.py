# SPDX-License-Identifier: MIT
"""The PROXY protocol, with those who speak it: nginx, Apache, Varnish, tshark, sluice itself."""

import contextlib
import hashlib
import http.client
import os
import re
import shutil
import socket
import struct
import tempfile
import threading
import time
from pathlib import Path

import haproxies
import harness
import pytest
from balancer import Balancer, needs
from harness import LOOPBACK, PATIENCE, free_port, wait_for
from peers import connect, ends, peer, read_all, read_exactly

CLIENT = "127.0.0.77"  # not the balancer's own address

HEAD = """
global
    maxconn 200
    stats socket {socket} mode 600 level admin
    LOG
defaults
    mode tcp
    log global
    option tcplog
    timeout connect 5s
    timeout client CLIENTs
    timeout server 1m
"""


def head(log="", client=60):
    return HEAD.replace("LOG", log).replace("CLIENT", str(client))


def listen(name, port, server, bind="", more=""):
    """A section `listen`; `server`: what follows the server's name."""
    return (f"listen {name}\n    bind {LOOPBACK}:{port} {bind}\n    {more}\n"
            f"    server sink {server}\n")


def from_client(port, send=None, source=CLIENT):
    """Connects from another address; (own port, the whole answer)."""
    own = free_port(source)
    with socket.create_connection((LOOPBACK, port), PATIENCE, (source, own)) as s:
        if send:
            s.sendall(send)
        return own, read_all(s).decode("latin-1")


# --- those who read it ------------------------------------------------------------------------


class Consumer(harness.Process):
    """A server of somebody else's on two ports, `sinks`, that wants a header on both."""

    def __init__(self, name, argv, home, sinks, **options):
        super().__init__(name, argv, home / f"{name}.log", **options)
        try:
            for port in sinks:
                wait_for(lambda port=port: self._listens(port), what=f"{name} to listen")
        except BaseException:
            self.show()
            self.child.kill()
            self.child.wait()
            raise

    def _listens(self, port):
        assert self.is_running(), f"{self.name} has ended:\n{self.log()}"
        return harness.can_connect(LOOPBACK, port)

    def stop(self):
        self.end()


STREAM = Path("/usr/lib/nginx/modules/ngx_stream_module.so")
needs_stream = pytest.mark.skipif(not STREAM.exists(), reason="nginx has no stream module")


def nginx(home, text, ports, name="nginx"):
    """nginx in one process, with that after its events."""
    conf = home / f"{name}.conf"
    conf.write_text(
        (f"load_module {STREAM};\n" if "stream {" in text else "")
        + f"error_log {home}/{name}.err;\npid {home}/{name}.pid;\ndaemon off;\n"
        "master_process off;\nevents {}\n" + text)
    return Consumer(name, ["nginx", "-p", home, "-c", conf, "-e", home / f"{name}.err"], home,
                    ports)


def nginx_http(home, ports, body, name="nginx"):
    temps = " ".join(f"{t}_temp_path {home}/temp;" for t in
                     ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    servers = " ".join(f"server {{ listen {LOOPBACK}:{p} proxy_protocol; {body} }}"
                       for p in ports)
    return nginx(home, f"http {{ access_log {home}/access.log; {temps} {servers} }}\n", ports,
                 name)


@pytest.fixture(autouse=True)  # so that it is there until all of them have ended
def home():
    """A directory that servers which change their user can enter."""
    path = Path(tempfile.mkdtemp(prefix="proxyproto-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


class Senders:
    """A balancer with one port per version of the header, each before a sink of its own."""

    def __init__(self, tmp_path, started, more="", server=""):
        self.ports = {1: free_port(), 2: free_port()}
        self.sinks = {1: free_port(), 2: free_port()}
        words = {1: "send-proxy", 2: "send-proxy-v2"}
        self.conf = head() + "".join(
            listen(f"v{v}", self.ports[v],
                   f"{LOOPBACK}:{self.sinks[v]} {words[v]} {server}", more=more)
            for v in (1, 2))
        self.lb = started(Balancer(tmp_path, self.conf))

    def each(self):
        return self.ports.items()


@pytest.fixture
def senders(tmp_path, started):
    return Senders(tmp_path, started)


@needs("nginx")
@needs_stream
def test_nginx_stream_reads_all_four_values(senders, home, started):
    values = "addr", "port", "server_addr", "server_port"
    said = " ".join(f"$proxy_protocol_{v}" for v in values)
    servers = " ".join(f'server {{ listen {LOOPBACK}:{p} proxy_protocol; return "{said}"; }}'
                       for p in senders.sinks.values())
    started(nginx(home, f"stream {{ {servers} }}\n", senders.sinks.values()))
    for version, port in senders.each():
        own, answer = from_client(port)
        assert answer == f"{CLIENT} {own} {LOOPBACK} {port}", version


def http_answer(port, *requests):
    """The bodies of requests over one connection."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=PATIENCE,
                                                    source_address=(CLIENT, 0))
    with contextlib.closing(connection):
        bodies = []
        for path in requests:
            connection.request("GET", path)
            answer = connection.getresponse()
            bodies.append((answer.status, answer.reason, answer.read().decode()))
    return bodies


@needs("nginx")
def test_nginx_http_knows_the_client_of_every_request(senders, home, started):
    started(nginx_http(
        home, senders.sinks.values(), f"set_real_ip_from {LOOPBACK}; real_ip_header "
        'proxy_protocol; location / { return 200 "$remote_addr $proxy_protocol_server_port"; }'))
    for version, port in senders.each():
        expected = 200, "OK", f"{CLIENT} {port}"
        assert http_answer(port, "/a", "/b") == [expected] * 2, version
    wait_for(lambda: (home / "access.log").read_text().count(f"{CLIENT} - ") == 4,
             what="four lines of that client")


APACHE = Path("/usr/lib/apache2/modules")
APACHE_CONF = """
ServerRoot {home}
ServerName test
PidFile {home}/apache.pid
DefaultRuntimeDir {home}
Mutex file:{home}
User www-data
Group www-data
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule remoteip_module {modules}/mod_remoteip.so
Listen 127.0.0.1:{one}
Listen 127.0.0.1:{two}
DocumentRoot {home}/htdocs
ErrorLog {home}/apache.err
LogFormat "%a %s" short
CustomLog {home}/access.log short
RemoteIPProxyProtocol On
<Directory {home}/htdocs>
Require all granted
</Directory>
"""


@needs("apache2")
@pytest.mark.skipif(os.geteuid() != 0, reason="apache2 changes its user")
def test_apache_logs_the_client(senders, home, started):
    (home / "htdocs").mkdir()
    (home / "htdocs" / "index").write_text("apache")
    conf = home / "apache.conf"
    conf.write_text(APACHE_CONF.format(home=home, modules=APACHE, one=senders.sinks[1],
                                       two=senders.sinks[2]))
    started(Consumer("apache", ["apache2", "-f", conf, "-DFOREGROUND"], home,
                     senders.sinks.values()))
    for version, port in senders.each():
        assert http_answer(port, "/index") == [(200, "OK", "apache")], version

    def lines():
        return [line for line in (home / "access.log").read_text().splitlines()
                if line.endswith(" 200")]
    wait_for(lambda: lines() == [f"{CLIENT} 200"] * 2, what="two lines of that client")


@needs("varnishd")
def test_varnish_tells_client_and_peer_apart(senders, home, started):
    vcl = home / "test.vcl"
    vcl.write_text('vcl 4.1;\nbackend default none;\nsub vcl_recv {\n  return (synth(200, '
                   '"" + client.ip + " " + remote.ip + " " + server.ip));\n}\n')
    listeners = [word for p in senders.sinks.values() for word in ("-a", f"{LOOPBACK}:{p},PROXY")]
    started(Consumer("varnishd", ["varnishd", "-F", "-j", "none", "-n", home / "varnish",
                                  *listeners, "-f", vcl, "-s", "default,10m"], home,
                     senders.sinks.values()))
    for version, port in senders.each():
        # It listens before it serves.
        wait_for(lambda port=port: _reason(port) == f"{CLIENT} {LOOPBACK} {LOOPBACK}",
                 what=f"varnish to know the client by version {version}")


def _reason(port):
    try:
        return http_answer(port, "/")[0][1]
    except (OSError, http.client.HTTPException):
        return None


class FixedPeer:
    """Accepts on that port, one connection at a time."""

    def __init__(self, port, serve):
        self.ended, self.serve = False, serve
        self.listener = socket.create_server((LOOPBACK, port), backlog=50)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            with s:
                s.settimeout(PATIENCE)
                self.serve(s)

    def is_running(self):
        return False

    def show(self):
        pass

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(PATIENCE)


@needs("tshark")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root captures packets")
def test_tshark_dissects_the_headers(senders, tmp_path, started):
    def serve(s):
        data = b""
        while not data.endswith(b"q") and (chunk := s.recv(1000)):
            data += chunk
    for port in senders.sinks.values():
        started(FixedPeer(port, serve))
    fields = ("src.ipv4", "dst.ipv4", "srcport", "dstport", "version")
    watched = " or ".join(f"tcp port {p}" for p in senders.sinks.values())
    out = open(tmp_path / "tshark.out", "wb")
    with out:
        tshark = harness.Process(
            "tshark", ["tshark", "-i", "lo", "-f", watched, "--enable-heuristic", "proxy_tcp",
                       "-l", "-Y", "proxy", "-T", "fields", "-E", "separator=/s",
                       *[word for f in fields for word in ("-e", f"proxy.{f}")]],
            tmp_path / "tshark.log", stdout=out)
    tshark.stop = tshark.end
    started(tshark)
    for version, port in senders.each():
        def seen(version=version, port=port):
            # Until it captures, again and again.
            if not tshark.is_running():
                pytest.skip(f"tshark cannot capture here: {tshark.log()[-300:]}")
            own, _ = from_client(port, b"q")
            expected = f"{CLIENT} {LOOPBACK} {own} {port}"
            with contextlib.suppress(AssertionError):
                return wait_for(lambda: re.search(rf"^{re.escape(expected)} ?{version}?$",
                                                  (tmp_path / "tshark.out").read_text(), re.M),
                                1)
        wait_for(seen, what=f"a header of version {version} in tshark")


@needs("nginx")
@pytest.mark.parametrize("word", ["check", "check check-send-proxy port {}"])
def test_a_check_sends_the_header_too(tmp_path, home, started, word):
    """nginx takes no request without one; the check's addresses are the balancer's own."""
    sink = free_port()
    started(nginx_http(home, [sink], 'location / { return 200 "$proxy_protocol_addr"; }'))
    port = free_port()
    conf = head() + listen("web", port, f"{LOOPBACK}:{sink} {word.format(sink)} inter 100ms "
                           "send-proxy-v2", more="option httpchk GET /health")
    lb = started(Balancer(tmp_path, conf))
    lb.wait_column("web/sink", "check_status", "L7OK")
    assert http_answer(port, "/") == [(200, "OK", CLIENT)]
    assert lb.column("web/sink", "status") == "UP"
    assert "broken header" not in (home / "nginx.err").read_text()


# --- those who send it ------------------------------------------------------------------------


MAGIC = b"\r\n\r\n\0\r\nQUIT\n"


def v2(source=("203.0.113.7", 4711), target=("198.51.100.9", 26257), command=1, tlvs=b""):
    """A header of version 2; without addresses if `source` is None."""
    if source is None:
        kind, body = 0, b""
    else:
        family = socket.AF_INET6 if ":" in source[0] else socket.AF_INET
        kind = 0x21 if family == socket.AF_INET6 else 0x11
        body = b"".join(socket.inet_pton(family, a) for a, _ in (source, target))
        body += struct.pack("!HH", source[1], target[1])
    body += tlvs
    return MAGIC + struct.pack("!BBH", 0x20 | command, kind, len(body)) + body


def tlv(kind, value):
    return struct.pack("!BH", kind, len(value)) + value


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return struct.pack("!I", crc ^ 0xffffffff)


V1 = b"PROXY TCP4 203.0.113.7 198.51.100.9 4711 26257\r\n"
V1_IPV6 = b"PROXY TCP6 2001:db8::7 2001:db8::9 4711 26257\r\n"

# What comes in, and what the node is told by version 1; None: the connection's own addresses.
HEADERS = {
    "v1": (V1, V1),
    "v1_ipv6": (V1_IPV6, V1_IPV6),
    "v1_unknown": (b"PROXY UNKNOWN\r\n", None),
    "v2": (v2(), V1),
    "v2_ipv6": (v2(("2001:db8::7", 4711), ("2001:db8::9", 26257)), V1_IPV6),
    "v2_local": (v2(None, command=0), None),
    "v2_tlvs": (v2(tlvs=tlv(2, b"db.example") + tlv(4, b"\0" * 300)), V1),
}

BAD = {
    "http": b"GET / HTTP/1.0\r\n\r\n",
    "postgres": struct.pack("!ii", 8, 80877103) * 10,
    "family": b"PROXY TCP5 203.0.113.7 198.51.100.9 4711 26257\r\n",
    "address": b"PROXY TCP4 203.0.113.777 198.51.100.9 4711 26257\r\n",
    "endless": b"PROXY TCP4 " + b"1" * 200,
    "no_cr": V1.replace(b"\r\n", b"\n\n"),
    "v2_version": v2().replace(b"\x21\x11", b"\x31\x11", 1),
    "v2_command": v2(command=2),
    "v2_short": MAGIC + struct.pack("!BBH", 0x21, 0x11, 4) + b"1234",
    "v2_crc": v2(tlvs=tlv(3, b"\1\2\3\4")),
}


class Hears:
    """A node that keeps what it is told and gives back what follows the first line."""

    def __init__(self):
        self.heard = []

    def __call__(self, s):
        data = b""
        while chunk := s.recv(65536):
            data += chunk
        self.heard.append(data)
        s.sendall(hashlib.sha256(data.partition(b"\r\n")[2]).digest())


class Acceptor:
    """accept-proxy in front, version 1 to a node that listens; its log."""

    def __init__(self, tmp_path, started, peer, client=60, send="send-proxy"):
        self.node = Hears()
        self.sink = peer(self.node)
        self.log = haproxies.Syslog()
        self.port = free_port()
        self.lb = started(Balancer(tmp_path, head(f"log {LOOPBACK}:{self.log.port} local0", client)
                                   + listen("in", self.port, f"{LOOPBACK}:{self.sink.port} {send}",
                                            "accept-proxy")))

    def close(self):
        self.log.close()


@pytest.fixture
def acceptor(tmp_path, started, peer):
    with contextlib.ExitStack() as stack:
        def make(**options):
            a = Acceptor(tmp_path, started, peer, **options)
            stack.callback(a.close)
            return a
        yield make


def say(port, *parts):
    """Sends the parts, finishes, and reads the answer; (own address and port, the answer)."""
    with connect(port) as s:
        for part in parts:
            s.sendall(part)
        s.shutdown(socket.SHUT_WR)
        return s.getsockname(), read_all(s)


def test_every_good_header_is_understood_and_passed_on(acceptor):
    a = acceptor()
    payload = b"SELECT 1\r\n" * 1000
    digest = hashlib.sha256(payload).digest()
    for name, (header, expected) in HEADERS.items():
        whole = [header + payload]
        behind = [header, payload]
        bytewise = [header[i:i + 1] for i in range(len(header))] + [payload]
        for parts in (whole, behind, bytewise):
            lines = len(a.log.lines)
            own, answer = say(a.port, *parts)
            assert answer == digest, name
            told, _, rest = a.node.heard.pop().partition(b"\r\n")
            mine = f"PROXY TCP4 {LOOPBACK} {LOOPBACK} {own[1]} {a.port}".encode()
            assert told == (expected or mine + b"\r\n")[:-2], name
            assert rest == payload
            client = f"{LOOPBACK}:{own[1]}" if expected is None else (
                "2001:db8::7:4711" if b"TCP6" in expected else "203.0.113.7:4711")
            assert f" {client} [" in a.log.wait(" in/sink ", lines), name


def test_a_bad_header_is_the_end_before_any_node_hears_of_it(acceptor):
    a = acceptor()
    for name, data in BAD.items():
        lines = len(a.log.lines)
        with connect(a.port) as s:
            s.sendall(data)
            ends(s)
        line = a.log.wait("127.0.0.1:", lines)
        assert re.search(r": 127\.0\.0\.1:\d+ \[.*\] in/1: .*PROXY protocol header", line), \
            (name, line)
    assert a.sink.accepted == 0
    assert a.lb.column("in/FRONTEND", "stot") == "0"
    assert a.lb.column("in/sink", "stot") == "0"
    assert say(a.port, V1, b"x")[1] == hashlib.sha256(b"x").digest()


def test_a_header_that_never_ends_is_not_waited_for(acceptor):
    """The client's time-out is for the whole header: dribbling does not stretch it."""
    a = acceptor(client=2)
    begin = time.monotonic()
    with connect(a.port) as silent, connect(a.port) as half, connect(a.port) as dribbling:
        half.sendall(V1[:20])
        with pytest.raises(OSError):
            for byte in V1[:-1]:
                dribbling.sendall(bytes([byte]))
                time.sleep(0.1)  # that is the test: slower than the time-out in sum
        for s in (silent, half, dribbling):
            ends(s)
    assert 1.9 <= time.monotonic() - begin < PATIENCE
    assert a.sink.accepted == 0
    # A slow one that is in time is as good as another.
    with connect(a.port) as slow:
        for part in (V1[:7], V1[7:30], V1[30:]):
            slow.sendall(part)
            time.sleep(0.1)
        slow.shutdown(socket.SHUT_WR)
        assert read_all(slow) == hashlib.sha256(b"").digest()


@needs("nginx")
@needs_stream
def test_nginx_tells_of_its_client(acceptor, home, started):
    a = acceptor()
    front = free_port()
    started(nginx(home, f"stream {{ server {{ listen {LOOPBACK}:{front}; proxy_pass "
                  f"{LOOPBACK}:{a.port}; proxy_protocol on; proxy_half_close on; }} }}\n", [front]))
    wait_for(lambda: a.node.heard, what="the session of the look whether nginx listens")
    a.node.heard.clear()
    own = free_port(CLIENT)
    with socket.create_connection((LOOPBACK, front), PATIENCE, (CLIENT, own)) as s:
        s.sendall(b"through both")
        s.shutdown(socket.SHUT_WR)
        assert read_all(s) == hashlib.sha256(b"through both").digest()
    assert a.node.heard == [
        f"PROXY TCP4 {CLIENT} {LOOPBACK} {own} {front}\r\nthrough both".encode()]
    a.log.wait(f" {CLIENT}:{own} [")


class Chain:
    """Two balancers, one after the other, then a node."""

    def __init__(self, tmp_path, started, peer, between, last, front=""):
        self.node = Hears()
        sink = peer(self.node)
        self.ports = free_port(), free_port()
        for name in ("first", "second"):
            (tmp_path / name).mkdir()
        self.second = started(Balancer(tmp_path / "second", head() + listen(
            "second", self.ports[1], f"{LOOPBACK}:{sink.port} {last}", "accept-proxy")))
        self.first = started(Balancer(tmp_path / "first", head() + listen(
            "first", self.ports[0], f"{LOOPBACK}:{self.ports[1]} {between}", front)))


@pytest.mark.parametrize("between", ["send-proxy", "send-proxy-v2"])
def test_a_chain_of_two_hands_the_client_through(tmp_path, started, peer, between):
    chain = Chain(tmp_path, started, peer, between, "send-proxy")
    payload = os.urandom(3_000_000)
    own = free_port(CLIENT)
    with socket.create_connection((LOOPBACK, chain.ports[0]), PATIENCE, (CLIENT, own)) as s:
        s.sendall(payload)
        s.shutdown(socket.SHUT_WR)
        assert read_exactly(s, 32) == hashlib.sha256(payload).digest()
        assert read_all(s) == b""
    told = f"PROXY TCP4 {CLIENT} {LOOPBACK} {own} {chain.ports[0]}\r\n".encode()
    assert chain.node.heard == [told + payload]


def test_a_chain_keeps_what_else_a_header_says(tmp_path, started, peer):
    """Authority, an id, a kind of one's own: byte for byte; the checksum fits the new header."""
    chain = Chain(tmp_path, started, peer, "send-proxy-v2", "send-proxy-v2", "accept-proxy")
    kept = tlv(2, b"db.example") + tlv(5, b"id-4711") + tlv(0xE0, bytes(range(256)) * 4)
    for tlvs in (kept, kept + tlv(3, b"\0\0\0\0"), tlv(3, b"\0\0\0\0") + kept):
        header = v2(tlvs=tlvs)
        blank = tlv(3, b"\0\0\0\0")
        if blank in tlvs:
            at = header.index(blank) + 3
            header = header[:at] + crc32c(header) + header[at + 4:]
        with connect(chain.ports[0]) as s:
            s.sendall(header + b"payload")
            s.shutdown(socket.SHUT_WR)
            read_all(s)
        assert chain.node.heard.pop() == header + b"payload"


def test_the_statistics_do_not_count_the_header(acceptor):
    """HAProxy's bytes are those of the session."""
    a = acceptor()
    say(a.port, V1, b"12345")
    rows = a.lb.stat()
    assert rows["in/FRONTEND"]["bin"] == "5" and rows["in/sink"]["bin"] == "5"
    assert rows["in/FRONTEND"]["bout"] == "32"
