# SPDX-License-Identifier: MIT
"""What the integration tests start and talk to.

Processes (the balancer, simulated nodes, PostgreSQL) are started on free loopback ports and ended
by their process id.  Everything that waits has a deadline and waits for a condition; nothing
sleeps for luck.  SLUICE_BUILD names the build directory.  Tests import from here; process.py and
pg.py are the parts that know nothing of the balancer.
"""

import csv
import dataclasses
import http.client
import io
import json
import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import weakref
from pathlib import Path

from pg import PgError, PgSession, Postgres, PostgresTemplate, make_cert, psql
from process import (BUILD, LOOPBACK, PATIENCE, TOP, Process, can_connect, free_port, http_get,
                     program, wait_for)

__all__ = [
    "BUILD", "LOOPBACK", "PATIENCE", "TOP", "Events", "Node", "PgError", "PgSession", "Postgres",
    "PostgresTemplate", "Process", "Simnodes", "Sluice", "can_connect", "cluster_conf",
    "free_port", "http_get", "make_cert", "port_of", "program", "psql", "wait_for",
]


@dataclasses.dataclass(frozen=True)
class Node:
    id: int
    host: str
    sql: int
    http: int

    @property
    def name(self):
        return f"n{self.id}"

    def health(self, query="?ready=1"):
        """The status of its health endpoint."""
        return http_get(self.host, self.http, "/health" + query)[0]


def _split_address(address):
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


class Simnodes(Process):
    """A cluster of simulated CockroachDB nodes; include/sim/simnode.h has their commands."""

    def __init__(self, tmp_path, nodes=3, localities=(), host=LOOPBACK):
        # Ports that nobody else takes while a node is away.
        port = free_port(host, 2 * nodes)
        argv = [program("simnodes"), "--nodes", nodes, "--host", host, "--events",
                "--sql-port-base", port, "--http-port-base", port + nodes]
        for locality in localities:
            argv += ["--locality", locality]
        log_path = tempfile.mkstemp(prefix="simnodes-", suffix=".log", dir=tmp_path)[1]
        super().__init__("simnodes", argv, log_path, stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE)
        self.localities = list(localities)
        self.lock = threading.Lock()
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.nodes = self._read_nodes()

    def _read(self):
        for line in self.child.stdout:
            self.lines.put(line.decode().rstrip("\n"))
        self.lines.put(None)

    def _line(self):
        try:
            line = self.lines.get(timeout=PATIENCE)
        except queue.Empty:
            raise AssertionError("simnodes does not answer") from None
        assert line is not None, f"simnodes has ended:\n{self.log()}"
        return line

    def _read_nodes(self):
        nodes = []
        while (line := self._line()) != "ready":
            _, number, _, sql, _, http_address = line.split()
            host, sql_port = _split_address(sql)
            nodes.append(Node(int(number), host, sql_port, _split_address(http_address)[1]))
        return nodes

    def node(self, number):
        return self.nodes[number - 1]

    def locality(self, number):
        """Of a node, "" if it has none."""
        return self.localities[(number - 1) % len(self.localities)] if self.localities else ""

    def command(self, who, words):
        """Sends a command to a node (by number) or to "all"; the answer after "ok "."""
        with self.lock:
            self.child.stdin.write(f"{who} {words}\n".encode())
            self.child.stdin.flush()
            verdict, _, answer = self._line().partition(" ")
        assert verdict == "ok", f"simnodes: {who} {words}: {answer}"
        return answer

    def status(self, number):
        """{"state": "live", "sessions": 0, "accepted": …} of a node."""
        state, *counts = self.command(number, "status").split()
        return {"state": state} | {k: int(v) for k, v in (c.split("=") for c in counts)}

    def wait_state(self, number, state, timeout=PATIENCE):
        return wait_for(lambda: self.status(number)["state"] == state, timeout,
                        f"node {number} to be {state}")

    def sessions(self):
        """SQL sessions now, node by node."""
        return [self.status(n.id)["sessions"] for n in self.nodes]

    def stop(self):
        if self.is_running():
            self.child.stdin.close()
        assert self.wait() == 0, f"simnodes failed:\n{self.log()}"
        self.child.stdout.close()
        self.assert_no_report()


