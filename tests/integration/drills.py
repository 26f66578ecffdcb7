# SPDX-License-Identifier: MIT
"""Failure drills: nodes that are processes, the balancers in front of them, and what is done.

A scenario drives nodes and a balancer while pgload.py's clients run, and returns one dictionary
of what they saw.  Used by test_failover.py and by bench/failover.
"""

import contextlib
import datetime
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import harness
from harness import LOOPBACK, Process, Sluice, free_port, http_get, program, wait_for
from pgload import ANY_NODE, PgLoad

INTER_MS = 1000
SETTLE_S = 2.0  # of steady load before and after what is done


class SimNode:
    """One simulated node as a process of its own, always at the same ports."""

    def __init__(self, tmp_path, number, host=LOOPBACK, run_by=()):
        """`run_by`: words before the command, such as `ip netns exec NAME`."""
        self.number = number
        self.name = f"n{number}"
        self.tmp_path = tmp_path
        self.host, self.sql, self.http = host, free_port(), free_port()
        self.run_by = list(run_by)
        self.process = None

    def start(self):
        self.process = Process(
            self.name,
            [*self.run_by, program("simnodes"), "--nodes", 1, "--first-id", self.number, "--host",
             self.host, "--sql-port-base", self.sql, "--http-port-base", self.http],
            Path(self.tmp_path) / f"{self.name}.log", stdin=subprocess.PIPE,
            stdout=subprocess.PIPE)
        while self.process.child.stdout.readline().strip() != b"ready":
            assert self.process.is_running(), self.process.log()

    def command(self, words):
        self.process.child.stdin.write(f"{self.number} {words}\n".encode())
        self.process.child.stdin.flush()
        verdict, _, answer = self.process.child.stdout.readline().decode().strip().partition(" ")
        assert verdict == "ok", answer
        return answer

    def state(self):
        return self.command("status").split()[0]

    def is_ready(self):
        with contextlib.suppress(OSError):
            return http_get(self.host, self.http, "/health?ready=1", timeout=1)[0] == 200
        return False

    def kill(self):
        self.process.child.kill()
        self.process.wait()
        for pipe in (self.process.child.stdin, self.process.child.stdout):
            with contextlib.suppress(OSError):
                pipe.close()

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)


def now_ms():
    return int(time.time() * 1000)


def time_of(stamp):
    """Milliseconds of an RFC 3339 time."""
    return int(datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp() * 1000)


# --- balancers ------------------------------------------------------------------------------------

class SluiceBalancer:
    """sluice as `sluice gen` would have it, with what the drill is about."""
    name = "sluice"

    def __init__(self, tmp_path, nodes, extra="", service=""):
        self.port = free_port()
        check = (f'type = "http"; port = "http"; inter = "{INTER_MS}ms"; fastinter = "100ms"; '
                 f'downinter = "500ms"; timeout = "{INTER_MS}ms"; rise = 1; fall = 2;')
        psql = (f'{{ name = "psql"; bind = "{LOOPBACK}:{self.port}"; port = "sql"; '
                f'balance = "leastconn"; protocol = "pgwire"; hold = "5s"; {service} }}')
        listed = ",\n".join(
            f'    {{ name = "{n.name}"; host = "{n.host}"; sql_port = {n.sql}; '
            f'http_port = {n.http}; }}' for n in nodes)
        self.conf = (f'cluster = {{\n  nodes = (\n{listed}\n  );\n  check = {{ {check} }};\n'
                     '  server = { on_marked_down = "shutdown-sessions"; down_grace = "2s"; };\n'
                     f'}};\nservices = ( {psql} );\n'
                     'timeout = { connect = "1s"; client = "10m"; server = "10m"; };\n' + extra)
        self.process = Sluice(tmp_path, self.conf, wait="ready")
        self.pid = self.process.pid
        self.events = self.process.events()

    def downs(self):
        """(ms, server) of each loss of usability; the wall clock is everybody's."""
        return [(time_of(e["time"]), e["server"]) for e in list(self.events.seen)
                if e.get("kind") == "server" and not e["usable"]]

    def reload(self):
        os.kill(self.pid, signal.SIGHUP)

    def upgrade(self):
        before = self.pid
        os.kill(before, signal.SIGUSR2)

        def successor():
            with contextlib.suppress(OSError, AssertionError):
                pid = self.process.status()["pid"]
                return pid if pid != before else None
            return None
        self.pid = wait_for(successor, what="the successor to answer")

    def counters(self):
        """A number that must never go back."""
        return sum(int(row["stot"]) for name, row in self.process.stat().items()
                   if name.startswith("psql/n"))

    def stop(self):
        for stream in self.process.streams:
            stream.close()
        self.process.streams.clear()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
            os.kill(self.pid, signal.SIGTERM)
        if self.pid == self.process.pid:
            self.process.end()
        else:
            self.process.wait()
            wait_for(lambda: not Path(f"/proc/{self.pid}").exists(), what="the successor's end")
        self.process.assert_no_report()


