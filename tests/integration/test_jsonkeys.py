# SPDX-License-Identifier: MIT
"""The keys that sluice(1) lists under JSON are those that are written."""

import json
import os
import re
import signal

import harness
import pytest
import test_simulate
from harness import wait_for
from test_cli import run
from test_upgrade import Generations

PAGE = harness.TOP / "man" / "sluice.1"


def documented():
    """{"status: services[]": {keys in the tags of its paragraphs}}"""
    text = PAGE.read_text().split("\n.SH JSON\n")[1].split("\n.SH ")[0]
    found = {}
    for part in re.split(r"^\.SS ", text, flags=re.M)[1:]:
        title, _, rest = part.partition("\n")
        tags = re.findall(r"^\.TP\n\.BR? (.*)$", rest, re.M)
        found[title.strip('"')] = {w for tag in tags for w in re.findall(r"[a-z_]+", tag)}
    return found


def keys(objects):
    return set().union(*(o.keys() for o in objects))


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """{as documented(): what a daemon writes that was upgraded, and has a fault and sessions}"""
    home = tmp_path_factory.mktemp("keys")
    nodes = harness.Simnodes(home, 3)
    conf = harness.cluster_conf(nodes.nodes)
    proxy = harness.Sluice(home, conf)
    generations = Generations(proxy)
    try:
        held = harness.PgSession(harness.port_of(conf, "psql"))
        assert os.kill(proxy.pid, signal.SIGUSR2) is None
        wait_for(lambda: proxy.status()["predecessors"], what="a predecessor")
        other = harness.PgSession(harness.port_of(conf, "psql"))
        proxy.ctl("fault psql/n1 delay 1ms")
        nodes.command(2, "kill")
        proxy.wait_server("psql/n2", "DOWN")
        proxy.wait_server("dbconsole/n2", "DOWN")
        for n in (1, 3):
            proxy.ctl(f"set server psql/n{n} state maint")
        status = json.loads(run("status", "--json", proxy=proxy).stdout)
        sessions = json.loads(run("sessions", "--json", proxy=proxy).stdout)
        events = [json.loads(e) for e in proxy.ctl("show events json").splitlines() if e]
        held.close()
        other.close()
    finally:
        generations.end()
        nodes.stop()
    services = status["services"]
    servers = [s for service in services for s in service["servers"]]
    return {
        "status": status.keys(),
        "status: predecessors[]": keys(status["predecessors"]),
        "status: services[]": keys(services),
        "status: servers[]": keys(servers),
        "status: fault": keys(s["fault"] for s in servers if s["fault"]),
        "status: check": keys(s["check"] for s in servers if s["check"]),
        "sessions": sessions.keys(),
        "sessions: sessions[]": keys(sessions["sessions"]),
        "watch": keys(events),
    }


TITLES = ["status", "status: predecessors[]", "status: services[]", "status: servers[]",
          "status: fault", "status: check", "sessions: sessions[]", "watch"]


@pytest.mark.parametrize("title", TITLES)
def test_the_list_is_what_is_written(seen, title):
    listed = documented()[title]
    assert listed == set(seen[title]), (listed - set(seen[title]), set(seen[title]) - listed)


def test_what_is_simulated_is_listed(tmp_path):
    for title, written in test_simulate.json_keys(tmp_path).items():
        assert documented()[title] == written, title


def test_nothing_else_is_listed(tmp_path):
    # test_discovery.py has the keys of discovery.
    assert set(documented()) == {*TITLES, "status: discovery", "sessions",
                                 *test_simulate.json_keys(tmp_path)}
    assert documented()["sessions"] == set()
