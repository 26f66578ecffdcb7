# SPDX-License-Identifier: MIT
"""Children with a log, ended by their process id; waiting with a deadline; free ports."""

import http.client
import os
import random
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("SLUICE_BUILD", TOP / "build" / "asan"))
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
            what = what() if callable(what) else what
            raise AssertionError(f"waited {timeout} s in vain for {what or condition}")
        time.sleep(interval)


class _Ports:
    """
    Ports below the ephemeral range, each given once.  They come in blocks, and a block belongs to
    the process that holds a socket of its name: tests that run at the same time share none.
    """
    BLOCK = 128
    BLOCKS = range(10240, 32768, BLOCK)

    def __init__(self):
        self.lock = threading.Lock()
        self.names = []
        self.left = range(0)

    def _take_block(self):
        for port in random.sample(self.BLOCKS, len(self.BLOCKS)):
            name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                name.bind(f"\0sluice-test-ports-{port}")
            except OSError:
                name.close()
                continue
            self.names.append(name)
            self.left = range(port, port + self.BLOCK)
            return
        raise AssertionError("all ports are given away")

    def next(self, host, count):
        with self.lock:
            while True:
                if len(self.left) < count:
                    self._take_block()
                ports, self.left = self.left[:count], self.left[count:]
                if all(_is_free(host, port) for port in ports):
                    return ports[0]


def _is_free(host, port):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as s:
        try:
            s.bind((host, port))
        except OSError:
            return False
    return True


_ports = _Ports()


def free_port(host=LOOPBACK, count=1):
    """A TCP port that nobody has or will get, the first of so many in a row."""
    return _ports.next(host, count)


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


def freeze(pid):
    """Stops a process: when this returns, none of its threads does anything more."""
    os.kill(pid, signal.SIGSTOP)

    def stands():
        states = [task.read_text().rpartition(")")[2].split()[0]
                  for task in Path(f"/proc/{pid}/task").glob("*/stat")]
        return set(states) == {"T"}
    wait_for(stands, what=f"process {pid} to stand still", interval=0.001)


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
