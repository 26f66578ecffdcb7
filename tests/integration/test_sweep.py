# SPDX-License-Identifier: MIT
"""Whatever call of the system fails, once or for a while: it starts or says why not, and goes on.

tests/tools/failing.c makes the k-th call of a function fail, in the thread that checks and is
asked (control) or in those that relay (data).  SWEEP_SEED=N repeats what was drawn by chance.
"""

import contextlib
import errno
import http.client
import os
import random
import re
import signal
import time

import pytest
from failing import FOR_EVER, MAIN_THREAD, OTHER_THREADS, Failing, why_not
from harness import (LOOPBACK, PATIENCE, PgSession, can_connect, free_port, port_of, program,
                     wait_for)
from process import Process
from sweeping import (FAILURES, HANGS, NO_MEMORY, OWN, SANITIZERS_OWN, Bench, conf_for,
                      describe, plan, share_of_cpu)
from test_upgrade import Generations, lives

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "")

SEED = int(os.environ.get("SWEEP_SEED") or random.randrange(2**32))


@pytest.fixture
def dice(request):
    print(f"SWEEP_SEED={SEED}")
    return random.Random(f"{SEED} {request.node.name}")


@pytest.fixture
def failing(tmp_path):
    return Failing(tmp_path)


@pytest.fixture
def bench(failing, simnodes, sluice, tmp_path):
    """bench(): a new Bench, with the same nodes."""
    nodes = simnodes(nodes=2).nodes
    with contextlib.ExitStack() as stack:
        yield lambda **options: stack.enter_context(
            contextlib.closing(Bench(sluice, failing, nodes, tmp_path, **options)))


# --- starting -----------------------------------------------------------------------------------


class Start:
    """A start that may fail."""

    def __init__(self, tmp_path, conf, env):
        path, log = tmp_path / "start.conf", tmp_path / "start.log"
        log.unlink(missing_ok=True)
        self.port = free_port()
        path.write_text(conf + f'\nadmin = {{ bind = "{LOOPBACK}:{self.port}"; '
                        f'socket = "{tmp_path}/start.sock"; }};\n')
        self.process = Process("sluice", [program("sluice"), "run", "-f", path], log,
                               env=os.environ | env)

    def _outcome(self):
        if not self.process.is_running():
            return "ended"
        with contextlib.suppress(*FAILURES):
            connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=HANGS)
            with contextlib.closing(connection):
                connection.request("GET", "/readyz")
                if connection.getresponse().status == 200:
                    return "serves"
        return ""

    def outcome(self):
        """("serves", 0, its log), or ("ended", its exit code, its log)."""
        try:
            how = wait_for(self._outcome, PATIENCE / 2, "a start, or an end")
            code = self.process.end()
            self.process.assert_no_report()
            return how, code, self.process.log().strip()
        finally:
            if self.process.is_running():
                self.process.child.kill()
                self.process.child.wait()


def is_fair(name, how, code, said):
    if how == "serves":
        return code == 0
    if name == "malloc" and code == -signal.SIGABRT:
        return bool(NO_MEMORY.search(said))
    if name == "malloc" and SANITIZERS_OWN.search(said):
        return True
    return code in (1, 3) and bool(said)


STARTS = {"accept": 4, "bind": 6, "connect": 3, "epoll_create": 4, "epoll_ctl": 14, "eventfd": 4,
          "fork": 1, "listen": 6, "malloc": 24, "open": 6, "recv": 5, "send": 4, "setsockopt": 8,
          "socket": 8, "thread": 2, "write": 2}


@pytest.mark.parametrize("name", STARTS)
def test_a_start_succeeds_or_says_why_not(name, failing, simnodes, tmp_path, dice):
    conf = conf_for(simnodes(nodes=2).nodes, tmp_path)
    problems = []
    failing.watch(name)
    how, code, said = Start(tmp_path, conf, failing.env()).outcome()
    assert is_fair(name, how, code, said) and how == "serves", said
    for fault in plan(name, failing.calls(name), STARTS[name], dice, lasting=False):
        failing.watch(name, *fault)
        try:
            how, code, said = Start(tmp_path, conf, failing.env()).outcome()
            problem = None if is_fair(name, how, code, said) else f"{how}, code {code}: {said}"
        except AssertionError as e:
            how, code, problem = "neither", None, str(e)
        print(describe(failing, name, fault), "->", how, code)
        if problem and "libconfig" not in failing.where(name):  # it does not look for NULL
            problems.append(f"{describe(failing, name, fault)}: {problem}")
    assert not problems, "\n".join(problems)


# --- at work ------------------------------------------------------------------------------------

CONTROL = {"accept": 3, "connect": 3, "epoll_ctl": 10, "fork": 2, "malloc": 10, "open": 3,
           "recv": 10, "send": 8, "setsockopt": 4, "socket": 3, "write": 3}
DATA = {"accept": 2, "connect": 2, "epoll_ctl": 6, "recv": 8, "send": 4, "setsockopt": 6,
        "socket": 2}
WORK = [pytest.param(name, plane, limit, id=f"{name}-{where}")
        for plane, where, limits in ((MAIN_THREAD, "control", CONTROL),
                                     (OTHER_THREADS, "data", DATA))
        for name, limit in limits.items()]

