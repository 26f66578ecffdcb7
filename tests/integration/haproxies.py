# SPDX-License-Identifier: MIT
"""HAProxy itself, as Debian has it: what sluice's answers and lines are compared with."""

import csv
import io
import re
import shutil
import socket
import tempfile
import threading
from pathlib import Path

import harness

BINARY = Path("/usr/sbin/haproxy")

MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"


def dropin(tmp_path):
    """A link named "haproxy" to sluice: the same program in HAProxy's place."""
    link = Path(tmp_path) / "haproxy"
    if not link.is_symlink():
        link.symlink_to(harness.program("sluice"))
    return link


class Haproxy(harness.Process):
    """
    `haproxy -db` on a configuration given as text; `{socket}` in it is the stats socket.
    `binary` is HAProxy's, or dropin().
    """

    def __init__(self, tmp_path, conf, binary=BINARY):
        self.run_dir = Path(tempfile.mkdtemp(prefix="haproxy-"))
        self.socket_path = self.run_dir / "stats.sock"
        conf_path = Path(tempfile.mkstemp(prefix="haproxy-", suffix=".cfg", dir=tmp_path)[1])
        conf_path.write_text(conf.replace("{socket}", str(self.socket_path)))
        super().__init__("haproxy", [binary, "-db", "-f", conf_path],
                         conf_path.with_suffix(".log"))
        try:
            harness.wait_for(self._is_up, what="haproxy's stats socket")
        except BaseException:
            self.show()
            self.child.kill()
            self.child.wait()
            raise

    def _is_up(self):
        assert self.is_running(), f"haproxy has ended:\n{self.log()}"
        try:
            return bool(self.ctl("show info"))
        except OSError:
            return False

    def ctl(self, command, timeout=harness.PATIENCE):
        return ask(self.socket_path, command.encode() + b"\n", timeout=timeout).decode()

    def stat(self):
        return parse_stat(self.ctl("show stat"))

    def stop(self):
        self.end()
        shutil.rmtree(self.run_dir, ignore_errors=True)


def parse_stat(text):
    """`show stat` as {"psql/n1": {"status": "UP", …}, …}."""
    rows = csv.DictReader(io.StringIO(text.lstrip("# ")))
    return {f"{row['pxname']}/{row['svname']}": row for row in rows if row.get("svname")}


def ask(path, data, half_close=False, timeout=harness.PATIENCE):
    """What comes back from a UNIX socket until its end, as bytes."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(timeout)
        s.connect(str(path))
        s.sendall(data)
        if half_close:
            s.shutdown(socket.SHUT_WR)
        answer = bytearray()
        while chunk := s.recv(65536):
            answer += chunk
    return bytes(answer)


class Syslog:
    """A datagram socket that collects syslog lines: UDP on loopback, or a UNIX socket."""

    def __init__(self, path=None):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX if path else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(str(path) if path else (harness.LOOPBACK, 0))
        self.port = None if path else self.socket.getsockname()[1]
        self.lines = []
        self.changed = threading.Condition()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        while True:
            data = self.socket.recv(65536)
            if data == b"end of the test":
                return
            with self.changed:
                self.lines.append(data.decode("utf-8", "replace"))
                self.changed.notify_all()

    def wait(self, part, start=0, timeout=harness.PATIENCE):
        """Waits for a line, from the start-th on, that contains `part`; it."""
        def find():
            return next((line for line in self.lines[start:] if part in line), None)
        with self.changed:
            self.changed.wait_for(find, timeout)
            found = find()
        assert found, f"no line with {part!r} within {timeout} s; lines: {self.lines[start:]}"
        return found

    def close(self):
        with socket.socket(self.socket.family, socket.SOCK_DGRAM) as s:
            s.sendto(b"end of the test", str(self.path) if self.path else
                     (harness.LOOPBACK, self.port))
        self.thread.join(harness.PATIENCE)
        self.socket.close()


def _timer(match):
    return "/".join(t if t.startswith("-") else "MS" for t in match[0].split("/"))


def plain_line(line):
    """The line with its times, ports, pid and durations replaced by placeholders."""
    line = re.sub(rf"{MONTH} [ \d]\d \d\d:\d\d:\d\d", "STAMP", line, count=1)
    line = re.sub(r"haproxy\[\d+\]:", "haproxy[PID]:", line)
    line = re.sub(rf"\[\d\d/{MONTH}/\d{{4}}:\d\d:\d\d:\d\d\.\d{{3}}\]", "[DATE]", line)
    line = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", line)
    line = re.sub(r"check duration: \d+ms", "check duration: MS", line)
    return re.sub(r"(?<= )-?\d+/-?\d+/-?\d+(?= )", _timer, line)


def difference(ours, theirs):
    """What is not alike, in few words."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return {key: difference(ours.get(key), theirs.get(key))
                for key in sorted(ours.keys() | theirs.keys()) if ours.get(key) != theirs.get(key)}
    if isinstance(ours, list) and isinstance(theirs, list):
        return {"only ours": [x for x in ours if x not in theirs],
                "only theirs": [x for x in theirs if x not in ours]}
    return {"ours": ours, "theirs": theirs}
