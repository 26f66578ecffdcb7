# SPDX-License-Identifier: MIT
"""Bytes, half-closes, resets and silence, carried from one side to the other."""

import hashlib
import random
import socket
import threading
import time

import pytest
from harness import LOOPBACK, PATIENCE, free_port, wait_for
from peers import (SessionLog, connect, conf_of, echo, echoes, is_silent, memory_kb, read_all,
                   read_exactly, reset, reset_seen, server, service, session_log, peer,
                   wait_for_end)

__all__ = ["SessionLog", "peer", "session_log"]

MB = 1 << 20


@pytest.fixture
def behind(sluice, peer, session_log):
    """behind(serve): (a port of the balancer, the Peer behind it, the balancer)."""
    def start(serve, **options):
        at, port = peer(serve), free_port()
        conf = conf_of([service("sql", port, [server("s1", at.address)])],
                       session_log=session_log.path, **options)
        return port, at, sluice(conf)
    return start


# --- bytes ------------------------------------------------------------------------------------


def chunks_of(data, rng):
    at = 0
    while at < len(data):
        size = rng.choice([1, 7, 100, 1460, 16383, 16384, 16385, 65536, 300000])
        yield data[at:at + size]
        at += size


def talk(s, seed, side):
    """Sends a stream made from the seed and reads one; SHA-256 of (sent, received)."""
    rng = random.Random(f"{seed} {side}")
    sent = rng.randbytes(rng.choice([0, 1, 16384, 16385, rng.randrange(3 * MB)]))
    received = hashlib.sha256()

    def send():
        for chunk in chunks_of(sent, rng):
            s.sendall(chunk)
        s.shutdown(socket.SHUT_WR)

    def receive():
        while data := s.recv(rng.choice([1000, 65536])):
            received.update(data)

    # Who finishes before it reads, reads before it finishes, or does both at once.
    manner = random.Random(seed).randrange(3)
    if manner == 2 or (manner == 0) == (side == "client"):
        thread = threading.Thread(target=send, daemon=True)
        thread.start()
        receive()
        thread.join(PATIENCE)
    else:
        receive()
        send()
    return hashlib.sha256(sent).hexdigest(), received.hexdigest()


