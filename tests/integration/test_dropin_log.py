# SPDX-License-Identifier: MIT
"""sluice in HAProxy's place: the same configuration gives the same log lines, line for line."""

import difflib
import re
import socket
import struct

import haproxies
import harness
import peers
import pytest
from harness import LOOPBACK, free_port
from peers import peer  # noqa: F401  (a fixture)

pytestmark = pytest.mark.skipif(not haproxies.BINARY.exists(), reason="haproxy is not installed")

GLOBAL = """
global
    nbthread 1
    maxconn 400
    log 127.0.0.1:@log@ local0
    stats socket {socket} mode 600 level admin
defaults
    mode tcp
    log global
    retries 1
    timeout connect 3s
    timeout client 10s
    timeout server 10s
"""


class Node:
    """Answers HTTP checks, agent checks and echoes; what it says can be changed."""

    def __init__(self, peer):
        self.word, self.status = b"up\n", 200
        self.checked = peer(self._answer)
        self.http = self.checked.port
        self.asking = peer(lambda s: s.sendall(self.word))
        self.agent = self.asking.port
        self.echoing = peer(peers.echo)
        self.echo = self.echoing.port

    def _answer(self, s):
        if s.recv(4096):
            s.sendall(b"HTTP/1.0 %d X\r\n\r\n" % self.status)
            peers.read_all(s)

    def settle(self):
        """Waits for the end of each check that is under way; connections are accepted in turn."""
        with peers.connect(self.http) as s:
            s.sendall(b"GET /\r\n\r\n")
            s.recv(4096)
            with self.checked.lock:
                open_now = set(self.checked.live)
        harness.wait_for(lambda: not open_now & self.checked.live, what="the end of the checks")


def plain(line):
    """Without what is another one each time."""
    line = haproxies.plain_line(line)
    line = re.sub(r"\b\d{4}-\d\d-\d\dT[\d:.]+[+-]\d\d:\d\d", "ISO", line)
    line = re.sub(r"haproxy \d+ - -", "haproxy PID - -", line)
    return re.sub(r"^(\[\w+\] +\()\d+", r"\1PID", line).rstrip("\n")


class Run:
    """One of the two programs, its log, and what is done to it."""

    def __init__(self, request, tmp_path, started, conf, binary):
        self.log = haproxies.Syslog()
        request.addfinalizer(self.log.close)
        conf = conf.replace("@log@", str(self.log.port))
        self.process = started(haproxies.Haproxy(tmp_path, conf, binary))
        self.from_line = 0

    def expect(self, *parts):
        for part in parts:
            self.log.wait(part, self.from_line)

    def do(self, action, *parts):
        self.from_line = len(self.log.lines)
        action()
        self.expect(*parts)

    def ctl(self, command, *parts):
        self.do(lambda: self.process.ctl(command), *parts)

    def lines(self):
        return [plain(line) for line in self.log.lines]


@pytest.fixture
def both(request, tmp_path, started):
    """both(conf, drill): drill(run) with either; their runs after the drill, HAProxy's first."""
    def run_both(conf, drill):
        runs = []
        for binary in (haproxies.BINARY, haproxies.dropin(tmp_path)):
            run = Run(request, tmp_path, started, conf, binary)
            drill(run)
            run.process.stop()
            runs.append(run)
        return runs
    return run_both


def talk(port, data=b"hello", reset=False):
    with socket.create_connection((LOOPBACK, port), harness.PATIENCE) as s:
        if data:
            s.sendall(data)
            assert peers.read_exactly(s, len(data)) == data
        if reset:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


# --- transitions ------------------------------------------------------------------------------

TRANSITIONS = """
backend be
    option httpchk
    http-check disable-on-404
    {logged}
    server s1 127.0.0.1:{http} check inter 100 weight 10 agent-check agent-port {agent} agent-inter 100
    server t1 127.0.0.1:{http} track be/s1
listen alone
    bind 127.0.0.1:{port}
    option httpchk
    server b1 127.0.0.1:{http} backup check inter 100
listen watched
    bind 127.0.0.1:{watched}
    {logged}
    server w1 127.0.0.1:{refused} check port {http} inter 1s observe layer4 error-limit 1 on-error mark-down
"""