class Events:
    """The live stream of /v1/events: a list that grows, read by a thread of its own."""

    def __init__(self, host, port, timeout=PATIENCE):
        self.seen = []
        self.closed = False
        self.changed = threading.Condition()
        self.connection = http.client.HTTPConnection(host, port, timeout=timeout)
        self.connection.request("GET", "/v1/events", headers={"Accept": "text/event-stream"})
        self.socket = self.connection.sock
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200, self.answer.read()
        self.socket.settimeout(None)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        data = []
        try:
            for raw in self.answer:
                line = raw.decode("utf-8", "replace").rstrip("\r\n")
                if line.startswith("data:"):
                    data.append(line[5:].removeprefix(" "))
                elif not line and data:
                    self._add(json.loads("\n".join(data)))
                    data = []
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass  # closed, by either side
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def _add(self, event):
        with self.changed:
            self.seen.append(event)
            self.changed.notify_all()

    def wait(self, predicate, timeout=PATIENCE):
        """The first event, old or new, for which predicate(event) is true."""
        with self.changed:
            found = self.changed.wait_for(
                lambda: next(filter(predicate, self.seen), None) or self.closed, timeout)
            found = next(filter(predicate, self.seen), None)
        assert found, f"no such event within {timeout} s; seen: {self.seen}"
        return found

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the other side was first
        self.thread.join(PATIENCE)
        self.answer.close()
        self.connection.close()


