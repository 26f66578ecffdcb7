# SPDX-License-Identifier: MIT
"""A real systemd, as PID 1 of its own namespaces, runs a unit like the one of Debian's haproxy."""

import contextlib
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

import haproxies
import harness
import pytest
from harness import LOOPBACK, PATIENCE, wait_for
from peers import echoes

SYSTEMD = Path("/lib/systemd/systemd")
PORT, NODE = 26257, 7001  # of a network of our own

UNIT = """
[Unit]
Description=HAProxy Load Balancer
DefaultDependencies=no

[Service]
EnvironmentFile=-/etc/default/nothing
Environment="CONFIG={home}/haproxy.cfg" "PIDFILE={home}/pid" "EXTRAOPTS=-S {home}/master.sock"
Environment="{sanitizers}"
ExecStart={haproxy} -Ws -f $CONFIG -p $PIDFILE $EXTRAOPTS
ExecReload={haproxy} -Ws -f $CONFIG -c -q $EXTRAOPTS
ExecReload=/bin/kill -USR2 $MAINPID
KillMode=mixed
Restart=always
SuccessExitStatus=143
Type=notify
"""

TARGET = """
[Unit]
Description=Nothing but the tests
DefaultDependencies=no
AllowIsolate=yes
"""

CONF = """
global
    maxconn 200
    stats socket {home}/stats.sock mode 660 level admin expose-fd listeners
    hard-stop-after 10s
defaults
    mode tcp
    timeout connect 2s
    timeout client 1m
    timeout server 1m
    retries {retries}
listen psql
    bind 127.0.0.1:{port}
    server n1 127.0.0.1:{node}
"""

# What is mounted before it becomes systemd: a /run, a cgroup tree and a unit directory of its own.
BOOT = """
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd
umount -R /sys/fs/cgroup
mount -t sysfs sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount --bind "$1" /etc/systemd/system
ip link set lo up
export container=test
exec "$2" --system --unit=tests.target --log-target=console --show-status=no --crash-reboot=no
"""


