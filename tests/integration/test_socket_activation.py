# SPDX-License-Identifier: MIT
"""A service manager holds the listening sockets, watches the process and hears how it is."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import threading
import time

import harness
import pytest
from harness import LOOPBACK, PATIENCE, cluster_conf, free_port, port_of, program, wait_for
from manager import NotifySocket, launch, listen
from peers import conf_of, connect, echo, echoes, peer, server, service
from process import freeze

__all__ = ["peer"]


class Activated(harness.Process):
    """`sluice run` as a manager starts it; may be started again on the same sockets."""

    def __init__(self, tmp_path, conf, sockets, number=0):
        path = tmp_path / "activated.conf"
        path.write_text(conf + 'admin = { bind = ""; socket = ""; };\n')
        argv = [program("sluice"), "run", "-f", path]

        def start(full, options):
            harness.Process.__init__(self, "sluice", full, tmp_path / f"activated-{number}.log",
                                     **options)
        launch(argv, sockets, start)

    def stop(self):
        code = self.end()
        self.assert_no_report()
        assert code == 0, self.log()


@pytest.fixture
def activated(tmp_path, started):
    count = iter(range(100))
    return lambda conf, sockets: started(Activated(tmp_path, conf, sockets, next(count)))


def conf_for(bind, peer):
    return conf_of([service("sql", bind, [server("s1", peer(echo).address)])])


@pytest.mark.parametrize("host, bind", [
    (LOOPBACK, "127.0.0.1:{}"),
    ("::", "[::]:{}"),
    ("::", ":{}"),  # what `ListenStream=26257` makes takes IPv4 clients, too
    (LOOPBACK, "fd:3"),
])
def test_the_managers_socket_is_used(activated, peer, host, bind):
    with listen(host) as held:
        port = held.getsockname()[1]
        balancer = activated(conf_for(bind.format(port), peer), [held])
        with connect(port) as s:
            assert echoes(s)
        balancer.stop()
        # It is the manager's: clients still come into its queue.
        connect(port).close()


def test_a_socket_that_nobody_wants_is_closed(activated, peer):
    with listen() as held:
        other = free_port()
        balancer = activated(conf_for(other, peer), [held])
        balancer.wait_log(" started, pid ")
        held_inode = os.fstat(held.fileno()).st_ino
        links = []
        for number in os.listdir(f"/proc/{balancer.pid}/fd"):
            with contextlib.suppress(FileNotFoundError):  # a session that has just ended
                links.append(os.readlink(f"/proc/{balancer.pid}/fd/{number}"))
        assert links and f"socket:[{held_inode}]" not in links


def speak_once(port, outcome):
    """Connects, and waits as long as it takes; what came of it goes to `outcome`."""
    word = os.urandom(32)
    try:
        with socket.create_connection((LOOPBACK, port), PATIENCE) as s:
            name = s.getsockname()
            s.sendall(word)
            heard = s.recv(1000)
            outcome.append((name, "served" if heard == word else "closed"))
    except OSError as why:
        outcome.append((None, repr(why)))


def test_kill_9_loses_no_connection_that_was_not_accepted(activated, peer):
    """The next process takes them from the queue, in which they have waited meanwhile."""
    with listen(backlog=1000) as held:
        port = held.getsockname()[1]
        conf = conf_for(port, peer)
        balancer = activated(conf, [held])
        with connect(port) as s:
            assert echoes(s)
        outcome, threads = [], []
        killed = False
        for i in range(200):
            if i == 100:
                # Frozen when all before were served: what comes from here on has certainly not
                # been accepted.
                for t in threads:
                    t.join(PATIENCE)
                freeze(balancer.pid)
                before = len(threads)
            if i == 120:
                balancer.send_signal(signal.SIGKILL)
                balancer.wait()
                killed = True
            if i == 150:
                balancer = activated(conf, [held])
            threads.append(threading.Thread(target=speak_once, args=(port, outcome), daemon=True))
            threads[-1].start()
            time.sleep(0.01)
        for t in threads:
            t.join(PATIENCE)
        assert killed and before == 100
        assert len(outcome) == 200
        assert [o for o in outcome if o[1] != "served"] == []


# --- what the manager is told -----------------------------------------------------------------


def test_it_tells_how_it_is(sluice, simnodes):
    manager = NotifySocket()
    nodes = simnodes()
    conf = cluster_conf(nodes.nodes)
    balancer = sluice(conf, env={"NOTIFY_SOCKET": str(manager.path)})
    manager.wait("READY", "1", balancer.pid)
    manager.wait("STATUS", "psql 3/3 up, dbconsole 3/3 up; 0 sessions")
    nodes.command(2, "kill")
    manager.wait("STATUS", "psql 2/3 up, dbconsole 2/3 up; 0 sessions")
    with connect(port_of(conf, "psql")):
        manager.wait("STATUS", "psql 2/3 up, dbconsole 2/3 up; 1 session")
        balancer.send_signal(signal.SIGTERM)
        manager.wait("STOPPING", "1")
        manager.wait("STATUS", "draining: 1 session left")
    assert balancer.wait() == 0
    assert len(manager.find("READY")) == 1
    assert not manager.find("WATCHDOG"), "nobody asked for it"


def test_the_watchdog_is_told_again_and_again(sluice, peer):
    manager = NotifySocket()
    port = free_port()
    balancer = sluice(conf_for(port, peer) + "threads = 2;",
                      env={"NOTIFY_SOCKET": str(manager.path), "WATCHDOG_USEC": "400000"})
    manager.wait("WATCHDOG", "1", balancer.pid)
    seen = len(manager.find("WATCHDOG"))
    wait_for(lambda: len(manager.find("WATCHDOG")) > seen + 2, what="it again and again")


def test_a_watchdog_of_another_process_is_left_alone(sluice, peer):
    manager = NotifySocket()
    balancer = sluice(conf_for(free_port(), peer),
                      env={"NOTIFY_SOCKET": str(manager.path), "WATCHDOG_USEC": "100000",
                           "WATCHDOG_PID": "1"})
    manager.wait("STATUS", pid=balancer.pid)
    assert not manager.find("WATCHDOG")


STARTED = re.compile(r"upgraded: process (\d+) serves")


def test_after_an_upgrade_the_manager_follows_the_successor(sluice, peer):
    manager = NotifySocket()
    port = free_port()
    balancer = sluice(conf_for(port, peer), env={"NOTIFY_SOCKET": str(manager.path),
                                                 "WATCHDOG_USEC": "400000"})
    manager.wait("WATCHDOG", "1", balancer.pid)
    with connect(port) as s:
        assert echoes(s)
        balancer.send_signal(signal.SIGUSR2)
        successor = int(STARTED.search(balancer.wait_log(STARTED))[1])
        try:
            assert int(manager.wait("MAINPID", pid=balancer.pid)) == successor
            manager.wait("WATCHDOG", "1", successor)
            after = len(manager.seen)
            manager.wait("STATUS", "sql 1/1 up; 0 sessions, 1 in processes before this one",
                         successor)
            manager.wait("WATCHDOG", "1", successor, after)
            # The old one serves its session and says nothing more.
            assert not manager.find("WATCHDOG", pid=balancer.pid, after=after)
            assert not manager.find("STATUS", pid=balancer.pid, after=after)
        finally:
            s.close()
            os.kill(successor, signal.SIGTERM)
    assert balancer.wait() == 0


def test_sockets_of_a_manager_survive_an_upgrade(activated, peer, tmp_path):
    """Also one that the configuration calls by its number, which it may not have any more."""
    path = tmp_path / "sql.sock"
    with listen() as first, listen() as second:
        port = second.getsockname()[1]
        servers = [server("s1", peer(echo).address)]
        other = free_port()
        balancer = activated(conf_of([service("sql", "fd:4", servers),
                                      service("own", other, servers),
                                      service("file", f"unix:{path}", servers)]),
                             [first, second])
        with connect(port) as s:
            assert echoes(s)
        pid = balancer.pid
        for _ in range(3):
            before = len(STARTED.findall(balancer.log()))
            os.kill(pid, signal.SIGUSR2)
            wait_for(lambda n=before: len(STARTED.findall(balancer.log())) > n, what="a successor")
            pid = int(STARTED.findall(balancer.log())[-1])
            for address in (port, other):
                with connect(address) as s:
                    assert echoes(s)
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(str(path))
                assert echoes(s)
        os.kill(pid, signal.SIGTERM)
        wait_for(lambda: not path.exists(), what="the file of the socket to go")
        balancer.wait()
        balancer.assert_no_report()


def test_the_unit_is_one_that_systemd_understands(tmp_path):
    """Only if its checker is here; it starts nothing."""
    if subprocess.run(["which", "systemd-analyze"], capture_output=True, check=False).returncode:
        pytest.skip("no systemd-analyze")
    top = harness.TOP / "conf"
    for name in ("sluice.service", "sluice.socket"):
        text = (top / f"{name}.in").read_text()
        text = text.replace("@CMAKE_INSTALL_FULL_BINDIR@/sluice", "/bin/true")
        (tmp_path / name).write_text(text.replace("@CMAKE_INSTALL_FULL_SYSCONFDIR@", "/etc"))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", tmp_path / "sluice.service",
                           tmp_path / "sluice.socket"], capture_output=True, text=True,
                          check=False)
    assert "sluice." not in done.stderr, done.stderr