def drill_of(node, watched, logged):
    """Steps that each end with a line of their own."""
    checked = ["Health check for server be/s1 succeeded"] if logged else []

    def say(word):
        node.word = word

    def answer(status):
        node.status = status

    def connect():
        with socket.create_connection((LOOPBACK, watched)) as s:
            s.sendall(b"x")
            peers.ends(s)

    def drill(run):
        say(b"up\n")
        answer(200)
        harness.wait_for(lambda: all(run.process.stat()[f"{name}"]["check_status"].endswith("OK")
                                     for name in ("be/s1", "alone/b1", "watched/w1")),
                         what="the first checks")
        up = "be/t1 is UP"
        run.do(lambda: say(b"drain\n"), "backend be has no server")
        run.do(lambda: say(b"ready\n"), "be/t1 is UP (leaving forced drain)")
        run.do(lambda: say(b"down because\n"), "backend be has no server")
        run.do(lambda: say(b"up\n"), up)
        run.do(lambda: say(b"maint\n"), "backend be has no server")
        node.settle()
        run.do(lambda: say(b"ready up\n"), "be/t1 is UP/READY", *checked)
        said = node.asking.accepted
        say(b"up\n")  # or it would be ready again after each command
        harness.wait_for(lambda: node.asking.accepted > said + 1)
        run.do(lambda: answer(404), "backend be has no server", "proxy alone has no server")
        run.do(lambda: answer(200), up, "alone/b1 is UP")
        run.do(lambda: answer(500), "backend be has no server", "proxy alone has no server")
        run.do(lambda: answer(200), up, "alone/b1 is UP")
        for server, command, *parts in (
                ("s1", "maint", "backend be has no server"),
                ("t1", "maint"),
                ("s1", "ready", "be/t1 remains in forced maintenance", *checked),
                ("t1", "ready", "be/t1 is UP/READY"),
                ("s1", "drain", "backend be has no server"),
                ("t1", "drain", "be/t1 remains in forced drain mode"),
                ("s1", "ready", "be/t1 remains in forced drain mode"),
                ("t1", "ready", "be/t1 is UP (leaving forced drain)"),
                ("s1", "maint", "backend be has no server"),
                ("s1", "drain", "be/t1 is leaving forced drain", *checked),
                ("s1", "maint", "be/t1 is going DOWN"),
                ("s1", "ready", "be/t1 is UP/READY", *checked)):
            run.ctl(f"set server be/{server} state {command}", *parts)
            if command == "maint":
                node.settle()
        run.do(connect, "watched/w1 is DOWN")
        run.ctl("disable frontend alone", "Paused")
        run.ctl("enable frontend alone", "Resumed")
        run.ctl("shutdown frontend alone", "Proxy alone stopped")
    return drill


def outside_maintenance(lines):
    """Without the end of a check that was under way when maintenance began."""
    resting = False
    for line in lines:
        if "be/s1 is going DOWN for maintenance" in line:
            resting = True
        elif "be/s1 is UP/" in line:
            resting = False
        if not (resting and "Health check for server be/s1 succeeded" in line):
            yield line


def by_proxy(lines):
    """What is said of each proxy: their checks do not come in the same order."""
    sessions = re.compile(r"127\.0\.0\.1:PORT|Connect from")
    kept = [x for x in lines if not sessions.search(x) and "Agent check" not in x and
            " : config : " not in x]
    said = {name: [x for x in kept if re.search(rf"\b{name}\b", x)]
            for name in ("be", "alone", "watched")}
    said["be"] = list(outside_maintenance(said["be"]))
    # The session that found it out may be over; a check or another try may follow.
    last = next(i for i, x in enumerate(said["watched"]) if "no server available" in x)
    said["watched"] = [re.sub(r"\d sessions active", "N sessions active", x)
                       for x in said["watched"][:last + 1]]
    return said


def assert_same(ours, theirs):
    for name, lines in theirs.items():
        difference = "\n".join(difflib.unified_diff(lines, ours[name], "haproxy", "sluice", n=1,
                                                    lineterm=""))
        assert not difference, "\n" + difference


