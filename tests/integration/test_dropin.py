# SPDX-License-Identifier: MIT
"""HAProxy's command line: sluice under its name, started, reloaded and stopped as HAProxy is."""

import os
import re
import signal
import socket
import subprocess
import threading
import time

import haproxies
import harness
import pytest
from harness import LOOPBACK, free_port, wait_for
from peers import connect, echo, echoes, peer

CONF = """
global
    maxconn 200
    stats socket {socket} mode 660 level admin expose-fd listeners
    hard-stop-after 10s
defaults
    mode tcp
    timeout connect 2s
    timeout client 1m
    timeout server 1m
listen psql
    bind 127.0.0.1:@port@
    server n1 127.0.0.1:@node@
"""


@pytest.fixture
def node(peer):
    """One that sends back what it hears."""
    return peer(echo)


class Place:
    """Where a haproxy is run: its configuration, its pid file, its ports."""

    def __init__(self, tmp_path, node):
        self.binary = haproxies.dropin(tmp_path)
        self.port = free_port()
        self.node = node.port
        self.cfg = tmp_path / "haproxy.cfg"
        self.pidfile = tmp_path / "haproxy.pid"
        self.socket = tmp_path / "stats.sock"
        self.write(CONF)

    def write(self, conf):
        self.cfg.write_text(conf.replace("{socket}", str(self.socket))
                            .replace("@port@", str(self.port)).replace("@node@", str(self.node)))

    def run(self, *args, **options):
        return subprocess.run([self.binary, *map(str, args)], capture_output=True, text=True,
                              timeout=harness.PATIENCE, **options)

    def pid(self):
        return int(self.pidfile.read_text())

    def ctl(self, command):
        return haproxies.ask(self.socket, command.encode() + b"\n").decode()


@pytest.fixture
def place(tmp_path, node):
    return Place(tmp_path, node)


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def end(pid, number=signal.SIGTERM):
    os.kill(pid, number)
    wait_for(lambda: not is_alive(pid), what=f"{pid} to leave")


def talk(port):
    with connect(port) as s:
        return echoes(s)


def test_a_good_file_is_valid(place):
    done = place.run("-c", "-f", place.cfg)
    assert (done.returncode, done.stdout) == (0, "Configuration file is valid\n")
    assert done.stderr == ""
    done = place.run("-c", "-q", "-f", place.cfg)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_bad_file_is_told_line_by_line(place):
    place.write(CONF + "    server n2 127.0.0.1:1 chekc\n    foo bar\n")
    done = place.run("-c", "-f", place.cfg)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert re.match(r"\[NOTICE\]   \(\d+\) : haproxy version is 2\.6\.", lines[0])
    assert re.match(r"\[NOTICE\]   \(\d+\) : path to executable is /", lines[1])
    text = "\n".join(lines[2:])
    assert re.search(r"\[ALERT\]    \(\d+\) : config : parsing \[\S+haproxy\.cfg:14\] : .*"
                     r"unknown keyword 'chekc'; did you mean 'check'", text)
    assert re.search(r"\[ALERT\]    \(\d+\) : config : parsing \[\S+:15\] : .*foo", text)
    assert "Error(s) found in configuration file" in text
    assert "Fatal errors found in configuration." in lines[-1]


def test_missing_timeouts_are_a_warning(place):
    place.write(re.sub(r"    timeout .*\n", "", CONF))
    done = place.run("-c", "-f", place.cfg)
    assert done.returncode == 0
    assert done.stdout == "Warnings were found.\nConfiguration file is valid\n"
    assert "missing timeouts for proxy 'psql'" in done.stderr
    assert place.run("-c", "-dW", "-f", place.cfg).returncode == 1


def test_a_file_without_listeners_does_not_start(place):
    place.write("defaults\n    mode tcp\nbackend b\n    server s 127.0.0.1:1\n")
    assert place.run("-c", "-f", place.cfg).returncode == 2
    done = place.run("-f", place.cfg)
    assert done.returncode == 1
    assert "No enabled listener found" in done.stderr


def test_a_stats_socket_alone_is_enough(place):
    """Debian's haproxy.cfg, as it comes."""
    place.write("global\n    stats socket {socket} mode 660 level admin\n    stats timeout 30s\n"
                "defaults\n    mode http\n    timeout connect 5000\n    timeout client 50000\n"
                "    timeout server 50000\n")
    checked = place.run("-c", "-f", place.cfg)
    assert (checked.returncode, checked.stdout) == (0, "Configuration file is valid\n")
    if haproxies.BINARY.exists():
        theirs = subprocess.run([haproxies.BINARY, "-c", "-f", place.cfg], capture_output=True,
                                timeout=harness.PATIENCE, check=False)
        assert theirs.returncode == 0
    assert place.run("-D", "-p", place.pidfile, "-f", place.cfg).returncode == 0
    assert "Pid: %d" % place.pid() in place.ctl("show info")
    end(place.pid())


