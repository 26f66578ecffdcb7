# SPDX-License-Identifier: MIT
"""Where a run happens: a fresh network namespace, processes pinned in it, and what they used.

Every process is a child that is signalled when the driver dies, and ended by its process id.
"""

import ctypes
import fcntl
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
SIOCSIFFLAGS, IFF_UP, IFF_RUNNING = 0x8914, 1, 64
TICK = 1 / os.sysconf("SC_CLK_TCK")
PATIENCE = 20.0
CORES = sorted(os.sched_getaffinity(0))
FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[1]

# What every peer gets: ports for all, and TIME_WAIT of loopback used again after a second.
SYSCTLS = {"ipv4/ip_local_port_range": "10000 65535", "ipv4/tcp_tw_reuse": "2",
           "ipv4/ip_unprivileged_port_start": "0", "core/somaxconn": "4096",
           "ipv4/tcp_max_syn_backlog": "4096", "ipv4/ip_local_reserved_ports": "20000-21100"}


class RunError(Exception):
    """A run that has no result: the peer does not start, or a byte was wrong."""


def check(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


class Cell:
    """A network namespace of its own, which is gone with its last process."""

    def __init__(self):
        home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            check(LIBC.unshare(CLONE_NEWNET), "unshare")
            self.fd = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP | IFF_RUNNING))
            for name, value in SYSCTLS.items():
                path = Path("/proc/sys/net") / name
                if path.exists():
                    path.write_text(value)
        finally:
            check(LIBC.setns(home, CLONE_NEWNET), "setns")
            os.close(home)
        self.children = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for child in reversed(self.children):
            child.end()
        os.close(self.fd)

    def start(self, name, argv, cores, user=None, end=signal.SIGTERM, **options):
        """A Child in this namespace on those cores."""
        self.children.append(Child(name, argv, self._enter(cores, user, end), end, **options))
        return self.children[-1]

    def _enter(self, cores, user, end):
        def enter():
            check(LIBC.setns(self.fd, CLONE_NEWNET), "setns")
            os.sched_setaffinity(0, cores)
            resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))
            if user:
                os.setgroups([])
                os.setgid(user.pw_gid)
                os.setuid(user.pw_uid)
            LIBC.prctl(PR_SET_PDEATHSIG, end)
        return enter


class Child:
    def __init__(self, name, argv, enter, end, **options):
        self.name, self.number = name, end
        self.errors = tempfile.TemporaryFile("w+b")
        options = {"stdin": subprocess.DEVNULL, "stdout": self.errors} | options
        self.process = subprocess.Popen([str(a) for a in argv], preexec_fn=enter,
                                        stderr=self.errors, cwd="/", **options)

    @property
    def pid(self):
        return self.process.pid

    def said(self):
        self.errors.seek(0)
        return self.errors.read().decode("utf-8", "replace").strip()

    def is_running(self):
        return self.process.poll() is None

    def line(self):
        """The next line of standard output (a pipe); RunError with its message if it ends."""
        line = self.process.stdout.readline().decode().strip()
        if not line:
            self.process.wait(PATIENCE)
            raise RunError(self.said() or f"{self.name} ended")
        return line

    def expect(self, word):
        line = self.line()
        if line != word:
            raise RunError(f"{self.name} says {line!r} instead of {word!r}")

    def tell(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def end(self):
        """Politely, and with all its children."""
        family = tree(self.pid) if self.is_running() else []
        if self.is_running():
            self.process.send_signal(self.number)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            for pid in family:
                kill(pid)
            self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.errors):
            if pipe:
                try:
                    pipe.close()
                except BrokenPipeError:
                    pass


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def raise_on_signals():
    """SIGTERM and SIGHUP unwind like SIGINT, so that what was started is ended."""
    def leave(number, _):
        sys.exit(128 + number)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)


