# SPDX-License-Identifier: MIT
"""`format = "haproxy"`: line for line what HAProxy writes in the same drill."""

import difflib
import re
import socket
import subprocess

import harness
import haproxies
import pytest

pytestmark = pytest.mark.skipif(not haproxies.BINARY.exists(), reason="haproxy is not installed")

# What `cockroach gen haproxy` writes, with logs, a fast check, and a node as a backup.
HAPROXY = """
global
  nbthread 1
  maxconn 4096
  log {target} local0
  stats socket {{socket}} mode 600 level admin
defaults
    mode                tcp
    retries             2
    timeout connect     5s
    timeout client      10m
    timeout server      10m
    timeout check       5s
    option              clitcpka
    option              tcplog
    log                 global
listen psql
    bind 127.0.0.1:{port}
    mode tcp
    balance roundrobin
    option httpchk GET /health?ready=1
    {options}
    default-server inter 100ms rise 2 fall 3
{servers}
"""

SLUICE = """
retries = 2;
redispatch = false;
log_health_checks = {checks};
log = ( {{ target = "{target}"; format = "haproxy"; level = "info"; }} );
"""

# HAProxy takes servers for up before it has asked them, and knows no 503 that means "leaving".
CHECK = ('type = "http"; port = "http"; path = "/health?ready=1"; inter = "100ms"; timeout = "5s"; '
         'rise = 2; fall = 3; init_state = "up"; drain_status = ();')


def start_haproxy(tmp_path, started, nodes, target, checks, client="10m", server="10m"):
    port = harness.free_port()
    servers = "\n".join(
        f"    server {n.name} {n.host}:{n.sql} check port {n.http}"
        f"{' backup' if n.id == len(nodes) else ''}" for n in nodes)
    conf = HAPROXY.format(target=target, port=port, servers=servers,
                          options="option log-health-checks" if checks else "")
    conf = conf.replace("client      10m", f"client {client}")
    conf = conf.replace("server      10m", f"server {server}")
    process = started(haproxies.Haproxy(tmp_path, conf))
    process.sql_port = port
    return process


def start_sluice(sluice, nodes, target, checks, client="10m", server="10m"):
    services = [f'{{ name = "psql"; bind = "127.0.0.1:{harness.free_port()}"; port = "sql"; '
                'balance = "roundrobin"; }']
    conf = harness.cluster_conf(
        nodes, services, CHECK,
        extra=SLUICE.format(target=target, checks="true" if checks else "false"),
        node_extra=lambda n: "backup = true; " if n.id == len(nodes) else "")
    conf = conf.replace('client = "10m"; server = "10m"',
                        f'client = "{client}"; server = "{server}"')
    process = sluice(conf)
    process.sql_port = harness.port_of(conf, "psql")
    return process


