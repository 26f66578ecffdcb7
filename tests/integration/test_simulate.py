# SPDX-License-Identifier: MIT
"""`sluice simulate`, as a person or a script runs it, and beside the balancer that it stands for."""

import json
import os
import re
import subprocess

import harness
import pytest
from harness import PgSession, Simnodes, cluster_conf, port_of, wait_for

NODES = ("n1", "n2", "n3")


def run(*args, expect=0, stdin=None, **env):
    """A command's CompletedProcess; no sanitizer may have complained."""
    done = subprocess.run([harness.program("sluice"), *map(str, args)], capture_output=True,
                          text=True, timeout=harness.PATIENCE, check=False, input=stdin,
                          env=os.environ | env)
    assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr, done.stderr
    assert done.returncode == expect, (args, done.returncode, done.stdout, done.stderr)
    return done


@pytest.fixture
def conf(tmp_path):
    path = tmp_path / "sluice.conf"
    run("gen", *NODES, "--out", path)
    return path


def simulate(conf, *options, **kwargs):
    """The object that it writes."""
    return json.loads(run("simulate", "-f", conf, "--json", *options, **kwargs).stdout)


def sessions(step):
    """{"n1": sessions} of a step."""
    return {s["server"]: s["sessions"] for s in step["servers"]}


def at(simulated, seconds):
    return next(s for s in simulated["steps"] if s["time_ms"] == seconds * 1000)


def json_keys(tmp_path):
    """{"simulate: steps[]": keys}, as sluice(1) lists them."""
    path = tmp_path / "keys.conf"
    if not path.exists():
        run("gen", *NODES, "--out", path)
    whole = simulate(path, "--for", "20s", "--event", "n2 dies at 5s")
    step = whole["steps"][-1]
    return {
        "simulate": set(whole),
        "simulate: steps[]": set(step),
        "simulate: steps[].servers[]": set(step["servers"][0]),
        "simulate: notes[]": set().union(*whole["notes"]),
        "simulate: effects[]": set(whole["effects"][0]),
        "simulate: summary": set(whole["summary"]),
    }


def manual():
    """The example of sluice(1), as it stands there."""
    text = (harness.TOP / "man" / "sluice.1").read_text()
    part = re.search(r'BEGIN simulate.*?\.EX\n(.*?)\.EE\n.*?END simulate', text, re.S)[1]
    part = part.replace("\\-", "-").replace("\\(ha", "^").replace("\\(ti", "~")
    return part.replace("\\&", "").replace("\\e", "\\")


def test_the_manual_shows_what_it_prints(conf):
    done = run("simulate", "-f", conf, "--for", "1m", "--step", "10s", "--event",
               "n2 dies at 10s, returns at 30s", LC_ALL="C")
    assert done.stdout == manual()
    assert done.stderr == ""


def test_each_line_fits_a_terminal(conf):
    done = run("simulate", "-f", conf, "--event", "all vanishes at 10s, returns at 70s",
               LC_ALL="C.UTF-8")
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "\u2588" in done.stdout and "\u25cf all vanishes" in done.stdout


def test_sessions_are_conserved(conf):
    for options in ((), ("--pool", "100"), ("--rate", "poisson:90/s", "--session", "exp:5s")):
        for step in simulate(conf, *options, "--event", "n2 dies at 5s, returns at 9s",
                             "--event", "all hangs at 15s, returns at 30s")["steps"]:
            assert step["arrived"] == sum(step[k] for k in ("ended", "cut", "moved", "refused",
                                                            "live", "waiting")), step


def test_the_same_seed_is_the_same_course(conf):
    options = ("--rate", "poisson:50/s", "--session", "exp:10s", "--event", "n1 vanishes at 9s")
    once, again = (run("simulate", "-f", conf, *options).stdout for _ in range(2))
    other = run("simulate", "-f", conf, *options, "--seed", "2").stdout
    assert once == again != other


def test_events_come_from_a_file_too(conf, tmp_path):
    words = "# what happens\nn2 dies at 10 s, returns at 20 s\n\nburst 50 at 5s; drain n1 at 6s\n"
    path = tmp_path / "events"
    path.write_text(words)
    from_file = simulate(conf, "--events", path)
    assert from_file == simulate(conf, "--events", "-", stdin=words)
    assert [n["what"] for n in from_file["notes"] if n["kind"] == "event"] == \
        ["burst 50", "drain n1", "n2 dies", "n2 returns"]
    path.write_text("n1 dies at 1s\nn2 dise at 2s\n")
    done = run("simulate", "-f", conf, "--events", path, expect=2)
    assert done.stderr.startswith(f'sluice simulate: {path}:2: "n2 dise at 2s": nothing is called '
                                  '"dise": did you mean "dies"?\n')


