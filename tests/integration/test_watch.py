# SPDX-License-Identifier: MIT
"""`sluice watch`: its lines on terminals and pipes, where it begins, when it ends."""

import contextlib
import itertools
import json
import re
import time

import harness
import pytest
from balancer import needs
from harness import wait_for
from screen import Screen
from test_cli import ESCAPE, Running, environment, run
from test_upgrade import Generations

# A slow machine must not look like a node that is silent.
CHECK = ('type = "http"; port = "http"; path = "/health?ready=1"; inter = "100ms"; '
         'timeout = "10s"; rise = 2; fall = 3;')
LINE = re.compile(r"^\d\d:\d\d:\d\d(\.\d{3})? +[+-]\d\S* +(psql|dbconsole|sluice)")


@pytest.fixture
def proxy(cluster, sluice):
    return sluice(harness.cluster_conf(cluster.nodes, check=CHECK))


@pytest.fixture
def running(proxy, request):
    def start(*args):
        command = Running(proxy, *args)
        request.addfinalizer(lambda: command.child.poll() is None and command.end())
        return command
    return start


@pytest.fixture
def screen(proxy, tmp_path):
    with contextlib.ExitStack() as stack:
        yield lambda *argv, size, **env: stack.enter_context(contextlib.closing(Screen(
            tmp_path, harness.program("sluice"), *argv, "-s", proxy.socket_path, size=size,
            **environment() | env)))


# --- on a terminal ----------------------------------------------------------------------------


def drain_and_kill(proxy, cluster):
    """Events of all lengths, with sessions that they cost."""
    proxy.ctl("set server psql/n1 state drain")
    proxy.ctl("set server dbconsole/n1 state maint")
    cluster.command(2, "kill")
    proxy.wait_server("psql/n2", "DOWN")
    cluster.command(2, "start")
    proxy.wait_server("psql/n2", "UP")


@needs("tmux")
@pytest.mark.parametrize("size", [(80, 24), (200, 60)], ids="{0[0]}x{0[1]}".format)
def test_lines_fit_the_terminal(proxy, cluster, screen, size):
    held = harness.PgSession(harness.port_of(proxy.conf_path.read_text(), "psql"))
    shown = screen("watch", size=size)
    orders = itertools.cycle(("drain", "ready"))
    # It begins with what is new: it must have begun.
    wait_for(lambda: proxy.ctl(f"set server dbconsole/n3 state {next(orders)}")
             and "dbconsole/n3" in shown.text(), what="an event on the screen", interval=.1)
    drain_and_kill(proxy, cluster)
    shown.wait(r"psql/n2 +DOWN -> UP")
    text = shown.text()
    assert shown.text("-J").split() == text.split()
    assert shown.text("-J").rstrip().count("\n") == text.rstrip().count("\n"), text
    lines = [line for line in text.splitlines() if line]
    assert all(len(line) <= size[0] for line in lines)
    assert all(LINE.match(line) for line in lines), text
    # Names stand below each other.
    starts = {m.start(2) for m in map(LINE.match, lines)}
    assert len(starts) == 1, text
    down = next(line for line in lines if re.search(r"psql/n2 +UP -> DOWN", line))
    if size[0] == 80:
        assert "refused" in down
    else:
        assert "check failed: Connection refused" in down and " usable" in down
        assert re.search(r"; after \d", down), down
    held.close()


@needs("tmux")
def test_colour_is_for_terminals_that_want_it(proxy, screen):
    coloured = screen("watch", "--since", "1", size=(200, 60))
    coloured.wait(r"psql/n1 +CHECKING -> UP")
    plain = screen("watch", "--since", "1", size=(200, 60), NO_COLOR="1")
    plain.wait(r"psql/n1 +CHECKING -> UP")
    assert f"{ESCAPE}[32mCHECKING" in coloured.text("-e")
    assert ESCAPE not in plain.text("-e")


@needs("tmux")
def test_a_terminal_that_shrinks_gets_shorter_lines(proxy, screen):
    shown = screen("watch", "--since", "1", size=(200, 60))
    shown.wait(r"psql/n1 +CHECKING -> UP")
    shown.resize(60, 24)
    wait_for(lambda: proxy.ctl("set server psql/n1 state drain;set server psql/n1 state ready")
             and shown.tmux("list-windows", "-F", "#{window_width}").strip() == "60")
    shown.tmux("send-keys", "-R")
    shown.tmux("clear-history")
    proxy.ctl("set server psql/n3 state maint")
    shown.wait(r"psql/n3 +UP -> MAINT")
    new = shown.text("-J").splitlines()
    assert all(len(line) <= 60 for line in new if "psql/n3" in line), new


