# SPDX-License-Identifier: MIT
"""Many sessions at once, and more than there is room for."""

import asyncio
import contextlib
import os
import re
import resource
import socket
import threading
import time

import harness
import pytest
from harness import LOOPBACK, PATIENCE, free_port, wait_for
from peers import (SessionLog, steady_memory, conf_of, connect, echo, echoes, is_silent, memory_kb, peer,
                   server, service, session_log)

__all__ = ["SessionLog", "peer", "session_log"]

SESSIONS = 2000
FDS = 3 * SESSIONS + 500


@pytest.fixture(autouse=True)
def room_for_sockets():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < FDS:
        pytest.skip(f"the limit of file descriptors is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, FDS), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class EchoLoop:
    """A server for thousands: an event loop in a thread of its own."""

    def __init__(self):
        self.port = free_port()
        self.writers = set()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        start = asyncio.start_server(self._echo, LOOPBACK, self.port, backlog=4096)
        self.server = asyncio.run_coroutine_threadsafe(start, self.loop).result(PATIENCE)

    async def _echo(self, reader, writer):
        self.writers.add(writer)
        with contextlib.suppress(OSError):
            while data := await reader.read(4096):
                writer.write(data)
                await writer.drain()
        self.writers.discard(writer)
        writer.close()

    async def _end(self):
        self.server.close()
        for writer in self.writers:
            writer.transport.abort()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)

    def close(self):
        asyncio.run_coroutine_threadsafe(self._end(), self.loop).result(PATIENCE)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(PATIENCE)
        self.loop.close()


@pytest.fixture
def echo_loop():
    with contextlib.closing(EchoLoop()) as loop:
        yield loop


def fds_of(process):
    return len(os.listdir(f"/proc/{process.pid}/fd"))


def settled_fds_of(process):
    """The same, once those who asked it something are gone."""
    seen = []

    def is_settled():
        seen.append(fds_of(process))
        return len(seen) > 20 and len(set(seen[-20:])) == 1
    wait_for(is_settled, what="the number of descriptors to settle")
    return seen[-1]


async def hold(port, count, while_open):
    """Opens that many sessions, each with a token of its own, and has while_open() look."""
    narrow = asyncio.Semaphore(200)

    async def begin(i):
        async with narrow:
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            await ask(reader, writer, f"begin {i:06}")
        return reader, writer

    async def ask(reader, writer, token):
        writer.write(token.encode())
        answer = await asyncio.wait_for(reader.readexactly(len(token)), 60)
        assert answer.decode() == token

    async def end(i, reader, writer):
        await ask(reader, writer, f"end {i:06}")
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()

    pairs = await asyncio.gather(*(begin(i) for i in range(count)))
    seen = await asyncio.to_thread(while_open)
    await asyncio.gather(*(end(i, *pair) for i, pair in enumerate(pairs)))
    return seen


@pytest.mark.parametrize("threads", [2, 4])
def test_two_thousand_sessions_leave_no_trace(sluice, echo_loop, threads):
    port = free_port()
    balancer = sluice(conf_of([service("sql", port, [
        server(f"s{i}", echo_loop.port) for i in range(3)], more='balance = "leastconn";')],
        extra=f"threads = {threads};"), env=steady_memory())

    def look():
        return balancer.status(), fds_of(balancer)

    def run(count):
        status, fds = asyncio.run(hold(port, count, look))
        wait_for(lambda: balancer.status()["sessions"] == 0, what="no session to be left")
        wait_for(lambda: not echo_loop.writers, what="no connection to be left")
        return status, fds

    fds_before = settled_fds_of(balancer)
    status, fds = run(SESSIONS)
    assert status["sessions"] == SESSIONS
    assert fds >= fds_before + 2 * SESSIONS
    workers = status["workers"]
    assert len(workers) == threads and sum(workers) == SESSIONS
    assert max(workers) - min(workers) <= max(2, SESSIONS / threads / 10), workers
    counts = [s["sessions"] for s in status["services"][0]["servers"]]
    assert max(counts) - min(counts) <= 1, counts

    # What the first rounds cost stays, in pools and in the sanitizer; more of them cost no more.
    for _ in range(2):
        run(SESSIONS)
    before_last = memory_kb(balancer.pid)
    run(SESSIONS)
    wait_for(lambda: fds_of(balancer) == fds_before, what="all descriptors to be closed")
    assert memory_kb(balancer.pid) - before_last < 4 * 1024
    ended = balancer.status()["services"][0]["ended"]
    assert ended["normal"] == 4 * SESSIONS
    assert sum(ended.values()) == 4 * SESSIONS