def cgroup2():
    """Where cgroups of version 2 are mounted, or None."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, where, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(where)
    return None


def children(pid):
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
    return [int(word) for word in text.split()]


def name_of(pid):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


@contextlib.contextmanager
def inside(pid):
    """This thread in the network of that process."""
    with open("/proc/thread-self/ns/net", "rb") as own, open(f"/proc/{pid}/ns/net", "rb") as other:
        setns(other.fileno())
        try:
            yield
        finally:
            setns(own.fileno())


def setns(fd):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(fd, 0) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Systemd(harness.Process):
    """systemd in namespaces and in a cgroup of its own; `init` is its process."""

    def __init__(self, home, units):
        self.home = home
        self.cgroup = cgroup2() / f"sluice-test-{os.getpid()}"
        self.cgroup.mkdir()
        enter = (f'echo $$ >"{self.cgroup}/cgroup.procs" && exec unshare --fork --kill-child '
                 '--pid --mount --uts --ipc --net --cgroup --mount-proc bash -c "$0" boot "$@"')
        super().__init__("systemd", ["bash", "-c", enter, BOOT, units, SYSTEMD],
                         home / "systemd.log")
        try:
            self.init = wait_for(self._find_init, what="systemd to start")
            wait_for(self._is_up, what="systemd to be up")
        except BaseException:
            self.close()
            raise

    def _find_init(self):
        assert self.is_running(), f"it has ended: {self.log()}"
        return next((pid for pid in children(self.pid) if name_of(pid) == "systemd"), None)

    def _is_up(self):
        assert self.is_running(), f"it has ended: {self.log()}"
        return self.run("systemctl", "is-system-running").stdout.strip() in ("running", "degraded")

    def run(self, *argv):
        return subprocess.run(
            ["nsenter", "-t", str(self.init), "-p", "-m", "-n", "-i", "-u", "-C", *map(str, argv)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=2 * PATIENCE,
            check=False)

    def ctl(self, *words, code=0):
        done = self.run("systemctl", *words)
        assert code is None or done.returncode == code, (words, done, self.log())
        return done.stdout.strip() if code == 0 else done

    def value(self, name):
        """A property of the unit."""
        return self.ctl("show", "-p", name, "--value", "haproxy")

    def state(self):
        return self.ctl("is-active", "haproxy", code=None).stdout.strip()

    def members(self):
        """The processes of the unit."""
        path = self.cgroup / "system.slice" / "haproxy.service" / "cgroup.procs"
        try:
            return path.read_text().split()
        except OSError:
            return []

    def connect(self):
        with inside(self.init):
            s = socket.create_connection((LOOPBACK, PORT), PATIENCE)
        s.settimeout(PATIENCE)
        return s

    def close(self):
        if self.is_running():
            for pid in children(self.pid):
                os.kill(pid, signal.SIGKILL)  # with it goes its whole namespace
            self.wait()
        for directory, _, _ in os.walk(self.cgroup, topdown=False):
            wait_for(lambda path=directory: remove_cgroup(path), what=f"{directory} to be empty")


def remove_cgroup(path):
    try:
        os.rmdir(path)
    except OSError:
        return False
    return True


class EchoInside:
    """A node inside: gives back what it hears."""

    def __init__(self, systemd):
        with inside(systemd.init):
            self.listener = socket.create_server((LOOPBACK, NODE), backlog=200)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(s,), daemon=True).start()

    @staticmethod
    def _serve(s):
        with s, contextlib.suppress(OSError):
            while data := s.recv(4096):
                s.sendall(data)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Stream:
    """New connections and orders, one after another, in a thread; each must be answered."""

    def __init__(self, systemd, place):
        self.systemd, self.place, self.failures, self.done = systemd, place, [], 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        with inside(self.systemd.init):
            while not self.over.wait(0.003):  # a pace
                try:
                    with socket.create_connection((LOOPBACK, PORT), PATIENCE) as s:
                        assert echoes(s)
                    assert self.place.ctl("show backend") == "# name\npsql\n\n"
                    self.done += 1
                except (OSError, AssertionError) as e:
                    self.failures.append(repr(e))

    def wait_more(self, count=20):
        goal = self.done + count
        wait_for(lambda: self.done >= goal, what=f"{count} more connections")

    def end(self):
        self.over.set()
        self.thread.join(PATIENCE)


class Place:
    def __init__(self, home):
        self.home = home
        self.binary = haproxies.dropin(home)
        self.units = home / "units"
        self.units.mkdir()
        options = os.environ.get("ASAN_OPTIONS", "")
        sanitizers = f"ASAN_OPTIONS={options}:log_path={home}/sanitizer"
        (self.units / "haproxy.service").write_text(
            UNIT.format(home=home, haproxy=self.binary, sanitizers=sanitizers))
        (self.units / "tests.target").write_text(TARGET)
        self.write()

    def write(self, retries=3):
        (self.home / "haproxy.cfg").write_text(
            CONF.format(home=self.home, retries=retries, port=PORT, node=NODE))

    def ctl(self, command):
        return haproxies.ask(self.home / "stats.sock", command.encode() + b"\n").decode()

    def worker(self):
        """Which one answers."""
        return re.search(r"^Pid: (\d+)$", self.ctl("show info"), re.M)[1]

    def complaints(self):
        return "".join(p.read_text("utf-8", "replace") for p in self.home.glob("sanitizer.*"))


def lacking():
    if os.geteuid() != 0:
        return "only root makes such namespaces"
    if not SYSTEMD.exists():
        return "systemd is not installed"
    if not all(map(shutil.which, ("unshare", "nsenter", "ip"))):
        return "unshare, nsenter or ip is not installed"
    where = cgroup2()
    if not where or not os.access(where, os.W_OK):
        return "no cgroups of version 2"
    return None


pytestmark = pytest.mark.skipif(bool(lacking()), reason=lacking() or "")


@pytest.fixture
def place():
    home = Path(tempfile.mkdtemp(prefix="systemd-"))
    yield Place(home)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def systemd(place):
    try:
        it = Systemd(place.home, place.units)
    except (OSError, AssertionError) as e:
        pytest.skip(f"systemd does not start in namespaces here: {e}")
    node = EchoInside(it)
    try:
        yield it
    finally:
        it.close()
        node.close()
        print(it.log())


def test_the_unit_is_in_order(place):
    done = subprocess.run(["systemd-analyze", "verify", place.units / "haproxy.service"],
                          capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def serves(systemd):
    with systemd.connect() as s:
        return echoes(s)


def test_a_day_of_a_service(place, systemd):
    # Started is only what serves.
    assert systemd.ctl("start", "haproxy") == ""
    assert serves(systemd)
    assert systemd.state() == "active"
    main = systemd.value("MainPID")
    assert int(main) > 1 and systemd.value("NotifyAccess") in ("main", "all")
    assert len(systemd.members()) == 2, "a master and its worker"

    # Three reloads under a stream of connections; one client stays through them all.
    with systemd.connect() as session:
        assert echoes(session)
        stream = Stream(systemd, place)
        try:
            for retries in (1, 2, 3):
                stream.wait_more()
                worker = place.worker()
                place.write(retries)
                assert systemd.ctl("reload", "haproxy") == ""
                wait_for(lambda worker=worker: place.worker() != worker, what="a new worker")
                stream.wait_more()
                assert echoes(session)
                assert (systemd.state(), systemd.value("MainPID")) == ("active", main)
        finally:
            stream.end()
        assert stream.failures == []
        assert stream.done >= 120

        # A reload that fails is told, and changes nothing.
        worker = place.worker()
        (place.home / "haproxy.cfg").write_text("this is not a configuration {{{\n")
        assert systemd.ctl("reload", "haproxy", code=None).returncode != 0
        assert (systemd.state(), systemd.value("MainPID")) == ("active", main)
        assert place.worker() == worker
        assert echoes(session) and serves(systemd)
        place.write()
        assert systemd.ctl("reload", "haproxy") == ""
        wait_for(lambda: place.worker() != worker, what="a new worker")
        assert echoes(session) and serves(systemd)
    wait_for(lambda: len(systemd.members()) == 2, what="the old workers to leave")

    # The master is killed: it is started again, and its workers are gone.
    assert systemd.run("kill", "-9", main).returncode == 0
    wait_for(lambda: systemd.state() == "active" and systemd.value("MainPID") not in ("0", main),
             what="the restart")
    assert serves(systemd)
    assert systemd.value("NRestarts") == "1"
    wait_for(lambda: len(systemd.members()) == 2, what="a new master and its worker")

    # Restarted by hand, then stopped with a client on it.
    second = systemd.value("MainPID")
    assert systemd.ctl("restart", "haproxy") == ""
    assert systemd.value("MainPID") != second
    with systemd.connect() as session:
        assert echoes(session)
        assert systemd.ctl("stop", "haproxy") == ""
        assert (systemd.state(), systemd.value("Result")) == ("inactive", "success")
        assert systemd.members() == []
        with pytest.raises(OSError):
            systemd.connect()
    assert not place.complaints()
