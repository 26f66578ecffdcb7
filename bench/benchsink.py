# SPDX-License-Identifier: MIT
"""A server for health checks: `python3 benchsink.py PORT` says 200 to every request.

It listens on all addresses of its network namespace, so it is as many servers as there are
addresses of 127.0.0.0/8, and says "listening" on standard output.
"""

import contextlib
import selectors
import socket
import sys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


def accept_all(selector, listener):
    with contextlib.suppress(BlockingIOError):
        while True:
            s, _ = listener.accept()
            s.setblocking(False)
            selector.register(s, selectors.EVENT_READ)


def answer(selector, s):
    """A request comes in one piece; the other end closes."""
    with contextlib.suppress(OSError):
        if s.recv(4096):
            s.send(ANSWER)
            return
    selector.unregister(s)
    s.close()


def main():
    listener = socket.create_server(("", int(sys.argv[1])), backlog=4096)
    listener.setblocking(False)
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    print("listening", flush=True)
    while True:
        for key, _ in selector.select():
            (accept_all if key.fileobj is listener else answer)(selector, key.fileobj)


if __name__ == "__main__":
    main()