def highest_watched(process):
    """By event loop: the highest descriptor that it watches."""
    found = []
    for number in os.listdir(f"/proc/{process.pid}/fdinfo"):
        with contextlib.suppress(OSError), open(
                f"/proc/{process.pid}/fdinfo/{number}", encoding="ascii") as info:
            watched = [int(line.split()[1]) for line in info if line.startswith("tfd:")]
            found += [max(watched)] if watched else []
    return sorted(found)


def test_only_the_loop_of_many_sessions_watches_high_descriptors(sluice, echo_loop):
    """A loop takes memory for each number up to the highest: also those of checks and operators."""
    port, low = free_port(), 1024
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 16384:
        pytest.skip("numbers are kept for operators only where there may be very many")
    balancer = sluice(conf_of([service("sql", port, [server("s0", echo_loop.port)])],
                              extra="threads = 1;"))

    def look():
        address = (balancer.admin_host, balancer.admin_port)
        with contextlib.ExitStack() as stack:
            for _ in range(20):
                stack.enter_context(contextlib.closing(socket.create_connection(address)))
            assert balancer.status()["sessions"] == SESSIONS
            return highest_watched(balancer)

    fds_before = settled_fds_of(balancer)
    *others, most = asyncio.run(hold(port, SESSIONS, look))
    assert most > 2 * SESSIONS
    assert others and max(others) < low, others
    wait_for(lambda: fds_of(balancer) == fds_before, what="all descriptors to be closed")


@pytest.mark.parametrize("count, threads", [(8, 4), (3, 2), (100, 4)])
def test_few_long_sessions_are_spread_over_the_workers(sluice, echo_loop, count, threads):
    port = free_port()
    balancer = sluice(conf_of([service("sql", port, [server("s", echo_loop.port)])],
                              extra=f"threads = {threads};"))
    status = asyncio.run(hold(port, count, balancer.status))
    workers = status["workers"]
    assert sum(workers) == count
    assert max(workers) - min(workers) <= max(2, count / threads / 10), workers
    assert min(workers) >= 1, workers


def test_sessions_follow_one_another_without_a_trace(sluice, echo_loop, session_log):
    port = free_port()
    balancer = sluice(conf_of([service("sql", port, [server("s", echo_loop.port)])],
                              session_log=session_log.path))
    with connect(port) as s:
        assert echoes(s)
    session_log.wait(1)
    fds_before = settled_fds_of(balancer)
    for i in range(500):
        with connect(port) as s:
            assert echoes(s, b"%d" % i)
    assert {s["reason"] for s in session_log.wait(501)} == {"normal"}
    assert len({s["id"] for s in session_log.sessions()}) == 501
    wait_for(lambda: fds_of(balancer) == fds_before, what="all descriptors to be closed")


def count_starved(balancer):
    return balancer.log().count("cannot accept")


