# SPDX-License-Identifier: MIT
"""A cluster's HTTP side, as good and as bad as a test wants it.

A List answers /_status/nodes with the nodes that the test names, or does what no cluster would.
"""

import contextlib
import json
import socket
import ssl
import struct
import threading

from harness import LOOPBACK, PATIENCE, free_port, wait_for

LIVE, DECOMMISSIONING, DECOMMISSIONED = 3, 4, 5


def address(host, port):
    return {"networkField": "tcp", "addressField": f"{host}:{port}"}


def tiers(locality):
    pairs = [tier.split("=", 1) for tier in locality.split(",") if tier]
    return {"tiers": [{"key": key, "value": value} for key, value in pairs]}


def node(number, host, sql, http, locality=""):
    """An element of the list."""
    return {"desc": {"nodeId": number, "address": address(host, sql), "locality": tiers(locality),
                     "sqlAddress": address(host, sql), "httpAddress": address(host, http)},
            "updatedAt": "1700000000000000000", "startedAt": "1600000000000000000"}


def document(nodes, liveness=None):
    """What /_status/nodes says of simulated nodes, or of elements."""
    made = [n if isinstance(n, dict) else node(n.id, n.host, n.sql, n.http) for n in nodes]
    states = {str(n["desc"]["nodeId"]): LIVE for n in made} | (liveness or {})
    return json.dumps({"nodes": made, "livenessByNodeId": states})


class List:
    """`answer(connection, request)`, if set, talks instead of the list."""

    def __init__(self, nodes=(), context=None, port=None):
        self.port = port or free_port()
        self.url = f"{'https' if context else 'http'}://{LOOPBACK}:{self.port}"
        self.context = context
        self.body = document(nodes)
        self.answer = None
        self.session = None  # what must be shown; None: nothing
        self.requests = []   # heads, as text
        self.listener = None
        self.open()

    def tell(self, nodes, liveness=None):
        self.body = document(nodes, liveness)

    def open(self):
        self.listener = socket.create_server((LOOPBACK, self.port), backlog=64)
        threading.Thread(target=self._serve, args=(self.listener,), daemon=True).start()

    def close(self):
        """Nobody answers there any more."""
        if self.listener:
            with contextlib.suppress(OSError):
                self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
        self.listener = None

    def wait_asked(self, times=1):
        """Until it has been asked so many times more."""
        before = len(self.requests)
        wait_for(lambda: len(self.requests) >= before + times, what="the list to be asked for")

    def _serve(self, listener):
        while True:
            try:
                connection = listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        with contextlib.suppress(OSError, ssl.SSLError):
            connection.settimeout(PATIENCE)
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            with connection:
                head = bytearray()
                while b"\r\n\r\n" not in head:
                    chunk = connection.recv(65536)
                    if not chunk:
                        return
                    head += chunk
                self.requests.append(head.decode("latin-1"))
                (self.answer or self._tell)(connection, self.requests[-1])

    def _tell(self, connection, request):
        if self.session and f"session={self.session}" not in request:
            reply(connection, b"unauthorized\n", "401 Unauthorized")
        else:
            reply(connection, self.body.encode())


def reply(connection, body, status="200 OK", headers=""):
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{headers}" \
           f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    connection.sendall(head.encode() + body)


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
