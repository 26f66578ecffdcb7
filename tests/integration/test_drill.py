# SPDX-License-Identifier: MIT
"""Drills: what the daemon records of one, and what the recorder makes of HAProxy's socket and log."""

import contextlib
import json
import re
import signal
import subprocess
import threading
import time

import pytest
from harness import (PgError, PgSession, Process, Simnodes, Sluice, cluster_conf, free_port, port_of,
                     program, wait_for)
from haproxies import BINARY, Haproxy

CHECK = ('type = "http"; port = "http"; inter = "300ms"; fastinter = "100ms"; '
         'downinter = "200ms"; timeout = "300ms"; rise = 2; fall = 2;')

HAPROXY = """
global
    stats socket {socket} level admin
    LOG
defaults
    mode tcp
    LOGGLOBAL
    retries 3
    option redispatch 1
    timeout connect 1s
    timeout client 1m
    timeout server 1m
    timeout check 300ms
listen psql
    bind 127.0.0.1:PORT
    balance roundrobin
    option httpchk GET /health?ready=1
    # Slow enough for a recorder that asks each 100 ms to see each step.
    default-server check inter 300ms fastinter 600ms downinter 200ms rise 2 fall 2 on-marked-down shutdown-sessions
"""


def sluice(*words, code=0):
    done = subprocess.run([program("sluice"), *map(str, words)], text=True, capture_output=True,
                          timeout=60, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


class Clients:
    """Short sessions all the time, one after another; how many were served."""

    def __init__(self, port):
        self.port, self.served, self.ended = port, 0, threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        while not self.ended.is_set():
            with contextlib.suppress(OSError, PgError):
                s = PgSession(self.port)
                s.value("SELECT 1")
                s.close()
                self.served += 1
            self.ended.wait(0.01)

    def wait_more(self, count=50):
        want = self.served + count
        wait_for(lambda: self.served >= want, what="clients to be served")

    def stop(self):
        self.ended.set()
        self.thread.join()


def sum_of(row, key):
    return sum(row["series"].get(key, []))


def of_server(record, kind, server):
    """(state, good) of the events of a server of the first service, in order."""
    index = [s["name"] for s in record["services"][0]["servers"]].index(server)
    return [e for e in record["events"] if e["kind"] == kind and e["service"] == 0 and
            e["server"] == index]


def check_shape(record, source):
    head = record["drill"]
    assert head["source"].startswith(source), head
    assert head["from_ms"] < head["to_ms"] and not head["truncated"], head
    assert abs(head["to_ms"] - time.time() * 1000) < 60000, head
    rows = record["services"] + [s for v in record["services"] for s in v["servers"]]
    lengths = {len(counts) for row in rows for counts in row["series"].values()}
    assert len(lengths) == 1, lengths
    samples = lengths.pop()
    span = head["to_ms"] - head["samples_from_ms"]
    assert abs(samples * head["every_ms"] - span) <= 4 * head["every_ms"], (samples, span)
    stamps = [e["ms"] for e in record["events"]]
    assert stamps == sorted(stamps), stamps


def check_outage(record, server, served):
    """That the record tells of a kill and a start of that server."""
    states = of_server(record, "state", server)
    assert [e["state"] for e in states] == ["down", "up"], states
    checks = of_server(record, "check", server)
    assert [e["good"] for e in checks] == [False, True], checks
    assert checks[0]["ms"] <= states[0]["ms"] <= checks[1]["ms"] <= states[1]["ms"], record["events"]
    service = record["services"][0]
    assert [s["first"] for s in service["servers"]] == ["up"] * 2, service
    connected = sum_of(service, "connected")
    assert 0.7 * served - 20 < connected < 1.3 * served + 20, (connected, served)
    for s in service["servers"]:
        assert sum_of(s, "connected") > 0, s["name"]
    assert max(service["series"]["sessions"]) >= 4, service["series"]["sessions"]
    # HAProxy is only asked now and then: no gap is measured.
    assert max(service["series"].get("gap", [0])) < 5000, service["series"]


def drill(nodes, port, is_state):
    """Kills n1 under load and starts it again; how many short sessions were served."""
    kept = [PgSession(port) for _ in range(4)]
    clients = Clients(port)
    try:
        clients.wait_more()
        nodes.command(1, "kill")
        wait_for(lambda: is_state("DOWN"), what="n1 to be down")
        clients.wait_more()
        nodes.command(1, "start")
        wait_for(lambda: is_state("UP"), what="n1 to be up")
        clients.wait_more()
    finally:
        clients.stop()
        for s in kept:
            s.close()
    return clients.served


# --- the daemon -----------------------------------------------------------------------------


class Daemon:
    def __init__(self, tmp_path):
        self.nodes = Simnodes(tmp_path, 2)
        conf = cluster_conf(self.nodes.nodes, check=CHECK).replace(
            'balance = "leastconn";', 'balance = "roundrobin"; protocol = "pgwire";')
        self.process = Sluice(tmp_path, conf)
        self.port = port_of(conf, "psql")

    def drill(self, *words, code=0):
        return sluice("drill", *words, "-s", self.process.socket_path, code=code)

    def run(self):
        return drill(self.nodes, self.port,
                     lambda word: self.process.server_status("psql/n1").startswith(word))

    def stop(self):
        self.process.stop()
        self.nodes.stop()


@pytest.fixture
def daemon(tmp_path):
    d = Daemon(tmp_path)
    yield d
    d.stop()


def test_a_drill_on_the_daemon_tells_of_the_outage_and_what_it_cost(daemon):
    daemon.drill("start", "kill-n1")
    daemon.drill("mark", "kill -9 n1")
    served = daemon.run()
    daemon.drill("stop")
    record = json.loads(daemon.drill("report", "kill-n1", "--format", "record"))
    assert record["drill"]["name"] == "kill-n1"
    check_shape(record, "sluice ")
    psql = next(i for i, s in enumerate(record["services"]) if s["name"] == "psql")
    assert psql == 0, record["services"]
    check_outage(record, "n1", served)
    n1 = record["services"][0]["servers"][0]
    assert sum_of(n1, "cut") >= 1, n1["series"]["cut"]
    marks = [e["text"] for e in record["events"] if e["kind"] == "mark"]
    assert "kill -9 n1" in marks, marks


def test_the_drill_over_http_is_that_of_the_socket(daemon):
    daemon.drill("start", "quiet")
    PgSession(daemon.port).close()
    time.sleep(0.6)
    daemon.drill("stop")
    listed = json.loads(daemon.process.http("/v1/drill")[2])["drills"]
    assert [d["name"] for d in listed] == ["quiet"] and listed[0]["to"], listed

    def whole():
        """The sample in which it was stopped is added when its time is over."""
        over_http = json.loads(daemon.process.http("/v1/drill?name=quiet")[2])
        over_socket = json.loads(daemon.process.ctl("show drill quiet"))
        return over_http["services"] == over_socket["services"] and over_http
    over_http = wait_for(whole, what="the same drill from both")
    assert sum_of(over_http["services"][0], "connected") == 1, over_http["services"][0]
    assert daemon.process.http("/v1/drill?name=none")[0] == 404
    assert daemon.process.http("/v1/drill?last=x")[0] == 400
    last = json.loads(daemon.process.http("/v1/drill?last=60")[2])
    assert last["drill"]["truncated"] is False and last["drill"]["name"] == ""


def test_drills_that_cannot_be_are_refused(daemon):
    daemon.drill("start", "a")
    assert "already" in daemon.process.ctl("drill start a")
    assert "cannot be the name" in daemon.process.ctl("drill start a/b")
    daemon.drill("stop")
    assert "no drill runs" in daemon.process.ctl("drill stop")
    assert 'there is no drill "b"' in daemon.process.ctl("show drill b")
    daemon.drill("stop", code=1)


# --- HAProxy --------------------------------------------------------------------------------


class Recorder(Process):
    """`sluice drill record`, recording."""

    def __init__(self, tmp_path, where, *words):
        self.out = tmp_path / "record.json"
        super().__init__("record", [program("sluice"), "drill", "record", "--haproxy", where,
                                    "--out", self.out, "--every", "100ms", *words],
                         tmp_path / "record.log")
        self.wait_log("recording")

    def finish(self, by=signal.SIGTERM):
        self.child.send_signal(by)
        assert self.wait() == 0, self.log()
        self.ended = True
        self.assert_no_report()
        return json.loads(self.out.read_text("utf-8"))


class Other:
    """HAProxy in front of two nodes."""

    def __init__(self, tmp_path, log):
        self.tmp_path = tmp_path
        self.nodes = Simnodes(tmp_path, 2)
        self.port = free_port()
        lines = ["log stdout format raw local0", "log global\n    option tcplog\n"
                 "    option log-health-checks"] if log else ["", ""]
        self.conf = HAPROXY.replace("LOGGLOBAL", lines[1]).replace("LOG", lines[0]).replace(
            "PORT", str(self.port)) + "".join(
                f"    server {n.name} {n.host}:{n.sql} port {n.http}\n" for n in self.nodes.nodes)
        self.start()

    def start(self):
        self.process = Haproxy(self.tmp_path, self.conf)
        wait_for(lambda: all(self.process.stat()[f"psql/n{i}"]["status"] == "UP" and
                             self.process.stat()[f"psql/n{i}"]["check_status"] == "L7OK"
                             for i in (1, 2)), what="HAProxy's checks")

    def run(self):
        def is_state(word):
            return self.process.stat()["psql/n1"]["status"] == word
        return drill(self.nodes, self.port, is_state)

    def stop(self):
        self.process.stop()
        self.nodes.stop()


@pytest.mark.skipif(not BINARY.exists(), reason="needs haproxy")
@pytest.mark.parametrize("log", [True, False], ids=["raw log", "no log"])
def test_the_same_drill_on_haproxy_gives_such_a_record(tmp_path, log):
    other = Other(tmp_path, log)
    try:
        words = ["--log", other.process.log_path] if log else []
        recorder = Recorder(tmp_path, other.process.socket_path, "--name", "kill-n1", *words)
        served = other.run()
        time.sleep(0.3)
        record = recorder.finish()
        check_shape(record, "HAProxy 2.")
        assert record["drill"]["name"] == "kill-n1"
        check_outage(record, "n1", served)
        down = of_server(record, "state", "n1")[0]
        assert sum_of(record["services"][0], "cut") >= 1, record["services"][0]
        if log:
            # The latter if one was under way when the node died.
            assert re.match("Layer[47]|Socket error",
                            of_server(record, "check", "n1")[0]["text"]), record["events"]
        else:
            assert down["text"] == "down", down
        report = sluice("drill", "report", "--from", recorder.out, "--format", "markdown")
        assert "n1" in report
    finally:
        other.stop()


@pytest.mark.skipif(not BINARY.exists(), reason="needs haproxy")
def test_a_recorder_survives_a_restart_of_haproxy(tmp_path):
    other = Other(tmp_path, False)
    link = tmp_path / "stats.sock"
    try:
        link.symlink_to(other.process.socket_path)
        recorder = Recorder(tmp_path, link)
        for _ in range(5):
            PgSession(other.port).close()
        time.sleep(0.5)
        other.process.stop()
        time.sleep(0.5)
        other.start()
        link.unlink()
        link.symlink_to(other.process.socket_path)
        for _ in range(5):
            PgSession(other.port).close()
        time.sleep(0.5)
        record = recorder.finish(signal.SIGINT)
        marks = [e["text"] for e in record["events"] if e["kind"] == "mark"]
        assert [m.split()[0:2] for m in marks[1:]] == [
            ["HAProxy", "does"], ["HAProxy", "answers"], ["HAProxy", "is"]], marks
        assert 7 <= sum_of(record["services"][0], "connected") <= 10, record["services"][0]
    finally:
        other.stop()


@pytest.mark.parametrize("words, text", [
    ([], "--haproxy is missing"),
    (["--haproxy", "/tmp/none.sock", "--every", "1ms"], "--every 1ms"),
    (["--haproxy", "/tmp/none.sock", "--for", "soon"], '--for "soon"'),
])
def test_a_recorder_says_what_is_wrong_with_its_options(words, text):
    done = subprocess.run([program("sluice"), "drill", "record", *words], text=True,
                          capture_output=True, timeout=30, check=False)
    assert done.returncode == 2 and text in done.stderr, done.stderr


def test_a_recorder_that_finds_nobody_fails(tmp_path):
    done = subprocess.run([program("sluice"), "drill", "record", "--haproxy", tmp_path / "none"],
                          text=True, capture_output=True, timeout=30, check=False)
    assert done.returncode == 1 and "cannot connect" in done.stderr, done.stderr
