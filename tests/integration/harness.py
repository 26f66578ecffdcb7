# SPDX-License-Identifier: MIT
"""What the integration tests start and talk to.

Processes (the balancer, simulated nodes, PostgreSQL) are started on free loopback ports and ended
by their process id.  Everything that waits has a deadline and waits for a condition; nothing
sleeps for luck.  SLUICE_BUILD names the build directory.
"""

import csv
import dataclasses
import http.client
import io
import json
import os
import pwd
import queue
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("SLUICE_BUILD", TOP / "build" / "asan"))
PG_BIN = Path("/usr/lib/postgresql/15/bin")
LOOPBACK = "127.0.0.1"
PATIENCE = 20.0  # seconds; of a sanitized binary on a busy machine

SANITIZER_REPORT = re.compile(
    r"(ERROR|WARNING): (Address|Leak|Thread|Memory)Sanitizer|: runtime error: ")


def wait_for(condition, timeout=PATIENCE, what=None, interval=0.01):
    """The first true answer of condition(); AssertionError when `timeout` seconds are over."""
    deadline = time.monotonic() + timeout
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() >= deadline:
            raise AssertionError(f"waited {timeout} s in vain for {what or condition}")
        time.sleep(interval)


_given_ports = set()


def free_port(host=LOOPBACK):
    """A TCP port that nobody has, below the ephemeral range, and only once in this process."""
    while True:
        port = random.randrange(10240, 32768)
        if port in _given_ports:
            continue
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as s:
            try:
                s.bind((host, port))
            except OSError:
                continue
        _given_ports.add(port)
        return port


def program(name):
    """The path of a program of this build."""
    for path in (BUILD / name, BUILD / "tests" / name):
        if path.exists():
            return path
    raise FileNotFoundError(f"{name} is not in {BUILD}")


def can_connect(host, port, timeout=2.0):
    try:
        socket.create_connection((host, port), timeout).close()
    except OSError:
        return False
    return True


def http_get(host, port, path, headers=None, timeout=PATIENCE, method="GET", body=None):
    """(status, headers in lower case, body as text)"""
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, text
    finally:
        connection.close()


# --- processes ------------------------------------------------------------------------------


class Process:
    """A child whose standard error (and output, unless taken) goes to a file."""

    def __init__(self, name, argv, log_path, **options):
        self.name = name
        self.ended = False  # a test, or stop(), has seen it end
        self.log_path = Path(log_path)
        options.setdefault("stdin", subprocess.DEVNULL)
        with open(self.log_path, "ab") as log:
            options.setdefault("stdout", log)
            self.child = subprocess.Popen([str(a) for a in argv], stderr=log, **options)

    @property
    def pid(self):
        return self.child.pid

    def is_running(self):
        return self.child.poll() is None

    def log(self):
        return self.log_path.read_text("utf-8", "replace")

    def wait_log(self, text, timeout=PATIENCE):
        """Waits for `text` (a string or a compiled pattern) in the log; the log."""
        def seen():
            log = self.log()
            found = text.search(log) if isinstance(text, re.Pattern) else text in log
            assert found or self.is_running(), f"{self.name} has ended:\n{log}"
            return log if found else None
        return wait_for(seen, timeout, f"{text!r} in the log of {self.name}")

    def send_signal(self, number):
        self.child.send_signal(number)

    def wait(self, timeout=PATIENCE):
        """The exit code."""
        code = self.child.wait(timeout)
        self.ended = True
        return code

    def end(self, number=signal.SIGTERM, timeout=PATIENCE):
        """Signals, waits, and kills what does not go; the exit code."""
        if self.is_running():
            self.send_signal(number)
        try:
            return self.wait(timeout)
        except subprocess.TimeoutExpired:
            self.send_signal(signal.SIGABRT)
            self.wait(timeout)
            raise AssertionError(f"{self.name} did not end within {timeout} s") from None

    def assert_no_report(self):
        log = self.log()
        assert not SANITIZER_REPORT.search(log), f"{self.name} has a sanitizer report:\n{log}"

    def show(self):
        print(f"--- log of {self.name} (pid {self.pid}) ---\n{self.log()}")


