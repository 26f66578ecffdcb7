# SPDX-License-Identifier: MIT
"""`haproxy -W`: what goes wrong around a master and its workers changes nothing for clients."""

import re
import signal
import socket
from pathlib import Path

import pytest
from harness import LOOPBACK, wait_for
from peers import connect, echoes, peer  # noqa: F401  (a fixture)
from process import freeze
from test_dropin import CONF, manager, master, node, place, talk  # noqa: F401  (fixtures)


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
