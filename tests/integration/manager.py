# SPDX-License-Identifier: MIT
"""What a service manager does: holds the listening socket, starts, restarts and listens."""

import os
import socket
import sys
import tempfile
import threading
import weakref
from pathlib import Path

from harness import LOOPBACK, PATIENCE, wait_for

# Announces descriptor 3 and those after it, as sd_listen_fds(3) wants it: with its own process id.
LAUNCHER = """
import os, sys
count, *argv = sys.argv[1:]
os.environ["LISTEN_PID"] = str(os.getpid())
os.environ["LISTEN_FDS"] = count
os.execv(argv[0], argv)
"""


def listen(host=LOOPBACK, port=0, backlog=128):
    """A socket as systemd makes it."""
    s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if ":" in host:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    s.bind((host, port))
    s.listen(backlog)
    return s


def launch(argv, sockets, start):
    """start(argv, options) with `sockets` at 3, 4, ... of the new process."""
    def place():
        copies = [os.dup(s.fileno()) for s in sockets]
        copies = [os.dup2(fd, 100 + i) for i, fd in enumerate(copies)]
        for i, fd in enumerate(copies):
            os.dup2(fd, 3 + i)
            os.close(fd)
    return start([sys.executable, "-c", LAUNCHER, str(len(sockets)), *map(str, argv)],
                 {"preexec_fn": place, "close_fds": False})


class NotifySocket:
    """$NOTIFY_SOCKET: what comes there, as (pid of the sender, {"READY": "1", ...})."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="notify-")
        self.path = Path(self.folder.name) / "notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.socket.bind(str(self.path))
        self.seen = []
        weakref.finalize(self, self.socket.close)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            try:
                data, ancillary, _, _ = self.socket.recvmsg(4096, socket.CMSG_SPACE(12))
            except OSError:
                return
            pid = int.from_bytes(ancillary[0][2][:4], sys.byteorder)
            self.seen.append((pid, dict(line.split("=", 1) for line in data.decode().splitlines())))

    def find(self, key, value=None, pid=None, after=0):
        """The values of a key, of one sender or of all."""
        return [words[key] for sender, words in list(self.seen)[after:]
                if key in words and pid in (None, sender) and value in (None, words[key])]

    def wait(self, key, value=None, pid=None, after=0, timeout=PATIENCE):
        return wait_for(lambda: self.find(key, value, pid, after), timeout,
                        f"{key}={value} among {self.seen}")[0]