class HaproxyBalancer:
    """HAProxy with its best settings for this."""
    name = "haproxy"
    CONF = """
global
    maxconn 5000
    log {log} local0
    hard-stop-after 60s
defaults
    mode tcp
    log global
    timeout connect 1s
    timeout queue 5s
    timeout client 10m
    timeout server 10m
    timeout check {inter}ms
    retries 3
    option redispatch 1
listen psql
    bind {host}:{port}
    balance leastconn
    option httpchk GET /health?ready=1
    default-server check inter {inter}ms fastinter 100ms downinter 500ms rise 1 fall 2 on-marked-down shutdown-sessions
{servers}
"""

    def __init__(self, tmp_path, nodes, **_):
        self.port = free_port()
        self.dir = Path(tempfile.mkdtemp(prefix="haproxy-"))
        self.lines = []
        self.log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.log.bind(str(self.dir / "log"))
        threading.Thread(target=self._read, daemon=True).start()
        servers = "\n".join(f"    server {n.name} {n.host}:{n.sql} port {n.http}" for n in nodes)
        self.path = self.dir / "haproxy.cfg"
        self.path.write_text(self.CONF.format(host=LOOPBACK, port=self.port, servers=servers,
                                              inter=INTER_MS, log=self.dir / "log"))
        self.process = Process("haproxy", ["/usr/sbin/haproxy", "-W", "-db", "-f", self.path],
                               Path(tmp_path) / "haproxy.log")
        wait_for(lambda: harness.can_connect(LOOPBACK, self.port), what="haproxy to listen")

    def _read(self):
        while True:
            try:
                data = self.log.recv(65536)
            except OSError:
                return
            self.lines.append((now_ms(), data.decode("utf-8", "replace")))

    def downs(self):
        found = ((ms, re.search(r"Server psql/(\S+) is DOWN", line)) for ms, line in self.lines)
        return [(ms, m[1]) for ms, m in found if m]

    def reload(self):
        self.process.send_signal(signal.SIGUSR2)

    upgrade = reload

    def counters(self):
        return None

    def stop(self):
        self.process.end()
        self.log.close()
        shutil.rmtree(self.dir, ignore_errors=True)


class NginxBalancer:
    """nginx's stream module, which finds out by its clients' connects."""
    name = "nginx"
    CONF = """
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
user root;
worker_processes auto;
daemon off;
pid {dir}/nginx.pid;
error_log {dir}/error.log notice;
events {{ worker_connections 10000; }}
stream {{
    upstream psql {{
        least_conn;
{servers}
    }}
    server {{
        listen {host}:{port} backlog=4096;
        proxy_pass psql;
        proxy_connect_timeout 1s;
        proxy_timeout 10m;
        proxy_next_upstream on;
        proxy_next_upstream_tries 4;
    }}
}}
"""

    def __init__(self, tmp_path, nodes, **_):
        self.port = free_port()
        self.dir = Path(tempfile.mkdtemp(prefix="nginx-"))
        servers = "\n".join(f"        server {n.host}:{n.sql} max_fails=1 fail_timeout=1s;"
                            for n in nodes)
        path = self.dir / "nginx.conf"
        path.write_text(self.CONF.format(dir=self.dir, host=LOOPBACK, port=self.port,
                                         servers=servers))
        self.process = Process("nginx", ["/usr/sbin/nginx", "-p", self.dir, "-c", path],
                               Path(tmp_path) / "nginx.log")
        wait_for(lambda: harness.can_connect(LOOPBACK, self.port), what="nginx to listen")

    def downs(self):
        return []

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    upgrade = reload

    def counters(self):
        return None

    def stop(self):
        self.process.end()
        shutil.rmtree(self.dir, ignore_errors=True)


BALANCERS = {b.name: b for b in (SluiceBalancer, HaproxyBalancer, NginxBalancer)}


# --- the stage ------------------------------------------------------------------------------------

class Stage:
    """Three nodes, a balancer before them, and clients; a context manager."""

    def __init__(self, tmp_path, balancer, rate=200, sessions=100, patience=10, nodes=None,
                 **options):
        self.nodes = nodes or [SimNode(tmp_path, i) for i in (1, 2, 3)]
        self.closing = []  # (node, from ms, to ms): the node itself ended its sessions then
        for n in self.nodes:
            n.start()
        try:
            self.balancer = BALANCERS[balancer](tmp_path, self.nodes, **options)
            self.load = PgLoad(self.balancer.port, rate, sessions, patience)
        except BaseException:
            self._end_nodes()
            raise
        self.report = None

    def __enter__(self):
        time.sleep(SETTLE_S)
        return self

    def __exit__(self, *exception):
        if self.report is None:
            self.load.kill()
        try:
            self.balancer.stop()
        finally:
            self._end_nodes()

    def _end_nodes(self):
        for n in self.nodes:
            if n.process and n.process.is_running():
                n.thaw()
                n.kill()

    def node_closes(self, node, since):
        """From `since` until now that node ended its sessions itself, or was not there."""
        self.closing.append((str(node.number), since, now_ms() + 100))

    def finish(self):
        """Lets the load run a little longer and returns what the clients saw."""
        time.sleep(SETTLE_S)
        self.report = self.load.stop()
        r = self.report
        own = [c for c in r["cuts"] if c["node"] and self._by_node(c)]
        cut = [c for c in r["cuts"] if c["node"] and not self._by_node(c)]
        lost = [c for c in r["cuts"] if not c["node"]]
        return {"served": r["served"], "failed": len(r["failed"]), "reconnects_failed": len(lost),
                "cut": len(cut), "by_node": len(own), "gap_ms": r["gap_ms"],
                "p99_ms": r["p99_ms"], "max_ms": r["max_ms"], "wrong": r["wrong"],
                "why": dict(r["reasons"]),
                "cut_why": sorted({c["why"] for c in cut + lost})[:5]}

    def _by_node(self, cut):
        """The words are CockroachDB's own; the balancer's are others."""
        return "57P01 server is shutting down" in cut["why"] or any(
            cut["node"] in (node, ANY_NODE) and since <= cut["ms"] <= until
            for node, since, until in self.closing)

    def detection_ms(self, node, since):
        """From `since` until the balancer took that node out; None: it never did, or says nothing."""
        return next((ms - since for ms, name in self.balancer.downs()
                     if name == node.name and ms >= since), None)


