# SPDX-License-Identifier: MIT
"""/v1/live and /v1/history: what a dashboard is fed with."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import threading
import time
from datetime import datetime, timedelta

import harness
import peers
import pytest

PATIENCE = harness.PATIENCE


class Live:
    """A stream of server-sent events: what came so far, read by a thread of its own."""

    def __init__(self, proxy, path="/v1/live", **fields):
        self.seen = []  # (event, id or None, data)
        self.over = None  # how it ended: b"" for an orderly end, an exception otherwise
        self.changed = threading.Condition()
        self.connection = http.client.HTTPConnection(proxy.admin_host, proxy.admin_port,
                                                     timeout=PATIENCE)
        self.connection.request("GET", path, headers={"Accept": "text/event-stream"} | fields)
        self.socket = self.connection.sock
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200, self.answer.read()
        self.socket.settimeout(None)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        fields, end = {}, b""
        try:
            for raw in self.answer:
                line = raw.decode().rstrip("\n")
                if line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                    continue
                with self.changed:
                    self.seen.append((fields["event"], fields.get("id"),
                                      json.loads(fields["data"])))
                    self.changed.notify_all()
                fields = {}
        except (OSError, ValueError, http.client.HTTPException) as error:
            end = error
        with self.changed:
            self.over = end
            self.changed.notify_all()

    def wait(self, predicate, what, timeout=PATIENCE):
        """The first event for which predicate(kind, data) is true: its index and data."""
        def find():
            for i, (kind, _, data) in enumerate(self.seen):
                if predicate(kind, data):
                    return i, data
            return None
        with self.changed:
            self.changed.wait_for(lambda: find() or self.over is not None, timeout)
            found = find()
        assert found, f"no {what}; the stream ended with {self.over!r}; seen: {self.seen[-5:]}"
        return found

    def wait_over(self):
        with self.changed:
            assert self.changed.wait_for(lambda: self.over is not None, PATIENCE), "no end"
        return self.over

    def samples(self):
        return [data for kind, _, data in list(self.seen) if kind == "sample"]

    def wait_samples(self, count):
        """So many more."""
        want = len(self.samples()) + count
        harness.wait_for(lambda: len(self.samples()) >= want or self.over is not None,
                         what="samples")
        assert len(self.samples()) >= want, f"the stream ended with {self.over!r}"

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join(PATIENCE)
        self.answer.close()
        self.connection.close()


@pytest.fixture
def live(request):
    """live(proxy, path, **fields): a Live that is closed with the test."""
    with contextlib.ExitStack() as stack:
        def start(*args, **fields):
            stream = Live(*args, **fields)
            stack.callback(stream.close)
            return stream
        yield start


def member(patch, *path):
    """What a patch says of it; None: nothing."""
    for key in path:
        patch = (patch or {}).get(key)
    return patch


def is_sample(*path, value=None):
    def predicate(kind, data):
        found = member(data, *path) if kind == "sample" else None
        return found is not None and (value is None or found == value)
    return predicate


# What is another every second, and the checks that go on.
AGES = {"uptime_s", "since_s", "last_session_s", "age_s", "running", "left_ms", "downtime_s",
        "time", "duration_ms", "now", "name", "sessions_max"}


def without_ages(value):
    if isinstance(value, dict):
        return {k: without_ages(v) for k, v in value.items() if k not in AGES}
    return [without_ages(v) for v in value] if isinstance(value, list) else value


def by_name(status):
    """A status as patches see it."""
    services = {s["name"]: s | {"servers": {n["name"]: n for n in s["servers"]}}
                for s in status["services"]}
    return status | {"services": services}


def merge(target, patch):
    """RFC 7396, but null is kept."""
    for key, value in patch.items():
        if isinstance(value, dict) and isinstance(target.get(key), dict):
            merge(target[key], value)
        else:
            target[key] = value


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


# --- what comes ------------------------------------------------------------------------------

def test_hello_comes_first_and_then_a_sample_each_second(proxy, live):
    stream = live(proxy)
    kind, number, hello = stream.wait(lambda *_: True, "event") and stream.seen[0]
    status = proxy.status()
    assert kind == "hello"
    assert hello == {"seq": int(number), "pid": proxy.pid, "version": status["version"],
                     "start_time": status["start_time"]}
    assert number == str(json.loads(proxy.http("/v1/events")[2])["events"][-1]["seq"])
    assert stream.answer.getheader("Content-Type") == "text/event-stream"
    assert stream.answer.getheader("Cache-Control") == "no-store"
    stream.wait_samples(4)
    times = [moment(s["now"]) for s in stream.samples()]
    assert times == sorted(times)
    # Each second on the whole, also on a slow machine.
    assert timedelta(seconds=2) < times[-1] - times[0] < timedelta(seconds=PATIENCE)
    for sample in stream.samples():
        assert sample.get("sessions") is None  # nobody came


def test_all_followers_get_the_same(proxy, live):
    streams = [live(proxy) for _ in range(5)]
    for stream in streams:
        stream.wait_samples(2)
    first = streams[-1].samples()[0]["now"]
    tails = []
    for stream in streams:
        samples = stream.samples()
        start = [s["now"] for s in samples].index(first)
        tails.append(samples[start:start + 2])
    assert all(tail == tails[0] for tail in tails)


def test_a_change_of_a_state_is_shown_within_a_second(proxy, live, cluster):
    stream = live(proxy)
    stream.wait_samples(1)
    for words, path, value in (
            ("drain", ("admin",), ["drain"]), ("ready", ("admin",), []),
            ("maint", ("usable",), False), ("ready", ("usable",), True)):
        start = len(stream.seen)
        assert proxy.ctl(f"set server psql/n1 state {words}") == "\n"
        wanted = is_sample("services", "psql", "servers", "n1", *path, value=value)
        stream.wait(lambda *e: wanted(*e) and e in [(k, d) for k, _, d in stream.seen[start:]],
                    f"sample after {words}")
    cluster.command(2, "kill")
    at, event = stream.wait(lambda k, d: k == "server" and d["server"] == "n2" and
                            d["to"] == "DOWN" and d["service"] == "psql", "event of n2")
    index, sample = stream.wait(is_sample("services", "psql", "servers", "n2", "state",
                                          value="DOWN"), "sample of n2")
    assert index > at
    assert moment(sample["now"]) - moment(event["time"]) < timedelta(seconds=1)
    changed = sample["services"]["psql"]["servers"]["n2"]
    assert changed["usable"] is False and changed["health"] == "down" and changed["cause"]
    assert changed["check"]["passed"] is False


def test_a_status_with_the_samples_after_it_is_the_status_later(proxy, live):
    stream = live(proxy)
    stream.wait_samples(1)
    sessions = [harness.PgSession(proxy.sql_port) for _ in range(5)]
    began = proxy.status()
    for session in sessions:
        session.query("SELECT 1")
    for session in sessions[:3]:
        session.close()
    assert proxy.ctl("set weight psql/n2 50%") == "\n"
    assert proxy.ctl("set server psql/n3 state drain") == "\n"
    assert proxy.ctl("set maxconn server psql/n1 77") == "\n"

    def is_same():
        mine = by_name(json.loads(json.dumps(began)))
        later = by_name(proxy.status())
        for sample in stream.samples():
            if sample["now"] >= began["now"]:
                merge(mine, sample)
        return without_ages(mine) == without_ages(later)
    harness.wait_for(is_same, what="the samples to have told everything")
    for session in sessions[3:]:
        session.close()


# --- coming back -----------------------------------------------------------------------------

def test_who_comes_back_gets_what_it_missed(proxy, live):
    first = live(proxy)
    first.wait(lambda k, d: k == "hello", "hello")
    assert proxy.ctl("drill mark one") == "\n"
    index, _ = first.wait(lambda k, d: k == "mark" and d["text"] == "one", "mark")
    last = first.seen[index][1]
    first.close()
    assert proxy.ctl("drill mark two") == "\n"
    assert proxy.ctl("drill mark three") == "\n"
    for again in (live(proxy, **{"Last-Event-ID": last}),
                  live(proxy, f"/v1/live?since={int(last) + 1}")):
        again.wait(lambda k, d: k == "mark" and d["text"] == "three", "mark")
        assert [(k, d.get("text")) for k, _, d in again.seen if k in ("hello", "mark")] == \
            [("hello", None), ("mark", "two"), ("mark", "three")]
        assert again.seen[0][1] == last


def test_a_stop_ends_the_stream_and_the_next_process_says_hello(proxy, live, sluice):
    stream = live(proxy)
    stream.wait_samples(1)
    proxy.stop()
    assert stream.wait_over() == b""
    assert any(k == "process" and d["text"] == "stopped" for k, _, d in stream.seen)
    after = sluice(proxy.conf)
    again = live(after, **{"Last-Event-ID": "99999"})
    _, hello = again.wait(lambda k, d: k == "hello", "hello")
    assert hello["pid"] == after.pid
    again.wait_samples(1)


def test_an_upgrade_ends_the_stream_and_the_successor_says_hello(proxy, live):
    stream = live(proxy)
    stream.wait_samples(1)
    proxy.send_signal(signal.SIGUSR2)
    try:
        assert stream.wait_over() == b""
        again = live(proxy)
        _, hello = again.wait(lambda k, d: k == "hello", "hello")
        assert hello["pid"] != proxy.pid
        assert hello["pid"] == proxy.status()["pid"]
        again.wait_samples(1)
    finally:
        for pid in re.findall(r"starts as process (\d+)", proxy.log()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGTERM)
    assert again.wait_over() == b""
    assert proxy.wait() == 0


# --- what there is changes -------------------------------------------------------------------

def names_in(sample):
    return {(service, server) for service, found in sample.get("services", {}).items()
            for server in found.get("servers", {})}


def test_servers_that_come_and_go_are_told_of(proxy, live, cluster):
    node = cluster.node(1)
    stream = live(proxy)
    stream.wait_samples(1)
    assert "New server registered" in proxy.ctl(f"add server psql/x9 {node.host}:{node.sql}")
    index, _ = stream.wait(lambda k, d: k == "topology" and d == {}, "topology")
    assert ("psql", "x9") not in set().union(*map(names_in, stream.samples()))
    proxy.status()
    assert proxy.ctl("set weight psql/x9 7") == "\n"
    stream.wait(is_sample("services", "psql", "servers", "x9", "weight", value=7), "weight")
    assert "Server deleted" in proxy.ctl("del server psql/x9")
    harness.wait_for(lambda: sum(k == "topology" for k, _, _ in stream.seen[index:]) == 2,
                     what="the second topology")
    stream.wait_samples(2)
    assert ("psql", "x9") not in names_in(stream.samples()[-1])


def test_a_reload_under_followers_misnames_nobody(proxy, live, cluster):
    streams = [live(proxy) for _ in range(2)]
    for stream in streams:
        stream.wait_samples(1)
    texts = [harness.cluster_conf(nodes) for nodes in
             (cluster.nodes[1:], cluster.nodes[::-1], cluster.nodes[:1])]
    for number, text in enumerate(texts, 1):
        ports = iter(re.findall(r"bind = (\"[^\"]*\")", proxy.conf))
        text = re.sub(r"bind = \"[^\"]*\"", lambda _, p=ports: f"bind = {next(p)}", text)
        proxy.write_conf(text)
        proxy.reload()
        for stream in streams:
            harness.wait_for(lambda s=stream, n=number:
                             sum(k == "topology" for k, _, _ in s.seen) >= n, what="topology")
        names = {s["name"] for s in proxy.status()["services"][0]["servers"]}
        assert names == set(re.findall(r'name = "(n\d)"', text))
        with contextlib.closing(harness.PgSession(proxy.sql_port)) as session:
            server = f"n{session.value('SHOW node_id')}"
            for stream in streams:
                start = len(stream.samples())
                stream.wait_samples(3)
                later = stream.samples()[start + 1:]
                assert {n for sample in later for _, n in names_in(sample)} <= names
            told = by_name(proxy.status())["services"]["psql"]["servers"]
            assert told[server]["sessions"] == 1
    for stream in streams:
        assert any(k == "mark" and "reloaded" in d["text"] for k, _, d in stream.seen)
        assert stream.over is None


# --- much at once ----------------------------------------------------------------------------

EVENTS = 30000
A_SECOND = 1000


class Marker:
    """Marks in the journal, a thousand a second, by one connection to the control socket."""

    def __init__(self, proxy):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(str(proxy.socket_path))
        self.socket.sendall(b"prompt i\n")
        self.began, self.made = time.monotonic(), 0

    def _make(self, count):
        marks = [f"drill mark {'x' * 120} {self.made + i}" for i in range(count)]
        self.socket.sendall(";".join([*marks, "echo full\n"]).encode())
        answer = b""
        while not answer.endswith(b"full\n\n"):
            more = self.socket.recv(65536)
            assert more, answer
            answer += more
        self.made += count

    def make(self, count):
        end = self.made + count
        while self.made < end:
            self._make(min(50, end - self.made))
            pause = self.began + self.made / A_SECOND - time.monotonic()
            if pause > 0:
                time.sleep(pause)  # the pace, not a guess

    def close(self):
        self.socket.close()


def test_a_thousand_events_a_second_do_not_grow_memory(cluster, sluice, live):
    proxy = sluice(harness.cluster_conf(cluster.nodes), env=peers.steady_memory())
    reading = live(proxy)
    reading.wait(lambda k, d: k == "hello", "hello")
    marker = Marker(proxy)
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    deaf.settimeout(PATIENCE)
    deaf.connect((proxy.admin_host, proxy.admin_port))
    deaf.sendall(b"GET /v1/live HTTP/1.1\r\nHost: x\r\n\r\n")
    try:
        marker.make(EVENTS // 2)
        before = peers.memory_kb(proxy.pid)
        marker.make(EVENTS // 2)
        grown = peers.memory_kb(proxy.pid) - before
        # A sanitizer of threads remembers more and more itself.
        assert grown < 4096 or b"__tsan_" in harness.program("sluice").read_bytes(), \
            f"{grown} kB"
        reading.wait(lambda k, d: k == "mark" and d["text"].endswith(f" {EVENTS - 1}"),
                     "last mark", 60)
        assert [d["text"].split()[-1] for k, _, d in reading.seen if k == "mark"] == \
            [str(i) for i in range(EVENTS)]
        # Samples went on between them.
        assert len(reading.samples()) >= EVENTS // A_SECOND // 2
        heard = 0
        with contextlib.suppress(ConnectionResetError):
            while got := deaf.recv(1 << 20):
                heard += len(got)
        assert heard < EVENTS * 200  # it was cut off: not all of it was kept
        assert proxy.http("/healthz")[0] == 200
    finally:
        marker.close()
        deaf.close()


def test_the_whole_journal_may_be_missed(proxy, live):
    """More than a follower may leave unread otherwise, to a client that is slow to begin."""
    marker = Marker(proxy)
    marker.make(3000)
    marker.close()
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    slow.settimeout(PATIENCE)
    slow.connect((proxy.admin_host, proxy.admin_port))
    slow.sendall(b"GET /v1/live?since=1 HTTP/1.1\r\nHost: x\r\n\r\n")
    live(proxy).wait_samples(2)
    heard = bytearray()
    while b"event: sample" not in heard:
        got = slow.recv(1 << 16)
        assert got, "cut off"
        heard += got
    slow.close()
    assert heard.count(b"\nevent: mark\n") >= 2000


# --- the past --------------------------------------------------------------------------------

def history(proxy, query=""):
    code, fields, body = proxy.http("/v1/history" + query)
    assert (code, fields["content-type"]) == (200, "application/json"), body
    return json.loads(body)


def test_the_history_has_curves_states_drills_and_marks(proxy, cluster):
    assert proxy.ctl("drill start outage") == "\n"
    sessions = [harness.PgSession(proxy.sql_port) for _ in range(6)]
    harness.wait_for(lambda: 6 in history(proxy, "?last=60&points=60")
                     ["services"]["psql"]["sessions"], what="six sessions")
    cluster.command(2, "kill")
    proxy.wait_server("psql/n2", "DOWN")
    assert proxy.ctl("drill mark node 2 is dead") == "\n"

    def told():
        found = history(proxy, "?last=60&points=60")
        servers = found["services"]["psql"]["servers"]
        return found if [s[1] for s in servers["n2"]["states"]][-1:] == ["down"] and \
            sum(filter(None, found["services"]["psql"]["connected"])) >= 6 else None
    found = harness.wait_for(told, what="the history to have it")
    psql = found["services"]["psql"]
    assert (found["every_ms"], found["points"]) == (1000, 60)
    now = time.time() * 1000
    assert now - 62000 < found["from"] < now - 57000
    assert len(psql["connected"]) == len(psql["failed"]) == 60
    assert psql["connected"][0] is None and psql["connected"][-1] is not None
    assert sum(filter(None, psql["connected"])) == \
        sum(n or 0 for s in psql["servers"].values() for n in s["connected"])
    assert sum(filter(None, psql["servers"]["n2"]["cut"])) == 2
    assert set(psql["servers"]) == {"n1", "n2", "n3"}
    assert psql["servers"]["n1"]["first"] == "checking"
    when, state, why = psql["servers"]["n2"]["states"][-1]
    assert state == "down" and why and found["from"] < when <= now + 1000
    drill, = found["drills"]
    assert (drill["name"], drill["to"]) == ("outage", None)
    assert [text for _, text in found["marks"]][-2:] == \
        ["drill began: outage", "node 2 is dead"]
    for session in sessions:
        with contextlib.suppress(OSError):
            session.close()


def test_a_history_that_cannot_be_is_refused_with_the_cure(proxy):
    assert history(proxy)["points"] == 180
    for query, words in (("?last=0", "last= takes seconds from 1 to 1800"),
                         ("?last=15m", "last= takes seconds"),
                         ("?points=-1", "points= takes a number from 1 to 1800")):
        code, _, body = proxy.http("/v1/history" + query)
        assert code == 400
        assert words in json.loads(body)["error"]
        assert "/v1/history?last=900&points=180" in body
