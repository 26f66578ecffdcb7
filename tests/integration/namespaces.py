# SPDX-License-Identifier: MIT
"""Hosts and regions of the tests' own: network namespaces with a cable to this side."""

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path


def ip(*words):
    subprocess.run(["ip", *[str(w) for w in words]], check=True, capture_output=True)


def can_make():
    if os.geteuid() != 0 or not shutil.which("ip"):
        return False
    name = f"sluice-{os.getpid()}-try"
    with contextlib.suppress(subprocess.CalledProcessError):
        ip("netns", "add", name)
        ip("netns", "del", name)
        return True
    return False


class Region:
    """A namespace at the end of a cable with a delay: 10.N.number.1 is this side, .2 the region."""

    def __init__(self, number, delay_ms):
        """`delay_ms`: of a round trip."""
        self.name = f"sluice-{os.getpid()}-{number}"
        self.cable = f"sl{os.getpid() % 100000}r{number}"
        net = f"10.{os.getpid() % 200 + 20}.{number}"
        self.here, self.there = f"{net}.1", f"{net}.2"
        self.link = None
        ip("netns", "add", self.name)
        try:
            self.lay(delay_ms)
        except BaseException:
            self.close()
            raise

    def lay(self, delay_ms):
        script = Path(__file__).with_name("delayedlink.py")
        self.link = subprocess.Popen(
            [sys.executable, "-B", script, self.cable, self.name, "far0", str(delay_ms / 2)],
            stdout=subprocess.PIPE)
        assert self.link.stdout.readline() == b"ready\n", "no delayed link"
        ip("addr", "add", self.here, "peer", self.there, "dev", self.cable)
        ip("link", "set", self.cable, "up")
        ip("-n", self.name, "addr", "add", self.there, "peer", self.here, "dev", "far0")
        ip("-n", self.name, "link", "set", "far0", "up")
        ip("-n", self.name, "link", "set", "lo", "up")

    def run_by(self):
        """The words before a command that is to run there."""
        return ["ip", "netns", "exec", self.name]

    def close(self):
        if self.link:
            self.link.kill()
            self.link.wait()
            self.link.stdout.close()
        ip("netns", "del", self.name)
