# SPDX-License-Identifier: MIT
"""Clients and servers of every manner, and configurations that put the balancer between them."""

import contextlib
import json
import os
import re
import socket
import struct
import threading

import pytest
from harness import LOOPBACK, PATIENCE, Process, free_port, program, wait_for

# Checks that see a change within a fraction of a second.
FAST_HTTP = 'type = "http"; path = "/health?ready=1"; inter = "100ms"; rise = 2; fall = 3'
PATIENT_HTTP = FAST_HTTP + '; timeout = "5s"'
NO_CHECK = 'type = "none"'


# --- configurations ---------------------------------------------------------------------------


def server(name, address, more="", check=""):
    """A group of the list `servers`.  `address`: a port of the loopback, or text."""
    if isinstance(address, int):
        address = f"{LOOPBACK}:{address}"
    check = f"check = {{ {check}; }};" if check else ""
    return f'{{ name = "{name}"; address = "{address}"; {more} {check} }}'


def service(name, bind, servers, more="", check=NO_CHECK):
    """A group of the list `services`.  `bind`: a port of the loopback, or text."""
    if isinstance(bind, int):
        bind = f"{LOOPBACK}:{bind}"
    return (f'  {{ name = "{name}"; bind = "{bind}"; check = {{ {check}; }};\n    {more}\n'
            f'    servers = (\n      ' + ",\n      ".join(servers) + "\n    ); }")


def conf_of(services, extra="", session_log=None, connect="2s", client="10m", server_="10m",
            timeouts=""):
    """A configuration of those services; sessions as JSON lines into a file, if one is given."""
    log = '{ target = "stderr"; format = "text"; level = "debug"; }'
    if session_log:
        log += (f', {{ target = "file:{session_log}"; format = "json"; level = "info"; '
                "sessions = true; }")
    return ("services = (\n" + ",\n".join(services) + "\n);\n"
            f'timeout = {{ connect = "{connect}"; client = "{client}"; server = "{server_}"; '
            f"{timeouts} }};\n"
            f"{extra}\nlog = ( {log} );\n")


class SessionLog:
    """The file of session_log, read."""

    def __init__(self, path):
        self.path = path

    def sessions(self):
        if not self.path.exists():
            return []
        # The last line may still be in the making.
        text = self.path.read_text("utf-8").rpartition("\n")[0]
        lines = [json.loads(line) for line in text.splitlines()]
        return [line for line in lines if "reason" in line and "bytes_in" in line]

    def wait(self, count=1, timeout=PATIENCE):
        """The sessions, once so many have ended."""
        wait_for(lambda: len(self.sessions()) >= count, timeout, f"{count} ended sessions")
        return self.sessions()


@pytest.fixture
def session_log(tmp_path):
    return SessionLog(tmp_path / "sessions.json")


# --- sockets ----------------------------------------------------------------------------------


def connect(port, host=LOOPBACK, timeout=PATIENCE):
    s = socket.create_connection((host, port), timeout)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def reset(s):
    """Closes with an RST."""
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def read_all(s):
    """What comes until the other side has finished."""
    data = bytearray()
    while chunk := s.recv(65536):
        data += chunk
    return bytes(data)


def read_exactly(s, size):
    data = bytearray()
    while len(data) < size:
        chunk = s.recv(size - len(data))
        if not chunk:
            raise ConnectionError(f"the end after {len(data)} of {size} bytes")
        data += chunk
    return bytes(data)


def echoes(s, token=b"are you there?"):
    """Does the session behind that socket carry bytes there and back?"""
    s.sendall(token)
    return read_exactly(s, len(token)) == token


def is_silent(s):
    """Is there neither a byte nor an end to be read?"""
    patience = s.gettimeout()
    s.settimeout(0)  # with any other, Python would wait before it asks
    try:
        s.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    finally:
        s.settimeout(patience)
    return False


def reset_seen(s):
    """Reads until the end; True if it is an RST, False if it is an orderly one."""
    try:
        read_all(s)
    except ConnectionResetError:
        return True
    return False


def ends(s):
    """Waits for the end, of either kind; asserts that not a byte comes before it."""
    with contextlib.suppress(ConnectionResetError):
        assert read_all(s) == b""


