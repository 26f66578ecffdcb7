# SPDX-License-Identifier: MIT
"""A copy of this system for a test to install things into: nothing of it reaches the real one.

An overlay over / whose upper side is memory, in mount, process and network namespaces of its own,
all of which end with the process that holds them.  systemd does not run in it.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import harness
from harness import PATIENCE, wait_for

# $1: an empty folder; $2: a folder of this side that is /run/test of the other one.
MAKE = """
set -e
mount -t tmpfs tmpfs "$1"
cd "$1"
mkdir upper work root
mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root
mount -t proc proc root/proc
mount --rbind /dev root/dev
mount -t tmpfs -o mode=755 tmpfs root/run
mkdir root/run/test
mount --bind "$2" root/run/test
mount -t tmpfs -o mode=1777 tmpfs root/tmp
ip link set lo up
echo made
read -r _ || true   # and bash, as the first process, takes care of orphans
"""


class ScratchRoot(harness.Process):
    """run() and put() from outside; `shared` is /run/test inside; `init` its first process."""

    def __init__(self, log_path, shared):
        self.folder = tempfile.mkdtemp(prefix="scratch-root-")
        enter = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork",
                 "--kill-child", "--net", "--ipc", "--uts", "bash", "-c", MAKE, "make",
                 self.folder, str(shared)]
        super().__init__("scratch-root", enter, log_path, stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE)
        if self.child.stdout.readline() != b"made\n":
            self.close()
            raise OSError(f"no overlay, or no namespaces: {self.log()}")
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text("ascii")
        self.init = int(children.split()[0])
        self.path = Path(f"/proc/{self.init}/root{self.folder}/root")

    def inside(self, *argv):
        """The words of a command that runs there."""
        return ["nsenter", "-t", str(self.init), "-m", "-p", "-n", "-i", "-u",
                "chroot", f"{self.folder}/root", "/usr/bin/env", "-i", "LC_ALL=C.UTF-8",
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "DEBIAN_FRONTEND=noninteractive", *map(str, argv)]

    def run(self, *argv, expect=0):
        """What it says, on both channels."""
        done = subprocess.run(self.inside(*argv), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=10 * PATIENCE, check=False)
        assert expect is None or done.returncode == expect, (argv, done.returncode, done.stdout)
        return done.stdout

    def at(self, path):
        """The path from outside of a path inside."""
        return self.path / str(path).lstrip("/")

    def put(self, path, content, mode=0o644):
        where = self.at(path)
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_bytes(content if isinstance(content, bytes) else content.encode())
        where.chmod(mode)

    def close(self):
        if self.is_running():
            self.child.stdin.close()
            wait_for(lambda: not self.is_running(), what="the scratch root to end")
        self.child.stdout.close()
        self.ended = True
        os.rmdir(self.folder)  # the mounts were the namespace's

    stop = close


def lacking():
    """Why none can be made, or None."""
    if os.geteuid() != 0:
        return "only root makes a scratch root"
    if not all(map(shutil.which, ("unshare", "nsenter", "ip", "dpkg", "dpkg-deb"))):
        return "unshare, nsenter, ip or dpkg is not installed"
    return None
