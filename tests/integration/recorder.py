# SPDX-License-Identifier: MIT
"""A node that answers every health check and remembers the bytes that asked."""

import contextlib
import socket
import ssl
import threading

from harness import LOOPBACK, make_cert

ANSWER = b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"


class Recorder:
    """Listens on a port of its own; `seen` is the set of first messages, b"" for none."""

    def __init__(self, tls=None):
        self.tls = tls
        self.seen = set()
        self.socket = socket.create_server((LOOPBACK, 0), backlog=64)
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, contextlib.suppress(OSError):
            connection.settimeout(5)
            if self.tls and connection.recv(1, socket.MSG_PEEK) == b"\x16":
                connection = self.tls.wrap_socket(connection, server_side=True)
            message = connection.recv(65536)
            self.seen.add(message)
            if message:
                connection.sendall(ANSWER)
                connection.recv(65536)

    def close(self):
        # A thread in accept() is woken by this, not by close().
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()


class Recorders:
    """One Recorder for each node and port that a configuration names."""

    def __init__(self, tmp_path):
        cert, key = make_cert(tmp_path)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(cert, key)
        self.at = {}

    def port(self, host, port):
        if (host, port) not in self.at:
            self.at[host, port] = Recorder(self.tls)
        return self.at[host, port].port

    def seen(self):
        """{"host:port": [messages]}, the ports of the loopback replaced by those names."""
        result = {}
        for (host, port), recorder in self.at.items():
            own = f"{LOOPBACK}:{recorder.port}".encode()
            result[f"{host}:{port}"] = sorted(
                m.replace(own, b"ADDRESS") for m in set(recorder.seen) if m)
        return result

    def close(self):
        for recorder in self.at.values():
            recorder.close()