def test_streams_arrive_as_they_were_sent(behind, session_log):
    seeds = range(1000, 1024)
    at_server, at_client = {}, {}

    def serve(s):
        seed = int.from_bytes(read_exactly(s, 4))
        at_server[seed] = talk(s, seed, "server")

    def run(seed):
        with connect(port) as s:
            s.sendall(seed.to_bytes(4))
            at_client[seed] = talk(s, seed, "client")

    port, at, _ = behind(serve)
    threads = [threading.Thread(target=run, args=(seed,), daemon=True) for seed in seeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    wait_for(lambda: at.sessions() == 0, what="all servers to have finished")
    for seed in seeds:
        assert seed in at_client and seed in at_server, f"seed {seed} did not finish"
        assert at_client[seed] == at_server[seed][::-1], f"seed {seed}: other bytes than sent"
    assert {s["reason"] for s in session_log.wait(len(seeds))} == {"normal"}


def test_single_bytes_go_there_and_back_at_once(behind):
    port, _, _ = behind(echo)
    with connect(port) as s:
        for i in range(300):
            assert echoes(s, bytes([i % 256]))


def test_a_server_may_speak_first(behind):
    def serve(s):
        s.sendall(b"welcome")
        echo(s)

    port, _, _ = behind(serve)
    with connect(port) as s:
        assert read_exactly(s, 7) == b"welcome"
        assert echoes(s)


def test_an_answer_follows_the_end_of_the_question(behind, session_log):
    answer = random.Random(7).randbytes(2 * MB)

    def serve(s):
        assert read_all(s) == b"the question"
        s.sendall(answer)

    port, _, _ = behind(serve)
    with connect(port) as s:
        s.sendall(b"the question")
        s.shutdown(socket.SHUT_WR)
        assert read_all(s) == answer
    line, = session_log.wait()
    assert (line["reason"], line["bytes_in"], line["bytes_out"]) == ("normal", 12, 2 * MB)


def test_a_server_that_finishes_first_still_hears_the_client(behind, session_log):
    heard = []

    def serve(s):
        s.sendall(b"that is all")
        s.shutdown(socket.SHUT_WR)
        heard.append(read_all(s))

    port, at, _ = behind(serve)
    with connect(port) as s:
        assert read_all(s) == b"that is all"
        s.sendall(b"thank ")
        s.sendall(b"you")
    wait_for(lambda: heard, what="the server to have heard")
    assert heard == [b"thank you"]
    assert session_log.wait()[0]["reason"] == "normal"


def test_a_refusal_is_read_although_the_server_takes_nothing_more(behind):
    """A server that says why and closes, with the client's bytes unread, resets."""
    def serve(s):
        s.sendall(b"too many clients")
        s.shutdown(socket.SHUT_WR)
        s.close()

    port, _, _ = behind(serve)
    for _ in range(20):
        with connect(port) as s:
            assert read_exactly(s, 16) == b"too many clients"


# --- back-pressure ----------------------------------------------------------------------------


def wait_still(counts, still=0.6):
    """Waits until sum(counts) has stayed the same for a while."""
    seen = [sum(counts), time.monotonic()]

    def is_still():
        if sum(counts) != seen[0]:
            seen[:] = [sum(counts), time.monotonic()]
        return seen[0] and time.monotonic() - seen[1] > still
    wait_for(is_still, what="the stream to stop")


@pytest.mark.parametrize("flooding", ["server", "client"])
def test_who_does_not_read_costs_no_memory(behind, flooding):
    sessions, size = 8, 24 * MB
    block = random.Random(3).randbytes(MB)
    sent, digests, ready = [0] * sessions, [], threading.Event()
    whole = hashlib.sha256(block * (size // MB)).hexdigest()

    def flood(s, i):
        for _ in range(size // MB):
            s.sendall(block)
            sent[i] += MB
        s.shutdown(socket.SHUT_WR)

    def digest(s):
        ready.wait(60)
        h = hashlib.sha256()
        while data := s.recv(262144):
            h.update(data)
        digests.append(h.hexdigest())

    def serve(s):
        i = read_exactly(s, 1)[0]
        if i == sessions:
            return
        if flooding == "server":
            flood(s, i)
        else:
            digest(s)

    def run(i):
        with connect(port, timeout=60) as s:
            s.sendall(bytes([i]))
            if flooding == "client":
                flood(s, i)
                read_all(s)
            else:
                digest(s)

    port, at, balancer = behind(serve)
    with connect(port) as s:  # what a first session costs
        s.sendall(bytes([sessions]))
        assert read_all(s) == b""
    before = memory_kb(balancer.pid)
    threads = [threading.Thread(target=run, args=(i,), daemon=True) for i in range(sessions)]
    for thread in threads:
        thread.start()
    wait_still(sent)
    stopped_at = sum(sent)
    grown = memory_kb(balancer.pid) - before
    ready.set()
    for thread in threads:
        thread.join(60)
    wait_for(lambda: len(digests) == sessions, what="all streams to have ended")
    assert stopped_at < sessions * size, "nothing held the sender back"
    assert grown < 8 * 1024, f"{grown} kB for {sessions} sessions that stand still"
    assert set(digests) == {whole}


def test_a_slow_session_holds_up_no_other(behind):
    port, _, _ = behind(echo, extra="threads = 1;")
    with connect(port) as slow, connect(port) as quick:
        slow.setblocking(False)
        counts = [0]

        def push():
            try:
                counts[0] += slow.send(bytes(65536))
            except BlockingIOError:
                return True
            return False
        wait_for(push, interval=0)
        for _ in range(100):
            assert echoes(quick)


def test_two_that_only_write_do_not_outlive_a_reset(behind, session_log):
    """Both ends stand still in writing; then the client is gone."""
    def serve(s):
        while True:
            s.sendall(bytes(65536))

    port, at, balancer = behind(serve)
    s = connect(port)
    s.settimeout(0.5)
    with pytest.raises(TimeoutError):
        while True:
            s.send(bytes(65536))
    assert balancer.status()["sessions"] == 1
    reset(s)
    line, = session_log.wait(timeout=10)
    assert line["reason"] == "client_reset"
    wait_for(lambda: at.sessions() == 0, what="the server to be free")


# --- resets and ends --------------------------------------------------------------------------


def test_a_reset_of_the_client_reaches_the_server_as_one(behind, session_log):
    seen = []
    port, at, _ = behind(lambda s: seen.append(reset_seen(s)))
    s = connect(port)
    s.sendall(b"half a statement")
    wait_for(lambda: at.sessions() == 1, what="the server to be connected")
    reset(s)
    wait_for(lambda: seen, what="the server to see the end")
    assert seen == [True]
    assert session_log.wait()[0]["reason"] == "client_reset"


def test_a_reset_of_the_server_reaches_the_client_as_one(behind, session_log):
    def serve(s):
        read_exactly(s, 5)
        reset(s)

    port, _, _ = behind(serve)
    with connect(port) as s:
        s.sendall(b"hello")
        assert reset_seen(s)
    line, = session_log.wait()
    assert (line["reason"], line["haproxy"], line["error"]) == ("server_reset", "SD", True)


@pytest.mark.parametrize("breaking", ["server", "client"])
def test_a_reset_is_one_also_for_who_is_writing(behind, breaking):
    """What was said before it arrives, and then the reset: a part is not taken for the whole."""
    seen = []
    stuck = threading.Event()

    def breaks(s):
        s.sendall(b"half of it")
        stuck.wait(PATIENCE)
        reset(s)

    def writes(s):
        s.settimeout(0.5)
        try:
            while True:
                s.sendall(bytes(20000))
        except TimeoutError:
            stuck.set()
        s.settimeout(PATIENCE)
        seen.append(read_exactly(s, 10))
        seen.append(reset_seen(s))

    port, _, _ = behind(breaks if breaking == "server" else writes)
    with connect(port) as s:
        (writes if breaking == "server" else breaks)(s)
    wait_for(lambda: len(seen) == 2, what="the end to be seen")
    assert seen == [b"half of it", True]


def test_an_orderly_end_is_not_a_reset(behind, session_log):
    seen = []
    port, _, _ = behind(lambda s: seen.append(reset_seen(s)))
    connect(port).close()
    wait_for(lambda: seen, what="the server to see the end")
    assert seen == [False]
    line, = session_log.wait()
    assert (line["reason"], line["error"]) == ("normal", False)


def test_a_client_that_says_nothing_is_connected_and_left_alone(behind, session_log):
    port, at, balancer = behind(wait_for_end)
    with connect(port) as s:
        wait_for(lambda: at.sessions() == 1, what="the server to be connected")
        assert is_silent(s)
        assert balancer.status()["sessions"] == 1
    line, = session_log.wait()
    assert (line["reason"], line["bytes_in"], line["bytes_out"]) == ("normal", 0, 0)


def test_garbage_harms_nobody(behind, session_log):
    rng = random.Random(11)

    def serve(s):
        how = rng.randrange(4)
        if how == 0:
            reset(s)
        elif how == 1:
            s.recv(rng.randrange(1, 5000))
        elif how == 2:
            s.sendall(rng.randbytes(rng.randrange(50000)))
            reset(s)
        else:
            echo(s)

    def throw():
        try:
            with connect(port) as s:
                s.sendall(rng.randbytes(rng.randrange(100000)))
                if rng.randrange(2):
                    reset(s)
                else:
                    s.settimeout(5)
                    s.shutdown(socket.SHUT_WR)
                    read_all(s)
        except OSError:
            pass  # an honest answer to garbage

    port, at, balancer = behind(serve)
    threads = [threading.Thread(target=throw, daemon=True) for _ in range(80)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    session_log.wait(80)
    wait_for(lambda: balancer.status()["sessions"] == 0, what="no session to be left")
    at.serve = echo
    with connect(port) as s:
        assert echoes(s)


# --- silence ----------------------------------------------------------------------------------


@pytest.mark.parametrize("client, server_, reason, letters", [
    ("1s", "10m", "client_idle", "cD"),
    ("10m", "1s", "server_idle", "sD"),
])
def test_silence_ends_a_session_with_its_reason(behind, session_log, client, server_, reason,
                                                letters):
    port, at, _ = behind(echo, client=client, server_=server_)
    with connect(port) as s:
        # More than a second in all, but never that long in silence.
        for _ in range(13):
            assert echoes(s)
            began = time.monotonic()
            time.sleep(0.1)
        assert read_all(s) == b""
        assert 0.9 < time.monotonic() - began < 6
    wait_for(lambda: at.sessions() == 0, what="the server to see the end")
    line, = session_log.wait()
    assert (line["reason"], line["haproxy"], line["error"]) == (reason, letters, True)
    assert 1000 <= line["idle_ms"] < 6000


def test_one_direction_is_enough_not_to_be_idle(behind, session_log):
    def serve(s):
        for _ in range(13):
            s.sendall(b".")
            time.sleep(0.1)

    port, _, _ = behind(serve, client="1s", server_="1s")
    with connect(port) as s:
        assert read_all(s) == b"." * 13
    assert session_log.wait()[0]["reason"] == "normal"


@pytest.mark.parametrize("ends_first, timeouts, reason", [
    ("client", 'server_fin = "300ms";', "server_idle"),
    ("server", 'client_fin = "300ms";', "client_idle"),
])
def test_a_half_closed_session_has_a_time_out_of_its_own(behind, session_log, ends_first,
                                                         timeouts, reason):
    def serve(s):
        if ends_first == "server":
            s.shutdown(socket.SHUT_WR)
        wait_for_end(s)
        left.wait(PATIENCE)

    left = threading.Event()
    port, _, _ = behind(serve, timeouts=timeouts)
    with connect(port) as s:
        if ends_first == "client":
            s.shutdown(socket.SHUT_WR)
        assert read_all(s) == b""
        line, = session_log.wait(timeout=10)
    left.set()
    assert line["reason"] == reason
    assert line["total_ms"] < 8000


# --- addresses --------------------------------------------------------------------------------


def test_clients_come_through_a_unix_socket(sluice, peer, tmp_path):
    path = tmp_path / "sql.sock"
    at = peer(echo)
    balancer = sluice(conf_of([service("sql", f"unix:{path}", [server("s1", at.address)])]))
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(PATIENCE)
        s.connect(str(path))
        assert echoes(s)
    balancer.stop()
    assert not path.exists()


def test_a_server_is_behind_a_unix_socket(sluice, peer, tmp_path):
    port, at = free_port(), peer(echo, path=tmp_path / "server.sock")
    sluice(conf_of([service("sql", port, [server("s1", at.address)])]))
    with connect(port) as s:
        assert echoes(s)
        s.shutdown(socket.SHUT_WR)
        assert read_all(s) == b""


def test_both_sides_speak_ipv6(sluice, peer, session_log):
    port, at = free_port("::1"), peer(echo, host="::1")
    sluice(conf_of([service("sql", f"[::1]:{port}", [server("s1", at.address)])],
                   session_log=session_log.path))
    with connect(port, host="::1") as s:
        ours = s.getsockname()[1]
        assert echoes(s)
    assert session_log.wait()[0]["client"] == f"[::1]:{ours}"


def test_a_service_listens_on_all_its_addresses(sluice, peer):
    first, second, third = free_port(), free_port(), free_port("::1")
    text = service("sql", first, [server("s1", peer(echo).address)])
    text = text.replace(f'"{LOOPBACK}:{first}"',
                        f'( "{LOOPBACK}:{first}", {{ address = "{LOOPBACK}:{second}"; }}, '
                        f'"[::1]:{third}" )')
    sluice(conf_of([text]))
    for host, port in (LOOPBACK, first), (LOOPBACK, second), ("::1", third):
        with connect(port, host) as s:
            assert echoes(s)


def test_an_inherited_socket_is_used(sluice, peer):
    with socket.create_server((LOOPBACK, 0)) as inherited:
        fd, port = inherited.fileno(), inherited.getsockname()[1]
        early = connect(port)  # waits in the queue of the socket
        sluice(conf_of([service("sql", f"fd:{fd}", [server("s1", peer(echo).address)])]),
               pass_fds=[fd])
    with early, connect(port) as late:
        assert echoes(early)
        assert echoes(late)