def test_the_version_and_the_usage(place):
    done = place.run("-v")
    assert (done.returncode, done.stdout[:20]) == (0, "HAProxy version 2.6.")
    done = place.run("--nonsense")
    assert done.returncode == 1
    assert done.stderr.startswith("Usage : ")


def test_it_runs_in_the_foreground_and_quits_at_once(tmp_path, place, started):
    process = started(haproxies.Haproxy(tmp_path, place.cfg.read_text().replace(
        str(place.socket), "{socket}"), place.binary))
    with connect(place.port) as s:
        assert echoes(s)
        assert process.end(signal.SIGTERM) == 0
    assert not harness.can_connect(LOOPBACK, place.port)


def test_a_daemon_is_there_when_its_parent_leaves(place):
    done = place.run("-D", "-f", place.cfg, "-p", place.pidfile)
    assert (done.returncode, done.stderr) == (0, "")
    pid = place.pid()
    try:
        assert talk(place.port)
        assert "Name: HAProxy" in place.ctl("show info")
        assert os.getsid(pid) == pid
    finally:
        end(pid)
    assert not place.pidfile.exists()


@pytest.mark.parametrize("kind", [["-D"], ["-W", "-D"]], ids=["daemon", "master"])
def test_the_configuration_names_the_pid_file(place, tmp_path, kind):
    place.write(f"global\n    pidfile {place.pidfile}\n" + CONF)
    assert place.run(*kind, "-f", place.cfg).returncode == 0
    pid = place.pid()
    try:
        assert os.getsid(pid) == pid
        worker = int(re.search(r"Pid: (\d+)", place.ctl("show info"))[1])
        assert (worker == pid) == ("-W" not in kind)
    finally:
        end(pid)
    assert not place.pidfile.exists()
    other = tmp_path / "other.pid"
    assert place.run(*kind, "-p", other, "-f", place.cfg).returncode == 0
    try:
        assert not place.pidfile.exists()
    finally:
        end(int(other.read_text()))


def test_a_daemon_that_cannot_start_says_so(place):
    with socket.create_server((LOOPBACK, place.port)):
        done = place.run("-D", "-f", place.cfg, "-p", place.pidfile)
    assert done.returncode == 1
    assert str(place.port) in done.stderr
    assert not place.pidfile.exists()


def test_a_successor_takes_over_and_the_old_one_finishes(place):
    assert place.run("-D", "-f", place.cfg, "-p", place.pidfile).returncode == 0
    old = place.pid()
    with connect(place.port) as session:
        assert echoes(session)
        done = place.run("-D", "-f", place.cfg, "-p", place.pidfile, "-sf", old)
        assert (done.returncode, done.stderr) == (0, "")
        new = place.pid()
        try:
            assert new != old
            assert talk(place.port)
            assert is_alive(old)
            assert echoes(session)
            assert f"Pid: {new}\n" in place.ctl("show info")
            session.close()
            wait_for(lambda: not is_alive(old), what="the old one to leave")
            assert talk(place.port)
        finally:
            end(new)


def test_st_does_not_wait_for_sessions(place):
    assert place.run("-D", "-f", place.cfg, "-p", place.pidfile).returncode == 0
    old = place.pid()
    with connect(place.port) as session:
        assert echoes(session)
        assert place.run("-D", "-f", place.cfg, "-p", place.pidfile, "-st", old).returncode == 0
        try:
            wait_for(lambda: not is_alive(old), what="the old one to leave")
        finally:
            end(place.pid())


def test_an_inherited_descriptor_is_listened_on(place, tmp_path, started):
    listening = socket.create_server((LOOPBACK, 0))
    port = listening.getsockname()[1]
    place.write(CONF.replace("127.0.0.1:@port@", "fd@${LISTENER}"))
    process = harness.Process(
        "haproxy", [place.binary, "-db", "-f", place.cfg], tmp_path / "fd.log",
        pass_fds=[listening.fileno()], env=os.environ | {"LISTENER": str(listening.fileno())})
    try:
        wait_for(place.socket.exists, what="the stats socket")
        assert talk(port)
    finally:
        process.end()
        listening.close()