@pytest.mark.parametrize("logged", [False, True])
def test_transitions_are_haproxys(both, peer, logged):  # noqa: F811
    node, watched = Node(peer), free_port()
    conf = GLOBAL + TRANSITIONS.format(
        http=node.http, agent=node.agent, port=free_port(), watched=watched, refused=free_port(),
        logged="option log-health-checks" if logged else "")
    drill = drill_of(node, watched, logged)
    theirs, ours = both(conf, drill)
    their_lines, our_lines = by_proxy(theirs.lines()), by_proxy(ours.lines())
    assert_same(our_lines, their_lines)
    # The terminal: the same, all of them as warnings, names in quotes.
    screens = [by_proxy([plain(x) for x in run.process.log().splitlines()
                         if re.match(r"\[(WARNING|ALERT)\]", x)]) for run in (ours, theirs)]
    assert_same(*screens)
    assert "[ALERT]    (PID) : proxy 'alone' has no server available!" in screens[0]["alone"]


# --- framings ---------------------------------------------------------------------------------

def listen(number, port, node, more):
    return (f"listen l{number}\n    bind 127.0.0.1:{port}\n    no log\n    {more}\n"
            f"    server s1 127.0.0.1:{node.echo}\n")


FRAMINGS = ["", "format rfc5424 ", "format priority ", "format short ", "format timed ",
            "format iso ", "format raw ", "len 80 ", "len 80 format timed ",
            "sample 2:2 ", "format short sample 1,3:3 "]


@pytest.mark.parametrize("hostname", ["log-send-hostname", "log-send-hostname a.b.c"])
def test_framings_are_haproxys(both, peer, hostname):  # noqa: F811
    node = Node(peer)
    ports = [free_port() for _ in FRAMINGS]
    conf = GLOBAL.replace("nbthread 1", f"nbthread 1\n    {hostname}") + "".join(
        listen(i, port, node, f"option tcplog\n    log 127.0.0.1:@log@ {framing}local3")
        for i, (port, framing) in enumerate(zip(ports, FRAMINGS)))

    def drill(run):
        for port, framing in zip(ports, FRAMINGS):
            for _ in range(3):
                run.do(lambda p=port: talk(p), *([] if "sample" in framing else [""]))
                harness.wait_for(lambda: node_is_idle(run))

    def node_is_idle(run):
        return all(row["scur"] in ("", "0") for row in run.process.stat().values()
                   if row["svname"] == "s1")

    theirs, ours = both(conf, drill)
    # Where a line is cut depends on how long its numbers are.
    cut = [[x if x.endswith(" 0/0") else x.split(" [")[0] for x in run.lines()]
           for run in (ours, theirs)]
    assert {len(x) for x in theirs.log.lines if not x.endswith(" 0/0\n")} == {81}
    assert {len(x) for x in ours.log.lines if not x.endswith(" 0/0\n")} == {81}
    assert cut[0] == cut[1], haproxies.difference(*cut)


def test_streams_are_haproxys(both, peer):  # noqa: F811
    node, ports = Node(peer), [free_port(), free_port()]
    conf = GLOBAL + "".join(
        listen(i, port, node, f"option tcplog\n    log stderr {framing}local0")
        for i, (port, framing) in enumerate(zip(ports, ["", "format short "])))

    def drill(run):
        for i, port in enumerate(ports):
            talk(port)
            harness.wait_for(lambda i=i: f" l{i} l{i}/s1 " in run.process.log())

    theirs, ours = both(conf, drill)
    lines = [[plain(x) for x in run.process.log().splitlines() if "/s1 " in x]
             for run in (ours, theirs)]
    assert lines[0] == lines[1]
    assert len(lines[0]) == 2


# --- formats and options ----------------------------------------------------------------------