class Drill:
    """The same things done to either program, each one over when its line has come."""

    def __init__(self, balancer, log, cluster):
        self.balancer, self.log, self.cluster = balancer, log, cluster
        self.last = len(cluster.nodes)
        self.from_line = 0
        harness.wait_for(self._all_checked, what="the first checks")

    def _all_checked(self):
        rows = self.balancer.stat()
        return all(rows[f"psql/{n.name}"]["check_status"].endswith("L7OK")
                   for n in self.cluster.nodes)

    def mark(self):
        self.from_line = len(self.log.lines)

    def expect(self, part):
        self.log.wait(part, self.from_line)

    def ctl(self, command, expect=None):
        self.mark()
        assert self.balancer.ctl(command).strip() == ""
        if expect:
            self.expect(expect)

    def do(self, number, words, *expect):
        self.mark()
        self.cluster.command(number, words)
        for part in expect:
            self.expect(part)

    def session(self, expect="-- 1/1"):
        self.mark()
        answer = harness.psql(self.balancer.sql_port, "SHOW node_id", check=False)
        self.expect(expect)
        return answer

    def traffic(self):
        for _ in range(2 * (self.last - 1)):
            assert self.session().returncode == 0

    def between_checks(self, number):
        """The node has just answered one: it does not die in the middle of the next."""
        seen = self.cluster.status(number)["health"]
        harness.wait_for(lambda: self.cluster.status(number)["health"] > seen, what="a check",
                         interval=0.001)

    def held_session_of(self, number):
        """A session on that node, after others if it is not its turn."""
        while True:
            held = harness.PgSession(self.balancer.sql_port)
            if held.value("SHOW node_id") == str(number):
                return held
            self.mark()
            held.close()
            self.expect(" -- 1/1")

    def node_dies_and_returns(self):
        held = self.held_session_of(2)
        self.do(2, "kill", " SD ", "Server psql/n2 is DOWN")
        held.close()
        self.do(2, "start", "Server psql/n2 is UP")
        self.traffic()

    def node_drains(self):
        held = self.held_session_of(1)
        self.do(1, "drain 30s 30s 10s", "Server psql/n1 is DOWN")
        assert held.value("SELECT 1") == "1"
        self.mark()
        held.close()
        self.expect(" psql/n1 ")
        self.do(1, "reset", "Server psql/n1 is UP")

    def orders(self):
        for command, expect in (
                ("set server psql/n1 state maint", "n1 is going DOWN for maintenance"),
                ("set server psql/n1 state ready", "n1 is UP/READY (leaving forced maintenance)"),
                ("set server psql/n1 state drain", "n1 enters drain state"),
                ("set server psql/n1 state ready", "n1 is UP (leaving forced drain)"),
                ("disable server psql/n2", "n2 is going DOWN for maintenance"),
                ("enable server psql/n2", "n2 is UP/READY"),
                ("set server psql/n1 health down", "n1 is DOWN, changed from CLI"),
                ("set server psql/n1 health up", "n1 is UP, changed from CLI")):
            self.ctl(command, expect)

    def order_to_the_dead(self):
        """Maintenance of a server that is down already."""
        self.do(1, "kill", "Server psql/n1 is DOWN")
        self.ctl("set server psql/n1 state maint", "n1 was DOWN and now enters maintenance")
        self.cluster.command(1, "start")
        self.cluster.wait_state(1, "live")
        self.ctl("set server psql/n1 state ready", "(leaving forced maintenance)")
        harness.wait_for(lambda: self.balancer.stat()["psql/n1"]["status"] == "UP",
                         what="n1 to be UP")

    def all_die(self):
        for number in range(1, self.last):
            self.do(number, "kill", f"psql/n{number} is DOWN")
        self.session()  # on the backup
        self.do(self.last, "kill", f"Backup Server psql/n{self.last} is DOWN",
                "proxy psql has no server available!")
        assert self.session(" SC 1/1").returncode != 0
        self.do(self.last, "start", f"Backup Server psql/n{self.last} is UP")
        for number in range(1, self.last):
            self.do(number, "start", f"psql/n{number} is UP")

    def connect_refused(self):
        """A server that is up but takes no sessions: each try is refused."""
        for number in range(2, self.last):
            self.ctl(f"set server psql/n{number} state maint", f"n{number} is going DOWN")
        self.do(1, "refuse")
        assert self.session(" SC 1/1").returncode != 0
        self.do(1, "reset")
        for number in range(2, self.last):
            self.ctl(f"set server psql/n{number} state ready", f"n{number} is UP/READY")

    def sessions_beside(self):
        """A session's line counts the others."""
        held = [self.held_session_of(n) for n in (1, 2, 1)]
        while held:
            self.mark()
            held.pop().close()
            self.expect(f" -- {len(held) + 1}/{len(held) + 1}/")

    def clients_leave(self):
        """In ways that are not polite."""
        held = self.held_session_of(1)
        self.mark()
        held.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        held.socket.close()
        self.expect(" CD 1/1")
        held = self.held_session_of(2)
        self.mark()
        held.socket.close()  # a FIN without the farewell of the protocol
        self.expect(" -- 1/1")

    def lines(self):
        return [haproxies.plain_line(line) for line in self.log.lines]

    def run(self):
        self.traffic()
        self.node_dies_and_returns()
        self.node_drains()
        self.orders()
        self.order_to_the_dead()
        self.clients_leave()
        self.sessions_beside()
        self.connect_refused()
        self.all_die()
        return self.lines()


def syslog_of(request, tmp_path, kind):
    log = haproxies.Syslog(tmp_path / "log.sock" if kind == "unix" else None)
    request.addfinalizer(log.close)
    return log


def is_of_drill(line):
    """Neither program's words about itself."""
    return re.search(r"PID\]: (Backup Server|Server|Health check|proxy|[\d.]+:PORT) ", line)


def assert_same(ours, theirs):
    difference = difflib.unified_diff([x for x in theirs if is_of_drill(x)],
                                      [x for x in ours if is_of_drill(x)],
                                      "haproxy", "sluice", n=1)
    difference = "".join(difference)
    assert not difference, "\n" + difference


def by_server(lines):
    """What is said of each server; whose check comes first differs from run to run."""
    def server(line):
        found = re.search(r"psql/n\d", line)
        return found[0] if found else ""
    return sorted(lines, key=server)


def test_each_line_of_a_drill_is_haproxys(request, tmp_path, started, simnodes, sluice):
    cluster = simnodes(3)
    log = syslog_of(request, tmp_path, "udp")
    at = f"127.0.0.1:{log.port}"
    theirs = Drill(start_haproxy(tmp_path, started, cluster.nodes, at, False), log, cluster)
    their_lines = theirs.run()
    theirs.balancer.stop()
    log.lines.clear()
    ours = Drill(start_sluice(sluice, cluster.nodes, f"udp://local0@{at}", False), log, cluster)
    assert_same(ours.run(), their_lines)


def test_lines_to_a_unix_socket_are_haproxys(request, tmp_path, started, simnodes, sluice):
    cluster = simnodes(3)
    log = syslog_of(request, tmp_path, "unix")
    theirs = Drill(start_haproxy(tmp_path, started, cluster.nodes, log.path, False), log, cluster)
    theirs.node_dies_and_returns()
    their_lines = theirs.lines()
    theirs.balancer.stop()
    log.lines.clear()
    ours = Drill(start_sluice(sluice, cluster.nodes, f"syslog:local0@{log.path}", False), log,
                 cluster)
    ours.node_dies_and_returns()
    assert_same(ours.lines(), their_lines)


