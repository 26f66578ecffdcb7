# SPDX-License-Identifier: MIT
"""`haproxy -W`: what goes wrong around a master and its workers changes nothing for clients."""

import os
import re
import signal
import socket
from pathlib import Path

import haproxies
import harness
import pytest
from harness import LOOPBACK, wait_for
from peers import connect, echoes, peer  # noqa: F401  (a fixture)
from process import freeze
from test_dropin import (CONF, end, is_alive, manager, master, node, place,  # noqa: F401
                         talk)


def worker_of(place):
    return int(re.search(r"Pid: (\d+)", place.ctl("show info"))[1])


def reload(process, manager, outcome="Ready"):
    process.send_signal(signal.SIGUSR2)
    assert outcome in manager.expect("READY=1")


def forked(process, count):
    """The workers that the master has forked, once there are so many."""
    found = re.compile(r"New worker \((\d+)\) forked")
    wait_for(lambda: len(found.findall(process.log())) >= count, what=f"worker {count}")
    return [int(pid) for pid in found.findall(process.log())]


def has_ended(pid):
    """Also if nobody has asked for its status."""
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text("ascii").rpartition(")")[2].split()[0] == "Z"


@pytest.fixture
def taken():
    """A port that somebody else listens on."""
    with socket.create_server((LOOPBACK, 0)) as s:
        yield s.getsockname()[1]


def with_bind(port):
    return CONF.replace("    server n1", f"    bind 127.0.0.1:{port}\n    server n1")


def test_after_a_reload_that_fails_the_worker_that_served_is_the_current_one(
        place, manager, tmp_path, started, taken):  # noqa: F811
    process = started(master(place, manager, tmp_path))
    first = worker_of(place)
    with connect(place.port) as session:
        assert echoes(session)
        reload(process, manager)
        wait_for(lambda: worker_of(place) != first, what="the second worker to answer")
        place.write(with_bind(taken))
        reload(process, manager, "Reload failed")
        assert echoes(session)
        assert talk(place.port)
    # The first worker goes with its last session, and nothing else does.
    process.wait_log(f"Former worker ({first}) exited with code 0")
    assert process.is_running()
    assert talk(place.port)
    place.write(CONF)
    reload(process, manager)
    assert talk(place.port)
    assert process.end(signal.SIGTERM) == 0


def test_a_worker_whose_end_is_seen_before_its_report_leaves_a_master_that_reloads(
        place, manager, tmp_path, started, taken):  # noqa: F811
    process = started(master(place, manager, tmp_path))
    place.write(with_bind(taken))
    process.send_signal(signal.SIGUSR2)
    failing = forked(process, 2)[1]
    # Both are there at once when the master looks again.
    freeze(process.pid)
    wait_for(lambda: has_ended(failing), what="the worker to end")
    process.send_signal(signal.SIGCONT)
    assert "Reload failed" in manager.expect("READY=1")
    place.write(CONF)
    reload(process, manager)
    assert talk(place.port)
    assert process.end(signal.SIGTERM) == 0


@pytest.fixture
def daemon(place):  # noqa: F811
    """daemon(*args): a master in the background; its process id."""
    pids = []

    def start(*args):
        done = place.run("-W", "-D", "-f", place.cfg, "-p", place.pidfile, *args)
        assert done.returncode == 0
        pids.append(place.pid())
        return pids[-1]
    yield start
    for pid in pids:
        if is_alive(pid):
            end(pid)


def test_a_master_in_the_background_reloads_and_stops(place, daemon):  # noqa: F811
    # The command has returned, and nobody holds the pipe that it spoke to.
    pid = daemon()
    for _ in range(2):
        worker = worker_of(place)
        os.kill(pid, signal.SIGUSR2)
        wait_for(lambda worker=worker: worker_of(place) != worker, what="a new worker")
        wait_for(lambda worker=worker: has_ended(worker), what="the old worker to leave")
        assert place.pid() == pid
        assert os.getsid(worker_of(place)) == pid
        assert talk(place.port)
    end(pid)
    assert not harness.can_connect(LOOPBACK, place.port)


def test_a_master_that_cannot_start_leaves_its_predecessor_alone(
        place, taken):  # noqa: F811
    assert place.run("-D", "-f", place.cfg, "-p", place.pidfile).returncode == 0
    old = place.pid()
    try:
        place.write(with_bind(taken))
        assert place.run("-W", "-f", place.cfg, "-sf", old).returncode == 1
        assert talk(place.port)
        place.write("nonsense {{{\n")
        assert place.run("-W", "-f", place.cfg, "-st", old).returncode == 1
        assert talk(place.port)
    finally:
        end(old)


@pytest.fixture
def signalled(place):  # noqa: F811
    """What this process could connect to at each SIGUSR1 that it got."""
    seen = []
    before = signal.signal(signal.SIGUSR1, lambda *_: seen.append(
        harness.can_connect(LOOPBACK, place.port)))
    yield seen
    signal.signal(signal.SIGUSR1, before)


def test_a_predecessor_is_told_once_and_when_its_place_is_taken(
        place, daemon, signalled):  # noqa: F811
    pid = daemon("-sf", os.getpid())
    wait_for(lambda: signalled == [True], what="the signal")
    worker = worker_of(place)
    os.kill(pid, signal.SIGUSR2)
    wait_for(lambda: has_ended(worker), what="the old worker to leave")
    # A master that has ended says no more.
    end(pid)
    assert signalled == [True]


BROKEN = {
    "missing": None,
    "not executable": (0o644, ""),
    # Only execve() finds that out.
    "without an interpreter": (0o755, "#!/nowhere/sluice\n"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_program_that_cannot_be_executed_fails_the_reload_alone(
        place, manager, tmp_path, started, how):  # noqa: F811
    process = started(master(place, manager, tmp_path))
    worker = worker_of(place)
    with connect(place.port) as session:
        assert echoes(session)
        place.binary.unlink()
        if BROKEN[how]:
            mode, text = BROKEN[how]
            place.binary.write_text(text)
            place.binary.chmod(mode)
        for _ in range(2):
            reload(process, manager, "Reload failed")
            assert "cannot execute" in process.log()
            assert echoes(session)
            assert talk(place.port)
            assert worker_of(place) == worker
        place.binary.unlink(missing_ok=True)
        haproxies.dropin(tmp_path)
        reload(process, manager)
        assert echoes(session)
        assert talk(place.port)
    assert process.end(signal.SIGTERM) == 0
