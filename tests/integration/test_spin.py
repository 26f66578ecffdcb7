# SPDX-License-Identifier: MIT
"""Workers that ask for events for a while before they sleep (`spin`)."""

import signal

import pytest
from harness import free_port
from peers import (SessionLog, conf_of, connect, echo, echoes, peer, server, service,
                   session_log)
from sweeping import share_of_cpu

__all__ = ["SessionLog", "peer", "session_log"]

EXCHANGES = 500


@pytest.fixture
def behind(sluice, peer, session_log):  # noqa: F811
    """behind(spin): a port of the balancer, the balancer, its configuration with other spins."""
    def start(spin):
        port, at = free_port(), peer(echo).address

        def conf(value):
            return conf_of([service("sql", port, [server("s1", at)])],
                           session_log=session_log.path, extra=f'threads = 2; spin = "{value}";')
        balancer = sluice(conf(spin))
        return port, balancer, conf
    return start


@pytest.mark.parametrize("spin", ["50us", "1ms"])
def test_bytes_are_carried_and_it_stops_in_the_middle_of_it(behind, spin):
    port, balancer, _ = behind(spin)
    with connect(port) as s:
        for i in range(EXCHANGES):
            assert echoes(s, f"exchange {i}".encode())
        balancer.send_signal(signal.SIGTERM)
        for i in range(EXCHANGES):
            assert echoes(s, f"while it stops {i}".encode())
    assert balancer.wait() == 0
    balancer.stop()


def test_an_idle_process_sleeps_whatever_was_before(behind):
    """Clients that are silent after a while of talk, with their sessions' time-outs running."""
    port, balancer, _ = behind("1ms")
    with connect(port) as a, connect(port) as b:
        for _ in range(EXCHANGES):
            assert echoes(a)
            assert echoes(b)
        assert share_of_cpu(balancer.pid, 1.5) < 0.1
        assert echoes(a)
        assert echoes(b)


def test_a_reload_changes_it_under_traffic(behind):
    port, balancer, conf = behind("0us")
    with connect(port) as s:
        for value in ("1ms", "50us", "0us"):
            balancer.write_conf(conf(value))
            answer = balancer.ctl("reload")
            assert "spin" in answer and "restart" not in answer, answer
            assert answer.strip().endswith("reloaded"), answer
            for i in range(EXCHANGES):
                assert echoes(s, f"{value} {i}".encode())