def test_lines_of_checks_are_haproxys(request, tmp_path, started, simnodes, sluice):
    """option log-health-checks: each step of a counter, and transitions without their reason."""
    cluster = simnodes(3)
    log = syslog_of(request, tmp_path, "udp")
    lines = []
    for start in (
            lambda: start_haproxy(tmp_path, started, cluster.nodes, f"127.0.0.1:{log.port}", True),
            lambda: start_sluice(sluice, cluster.nodes, f"udp://local0@127.0.0.1:{log.port}",
                                 True)):
        drill = Drill(start(), log, cluster)
        drill.between_checks(1)
        drill.do(1, "kill", "Server psql/n1 is DOWN")
        drill.do(1, "start", "Server psql/n1 is UP", "status: 3/3 UP")
        drill.do(3, "unready", "Server psql/n3 is DOWN")
        drill.do(3, "reset", "Server psql/n3 is UP", "status: 3/3 UP")
        drill.balancer.stop()
        lines.append(by_server(haproxies.plain_line(x) for x in log.lines
                               if "Layer7 check passed" not in x or "status" in x))
        log.lines.clear()
    assert any("Health check for backup server psql/n3 failed" in x for x in lines[0])
    assert_same(lines[1], lines[0])


def test_silence_ends_a_session_with_haproxys_letters(request, tmp_path, started, simnodes,
                                                      sluice):
    cluster = simnodes(2)
    log = syslog_of(request, tmp_path, "udp")
    at = f"127.0.0.1:{log.port}"
    limits = {"client": "1s", "server": "1s"}
    lines = []
    for start in (
            lambda: start_haproxy(tmp_path, started, cluster.nodes, at, False, **limits),
            lambda: start_sluice(sluice, cluster.nodes, f"udp://local0@{at}", False, **limits)):
        drill = Drill(start(), log, cluster)
        drill.mark()
        silent = harness.PgSession(drill.balancer.sql_port)
        drill.expect(" cD 1/1")
        assert not silent.is_open()
        silent.close()
        drill.balancer.stop()
        lines.append(drill.lines())
        log.lines.clear()
    assert_same(lines[1], lines[0])


def test_tail_shows_the_lines_of_a_file(tmp_path, simnodes, sluice):
    """HAProxy needs a syslog daemon for this; the lines are those that one would write."""
    cluster = simnodes(2)
    path = tmp_path / "sluice.log"
    process = start_sluice(sluice, cluster.nodes, f"file:{path}", False)
    tail = subprocess.Popen(["tail", "-n", "+1", "-f", "-s", "0.05", path], stdout=subprocess.PIPE,
                            text=True)
    try:
        def read_until(part):
            while part not in (line := tail.stdout.readline()):
                assert line
            return haproxies.plain_line(line)
        harness.psql(process.sql_port, "SELECT 1")
        head = f"STAMP {socket.gethostname().split('.')[0]} haproxy[PID]: "
        assert re.fullmatch(
            re.escape(head) + r"127\.0\.0\.1:PORT \[DATE\] psql psql/n1 MS/MS/MS \d+ -- "
            r"1/1/0/0/0 0/0\n", read_until("psql/n1"))
        cluster.command(1, "kill")
        assert read_until("is DOWN") == (
            head + 'Server psql/n1 is DOWN, reason: Layer4 connection problem, info: "Connection '
            'refused", check duration: MS. 0 active and 1 backup servers left. Running on backup. '
            "0 sessions active, 0 requeued, 0 remaining in queue.\n")
        cluster.command(1, "start")
        assert read_until("is UP").startswith(head + "Server psql/n1 is UP, reason: ")
        path.rename(tmp_path / "rotated.log")
        process.reload()
        harness.wait_for(path.exists, what="the new file")
        cluster.command(2, "kill")
        assert "is DOWN" in harness.wait_for(lambda: "is DOWN" in (t := path.read_text()) and t)
    finally:
        tail.terminate()
        tail.wait(harness.PATIENCE)
        tail.stdout.close()


def test_the_first_check_that_passes_is_no_line(request, tmp_path, simnodes, sluice):
    """HAProxy has no state before the first check, so it has no line for its end."""
    cluster = simnodes(2)
    cluster.command(2, "kill")
    log = syslog_of(request, tmp_path, "udp")
    conf = harness.cluster_conf(
        cluster.nodes,
        extra=SLUICE.format(target=f"udp://local0@127.0.0.1:{log.port}", checks="false"))
    process = sluice(conf)
    process.wait_server("psql/n2", "DOWN")
    log.wait("psql/n2 is DOWN")
    log.wait("dbconsole/n2 is DOWN")
    process.stop()
    assert not [line for line in log.lines if "/n1" in line]
    assert not [line for line in log.lines if "is UP" in line]
