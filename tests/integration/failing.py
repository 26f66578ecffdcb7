# SPDX-License-Identifier: MIT
"""Makes calls of a program fail: the other side of tests/tools/failing.c.

A Failing is a file of rows that the preloaded library maps in every process that has env().  A
function is watched from watch() on: its calls are counted, and some fail if it is said which.
"""

import errno
import mmap
import os
import struct
import subprocess
import tempfile

from process import BUILD, program

# As in the library.
ROW = struct.Struct("=16sIIiIIiII144s")
WATCHED, FIRST_CALL, CALLS = 16, 28, 40  # offsets in a row

ANY_THREAD, MAIN_THREAD, OTHER_THREADS = 0, 1, 2
FOR_EVER = 2**31

# Each row of the library, and what such a call really fails with.
ERRORS = {
    "accept": (errno.EMFILE, errno.ENOBUFS, errno.ECONNABORTED, errno.EPERM),
    "connect": (errno.ECONNREFUSED, errno.EADDRNOTAVAIL, errno.ENETUNREACH, errno.EACCES),
    "socket": (errno.EMFILE, errno.ENOBUFS, errno.EACCES),
    "bind": (errno.EADDRINUSE, errno.EACCES),
    "listen": (errno.EADDRINUSE,),
    "setsockopt": (errno.ENOBUFS, errno.EPERM),
    "epoll_ctl": (errno.ENOSPC, errno.ENOMEM),
    "epoll_create": (errno.EMFILE,),
    "eventfd": (errno.EMFILE,),
    "timerfd": (errno.EMFILE,),
    "pipe": (errno.EMFILE, errno.ENFILE),
    "fork": (errno.EAGAIN, errno.ENOMEM),
    "exec": (errno.ENOMEM,),
    "thread": (errno.EAGAIN,),
    "send": (errno.ENOBUFS, errno.EPIPE, errno.EAGAIN, errno.EINTR),
    "recv": (errno.ECONNRESET, errno.ENOMEM, errno.EAGAIN, errno.EINTR),
    "write": (errno.ENOSPC, errno.EAGAIN, errno.EINTR),
    "read": (errno.EIO, errno.EINTR),
    "open": (errno.EMFILE, errno.EACCES),
    "malloc": (errno.ENOMEM,),
}


def why_not():
    """Why nothing can be preloaded into the program of this build; None: it can."""
    linked = subprocess.run(["ldd", program("sluice")], capture_output=True, text=True,
                            check=False).stdout
    return "libtsan must be the first library" if "libtsan" in linked else None


class Failing:
    def __init__(self, tmp_path):
        self.path = tempfile.mkstemp(prefix="failing-", dir=tmp_path)[1]
        self.at = {name: i * ROW.size for i, name in enumerate(ERRORS)}
        with open(self.path, "r+b") as f:
            for name in ERRORS:
                f.write(ROW.pack(name.encode(), 0, 0, 0, 0, 0, 0, 0, 0, b""))
            f.flush()
            self.rows = mmap.mmap(f.fileno(), 0)

    def env(self):
        """For the environment of the program under test."""
        return {"LD_PRELOAD": str(BUILD / "tests" / "failing.so"), "FAILING": self.path,
                "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}

    def watch(self, name, first=0, count=1, error=0, plane=ANY_THREAD, process=0):
        """From now on: calls first, first + 1 ... fail, `count` of them; 0: none does.

        `process`: a pid that it is about; negative: all but that one.
        """
        at = self.at[name]
        self.rest(name)
        ROW.pack_into(self.rows, at, name.encode(), 0, plane, process, first, count, error, 0, 0,
                      b"")
        struct.pack_into("=I", self.rows, at + WATCHED, 1)

    def rest(self, name):
        """It works again, and is no longer counted."""
        struct.pack_into("=I", self.rows, self.at[name] + WATCHED, 0)

    def _row(self, name):
        return ROW.unpack_from(self.rows, self.at[name])

    def calls(self, name):
        return self._row(name)[7]

    def failed(self, name):
        return self._row(name)[8]

    def where(self, name):
        """Of the first that failed: library+offset symbol."""
        return self._row(name)[9].rstrip(b"\0").decode()