class Manager:
    """systemd's side of sd_notify()."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.settimeout(harness.PATIENCE)

    def expect(self, word):
        while True:
            message = self.socket.recv(4096).decode()
            if word in message:
                return message

    def close(self):
        self.socket.close()


@pytest.fixture
def manager(tmp_path):
    m = Manager(tmp_path / "notify")
    yield m
    m.close()


def clients(port, stop, failures):
    """New connections, one after another, until told to stop."""
    while not stop.is_set():
        try:
            assert talk(port)
        except (OSError, AssertionError) as e:
            failures.append(repr(e))
        time.sleep(0.002)  # a pace, not a wait


def master(place, manager, tmp_path):
    process = harness.Process(
        "haproxy", [place.binary, "-Ws", "-f", place.cfg, "-p", place.pidfile],
        tmp_path / "master.log", env=os.environ | {"NOTIFY_SOCKET": str(manager.path)})
    try:
        manager.expect("READY=1")
    except BaseException:
        process.show()
        process.child.kill()
        raise
    return process


def test_a_master_reloads_without_losing_a_connection(place, manager, tmp_path, started):
    process = started(master(place, manager, tmp_path))
    assert place.pid() == process.pid
    stop, failures = threading.Event(), []
    with connect(place.port) as session:
        assert echoes(session)
        stream = threading.Thread(target=clients, args=(place.port, stop, failures))
        stream.start()
        try:
            for retries in (1, 2, 3):
                worker = re.search(r"Pid: (\d+)", place.ctl("show info"))[1]
                place.write(CONF.replace("timeout connect", f"retries {retries}\n    "
                                         "timeout connect"))
                process.send_signal(signal.SIGUSR2)
                manager.expect("RELOADING=1")
                manager.expect("READY=1")
                wait_for(lambda worker=worker: f"Pid: {worker}\n" not in place.ctl("show info"),
                         what="the new worker to answer")
                assert echoes(session)
        finally:
            stop.set()
            stream.join()
    assert failures == []
    assert process.is_running()
    assert process.end(signal.SIGTERM) == 0
    assert not harness.can_connect(LOOPBACK, place.port)


def test_a_master_in_the_background_stays_the_same_process(place):
    place.write(f"global\n    pidfile {place.pidfile}\n" + CONF)
    assert place.run("-W", "-D", "-f", place.cfg).returncode == 0
    pid = place.pid()
    try:
        worker = re.search(r"Pid: (\d+)", place.ctl("show info"))[1]
        with connect(place.port) as session:
            assert echoes(session)
            os.kill(pid, signal.SIGUSR2)
            wait_for(lambda: f"Pid: {worker}\n" not in place.ctl("show info"),
                     what="the new worker to answer")
            assert place.pid() == pid
            assert echoes(session)
        assert talk(place.port)
        wait_for(lambda: not is_alive(int(worker)), what="the old worker to leave")
    finally:
        end(pid)
    assert not harness.can_connect(LOOPBACK, place.port)


def test_a_reload_that_fails_changes_nothing(place, manager, tmp_path, started):
    process = started(master(place, manager, tmp_path))
    with connect(place.port) as session:
        assert echoes(session)
        place.cfg.write_text("this is not a configuration {{{\n")
        process.send_signal(signal.SIGUSR2)
        assert "Reload failed" in manager.expect("READY=1")
        assert echoes(session)
        assert talk(place.port)
        place.write(CONF)
        process.send_signal(signal.SIGUSR2)
        assert "Ready" in manager.expect("READY=1")
        assert talk(place.port)
        assert echoes(session)
    assert process.end(signal.SIGTERM) == 0


def test_a_worker_that_dies_takes_the_master_with_it(place, manager, tmp_path, started):
    process = started(master(place, manager, tmp_path))
    worker = int(re.search(r"Pid: (\d+)", place.ctl("show info"))[1])
    os.kill(worker, signal.SIGKILL)
    assert process.wait() == 128 + signal.SIGKILL
    assert "exit-on-failure" in process.log()


def test_a_configuration_that_only_passes_http_is_relayed_as_tcp(place, tmp_path, started):
    place.write(CONF.replace("mode tcp", "mode http"))
    done = place.run("-c", "-f", place.cfg)
    assert done.returncode == 0
    assert "WARNING" in done.stderr or "valid" in done.stdout
    process = started(haproxies.Haproxy(tmp_path, place.cfg.read_text().replace(
        str(place.socket), "{socket}"), place.binary))
    assert talk(place.port)
    process.end()