class Sluice(Process):
    """`sluice run` on a configuration given as text.

    An `admin` group and a `log` list are added if the text has none.  `wait` is "ready" (each
    service has a usable server), "healthy" (the process answers), a predicate of this object, or
    None.
    """

    def __init__(self, tmp_path, conf, wait="ready", args=(), env=None, **options):
        self.run_dir = Path(tempfile.mkdtemp(prefix="sluice-"))  # short: it holds a UNIX socket
        weakref.finalize(self, shutil.rmtree, self.run_dir, ignore_errors=True)
        self.socket_path = self.run_dir / "admin.sock"
        self.conf_path = Path(tempfile.mkstemp(prefix="sluice-", suffix=".conf", dir=tmp_path)[1])
        self.admin_host, self.admin_port = LOOPBACK, None
        self.streams = []
        self.write_conf(conf)
        super().__init__("sluice", [program("sluice"), "run", "-f", self.conf_path, *args],
                         self.conf_path.with_suffix(".log"), env=os.environ | (env or {}),
                         **options)
        try:
            self._wait_start(wait)
        except BaseException:
            self.show()
            self.child.kill()
            self.child.wait()
            raise

    def write_conf(self, conf):
        """Replaces the configuration file; reload() makes it count."""
        bind = re.search(r'^\s*admin\b.*?bind\s*=\s*"([^"]*)"', conf, re.M | re.S)
        path = re.search(r'^\s*admin\b.*?socket\s*=\s*"([^"]*)"', conf, re.M | re.S)
        if not re.search(r"^\s*admin\b", conf, re.M):
            self.admin_port = self.admin_port or free_port()
            conf += (f'\nadmin = {{ bind = "{LOOPBACK}:{self.admin_port}"; '
                     f'socket = "{self.socket_path}"; }};\n')
        elif bind:
            self.admin_host, self.admin_port = _split_address(bind[1])
            self.admin_host = self.admin_host or LOOPBACK
        if path:
            self.socket_path = Path(path[1])
        if not re.search(r"^\s*log\b", conf, re.M):
            conf += '\nlog = ( { target = "stderr"; format = "text"; level = "debug"; } );\n'
        self.conf_path.write_text(conf)

    def _wait_start(self, wait):
        if wait is None:
            return
        if callable(wait):
            self._wait_alive(lambda: wait(self), "the given predicate")
            return
        self._wait_alive(lambda: self._answers("/healthz"), "/healthz to say 200")
        if wait == "ready":
            self._wait_alive(lambda: self._answers("/readyz"), "/readyz to say 200")

    def _wait_alive(self, condition, what):
        def checked():
            assert self.is_running(), f"sluice has ended with {self.child.poll()}"
            return condition()
        wait_for(checked, what=what)

    def _answers(self, path):
        try:
            return self.http(path)[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def http(self, path, headers=None, **options):
        """(status, headers, body) from the admin endpoint."""
        return http_get(self.admin_host, self.admin_port, path, headers, **options)

    def is_ready(self):
        return self.http("/readyz")[0] == 200

    def status(self):
        """/v1/status, parsed."""
        code, _, body = self.http("/v1/status")
        assert code == 200, body
        return json.loads(body)

    def metrics(self):
        """/metrics as {"name{labels}": value}."""
        code, _, body = self.http("/metrics")
        assert code == 200, body
        lines = (line.rsplit(" ", 1) for line in body.splitlines() if line and line[0] != "#")
        return {name: float(value) for name, value in lines}

    def events(self):
        """A new live stream of events; closed by stop()."""
        self.streams.append(Events(self.admin_host, self.admin_port))
        return self.streams[-1]

    def ctl(self, command, timeout=PATIENCE):
        """One command on the control socket; the answer up to its end."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(timeout)
            s.connect(str(self.socket_path))
            s.sendall(command.encode() + b"\n")
            answer = bytearray()
            while chunk := s.recv(65536):
                answer += chunk
        return answer.decode()

    def stat(self):
        """`show stat` as {"psql/n1": {"status": "UP", …}, "psql/FRONTEND": …}."""
        text = self.ctl("show stat").lstrip("# ")
        rows = csv.DictReader(io.StringIO(text))
        return {f"{row['pxname']}/{row['svname']}": row for row in rows if row.get("svname")}

    def server_status(self, server):
        """The status column of "psql/n1": "UP", "UP 1/3", "NOLB", "DOWN" …"""
        return self.stat().get(server, {}).get("status", "")

    def wait_server(self, server, status, timeout=PATIENCE):
        """Waits until "psql/n1" is, for instance, "UP" ("UP 1/3" counts) or exactly "UP 1/3"."""
        def matches():
            now = self.server_status(server)
            return now == status or now.split(" ")[:1] == [status]
        wait_for(matches, timeout, f"{server} to be {status}")

    def wait_seen(self, server, status, timeout=PATIENCE):
        """Waits until the journal tells that "psql/n1" became "NOLB", be it over by now."""
        service, name = server.split("/")

        def is_it(event):
            return (event.get("service"), event.get("server")) == (service, name) and \
                event.get("to", "").split(" ")[0] == status
        wait_for(lambda: any(map(is_it, json.loads(self.http("/v1/events")[2])["events"])),
                 timeout, f"{server} to have been {status}")

    def reload(self):
        """SIGHUP; wait for what it brings with wait_for()."""
        self.send_signal(signal.SIGHUP)

    def stop(self, expect=0, number=signal.SIGTERM, timeout=PATIENCE):
        """Ends it politely; asserts its exit code and that no sanitizer complained."""
        for stream in self.streams:
            stream.close()
        self.streams.clear()
        code = self.end(number, timeout)
        self.assert_no_report()
        assert code == expect, f"sluice ended with {code}, not {expect}:\n{self.log()}"


def cluster_conf(nodes, services=None, check="", extra="", node_extra=None):
    """A configuration for simulated nodes.

    `services`: lines for the list `services`, or None for `psql` and `dbconsole` on free ports.
    `check`: what the check group has beyond or instead of fast HTTP checks.  `node_extra(node)`:
    more for a node's group.  Returns the text; port_of() reads a service's port from it.
    """
    if services is None:
        services = [
            f'{{ name = "psql"; bind = "{LOOPBACK}:{free_port()}"; port = "sql"; '
            'balance = "leastconn"; }',
            f'{{ name = "dbconsole"; bind = "{LOOPBACK}:{free_port()}"; port = "http"; '
            'balance = "roundrobin"; }',
        ]
    check = check or ('type = "http"; port = "http"; path = "/health?ready=1"; inter = "100ms"; '
                      'timeout = "1s"; rise = 2; fall = 3;')
    lines = [
        f'    {{ name = "{n.name}"; host = "{n.host}"; sql_port = {n.sql}; '
        f"http_port = {n.http}; {node_extra(n) if node_extra else ''}}}"
        for n in nodes
    ]
    return ("cluster = {\n  nodes = (\n" + ",\n".join(lines) + "\n  );\n"
            f"  check = {{ {check} }};\n}};\n"
            "services = (\n  " + ",\n  ".join(services) + "\n);\n"
            'timeout = { connect = "2s"; client = "10m"; server = "10m"; };\n' + extra + "\n")


def port_of(conf, service):
    """The port in the `bind` string of a service of that text."""
    found = re.search(rf'name\s*=\s*"{re.escape(service)}"\s*;\s*bind\s*=\s*"[^"]*:(\d+)"', conf)
    assert found, f"no service {service} with a port"
    return int(found[1])