# --- scenarios ------------------------------------------------------------------------------------

def rolling_restart(tmp_path, balancer, initial_wait_s=3, connections_s=2, transactions_s=1,
                    **options):
    """Each of three nodes in turn: drained as CockroachDB drains, ended, started again."""
    with Stage(tmp_path, balancer, **options) as stage:
        for node in stage.nodes:
            begin = now_ms()
            node.command(f"drain {initial_wait_s}s {connections_s}s {transactions_s}s")
            wait_for(lambda n=node: n.state() == "stopped", timeout=60, what="the drain's end",
                     interval=0.05)
            node.kill()
            stage.node_closes(node, begin + (initial_wait_s + connections_s) * 1000)
            time.sleep(0.5)
            node.start()
            wait_for(node.is_ready, what="the node to be ready")
            time.sleep(3)
        return stage.finish()


def kill_node(tmp_path, balancer, away_s=4, **options):
    """kill -9 of one node, which comes back."""
    with Stage(tmp_path, balancer, **options) as stage:
        node = stage.nodes[1]
        begin = now_ms()
        node.kill()
        time.sleep(away_s)
        stage.node_closes(node, begin)
        node.start()
        time.sleep(3)
        seen = stage.finish()
        seen["detect_ms"] = stage.detection_ms(node, begin)
        return seen


def kill_quietly(tmp_path, balancer, **options):
    """kill -9 with no clients: what the checks alone find out."""
    return {"detect_ms": kill_node(tmp_path, balancer, rate=0, sessions=0, **options)["detect_ms"]}


def freeze_node(tmp_path, balancer, away_s=8, **options):
    """SIGSTOP of one node: the kernel still accepts for it, nobody answers."""
    with Stage(tmp_path, balancer, **options) as stage:
        node = stage.nodes[1]
        begin = now_ms()
        node.freeze()
        time.sleep(away_s)
        stage.node_closes(node, begin)
        node.thaw()
        time.sleep(3)
        seen = stage.finish()
        seen["detect_ms"] = stage.detection_ms(node, begin)
        ends = [c["ms"] - begin for c in stage.report["cuts"] if c["node"] == str(node.number)]
        seen["sessions_end_ms"] = max(ends, default=None)
        return seen


def outage(tmp_path, balancer, away_s=4, **options):
    """All nodes are gone for a while."""
    with Stage(tmp_path, balancer, **options) as stage:
        begin = now_ms()
        for node in stage.nodes:
            node.kill()
        time.sleep(away_s)
        for node in stage.nodes:
            stage.node_closes(node, begin)
            node.start()
        time.sleep(3)
        return stage.finish()


def reloads(tmp_path, balancer, count=100, upgrades=10, every_s=0.3, **options):
    """Reloads and, spread among them, upgrades of the binary."""
    with Stage(tmp_path, balancer, **options) as stage:
        back = 0
        last = stage.balancer.counters()
        for i in range(count):
            stage.balancer.reload()
            time.sleep(every_s)
            if upgrades and i % (count // upgrades) == count // upgrades - 1:
                stage.balancer.upgrade()
                time.sleep(every_s)
            now = stage.balancer.counters()
            back += now is not None and now < last
            last = now
        seen = stage.finish()
        seen["counters_back"] = back if last is not None else None
        return seen


SCENARIOS = {"rolling restart": rolling_restart, "kill -9": kill_node,
             "kill -9, no clients": kill_quietly, "SIGSTOP": freeze_node,
             "all nodes down": outage, "reloads and upgrades": reloads}


def main():
    """python3 drills.py BALANCER SCENARIO: one run, as JSON; for whoever works on it."""
    with tempfile.TemporaryDirectory() as tmp:
        print(json.dumps(SCENARIOS[sys.argv[2]](tmp, sys.argv[1]), indent=1))


if __name__ == "__main__":
    main()
