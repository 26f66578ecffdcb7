# SPDX-License-Identifier: MIT
"""A real PostgreSQL server, and clients of the wire protocol: psql and a session in the hand."""

import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
from pathlib import Path

from process import LOOPBACK, PATIENCE, Process, free_port

PG_BIN = Path("/usr/lib/postgresql/15/bin")


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
        before = self.socket.gettimeout()
        self.socket.settimeout(0)
        try:
            self.socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        finally:
            self.socket.settimeout(before)
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