def test_checks_find_failures_as_explained(conf):
    explained = run("explain", "detection", "-f", conf).stdout
    best, worst = re.search(r"refuses connections, until it is down +([\d.]+)s +\S+ +([\d.]+)s",
                            explained).groups()
    for seed in range(20):
        effect, = simulate(conf, "--rate", "0/s", "--seed", seed, "--event",
                           "n1 dies at 10s")["effects"]
        assert float(best) * 1000 <= effect["first_ms"] <= float(worst) * 1000 + 100


def test_a_crowd_takes_no_longer_than_patience_lasts(tmp_path):
    path = tmp_path / "crowd.conf"
    run("gen", *(f"n{i}" for i in range(1000)), "--out", path)
    crowd = simulate(path, "--rate", "100/s", "--for", "100s", "--step", "10s", "--event",
                     "n7 dies at 20s, returns at 40s")
    assert crowd["summary"]["arrived"] == 10001
    assert max(sessions(at(crowd, 90)).values()) <= 4


def test_what_would_never_end_is_refused(conf):
    for options, said in (
            (("--step", "1ms"), "more than 2000 steps"),
            (("--rate", "60000/s"), "more than 500000 sessions would be there at once"),
            (("--rate", "60000/s", "--session", "1s", "--for", "1d", "--step", "1h"),
             "more than 5000000 sessions would come")):
        assert said in run("simulate", "-f", conf, *options, expect=1).stderr


def test_our_examples_can_be_simulated():
    for path in (harness.TOP / "conf").glob("*region.conf"):
        done = simulate(path, "--event", "all drains at 10s, returns at 12s")
        assert done["summary"]["arrived"] > 3000 and done["summary"]["cut"] == 0


# --- beside the balancer ------------------------------------------------------------------------


class Reality:
    """Simulated nodes and the balancer in front of them, with sessions that stay."""

    def __init__(self, sluice, tmp_path, balance):
        self.nodes = Simnodes(tmp_path)
        service = (f'{{ name = "psql"; bind = "{harness.LOOPBACK}:{harness.free_port()}"; '
                   f'port = "sql"; balance = "{balance}"; protocol = "pgwire"; }}')
        self.conf = cluster_conf(self.nodes.nodes, [service])
        self.proxy = sluice(self.conf)
        self.held = []
        for name in NODES:
            self.proxy.wait_server(f"psql/{name}", "UP")

    def open(self, count):
        self.held += [PgSession(port_of(self.conf, "psql")) for _ in range(count)]

    def sessions(self):
        return {name: int(self.proxy.stat()[f"psql/{name}"]["scur"]) for name in NODES}

    def close(self):
        for session in self.held:
            session.close()
        self.nodes.stop()


@pytest.fixture(params=["roundrobin", "leastconn"])
def reality(request, sluice, tmp_path):
    r = Reality(sluice, tmp_path, request.param)
    yield r
    r.close()


def same(reality, simulated):
    """Servers that are equal may have changed places; and of equal ones one may be ahead."""
    real, told = reality.sessions(), sessions(simulated)
    assert sum(real.values()) == sum(told.values())
    return all(abs(real[n] - told[n]) <= 1 for n in NODES)


def test_reality_is_the_same(reality):
    told = simulate(reality.proxy.conf_path, "--rate", "0/s", "--session", "ever", "--for", "30s",
                    "--step", "5s", "--event",
                    "burst 62 at 1s; n2 dies at 6s; burst 21 at 11s; n2 returns at 12s; "
                    "burst 30 at 21s; drain n1 at 26s; burst 11 at 27s")
    reality.open(62)
    assert same(reality, at(told, 5))
    reality.nodes.command(2, "kill")
    reality.proxy.wait_server("psql/n2", "DOWN")
    wait_for(lambda: reality.sessions()["n2"] == 0, what="its sessions to be cut")
    assert same(reality, at(told, 10))
    assert told["summary"]["cut"] == 62 - sum(reality.sessions().values())
    reality.open(21)
    reality.nodes.command(2, "start")
    reality.proxy.wait_server("psql/n2", "UP")
    assert same(reality, at(told, 20))
    reality.open(30)
    assert same(reality, at(told, 25))
    reality.proxy.ctl("set server psql/n1 state drain")
    reality.open(11)
    assert same(reality, at(told, 30))