# The kernel finds no such fault in an established connection of a session.
UNREAL = {("send", OTHER_THREADS): (errno.EPIPE, errno.ENOBUFS)}


def rest(name, plane, fault):
    """How long it lasts: checks are to fail often enough to make a server DOWN."""
    _, count, error = fault
    if count == 1:
        return 0
    return 0.5 if plane == MAIN_THREAD and error in OWN and name != "accept" else 0.1


def suffer(bench, name, plane, fault):
    """The fault, with clients; what is wrong then and afterwards."""
    failing, balancer = bench.failing, bench.balancer
    log_before = len(balancer.log())
    failing.watch(name, *fault, plane=plane)
    if name in ("open", "write"):
        balancer.reload()
    failures = {} if name == "accept" and fault[1] > 1 else bench.visit()
    time.sleep(rest(name, plane, fault))
    if not failing.failed(name):
        with contextlib.suppress(AssertionError):
            wait_for(lambda: failing.failed(name), 0.3)
    hits = failing.failed(name)
    failing.rest(name)
    own = plane == OTHER_THREADS and name in ("send", "recv")
    problems = bench.problems(hits if own else 0)
    if not balancer.is_running():
        return [] if bench.has_ended_for_memory(name) else problems + [balancer.log()[-300:]]
    problems += [f"{who} waits for ever" for who, how in failures.items() if "imed out" in how]
    if fault[2] in OWN and "-> DOWN" in balancer.log()[log_before:]:
        problems.append("a server is taken for DOWN")
    print(describe(failing, name, fault), hits, "->", failures, problems)
    return problems


@pytest.mark.parametrize("name, plane, limit", WORK)
def test_work_goes_on(name, plane, limit, failing, bench, dice):
    now = bench()
    failing.watch(name, plane=plane)
    now.visit()
    if name in ("open", "write"):
        now.balancer.reload()
    time.sleep(0.15)  # a check of each
    calls = failing.calls(name)
    assert calls
    problems = []
    for fault in plan(name, calls, limit, dice):
        if fault[2] in UNREAL.get((name, plane), ()):
            continue
        if not now.balancer.is_running():
            now = bench()
        found = suffer(now, name, plane, fault)
        if found:
            problems.append(f"{describe(failing, name, fault)}: {', '.join(found)}")
    assert not problems, "\n".join(problems)
    assert not now.balancer.is_running() or share_of_cpu(now.pid, 0.2) < 0.2


# --- reloading ----------------------------------------------------------------------------------


class Reloading:
    """A bench with two configurations: the second service has another name and another port."""

    def __init__(self, bench):
        self.bench = bench()
        self.balancer = self.bench.balancer
        before = self.bench.conf
        after = conf_for(self.bench.nodes, self.bench.tmp_path, self.bench.port, "other")
        self.confs = {"own": before, "other": after}
        self.ports = {name: port_of(conf, name) for name, conf in self.confs.items()}

    def reload(self, name):
        """"reloaded", "not reloaded" or "ended"."""
        mark = len(self.balancer.log())
        self.balancer.write_conf(self.confs[name])
        self.balancer.reload()

        def verdict():
            if not self.balancer.is_running():
                return "ended"
            found = re.search(r"not reloaded: .*|reloaded /.*", self.balancer.log()[mark:])
            return found and found[0].partition(" /")[0].partition(":")[0]
        return wait_for(verdict, HANGS, "a verdict on the reload", interval=0.002)

    def in_force(self):
        """The services and the open ports are of one configuration: which; "": neither."""
        names = {s["name"] for s in self.balancer.status()["services"]}
        ports = {name for name, port in self.ports.items() if can_connect(LOOPBACK, port)}
        for name in self.confs:
            if names == {"psql", name} and ports == {name}:
                return name
        return ""

    def suffer(self, name, plane, fault):
        failing, balancer = self.bench.failing, self.balancer
        failing.watch(name, *fault, plane=plane)
        try:
            verdict = self.reload("other")
            failing.rest(name)
            problems = self.bench.problems()
            if not balancer.is_running():
                return [] if self.bench.has_ended_for_memory(name) else ["it has ended"]
            now = wait_for(self.in_force, HANGS, "one configuration to be in force")
            if now != {"reloaded": "other", "not reloaded": "own"}[verdict]:
                problems.append(f"it says \"{verdict}\", and \"{now}\" is in force")
            for which in ("other", "own"):
                if self.reload(which) != "reloaded":
                    problems.append("the next reload fails")
                wait_for(lambda w=which: self.in_force() == w, HANGS, "the next reload to count")
        except AssertionError as e:
            return [str(e)]
        finally:
            failing.rest(name)
        print(describe(failing, name, fault), "->", verdict, problems)
        return problems


RELOADS = {"bind": 2, "epoll_ctl": 6, "listen": 2, "malloc": 16, "open": 4, "setsockopt": 4,
           "socket": 4}


@pytest.mark.parametrize("name, plane", [(name, MAIN_THREAD) for name in RELOADS] +
                         [("epoll_ctl", OTHER_THREADS)])
