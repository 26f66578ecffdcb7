# SPDX-License-Identifier: MIT
"""`sluice drill`: a real drill from its first word to its reports."""

import json
import os
import pty
import re
import subprocess
import threading

import pytest
from harness import PgSession, Simnodes, Sluice, cluster_conf, port_of, program, wait_for

CHECK = ('type = "http"; port = "http"; inter = "300ms"; fastinter = "100ms"; '
         'downinter = "200ms"; timeout = "300ms"; rise = 2; fall = 2;')


class Drilled:
    """A cluster of two whose n2 was killed and started under load, as the drill "kill-n2"."""

    def __init__(self, tmp_path):
        self.tmp_path = tmp_path
        self.nodes = Simnodes(tmp_path, 2)
        conf = cluster_conf(self.nodes.nodes, check=CHECK).replace(
            'balance = "leastconn";', 'balance = "roundrobin"; protocol = "pgwire";')
        self.process = Sluice(tmp_path, conf)
        self.port = port_of(conf, "psql")
        self.ended = threading.Event()
        self.short = threading.Lock()  # while a short session is open
        self.served = 0

    def drill(self, *words, code=0):
        done = subprocess.run(
            [program("sluice"), "drill", *map(str, words), "-s", self.process.socket_path],
            text=True, capture_output=True, timeout=60, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def _load(self):
        while not self.ended.is_set():
            with self.short:
                PgSession(self.port).close()
            self.served += 1
            self.ended.wait(0.01)

    def serve_more(self):
        want = self.served + 50
        wait_for(lambda: self.served >= want, what="clients to be served")

    def run(self):
        kept = [PgSession(self.port) for _ in range(4)]
        load = threading.Thread(target=self._load)
        load.start()
        try:
            self.drill("start", "kill-n2")
            self.serve_more()
            self.drill("mark", "kill -9 psql/n2")
            with self.short:  # those that are kept are all that it cuts
                wait_for(lambda: self.process.status()["sessions"] == len(kept))
                self.nodes.command(2, "kill")
            self.process.wait_server("psql/n2", "DOWN")
            self.serve_more()
            self.nodes.command(2, "start")
            self.process.wait_server("psql/n2", "UP")
            self.serve_more()
            self.drill("stop")
            wait_for(self.is_whole, what="the last interval to be over")
        finally:
            self.ended.set()
            load.join()
            for s in kept:
                s.close()

    def is_whole(self):
        record = json.loads(self.drill("report", "kill-n2", "--format", "record").stdout)
        head, counts = record["drill"], record["services"][0]["series"]["connected"]
        return head["samples_from_ms"] + len(counts) * head["every_ms"] >= head["to_ms"]

    def stop(self):
        self.process.stop()
        self.nodes.stop()


@pytest.fixture(scope="module")
def drilled(tmp_path_factory):
    d = Drilled(tmp_path_factory.mktemp("drill"))
    try:
        d.run()
        yield d
    finally:
        d.stop()


def test_the_drill_is_listed(drilled):
    assert re.match(r"# name +from +to +length\nkill-n2 +\S+Z +\S+Z +\d\S*\n",
                    drilled.drill("list").stdout)


def test_the_numbers_are_those_of_what_was_done(drilled):
    o = json.loads(drilled.drill("report", "kill-n2", "--format", "json").stdout)
    n2 = [x for x in o["outages"] if (x["service"], x["server"]) == ("psql", "n2")]
    assert len(n2) == 1, o["outages"]
    assert n2[0]["state"] == "down" and n2[0]["back"] is not None, n2
    assert "kill -9 psql/n2" in n2[0]["fault"], n2
    assert 0 <= n2[0]["detect_ms"] < 2000 and 0 <= n2[0]["noticed_ms"] < 3000, n2
    assert n2[0]["cut"] == 2, n2
    psql = [s for s in o["services"] if s["name"] == "psql"][0]
    assert psql["failed"] == 0 and psql["no_server_ms"] == 0, psql
    assert 0 < psql["gap_ms"] < 2000, psql
    assert psql["connected"] >= 100, psql


def test_expectations_decide_the_exit_status(drilled):
    held = drilled.drill("report", "kill-n2", "--format", "json", "--expect",
                         "detect<2s,noticed<3s,gap<2s,failed=0,cut=2,outages>=1").stderr
    assert held.count("ok      ") == 6 and "FAILED" not in held, held
    failed = drilled.drill("report", "kill-n2", "--expect", "cut=0", code=1).stdout
    assert "## Expected: FAILED" in failed, failed


def test_a_record_in_a_file_gives_the_same_report(drilled):
    path = drilled.tmp_path / "kill-n2.record"
    drilled.drill("report", "kill-n2", "--format", "record", "--out", path)
    for form in ("markdown", "json", "html", "text"):
        # Wall clock is told from the monotonic one anew each time, which may be a millisecond off.
        asked, read = (re.sub(r"\.\d\d\dZ", "", drilled.drill("report", *which, "--format",
                                                             form).stdout)
                       for which in (("kill-n2",), ("--from", path)))
        assert asked == read
    same = drilled.drill("compare", path, "kill-n2").stdout
    assert "neither better nor worse" in same, same


def test_the_last_minutes_can_be_reported_without_a_drill(drilled):
    out = drilled.drill("report", "--last", "10m").stdout
    assert "psql/n2" in out and "## Outages" in out, out


def test_on_a_terminal_it_is_a_short_view(drilled):
    leader, follower = pty.openpty()
    child = subprocess.Popen(
        [program("sluice"), "drill", "report", "kill-n2", "-s", drilled.process.socket_path],
        stdout=follower, env={**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8"})
    os.close(follower)
    out = b""
    try:
        while chunk := os.read(leader, 65536):
            out += chunk
    except OSError:  # the other end is closed
        pass
    os.close(leader)
    assert child.wait(timeout=30) == 0
    assert "\u00d7".encode() in out and b"\033[" in out and b"##" not in out, out


def test_what_cannot_be_done_is_explained(drilled):
    assert "there is no" in drilled.drill("report", "nothing", code=1).stderr
    assert "no drill runs" in drilled.drill("stop", code=1).stderr
    assert "kill-n2" in drilled.drill("start", "kill-n2", code=1).stderr