def test_out_of_descriptors_accepting_waits_and_nobody_is_hurt(sluice, peer, simnodes):
    """The limit is lowered under the running process, so that accept() itself fails."""
    node, port, at = simnodes(1).nodes[0], free_port(), peer(echo)
    balancer = sluice(conf_of(
        [service("sql", port, [server("s", at.address, check=f"port = {node.http}")],
                 check='type = "http"; path = "/health?ready=1"; inter = "200ms"; fall = 2')],
        extra="threads = 2;"))
    old = [connect(port) for _ in range(20)]
    for s in old:
        assert echoes(s)
    events = balancer.events()
    used = max(int(fd) for fd in os.listdir(f"/proc/{balancer.pid}/fd")) + 1
    soft, hard = resource.prlimit(balancer.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(balancer.pid, resource.RLIMIT_NOFILE, (used, hard))
    try:
        new = [connect(port) for _ in range(30)]  # the kernel's queue takes them
        balancer.wait_log("cannot accept")
        # As long as it lasts: no line more, no session less, and no verdict on the server.
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            assert all(echoes(s) for s in old)
        assert count_starved(balancer) == 1
        assert all(is_silent(s) for s in new)
    finally:
        resource.prlimit(balancer.pid, resource.RLIMIT_NOFILE, (soft, hard))
    assert all(echoes(s) for s in new), "not all were let in afterwards"
    assert all(echoes(s) for s in old)
    assert balancer.server_status("sql/s") == "UP"
    assert not [e for e in events.seen if e.get("to") == "DOWN"]
    assert count_starved(balancer) == 1
    for s in old + new:
        s.close()


def descriptors(count):
    """For preexec_fn: that many are allowed."""
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))


few_descriptors = descriptors(128)


def test_with_few_descriptors_the_rest_of_the_clients_wait_their_turn(sluice, peer, session_log):
    port, at = free_port(), peer(echo)
    balancer = sluice(conf_of([service("sql", port, [server("s", at.address)])],
                              session_log=session_log.path), preexec_fn=few_descriptors)
    room = balancer.status()["maxconn"]
    assert 20 <= room <= (128 - 32) // 2, room  # the rest is for checks, logs, operators
    clients = [connect(port) for _ in range(3 * room)]
    inside = clients[:room]
    for s in inside:
        assert echoes(s)
    assert all(is_silent(s) for s in clients[room:])
    assert fds_of(balancer) <= 128
    for _ in range(3):
        for s in inside:
            assert echoes(s)
            s.close()
        clients = clients[room:]
        inside = clients[:room]
    assert {s["reason"] for s in session_log.wait(3 * room)} == {"normal"}
    assert balancer.status()["sessions_total"] == 3 * room


def test_more_than_descriptors_allow_is_said_at_start(sluice, peer):
    port, at = free_port(), peer(echo)
    balancer = sluice(conf_of([service("sql", port, [server("s", at.address)])],
                              extra="maxconn = 1000;"), preexec_fn=few_descriptors)
    used = balancer.status()["maxconn"]
    said = re.compile(rf"maxconn 1000 needs (\d+) file descriptors, there are 128: {used} is used")
    harness.wait_for(lambda: said.search(balancer.log()), what=said.pattern)
    with connect(port) as s:
        assert echoes(s)
    # With so many it is enough.
    enough = int(said.search(balancer.log())[1])
    balancer.stop()
    again = sluice(balancer.conf_path.read_text(), preexec_fn=descriptors(enough))
    assert again.status()["maxconn"] == 1000
    assert "file descriptors" not in again.log()


def test_a_storm_of_resets_leaves_no_trace(sluice, echo_loop):
    port = free_port()
    balancer = sluice(conf_of([service("sql", port, [server("s", echo_loop.port)])],
                              extra="threads = 2;"))
    fds_before = settled_fds_of(balancer)

    async def hit(i):
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        with contextlib.suppress(OSError):
            writer.write(b"x" * (i % 5000))
            if i % 3:
                await reader.read(1 + i % 100)
            writer.transport.abort()

    async def storm():
        for _ in range(10):
            await asyncio.gather(*(hit(i) for i in range(1, 101)))

    asyncio.run(storm())
    wait_for(lambda: balancer.status()["sessions_total"] == 1000, what="all to have been let in")
    wait_for(lambda: balancer.status()["sessions"] == 0, what="no session to be left")
    wait_for(lambda: fds_of(balancer) == fds_before, what="all descriptors to be closed")
    with connect(port) as s:
        assert echoes(s)
