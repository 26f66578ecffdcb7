# SPDX-License-Identifier: MIT
"""Counters only rise: whoever adds them up sees no part of a sum go away with a server."""

import contextlib
import re

import pytest
from harness import free_port, wait_for
from peers import (conf_of, connect, echo, echoes, peer,  # noqa: F401
                   server, service)
from test_upgrade import generations  # noqa: F401

TOTALS = re.compile(r"haproxy_(backend|frontend)_\w+_total{|haproxy_process_bytes_out_total")
COLUMNS = "stot bin bout econ eresp wretr wredis lbtot cli_abrt srv_abrt eint connect".split()


def totals(process):
    """What a scraper adds up: of services, their frontends and the process."""
    found = {k: v for k, v in process.metrics().items() if TOTALS.match(k)}
    assert any("process_bytes_out" in k for k in found)
    rows = process.stat()
    for row in ("s/BACKEND", "s/FRONTEND"):
        for column in COLUMNS:
            if rows.get(row, {}).get(column):
                found[f"{row} {column}"] = int(rows[row][column])
    return found


def fallen(before, after):
    return {k: (n, after.get(k)) for k, n in before.items()
            if "pages" not in k and after.get(k, 0) < n}


def traffic(process, port, count=6):
    """So many sessions that have said something and gone."""
    told = int(process.stat()["s/BACKEND"]["bin"])
    for _ in range(count):
        with connect(port) as s:
            assert echoes(s, b"x" * 1000)
    wait_for(lambda: process.stat()["s/BACKEND"]["scur"] == "0" and
             int(process.stat()["s/BACKEND"]["bin"]) == told + count * 1000,
             what="the sessions to end")


@pytest.fixture
def pair(sluice, peer):  # noqa: F811
    """(a port, the balancer, its configuration with servers of these names)."""
    port = free_port()
    addresses = {name: peer(echo).port for name in "ab"}

    def conf(names, name="s"):
        return conf_of([service(name, port, [server(n, addresses[n]) for n in names])])
    return port, sluice(conf("ab")), conf


def test_a_server_that_a_reload_removes_stays_in_the_sums(pair):
    port, s, conf = pair
    traffic(s, port)
    with contextlib.ExitStack() as stack:
        sessions = [stack.enter_context(connect(port)) for _ in range(4)]
        assert all(echoes(c) for c in sessions)
        before = totals(s)
        s.write_conf(conf("a"))
        assert s.ctl("reload").strip().endswith("reloaded")
        assert "s/b" not in s.stat()
        assert not fallen(before, totals(s))
        assert before["s/BACKEND connect"] == 10
        # Those that are left on it count on.
        assert all(echoes(c, b"y" * 500) for c in sessions)
    sent = 6 * 1000 + 4 * (len(b"are you there?") + 500)
    wait_for(lambda: totals(s)["s/BACKEND bout"] == sent, what="all that was sent")
    after = totals(s)
    assert not fallen(before, after)
    assert after["s/BACKEND bin"] == after["s/FRONTEND bin"] == sent
    assert after["s/FRONTEND bout"] == sent
    assert after["haproxy_process_bytes_out_total"] == sent
    assert after["s/BACKEND stot"] == after["s/BACKEND connect"] == 10


def test_a_server_that_is_deleted_stays_in_the_sums(pair):
    port, s, _ = pair
    traffic(s, port)
    before = totals(s)
    s.ctl("set server s/b state maint")
    assert "deleted" in s.ctl("del server s/b")
    assert "s/b" not in s.stat()
    after = totals(s)
    assert not fallen(before, after)
    assert after["s/BACKEND bout"] == after["haproxy_process_bytes_out_total"] == 6000
    assert after["s/BACKEND connect"] == 6


def test_bytes_of_a_service_that_goes_stay_the_process_s(pair):
    port, s, conf = pair
    traffic(s, port)
    with connect(port) as c:
        assert echoes(c, b"y" * 100)
        s.write_conf(conf("ab", name="other"))
        assert s.ctl("reload").strip().endswith("reloaded")
        assert totals(s)["haproxy_process_bytes_out_total"] == 6100
        assert echoes(c, b"y" * 100)
    wait_for(lambda: totals(s)["haproxy_process_bytes_out_total"] == 6200)


def test_an_upgrade_counts_nothing_twice(generations, peer):  # noqa: F811
    port, first, second = free_port(), peer(echo).port, peer(echo).port

    def conf(*names):
        return conf_of([service("s", port, [server(n, a) for n, a in
                                            (("a", first), ("b", second), ("c", second))
                                            if n in names])])
    found = generations(conf("a", "b", "c"))
    s = found.balancer
    traffic(s, port)
    with contextlib.ExitStack() as stack:
        sessions = [stack.enter_context(connect(port)) for _ in range(3)]
        assert all(echoes(c, b"y" * 500) for c in sessions)
        s.write_conf(conf("a", "b"))
        assert s.ctl("reload").strip().endswith("reloaded")
        before = totals(s)
        assert before["s/BACKEND bout"] == 7500
        s.write_conf(conf("a"))
        found.upgrade()
        assert set(s.stat()) >= {"s/a"} and "s/b" not in s.stat()
        after = totals(s)
        assert not fallen(before, after)
        assert after["s/BACKEND bout"] == after["haproxy_process_bytes_out_total"] == 7500
        assert all(echoes(c, b"y" * 500) for c in sessions)
    wait_for(lambda: totals(s)["s/BACKEND bout"] == 9000, what="what the old process told")
    after = totals(s)
    assert after["s/BACKEND bin"] == after["haproxy_process_bytes_out_total"] == 9000
    assert after["s/BACKEND stot"] == after["s/BACKEND connect"] == 9
