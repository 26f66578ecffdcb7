# SPDX-License-Identifier: MIT
"""Bulk: streams of hundreds of megabytes, which are not carried as single words are."""

import os
import random
import select
import socket
import threading
import time

import pytest
from harness import PATIENCE, free_port, wait_for
from peers import (SessionLog, conf_of, connect, echo, echoes, peer, read_all, read_exactly, reset,
                   server, service, session_log)

__all__ = ["SessionLog", "peer", "session_log"]

MB = 1 << 20
BULK = 300 * MB
BLOCK = random.Random(5).randbytes(MB)


@pytest.fixture
def behind(sluice, peer, session_log):
    """behind(serve): (a port of the balancer, the Peer behind it, the balancer of one worker)."""
    def start(serve):
        at, port = peer(serve), free_port()
        conf = conf_of([service("sql", port, [server("s1", at.address)])],
                       session_log=session_log.path, extra="threads = 1;")
        return port, at, sluice(conf)
    return start


def bulk_send(s, size=BULK):
    for _ in range(size // MB):
        s.sendall(BLOCK)


class BulkDigest:
    """What was read of a stream of BLOCKs: every byte is compared."""

    def __init__(self):
        self.size = 0
        self.intact = True

    def read(self, s, pace=0):
        """Reads to the end.  `pace`: sleeps so long after each 4 MB."""
        view = memoryview(BLOCK)
        buffer = bytearray(MB)
        slept = 0
        while got := s.recv_into(buffer):
            at, seen = self.size % MB, memoryview(buffer)[:got]
            first = min(got, MB - at)
            self.intact &= seen[:first] == view[at:at + first]
            self.intact &= seen[first:] == view[:got - first]
            self.size += got
            if pace and self.size - slept >= 4 * MB:
                slept = self.size
                time.sleep(pace)


def files_of(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


SPARE_PIPES = 8  # that each worker keeps, with two descriptors each


@pytest.mark.parametrize("pace", [0, 0.01], ids=["fast", "slow"])
@pytest.mark.parametrize("ways", ["up", "down", "both"])
def test_bulk_arrives_to_the_byte(behind, session_log, ways, pace):
    """With a half-close at the end of each direction, and nothing left over afterwards."""
    at_server, at_client = BulkDigest(), BulkDigest()

    def talk(s, sends, digest):
        def send():
            if sends:
                bulk_send(s)
            s.shutdown(socket.SHUT_WR)
        thread = threading.Thread(target=send, daemon=True)
        thread.start()
        digest.read(s, pace)
        thread.join(60)

    port, at, balancer = behind(lambda s: talk(s, ways != "up", at_server))
    files = files_of(balancer.pid)
    with connect(port, timeout=60) as s:
        talk(s, ways != "down", at_client)
    wait_for(lambda: at.sessions() == 0, 60, "the server to have finished")
    line, = session_log.wait()
    sizes = (0 if ways == "down" else BULK, 0 if ways == "up" else BULK)
    assert (at_server.size, at_client.size) == sizes
    assert at_server.intact and at_client.intact
    assert (line["reason"], line["bytes_in"], line["bytes_out"]) == ("normal", *sizes)
    wait_for(lambda: files_of(balancer.pid) <= files + 2 * SPARE_PIPES,
             what="descriptors to be given back")


def test_an_exchange_after_bulk_is_as_prompt_as_before(behind):
    """A direction that was bulk goes on with single words, and the other way round."""
    port, _, _ = behind(echo)
    with connect(port, timeout=60) as s:
        for _ in range(3):
            assert echoes(s)
            thread = threading.Thread(target=bulk_send, args=(s, 32 * MB), daemon=True)
            thread.start()
            for _ in range(32):
                assert read_exactly(s, MB) == BLOCK
            thread.join(60)
            began = time.monotonic()
            for i in range(100):
                assert echoes(s, bytes([i]))
            assert time.monotonic() - began < 10


def flood(s, stop):
    """Writes until told to stop; never stands in a call that a close() would wait for."""
    try:
        while not stop.is_set():
            if select.select([], [s], [], 0.02)[1]:
                s.send(BLOCK, socket.MSG_DONTWAIT)
    except OSError:
        pass  # the end that this is about


def flood_and_read(s, megabytes, ends):
    """Writes all the time and reads so much; then resets, or waits for the other's reset."""
    stop = threading.Event()
    thread = threading.Thread(target=flood, args=(s, stop), daemon=True)
    thread.start()
    try:
        read_exactly(s, megabytes * MB)
        if not ends:
            read_all(s)
    except OSError:
        pass
    stop.set()
    thread.join(60)
    reset(s)


@pytest.mark.parametrize("who", ["client", "server"])
def test_sessions_killed_in_mid_bulk_leave_nothing_behind(behind, session_log, who):
    """Resets while bytes are on their way in both directions, and while they stand still."""
    sessions, rounds = 12, 3

    def serve(s):
        flood_and_read(s, read_exactly(s, 1)[0], who == "server")

    def run(i):
        s = connect(port, timeout=60)
        s.sendall(bytes([i]))
        flood_and_read(s, i, who == "client")

    port, _, balancer = behind(serve)
    files = files_of(balancer.pid)
    for n in range(rounds):
        # From 1 on: none is reset before it is connected.
        threads = [threading.Thread(target=run, args=(i + 1,), daemon=True)
                   for i in range(sessions)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        lines = session_log.wait((n + 1) * sessions, 60)
        wait_for(lambda: files_of(balancer.pid) <= files + 2 * SPARE_PIPES,
                 what="descriptors to be given back")
    assert balancer.status()["sessions"] == 0
    assert {line["reason"] for line in lines} == {f"{who}_reset"}


def test_what_follows_an_urgent_byte_at_the_end_of_bulk_arrives(behind):
    """splice() stops at an urgent byte and then says what it says at an end."""
    before, after = 30, b"after it" * 1000
    said_all, heard = threading.Event(), []

    def serve(s):
        data = bytearray()
        while chunk := s.recv(65536):
            data += chunk
            if len(data) > (before - 1) * MB:
                said_all.wait(PATIENCE)
        heard.append(data)

    port, _, _ = behind(serve)
    with connect(port) as s:
        bulk_send(s, before * MB)
        s.send(b"!", socket.MSG_OOB)
        s.sendall(after)
        s.shutdown(socket.SHUT_WR)
        said_all.set()
        wait_for(lambda: heard, what="the end at the server")
    assert len(heard[0]) == before * MB + len(after)
    assert heard[0].endswith(after)