# --- simulated nodes --------------------------------------------------------------------------


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
        argv = [program("simnodes"), "--nodes", nodes, "--host", host, "--events"]
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


# --- the balancer -----------------------------------------------------------------------------


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
            shutil.rmtree(self.run_dir, ignore_errors=True)
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

    def reload(self):
        """SIGHUP; wait for what it brings with wait_for()."""
        self.send_signal(signal.SIGHUP)

    def stop(self, expect=0, number=signal.SIGTERM, timeout=PATIENCE):
        """Ends it politely; asserts its exit code and that no sanitizer complained."""
        for stream in self.streams:
            stream.close()
        self.streams.clear()
        code = self.end(number, timeout)
        shutil.rmtree(self.run_dir, ignore_errors=True)
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
                      'rise = 2; fall = 3;')
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


# --- PostgreSQL -------------------------------------------------------------------------------


def as_postgres():
    """Popen options: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def make_cert(directory, names=("localhost",), addresses=(LOOPBACK,), stem="server"):
    """A self-signed certificate: (certificate, key), both PEM files in `directory`."""
    cert, key = Path(directory) / f"{stem}.crt", Path(directory) / f"{stem}.key"
    alt = ",".join([f"DNS:{n}" for n in names] + [f"IP:{a}" for a in addresses])
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", f"/CN={names[0]}", "-addext", f"subjectAltName={alt}",
         "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True)
    return cert, key


class PostgresTemplate:
    """One initdb, copied by every Postgres."""

    def __init__(self):
        self.home = Path(tempfile.mkdtemp(prefix="pg-template-"))
        owner = as_postgres()
        if owner:
            os.chown(self.home, owner["user"], owner["group"])
        self.data = self.home / "data"
        done = subprocess.run(
            [PG_BIN / "initdb", "-D", self.data, "-A", "trust", "-U", "postgres", "-E", "UTF8",
             "--locale=C", "--no-sync", "--no-instructions"],
            cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
            **owner)
        assert done.returncode == 0, done.stdout

    def release(self):
        shutil.rmtree(self.home, ignore_errors=True)


class Postgres(Process):
    """A PostgreSQL 15 server on a free loopback port, user postgres, no password.

    `tls`: (certificate, key) files turn TLS on.  `settings`: more of postgresql.conf.
    """

    def __init__(self, tmp_path, template, tls=None, settings=None, port=None):
        owner = as_postgres()
        # Not below tmp_path, which nobody but its owner can enter.
        self.home = Path(tempfile.mkdtemp(prefix="pg-"))
        self.data = self.home / "data"
        self.host, self.port = LOOPBACK, port or free_port()
        subprocess.run(["cp", "-a", template.data, self.data], check=True)
        if owner:
            os.chown(self.home, owner["user"], owner["group"])
        if tls:
            settings = (settings or {}) | self._install_tls(tls, owner)
        argv = [PG_BIN / "postgres", "-D", self.data, "-p", self.port,
                "-c", f"listen_addresses={self.host}", "-c", "unix_socket_directories=",
                "-c", "fsync=off", "-c", "log_connections=on"]
        for name, value in (settings or {}).items():
            argv += ["-c", f"{name}={value}"]
        log_path = tempfile.mkstemp(prefix="postgres-", suffix=".log", dir=tmp_path)[1]
        super().__init__("postgres", argv, log_path, cwd="/", **owner)
        try:
            self.wait_log("database system is ready to accept connections")
        except BaseException:
            self.stop()
            raise

    def _install_tls(self, tls, owner):
        for source, name in zip(tls, ("server.crt", "server.key")):
            target = self.data / name
            shutil.copyfile(source, target)
            target.chmod(0o600)
            if owner:
                os.chown(target, owner["user"], owner["group"])
        return {"ssl": "on"}

    def stop(self):
        """Fast shutdown: sessions are ended."""
        code = self.end(signal.SIGINT)
        shutil.rmtree(self.home, ignore_errors=True)
        assert code == 0, f"postgres ended with {code}:\n{self.log()}"


def psql(port, *commands, host=LOOPBACK, user="root", database="defaultdb", timeout=PATIENCE,
         check=True, env=None, **conninfo):
    """Runs psql; CompletedProcess with text.  Rows come bare, one a line, columns by '|'."""
    options = {"host": host, "port": port, "user": user, "dbname": database,
               "connect_timeout": 10} | conninfo
    argv = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
            " ".join(f"{k}={v}" for k, v in options.items())]
    for command in commands:
        argv += ["-c", command]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=timeout, check=False, env=os.environ | (env or {}))
    if check:
        assert done.returncode == 0, f"psql {commands}: {done.stderr}"
    return done


class PgError(Exception):
    def __init__(self, sqlstate, message, severity):
        super().__init__(f"{severity} {sqlstate}: {message}")
        self.sqlstate, self.message, self.severity = sqlstate, message, severity


class PgSession:
    """A session that a test holds in its hand: simple queries without TLS, one at a time."""

    def __init__(self, port, host=LOOPBACK, user="root", database="defaultdb", timeout=PATIENCE,
                 source=None):
        self.socket = socket.create_connection((host, port), timeout, source)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.status = None
        self.parameters, self.key = {}, None
        body = b"".join(s.encode() + b"\0" for s in ("user", user, "database", database))
        body = struct.pack("!I", 196608) + body + b"\0"
        try:
            self.socket.sendall(struct.pack("!I", len(body) + 4) + body)
            self._until_ready()
        except BaseException:
            self.socket.close()
            raise

    def _receive(self, size):
        data = bytearray()
        while len(data) < size:
            chunk = self.socket.recv(size - len(data))
            if not chunk:
                raise ConnectionError("the server closed the connection")
            data += chunk
        return bytes(data)

    def message(self):
        """(type, body) of the next message."""
        kind, size = struct.unpack("!cI", self._receive(5))
        return kind.decode(), self._receive(size - 4)

    def _until_ready(self):
        rows, failure = [], None
        while True:
            try:
                kind, body = self.message()
            except ConnectionError:
                if failure:
                    raise failure from None
                raise
            if kind == "D":
                rows.append(self._row(body))
            elif kind == "S":
                name, value = body.split(b"\0")[:2]
                self.parameters[name.decode()] = value.decode()
            elif kind == "K":
                self.key = body
            elif kind == "E":
                failure = self._error(body)
                if failure.severity == "FATAL":
                    raise failure
            elif kind == "Z":
                self.status = body.decode()
                if failure:
                    raise failure
                return rows

    @staticmethod
    def _row(body):
        values, at = [], 2
        for _ in range(struct.unpack("!H", body[:2])[0]):
            size = struct.unpack("!i", body[at:at + 4])[0]
            at += 4
            values.append(None if size < 0 else body[at:at + size].decode())
            at += max(size, 0)
        return tuple(values)

    @staticmethod
    def _error(body):
        fields = {f[:1].decode(): f[1:].decode() for f in body.split(b"\0") if f}
        return PgError(fields["C"], fields["M"], fields["S"])

    def send(self, sql):
        """Sends a query without waiting for its answer; finish() does."""
        body = sql.encode() + b"\0"
        self.socket.sendall(b"Q" + struct.pack("!I", len(body) + 4) + body)

    def finish(self):
        return self._until_ready()

    def query(self, sql):
        """Its rows as tuples of text; PgError, or ConnectionError if the session is gone."""
        self.send(sql)
        return self._until_ready()

    def value(self, sql):
        return self.query(sql)[0][0]

    def is_open(self):
        """Has the other side neither closed nor said anything?"""
        try:
            self.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def close(self):
        try:
            self.socket.sendall(b"X\0\0\0\4")
        except OSError:
            pass  # it is gone already
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