# --- on a pipe --------------------------------------------------------------------------------


def test_a_pipe_gets_all_of_it(proxy, cluster, running):
    watch = running("watch", "--since", "1")
    watch.until(r"psql/n2 +CHECKING -> UP")
    cluster.command(2, "kill")
    line = watch.until(r"psql/n2 +UP -> DOWN")[-1]
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} +\+\S+ +psql/n2 +UP -> DOWN +"
                    r"check failed: Connection refused \(\d+ ms\); after \d\S*( ms)?; "
                    r"2 servers usable$", line), line
    assert ESCAPE not in line


def test_sessions_are_what_it_cost(proxy, cluster, running):
    port = harness.port_of(proxy.conf_path.read_text(), "psql")
    held = [harness.PgSession(port) for _ in range(3)]
    watch = running("watch", "--since", "1")
    watch.until(r"psql/n1 +CHECKING -> UP")
    proxy.ctl("set server psql/n1 state drain")
    line = watch.until(r"psql/n1 +UP -> DRAIN")[-1]
    assert re.search(r"; 1 session stays; after \d", line), line
    for session in held:
        session.close()


# --- --since ----------------------------------------------------------------------------------


def first_of(running, *args):
    """The first event of a watch in JSON, which then ends."""
    watch = running("watch", "--json", *args)
    event = json.loads(watch.until("^{")[-1])
    watch.end()
    return event


def events_of(proxy):
    return [json.loads(line) for line in proxy.ctl("show events json").splitlines() if line]


def test_since_takes_a_number_an_age_or_a_moment(proxy, running):
    past = events_of(proxy)
    # Those of a moment of its own, so that a moment means one of them.
    chosen = next(e for i, e in enumerate(past) if i and past[i - 1]["time"] < e["time"])
    assert first_of(running, "--since", 1)["seq"] == 1
    assert first_of(running, "--since", chosen["seq"])["seq"] == chosen["seq"]
    assert first_of(running, "--since", "1h")["seq"] == 1
    assert first_of(running, "--since", chosen["time"])["seq"] == chosen["seq"]
    clock = time.strftime("%H:%M:%S", time.localtime(time.time() - 3600))
    assert first_of(running, "--since", clock)["seq"] == 1
    assert first_of(running, "--since", "1970-01-01T00:00Z")["seq"] == 1
    late = running("watch", "--json", "--since", "0s")
    orders = itertools.cycle(("drain", "ready"))
    wait_for(lambda: proxy.ctl(f"set server psql/n1 state {next(orders)}")
             and not late.lines.empty(), what="an event", interval=.1)
    assert json.loads(late.until("^{")[-1])["seq"] > past[-1]["seq"]


@pytest.mark.parametrize("word", ["today", "25:00", "-5m", "2026-13-01T00:00Z", "5 m"])
def test_a_wrong_since_is_wrong_usage(word):
    done = run("watch", f"--since={word}", expect=2)
    assert f'--since "{word}": write the number of an event, so long ago (10m)' in done.stderr


# --- --until ----------------------------------------------------------------------------------


def test_until_ends_at_once_if_it_is_so(proxy):
    done = run("watch", "--until", "all up", "--timeout", "20s", proxy=proxy)
    assert re.search(r"^all up \(\d+\.\ds\)$", done.stdout, re.M)
    assert run("watch", "--until", "psql up", "--json", proxy=proxy).stdout == ""
    assert run("watch", "--until", "psql/n1 up", proxy=proxy).returncode == 0
    assert run("watch", "--until", "n2 up", proxy=proxy).returncode == 0


def test_until_waits_for_what_is_to_come(proxy, cluster, running):
    down = running("watch", "--until", "psql/n2 down", "--since", 1)
    down.until(r"psql/n2 +CHECKING -> UP")
    cluster.command(2, "kill")
    seen = down.until(r"^psql/n2 down \(")
    assert any(re.search(r"psql/n2 +UP -> DOWN", line) for line in seen), seen
    assert down.end(0) == (0, "")
    all_up = running("watch", "--until", "all up", "--timeout", "20s")
    cluster.command(2, "start")
    all_up.until(r"^all up \(")
    assert all_up.end(0)[0] == 0