FORMATS = [
    "plain text", "a%%b %-x", "%B %U %ci %fi %bi %si", "%{+X}ci %{+X}fi %{+X}bi %{+X}si",
    "%{+Q}ci %{+Q}fi %{+Q}b %{+Q}s %{+Q}ID", "%f|%ft|%b|%s|%ID|%{+M,-Q}ID|%{-M}ID",
    "%ac %fc %bc %sc %rc %sq %bq %ts %tsc", "%H %lc %ST %hr|%hrl|%hs|%hsl %sslc %sslv",
    "%{+X}lc %{+Q}H", "%{+X}o %ci %{-X}ci %{-X}o %ci", "%{+Q}o %ci %B %f", "%o|%ci",
    "%{+X,+Q}ci %{Q}ci %{foo}ci %{+json}ci", "a  b   c %B    d ", " lead",
    "%[src] %[dst] %[fc_src] %[fc_dst] %[bc_src] %[bc_dst] %[fc_rcvd_proxy]",
    "%{+Q}[src] %{+X}[src] %{+E}[str(a]b)] %{+Q,+E}[str(a]b)]",
    "%[fe_name] %[be_name] %[srv_name] %[srv_id] %[so_id] %[so_name] %[fe_conn] %[be_conn]",
    "%[str(abc)] %[int(-5)] %[bool(true)] %[unique-id]", "%Th %hr %hs x",
]


def test_formats_are_haproxys(both, peer):  # noqa: F811
    node = Node(peer)
    ports = [free_port() for _ in FORMATS]
    conf = GLOBAL + "".join(
        listen(i, port, node,
               f'log 127.0.0.1:@log@ format raw local0\n    log-format "{text}"')
        for i, (port, text) in enumerate(zip(ports, FORMATS)))

    def drill(run):
        for port in ports:
            run.do(lambda p=port: talk(p), "")

    theirs, ours = both(conf, drill)
    assert ours.lines() == theirs.lines(), haproxies.difference(ours.lines(), theirs.lines())


OPTIONS = ["", "option tcplog", "option tcplog\n    option dontlognull",
           "option tcplog\n    option dontlog-normal", "option tcplog\n    option logasap",
           "option tcplog\n    option log-separate-errors", "option logasap",
           'log-format "%Tt %Tu %B %U %ts %ac/%fc/%bc/%sc"\n    option logasap']


def test_options_of_sessions_are_haproxys(both, peer):  # noqa: F811
    node = Node(peer)
    ports = [free_port() for _ in OPTIONS]
    end = free_port()
    conf = GLOBAL + "".join(
        listen(i, port, node, f"log 127.0.0.1:@log@ local0\n    {option}")
        for i, (port, option) in enumerate(zip(ports, OPTIONS))) + listen(
            "end", end, node, 'log 127.0.0.1:@log@ local0\n    log-format "end of %B"')

    def settle(run):
        """All lines of before are there: sessions end in turn."""
        harness.wait_for(lambda: all(row["scur"] in ("", "0") for row in
                                     run.process.stat().values() if row["svname"] == "s1"))
        run.do(lambda: talk(end), "end of")

    def say_nothing(run, port):
        accepted = node.echoing.accepted
        with socket.create_connection((LOOPBACK, port)):
            harness.wait_for(lambda: node.echoing.accepted > accepted)
            run.process.stat()

    def drill(run):
        for port in ports:
            talk(port)
            settle(run)
            say_nothing(run, port)
            settle(run)
            talk(port, reset=True)
            settle(run)

    theirs, ours = both(conf, drill)
    # Its timers are not those of other lines; one may be a millisecond.
    lines = [[re.sub(r"\d+/\d+/\+\d+|\+[012](?= )", "+MS", x) for x in run.lines()]
             for run in (ours, theirs)]
    assert lines[0] == lines[1], haproxies.difference(*lines)


def test_a_bad_proxy_header_has_haproxys_line(both, peer):  # noqa: F811
    node, port = Node(peer), free_port()
    conf = GLOBAL + (f"listen l\n    bind 127.0.0.1:{port} accept-proxy name door\n"
                     f"    option tcplog\n    server s1 127.0.0.1:{node.echo}\n")

    def drill(run):
        def send():
            with socket.create_connection((LOOPBACK, port)) as s:
                s.sendall(b"GET / HTTP/1.0\r\n\r\n")
                peers.ends(s)
        run.do(send, "PROXY protocol header")

    theirs, ours = both(conf, drill)
    assert ours.lines() == theirs.lines()
    assert "l/door: Received something" in ours.lines()[0]