# --- servers ----------------------------------------------------------------------------------


class Peer:
    """A server on a free port, or at a path; serve(socket) runs in a thread per connection."""

    def __init__(self, serve, path=None, host=LOOPBACK, backlog=1024):
        self.serve, self.path = serve, path
        self.accepted = 0
        self.live = set()
        self.failures = []
        self.lock = threading.Lock()
        family = socket.AF_UNIX if path else socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = socket.socket(family)
        if path:
            self.listener.bind(str(path))
            self.address = f"unix:{path}"
        else:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.listener.bind((host, free_port(host)))
            self.port = self.listener.getsockname()[1]
            self.address = f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
        self.listener.listen(backlog)
        self.threads = [threading.Thread(target=self._accept, daemon=True)]
        self.threads[0].start()

    def _accept(self):
        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            if self.path is None:
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = threading.Thread(target=self._serve, args=(s,), daemon=True)
            with self.lock:
                self.accepted += 1
                self.live.add(s)
                self.threads.append(thread)
            thread.start()

    def _serve(self, s):
        try:
            self.serve(s)
        except OSError:
            pass  # the other side went away, or close()
        except BaseException as e:
            self.failures.append(e)
            raise
        finally:
            with self.lock:
                self.live.discard(s)
            s.close()

    def sessions(self):
        """How many are open now."""
        with self.lock:
            return len(self.live)

    def close(self):
        """Ends everything; asserts that no connection was served badly."""
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            live = list(self.live)
        for s in live:
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join(PATIENCE)
        if self.path:
            self.path.unlink(missing_ok=True)
        assert not self.failures, self.failures


def echo(s):
    """Every byte back, and the end too."""
    while data := s.recv(65536):
        s.sendall(data)


def answer_with(token):
    """A server that says who it is, then echoes."""
    def serve(s):
        s.sendall(token)
        echo(s)
    return serve


def wait_for_end(s):
    """Takes everything and says nothing."""
    while s.recv(65536):
        pass


class BlackHole:
    """A port whose queue of connections is full: the kernel drops every further SYN."""

    def __init__(self):
        self.listener = socket.socket()
        self.listener.bind((LOOPBACK, free_port()))
        self.listener.listen(0)
        self.port = self.listener.getsockname()[1]
        self.fillers = []
        while self._takes_one():
            pass

    def _takes_one(self):
        s = socket.socket()
        s.settimeout(0.2)
        self.fillers.append(s)
        try:
            s.connect((LOOPBACK, self.port))
        except TimeoutError:
            return False
        return True

    def close(self):
        for s in [self.listener, *self.fillers]:
            s.close()


@pytest.fixture
def peer():
    """peer(serve): a running Peer."""
    with contextlib.ExitStack() as stack:
        yield lambda *args, **options: _kept(stack, Peer(*args, **options))


@pytest.fixture
def black_hole():
    with contextlib.closing(BlackHole()) as hole:
        yield hole


def _kept(stack, peer_):
    stack.callback(peer_.close)
    return peer_


# --- the balancer -----------------------------------------------------------------------------


def run_to_end(tmp_path, conf, *args, **options):
    """`sluice run` on a configuration that it is expected to leave: (exit code, its log)."""
    conf_path = tmp_path / "ends.conf"
    conf_path.write_text(conf)
    process = Process("sluice", [program("sluice"), "run", "-f", conf_path, *args],
                      tmp_path / "ends.log", **options)
    try:
        code = process.wait()
    finally:
        if process.is_running():
            process.child.kill()
            process.child.wait()
    process.assert_no_report()
    return code, process.log()


def steady_memory():
    """
    For a process whose memory is measured: the sanitizer holds back what was freed, for long, and
    uses more and more of the stacks that it makes.
    """
    options = os.environ.get("ASAN_OPTIONS", "")
    return {"ASAN_OPTIONS": options + ":quarantine_size_mb=1:thread_local_quarantine_size_kb=16"
                                      ":detect_stack_use_after_return=0"}


def memory_kb(pid):
    """Resident memory."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return int(re.search(r"VmRSS:\s+(\d+) kB", f.read())[1])