def test_until_drained_waits_for_the_last_session(proxy, running):
    port = harness.port_of(proxy.conf_path.read_text(), "psql")
    held = harness.PgSession(port)
    node = held.value("SHOW node_id")
    run("drain", f"psql/n{node}", proxy=proxy)
    done = run("watch", "--until", f"psql/n{node} drained", "--timeout", "300ms", proxy=proxy,
               expect=1)
    assert done.stderr == (f"sluice watch: after 300ms, it is not so: psql/n{node} still has 1 "
                           "session\n")
    watch = running("watch", "--until", f"psql/n{node} drained", "--timeout", "20s")
    held.close()
    watch.until(r"drained \(")
    assert watch.end(0) == (0, "")


def test_until_gives_up_and_says_what_was_missing(proxy, cluster):
    cluster.command(3, "kill")
    proxy.wait_server("psql/n3", "DOWN")
    proxy.wait_server("dbconsole/n3", "DOWN")
    done = run("watch", "--until", "all up", "--timeout", "200ms", proxy=proxy, expect=1)
    assert re.search(r"after 200ms, it is not so: psql/n3 is DOWN: .*refused", done.stderr)


@pytest.mark.parametrize("words, error", [
    ("all", "is not who and what"),
    ("all upp", 'did you mean "all up"?'),
    ("n1 gone", 'write "n1 up", "n1 down" or "n1 drained"'),
    ("n11 up", 'no service or server "n11": did you mean "n1"?'),
    ("pqsl up", 'no service or server "pqsl": did you mean "psql"?'),
    ("psql/n4 up", 'did you mean "psql/n'),
])
def test_a_wrong_condition_is_wrong_usage(proxy, words, error):
    done = run("watch", "--until", words, proxy=proxy, expect=2)
    assert error in done.stderr and "Usage: sluice watch" in done.stderr


def test_until_may_be_asked_before_the_daemon_is_there(cluster, sluice, tmp_path):
    conf = harness.cluster_conf(cluster.nodes, check=CHECK)
    path = tmp_path / "a.sock"
    conf += f'admin = {{ bind = "{harness.LOOPBACK}:{harness.free_port()}"; socket = "{path}"; }};\n'

    class There:
        socket_path = path
    watch = Running(There, "watch", "--until", "all up", "--retry", "20s")
    try:
        sluice(conf)
        watch.until(r"^all up \(")
        assert watch.end(0)[0] == 0
    finally:
        if watch.child.poll() is None:
            watch.end()


# --- a daemon that goes away ------------------------------------------------------------------


def test_an_upgrade_is_lived_through(proxy, running):
    generations = Generations(proxy)
    watch = running("watch", "--since", 1)
    as_json = running("watch", "--json", "--since", 1)
    watch.until(r"psql/n1 +CHECKING -> UP")
    try:
        generations.upgrade()
        proxy.ctl("set server psql/n1 state drain")
        watch.until(r"psql/n1 +UP -> DRAIN")
        seen = [json.loads(line) for line in as_json.until(r'"to":"DRAIN"') if line]
        assert seen[-1]["server"] == "n1"
        generations.upgrade()
        proxy.ctl("set server psql/n1 state ready")
        watch.until(r"psql/n1 +DRAIN -> UP")
    finally:
        generations.end()
    code, words = watch.end(0)
    assert code == 1 and "the daemon has gone away (" in words
    assert as_json.end(0)[0] == 1


def test_a_restart_is_lived_through(proxy, running, sluice):
    watch = running("watch", "--since", 1, "--retry", "20s")
    last = proxy.ctl("show events json").count("\n")
    watch.until(r"psql/n1 +CHECKING -> UP")
    conf = proxy.conf_path.read_text()
    proxy.stop()
    again = sluice(conf)
    # The new one counts from 1 again, and nothing of it is missed.
    watch.until(r"psql/n1 +CHECKING -> UP")
    again.ctl("set server psql/n1 state maint")
    watch.until(r"psql/n1 +UP -> MAINT")
    assert last > 1
    again.stop()
    # Nobody waits for the time of --retry.
    watch.end()


def test_a_daemon_that_stays_away_ends_it(proxy, running):
    watch = running("watch", "--since", 1, "--retry", "3s")
    watch.until(r"psql/n1 +CHECKING -> UP")
    proxy.stop()
    code, words = watch.end(0)
    assert code == 1
    assert words.splitlines() == [
        "the daemon has gone away; waiting up to 3s for it",
        f"sluice watch: the daemon has gone away ({proxy.socket_path} was closed)"]
