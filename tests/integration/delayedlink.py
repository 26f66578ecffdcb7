# SPDX-License-Identifier: MIT
"""A cable to another network namespace on which every packet takes its time.

    python3 delayedlink.py HERE NAMESPACE THERE MILLISECONDS

makes the interface HERE in this namespace and THERE in that one (both TUN), says "ready", and
carries packets between them, each so many milliseconds after it came, until it is ended.
"""

import collections
import ctypes
import fcntl
import os
import select
import struct
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000
CLONE_NEWNET = 0x40000000


def open_tun(name):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return fd


def enter(namespace):
    libc = ctypes.CDLL(None, use_errno=True)
    fd = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    if libc.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), f"setns {namespace}")
    os.close(fd)


def take(fd, waiting, to, due):
    while True:
        try:
            waiting.append((due, to, os.read(fd, 65536)))
        except OSError:
            return


def carry(here, there, delay):
    other = {here: there, there: here}
    waiting = collections.deque()
    while True:
        rest = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        for fd in select.select([here, there], [], [], rest)[0]:
            take(fd, waiting, other[fd], time.monotonic() + delay)
        while waiting and waiting[0][0] <= time.monotonic():
            _, to, packet = waiting.popleft()
            try:
                os.write(to, packet)
            except OSError:
                pass  # the interface is down


def main():
    here, namespace, there, milliseconds = sys.argv[1:]
    first = open_tun(here)
    enter(namespace)
    second = open_tun(there)
    print("ready", flush=True)
    carry(first, second, float(milliseconds) / 1000)


if __name__ == "__main__":
    main()