def wait_listening(child, port):
    """Until somebody listens on that port of the child's namespace; nobody connects for it."""
    end = time.monotonic() + PATIENCE
    wanted = f":{port:04X} 00000000:0000 0A "
    while time.monotonic() < end:
        try:
            if wanted in Path(f"/proc/{child.pid}/net/tcp").read_text():
                return
        except OSError:
            pass
        if not child.is_running():
            raise RunError(f"{child.name} ended: {child.said()}")
        time.sleep(0.005)
    raise RunError(f"{child.name} does not listen: {child.said()}")


# --- What processes used -------------------------------------------------------------------------

def files_of(pid, name):
    """That file of each thread of a process; none of one that has ended."""
    try:
        return list(Path(f"/proc/{pid}/task").glob(f"*/{name}"))
    except OSError:
        return []


def tree(pid):
    """The process and all its descendants."""
    found, todo = [], [pid]
    while todo:
        pid = todo.pop()
        found.append(pid)
        for path in files_of(pid, "children"):
            try:
                todo += [int(p) for p in path.read_text().split()]
            except OSError:
                pass  # has ended
    return found


def schedule(pids):
    """(seconds on a CPU, seconds that it waited for one) of all their threads, thread by thread."""
    used, waited = {}, 0.0
    for pid in pids:
        for path in files_of(pid, "schedstat"):
            try:
                ran, delay, _ = path.read_text().split()
            except (OSError, ValueError):
                continue
            used[path.parent.name] = int(ran) / 1e9
            waited += int(delay) / 1e9
    return used, waited


def kernel_threads():
    return [int(p) for p in Path("/proc/2/task/2/children").read_text().split()]


def memory(pids):
    """(PSS, private) of those processes, in bytes."""
    pss = private = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
            key, value = line.split()[:2]
            pss += int(value) * 1024 if key == "Pss:" else 0
            private += int(value) * 1024 if key.startswith("Private_") else 0
    return pss, private


def pressure():
    try:
        return int(Path("/proc/pressure/cpu").read_text().split("total=")[1].split()[0]) / 1e6
    except (OSError, IndexError):
        return 0.0


class Sample:
    """What was used until now: by the proxy, by the load, by kernel threads, by all together."""

    def __init__(self, proxy, load=()):
        self.at = time.monotonic()
        self.proxy, self.proxy_waited = schedule(proxy)
        self.load, self.load_waited = schedule(load)
        self.kernel = sum(schedule(kernel_threads())[0].values())
        ticks = [int(t) for t in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
        user, nice, system, _, _, irq, softirq, steal = ticks
        self.busy = (user + nice + system + irq + softirq) * TICK
        self.steal = steal * TICK
        self.pressure = pressure()
        self.own = time.process_time()
        self.reaped = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])

    def since(self, first, reaped=False):
        """What was used between two samples, in seconds; `others` by nobody of ours.

        `reaped`: children that have ended meanwhile were part of the load.
        """
        def delta(now, then):
            return sum(now.values()) - sum(then.values())
        used = {
            "window": self.at - first.at,
            "proxy_cpu": delta(self.proxy, first.proxy),
            "proxy_waited": self.proxy_waited - first.proxy_waited,
            "load_cpu": delta(self.load, first.load)
            + (self.reaped - first.reaped if reaped else 0),
            "kernel_cpu": self.kernel - first.kernel,
            "steal": self.steal - first.steal,
            "pressure": self.pressure - first.pressure,
        }
        known = (used["proxy_cpu"] + used["load_cpu"] + used["kernel_cpu"]
                 + self.own - first.own)
        used["others"] = max(0.0, self.busy - first.busy - known)
        used["threads_cpu"] = [self.proxy[t] - first.proxy.get(t, 0.0) for t in self.proxy]
        return {k: round(v, 6) if isinstance(v, float) else [round(t, 6) for t in v]
                for k, v in used.items()}


def noise(used, apart):
    """The share of the run that something else took: others' CPU, the host, a wait for the core.

    Ticks are coarse: three of them are no noise.
    """
    window = used["window"]
    shares = [max(0.0, used["others"] - 3 * TICK) / window, used["steal"] / window]
    if apart:
        shares.append(used["proxy_waited"] / window)
    return max(shares)