def test_a_reload_counts_entirely_or_not_at_all(name, plane, failing, bench, dice):
    now = Reloading(bench)
    failing.watch(name, plane=plane)
    assert now.reload("other") == "reloaded"
    wait_for(lambda: now.in_force() == "other" and failing.calls(name), what="the other service")
    calls = failing.calls(name)
    assert now.reload("own") == "reloaded"
    problems = []
    for fault in plan(name, calls, RELOADS[name], dice, lasting=False):
        if not now.balancer.is_running():
            now = Reloading(bench)
        found = now.suffer(name, plane, fault)
        if found:
            problems.append(f"{describe(failing, name, fault)}: {', '.join(found)}")
    assert not problems, "\n".join(problems)


# --- upgrading ----------------------------------------------------------------------------------

# In the process that goes, and in the one that is to come.
OLD = {"fork": 1, "open": 1, "pipe": 1}
NEW = {"epoll_create": 1, "epoll_ctl": 5, "eventfd": 1, "exec": 1, "open": 3, "setsockopt": 2,
       "socket": 1, "thread": 2}


class Line:
    """A bench whose balancer is followed by others."""

    def __init__(self, bench):
        self.bench = bench()
        self.generations = Generations(self.bench.balancer)
        self.log = self.bench.balancer.log

    def upgrade(self):
        """"upgraded", "not upgraded" or "ended"; then nobody is left of those who went."""
        mark = len(self.log())
        os.kill(self.generations.now, signal.SIGUSR2)

        def verdict():
            found = re.search(r"not upgraded: |upgraded: process \d+ serves", self.log()[mark:])
            if found:
                return found[0].partition(":")[0]
            return "" if lives(self.generations.now) else "ended"
        how = wait_for(verdict, PATIENCE, "a verdict on the upgrade")
        if how == "upgraded":
            wait_for(self.generations.answers, HANGS, "answers of the process that serves")
            lost = self.bench.replace_all()
            assert not lost, f"{lost} sessions are lost"
            wait_for(lambda: sum(map(lives, self.generations.pids)) == 1, HANGS, "others to leave")
        return how

    def problems(self):
        try:
            wait_for(self.generations.answers, HANGS, "answers of the process that serves")
            wait_for(self.bench.is_served, HANGS, "service")
        except AssertionError as e:
            return [str(e)]
        return ["sessions are lost"] if self.bench.replace_lost() else []

    def close(self):
        self.bench.close()
        self.generations.end()
        self.bench.balancer.ended = True


@pytest.mark.parametrize("name, whose", [*((n, "old") for n in OLD), *((n, "new") for n in NEW)])
def test_an_upgrade_that_fails_changes_nothing(name, whose, failing, bench, dice):
    problems = []
    with contextlib.ExitStack() as stack:
        now = stack.enter_context(contextlib.closing(Line(bench)))
        limit = (OLD if whose == "old" else NEW)[name]
        for fault in plan(name, limit, limit, dice, lasting=False):
            old = now.generations.now
            failing.watch(name, *fault, process=old if whose == "old" else -old)
            verdict = now.upgrade()
            failing.rest(name)
            found = now.problems()
            print(describe(failing, name, fault), "->", verdict, found)
            if verdict == "ended" or found:
                problems.append(f"{describe(failing, name, fault)}: {verdict}, {found}")
        assert now.upgrade() == "upgraded"
        assert not now.problems()
        assert not problems, "\n".join(problems)


# --- memory -------------------------------------------------------------------------------------


def come_and_go(port, count, at_once=20):
    for _ in range(count // at_once):
        with contextlib.ExitStack() as stack:
            for s in [stack.enter_context(PgSession(port)) for _ in range(at_once)]:
                assert s.value("SELECT 1")


def test_sessions_take_no_memory_once_it_is_warm(failing, bench):
    now = bench()
    failing.watch("malloc")
    come_and_go(now.port, 100)
    if not failing.calls("malloc"):
        pytest.skip("the sanitizer is part of the program, what takes memory is not seen")
    failing.watch("malloc", plane=OTHER_THREADS)
    come_and_go(now.port, 1000)
    assert failing.calls("malloc") <= 8, "more than a few chunks"


def test_a_lack_of_memory_ends_no_session_and_not_the_process(failing, bench):
    """Some slabs and the loops want more with each client; they get it when there is some."""
    now = bench()
    served = failed = 0
    with contextlib.ExitStack() as stack:
        failing.watch("malloc", first=1, count=FOR_EVER, error=errno.ENOMEM, plane=OTHER_THREADS)
        for _ in range(300):
            try:
                stack.enter_context(PgSession(now.port, timeout=1))
                served += 1
            except FAILURES:
                failed += 1
                if failed > 2:
                    break
    hits, where = failing.failed("malloc"), failing.where("malloc")
    failing.rest("malloc")
    print(f"{served} served, {failed} not, {hits} calls failed, first in {where}")
    assert now.balancer.is_running(), now.balancer.log()[-500:]
    assert not now.problems()
    if not hits:
        pytest.skip("the sanitizer is part of the program, memory is not refused")
