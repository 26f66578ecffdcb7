# SPDX-License-Identifier: MIT
"""A balancer at all its work, which is to go on as before after any call has failed.

failing.py makes calls fail; here is what is looked at before, during and after.
"""

import contextlib
import errno
import http.client
import os
import re
import signal
import time
from pathlib import Path

from failing import ERRORS, FOR_EVER
from harness import LOOPBACK, PgError, PgSession, cluster_conf, free_port, port_of, wait_for

# What a client may see of a fault; anything else is a bug, of the test or of what it tests.
FAILURES = (OSError, PgError, http.client.HTTPException, ValueError)

# Nobody waits longer than this for an answer, be it a bad one.
HANGS = 3.0

# Errors that say nothing of a server: it must not be taken for DOWN.
OWN = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ENOSPC, errno.EAGAIN,
       errno.EADDRNOTAVAIL)

# No system call goes on to fail with these.
PASSING = (errno.EAGAIN, errno.EINTR, errno.ECONNABORTED, errno.EPERM)

# By design of base/mem.h, and of libev: without memory for a few bytes it ends, and says why.
NO_MEMORY = re.compile("out of memory|cannot allocate|memory allocation failed", re.I)

# The sanitizer's own way of saying so, when a thread of it begins; no other build asks this.
SANITIZERS_OWN = re.compile(r"CHECK failed: sanitizer_\w+\.cpp:\d+ \"\(\(pthread_getattr_np\(")


def some(count, limit, dice):
    """Of the numbers 1 to count at most `limit`: the first ones, and others by chance."""
    if count <= limit:
        return list(range(1, count + 1))
    first = limit // 3
    return [*range(1, first + 1), *sorted(dice.sample(range(first + 1, count + 1), limit - first))]


def plan(name, calls, limit, dice, lasting=True):
    """Faults as (first call, how many, error): one call each, then those that last."""
    faults = [(k, 1, dice.choice(ERRORS[name])) for k in some(calls, limit, dice)]
    if lasting and calls:
        faults += [(1, FOR_EVER, e) for e in ERRORS[name] if e not in PASSING]
    return faults


def describe(failing, name, fault):
    k, count, error = fault
    return (f"{name}: {errno.errorcode[error]} from call {k} on" if count > 1 else
            f"{name}: {errno.errorcode[error]} at call {k}") + f", in {failing.where(name)}"


def conf_for(nodes, tmp_path, psql=None, other="own", more=""):
    """Two services, checks of both kinds, two logs; `psql`: its port, `other`: the second one."""
    services = [
        f'{{ name = "psql"; bind = "{LOOPBACK}:{psql or free_port()}"; port = "sql"; '
        f'balance = "leastconn"; {more} }}',
        f'{{ name = "{other}"; bind = "{LOOPBACK}:{free_port()}"; '
        'check = { type = "external"; command = "/bin/true"; inter = "100ms"; '
        'timeout = "5s"; }; '
        f'servers = ( {{ name = "s"; address = "{nodes[0].host}:{nodes[0].sql}"; }} ); }}',
    ]
    return cluster_conf(nodes, services, extra=(
        "threads = 2; external_checks = true;\n"
        'log = ( { target = "stderr"; format = "text"; level = "debug"; },\n'
        f'  {{ target = "file:{tmp_path}/sessions.log"; format = "haproxy"; '
        "sessions = true; } );"))


def cpu_s(pid):
    """The processor time of all its threads."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            total += int((task / "schedstat").read_text("ascii").split()[0])
    return total / 1e9


def share_of_cpu(pid, seconds):
    before, began = cpu_s(pid), time.monotonic()
    time.sleep(seconds)
    return (cpu_s(pid) - before) / (time.monotonic() - began)


def descriptors(pid):
    """What each is, without its number; sorted."""
    found = []
    with contextlib.suppress(OSError):
        for fd in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                found.append(re.sub(r"\d+", "", os.readlink(fd)))
    return sorted(found)


class Bench:
    """The balancer, with sessions that last and one of each client that comes and goes."""

    LASTING = 4

    def __init__(self, sluice, failing, nodes, tmp_path, more=""):
        self.failing, self.nodes, self.tmp_path = failing, nodes, tmp_path
        self.conf = conf_for(nodes, tmp_path, more=more)
        self.port = port_of(self.conf, "psql")
        self.balancer = sluice(self.conf, env=failing.env())
        self.pid = self.balancer.pid
        self.lasting = [PgSession(self.port) for _ in range(self.LASTING)]
        for _ in range(3):
            assert not self.visit()
        # Checks come and go.
        self.fds = max((descriptors(self.pid) for _ in range(50)), key=len)

    def visits(self):
        yield "session", self._session
        yield "page", lambda: self.balancer.http("/v1/status", timeout=HANGS)
        yield "metrics", lambda: self.balancer.http("/metrics", timeout=HANGS)
        yield "command", lambda: self.balancer.ctl("show info; show stat", timeout=HANGS)
        yield "health", self._health

    def _session(self):
        with PgSession(self.port, timeout=HANGS) as s:
            assert s.value("SELECT 1")

    def _health(self):
        assert self.balancer.http("/healthz", timeout=HANGS)[0] == 200

    def visit(self):
        """Every kind of client once: {kind: how it failed}."""
        failures = {}
        for name, come in self.visits():
            try:
                come()
            except FAILURES as e:
                failures[name] = repr(e)
        return failures

    def is_served(self):
        return not self.visit()

    def replace_lost(self):
        """How many of the lasting sessions answer no more; others take their places."""
        lost = []
        for i, s in enumerate(self.lasting):
            try:
                assert s.value("SELECT 1")
            except FAILURES:
                s.close()
                lost.append(i)
        for i in lost:
            self.lasting[i] = PgSession(self.port)
        return len(lost)

    def replace_all(self):
        """The lasting sessions by others; how many of them had been lost."""
        lost = self.replace_lost()
        for s in self.lasting:
            s.close()
        self.lasting = [PgSession(self.port) for _ in range(self.LASTING)]
        return lost

    def problems(self, hit=0):
        """What is not as it was, after a fault that `hit` lasting sessions themselves at most."""
        found = []
        try:
            wait_for(lambda: not self.balancer.is_running() or self.is_served(), HANGS, "service",
                     interval=0.02)
        except AssertionError:
            return [f"nobody is served: {self.visit()}"]
        if not self.balancer.is_running():
            return ["it has ended"]
        if (lost := self.replace_lost()) > hit:
            found.append(f"{lost} sessions are lost")
        try:
            wait_for(lambda: len(descriptors(self.pid)) <= len(self.fds), HANGS, "descriptors")
        except AssertionError:
            now = descriptors(self.pid)
            more = {d for d in now if now.count(d) > self.fds.count(d)}
            found.append(f"too many descriptors: {more}")
        if share_of_cpu(self.pid, 0.03) > 0.4 and (cpu := share_of_cpu(self.pid, 1.0)) > 0.1:
            found.append(f"it is busy with nothing: {cpu:.0%} of a processor")
        return found

    def close(self):
        """Its own sessions, for which a polite stop would wait."""
        for s in self.lasting:
            s.close()
        self.balancer.ended = self.balancer.ended or not self.balancer.is_running()

    def has_ended_for_memory(self, name):
        """It may, if the call was malloc."""
        self.balancer.ended = True
        if name != "malloc" or self.balancer.wait() != -signal.SIGABRT:
            # libconfig does not look whether it got memory.
            return "libconfig" in self.failing.where(name)
        return bool(NO_MEMORY.search(self.balancer.log()))
