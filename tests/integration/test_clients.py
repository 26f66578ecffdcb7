# SPDX-License-Identifier: MIT
"""The clients that HAProxy's users have, each as Debian has it, against sluice in its place."""

import contextlib
import json
import os
import re
import shlex
import signal
import socket
import struct
import subprocess
import time
from dataclasses import dataclass

import balancer
import harness
import pytest
from balancer import needs, output
from harness import LOOPBACK, PATIENCE, free_port, http_get, psql, wait_for
from screen import Screen


@pytest.fixture
def lb(cluster, tmp_path, started):
    return started(balancer.start(tmp_path, cluster.nodes))


def sessions(lb, count):
    """So many sessions, one after another; the nodes that answered."""
    return [psql(lb.sql_port, "SHOW node_id").stdout.strip() for _ in range(count)]


# --- socat ------------------------------------------------------------------------------------


def shell(lb, line):
    """A line of a runbook: $S is the stats socket."""
    return output("bash", "-o", "pipefail", "-c", line, env=os.environ | {
        "S": f"unix-connect:{lb.socket_path}", "LC_ALL": "C"})


@needs("socat")
def test_the_one_liners_of_a_runbook(lb):
    """As they are written down: pipes of echo, socat, cut, grep and awk."""
    assert shell(lb, "echo 'show info' | socat stdio $S | grep -c '^Name: HAProxy$'") == "1\n"
    assert shell(lb, "echo 'show info' | socat stdio $S | awk -F': ' '$1==\"Pid\"{print $2}'") == \
        f"{lb.pid}\n"
    rows = shell(lb, "echo 'show stat' | socat $S stdio | cut -d, -f1,2,18,19 | column -s, -t")
    assert [line.split() for line in rows.splitlines()[:6]] == [
        ["#", "pxname", "svname", "status", "weight"], ["psql", "FRONTEND", "OPEN"],
        ["psql", "n1", "UP", "1"], ["psql", "n2", "UP", "1"], ["psql", "n3", "UP", "1"],
        ["psql", "BACKEND", "UP", "3"]]
    down = ("echo 'show stat' | socat stdio $S | "
            "awk -F, 'NR>1 && $18 ~ /DOWN|MAINT/ {print $1\"/\"$2}'")
    assert shell(lb, down) == ""
    assert shell(lb, "echo 'disable server psql/n2' | socat stdio $S") == "\n"
    assert shell(lb, down) == "psql/n2\n"
    assert set(sessions(lb, 6)) == {"1", "3"}
    assert shell(lb, "echo 'enable server psql/n2' | socat stdio $S") == "\n"
    wait_for(lambda: shell(lb, down) == "", what="n2 to be up")
    assert shell(lb, "echo 'set weight psql/n1 0; get weight psql/n1' | socat stdio $S") == \
        "\n0 (initial 1)\n\n"
    assert set(sessions(lb, 6)) == {"2", "3"}
    assert shell(lb, "echo 'set weight psql/n1 100%' | socat stdio $S") == "\n"
    for word, status in (("drain", "DRAIN"), ("maint", "MAINT")):
        assert shell(lb, f"echo 'set server psql/n3 state {word}' | socat - $S") == "\n"
        assert lb.column("psql/n3", "status") == status
        assert set(sessions(lb, 6)) == {"1", "2"}
    assert shell(lb, "echo 'set server psql/n3 state ready' | socat - $S") == "\n"
    lb.wait_column("psql/n3", "status", "UP")
    assert shell(lb, "echo 'set weight psql/nope 1' | socat - $S") == "No such server.\n\n"
    assert shell(lb, "echo 'help' | socat - $S | grep -c 'show servers state'") == "1\n"


@needs("socat")
def test_a_list_of_orders_from_a_file(lb, tmp_path):
    """`socat … <file` sends all lines at once, and the prompt makes them a conversation."""
    orders = tmp_path / "orders"
    orders.write_text("prompt\nset weight psql/n1 7\nget weight psql/n1\nshow version\nquit\n")
    said = shell(lb, f"socat -t5 stdio $S <{shlex.quote(str(orders))}")
    assert re.fullmatch(r"\n> \n> 7 \(initial 1\)\n\n> \d+\.\d+\S*\n\n> ", said), said
    orders.write_text("; ".join(f"set weight psql/n{n} {n}" for n in (1, 2, 3)) + "\n")
    assert shell(lb, f"socat -t5 stdio $S <{shlex.quote(str(orders))}").strip() == ""
    assert [lb.column(f"psql/n{n}", "weight") for n in (1, 2, 3)] == ["1", "2", "3"]


@needs("socat")
def test_the_state_file_of_a_reload(lb, tmp_path):
    """`show servers state` into a file, before a reload: two proxies, three servers each."""
    state = tmp_path / "state"
    shell(lb, f"echo 'show servers state' | socat stdio $S >{shlex.quote(str(state))}")
    lines = state.read_text().splitlines()
    assert lines[0] == "1"
    assert lines[1].startswith("# be_id be_name srv_id srv_name srv_addr srv_op_state ")
    rows = [line.split(" ") for line in lines[2:] if line]
    assert [(row[1], row[3]) for row in rows] == [
        (proxy, f"n{n}") for proxy in ("psql", "consoles") for n in (1, 2, 3)]
    assert {len(row) for row in rows} == {len(lines[1].split()) - 1}


@needs("socat")
def test_a_session_is_found_and_shut_down(lb):
    with harness.PgSession(lb.sql_port) as held:
        port = held.socket.getsockname()[1]
        found = shell(lb, f"echo 'show sess' | socat - $S | grep ':{port} ' | cut -d: -f1").strip()
        assert re.fullmatch(r"0x[0-9a-f]+", found)
        assert "frontend=psql" in shell(lb, f"echo 'show sess {found}' | socat - $S")
        assert shell(lb, f"echo 'shutdown session {found}' | socat - $S") == "\n"
        with pytest.raises(OSError):
            held.query("SELECT 1")
        held.socket.close()
    assert str(port) not in shell(lb, "echo 'show sess' | socat - $S")


@needs("curl")
def test_curl_reads_the_statistics(lb):
    url = f"http://{LOOPBACK}:{lb.stats_port}/stats"
    text = output("curl", "-fsS", f"{url};csv")
    assert text.splitlines()[0] == lb.ctl("show stat").splitlines()[0]
    assert re.search(r"^psql,n1,.*,UP,1,", text, re.M)
    fields = json.loads(output("curl", "-fsS", f"{url};json"))
    assert fields[0][0]["field"]["name"] == "pxname"
    page = output("curl", "-fsSi", "--compressed", url)
    assert re.search(r"^content-type: text/html", page, re.I | re.M)
    assert "Statistics Report" in page and "consoles" in page
    assert output("curl", "-fsS", "-o", "/dev/null", "-w", "%{http_code},", f"{url};csv",
                  "-o", "/dev/null", f"{url};csv") == "200,200,"
    assert output("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}",
                  f"http://{LOOPBACK}:{lb.stats_port}/nope") in ("404", "503")


# --- hatop ------------------------------------------------------------------------------------


@pytest.fixture
def screen(tmp_path):
    with contextlib.ExitStack() as stack:
        yield lambda *argv: stack.enter_context(contextlib.closing(Screen(tmp_path, *argv)))


@needs("hatop", "tmux")
def test_hatop_shows_the_servers(lb, screen):
    sessions(lb, 3)
    top = screen("hatop", "-s", lb.socket_path, "-i", "1")
    top.wait(r"HAProxy Version: +2\.6\.")
    top.wait(r"^>>> psql\b")
    for name in ("n1", "n2", "n3"):
        top.wait(rf"^{name} +1 +UP +L7OK ")
    text = top.text()
    assert re.search(r"^FRONTEND +\S+ +OPEN", text, re.M)
    assert re.search(r"^BACKEND +3 +UP", text, re.M)
    assert ">>> consoles" in text and ">>> dbconsole" in text
    for key, heading in (("2", r"LBTOT|BIN +BOUT"), ("3", "RATE"), ("4", "ECONN"), ("1", "STATUS")):
        top.press(key)
        top.wait(heading)
        top.wait(r"^n1 ")
    lb.ctl("disable server psql/n2")
    top.wait(r"^n2 +1 +MAINT ")
    top.wait(r"^BACKEND +2 +UP")
    top.press("q")
    wait_for(top.has_ended, what="hatop to end")
    assert top.errors.read_text() == ""


@needs("hatop", "tmux")
def test_hatop_gives_orders(lb, screen):
    top = screen("hatop", "-s", lb.socket_path, "-i", "1", "-p", "psql")
    top.wait(r"^n2 +1 +UP +L7OK ")
    assert ">>> consoles" not in top.text()

    def go_to_n2():
        if top.marks("n2 "):
            return True
        top.press("Down")
        return False
    wait_for(go_to_n2, what="the mark on n2", interval=0.2)
    top.press("F10")
    lb.wait_column("psql/n2", "status", "MAINT")
    top.wait(r"^n2 +1 +MAINT ")
    assert set(sessions(lb, 4)) == {"1", "3"}
    top.press("F9")
    lb.wait_column("psql/n2", "status", "UP")
    top.wait(r"^n2 +1 +UP ")
    for key, weight in (("F8", "11"), ("F7", "12"), ("F5", "2"), ("F6", "1"), ("F8", "11"),
                        ("F4", "1")):
        # hatop counts from the weight that it shows.
        before = lb.column("psql/n2", "weight")
        top.wait(rf"^n2 +{before} +UP ")
        top.press(key)
        try:
            lb.wait_column("psql/n2", "weight", weight)
        except AssertionError:
            raise AssertionError(f"{key} from {before}: {lb.column('psql/n2', 'weight')}\n"
                                 f"{top.text()}") from None
    top.press("5")
    top.press("-l", "get weight psql/n2")
    top.press("Enter")
    top.wait(r"^1 \(initial 1\)")
    top.press("Escape")
    top.press("1")
    top.wait(r"^n2 +1 +UP ")
    top.press("q")
    wait_for(top.has_ended, what="hatop to end")
    assert top.errors.read_text() == ""


# --- Prometheus -------------------------------------------------------------------------------


def samples(text):
    """{"name{labels}": value} of an exposition."""
    lines = (line.rsplit(" ", 1) for line in text.splitlines() if line and line[0] != "#")
    return {name: float(value) for name, value in lines}


@needs("prometheus-haproxy-exporter")
@pytest.mark.parametrize("way", ["http", "unix"])
def test_the_exporter_reads_everything(lb, cluster, tmp_path, started, way):
    sessions(lb, 6)
    uri = (f"http://{LOOPBACK}:{lb.stats_port}/stats;csv" if way == "http"
           else f"unix:{lb.socket_path}")
    port = free_port()
    exporter = harness.Process(
        "exporter", ["prometheus-haproxy-exporter", f"--haproxy.scrape-uri={uri}",
                     f"--web.listen-address={LOOPBACK}:{port}"], tmp_path / "exporter.log")
    exporter.stop = exporter.end
    started(exporter)

    def scrape():
        return samples(http_get(LOOPBACK, port, "/metrics")[2])
    wait_for(lambda: harness.can_connect(LOOPBACK, port), what="the exporter")
    now = scrape()
    assert now["haproxy_up"] == 1
    assert now["haproxy_exporter_csv_parse_failures_total"] == 0
    for n in ("n1", "n2", "n3"):
        assert now[f'haproxy_server_up{{backend="psql",server="{n}"}}'] == 1
        assert now[f'haproxy_server_sessions_total{{backend="psql",server="{n}"}}'] == 2
        assert now[f'haproxy_server_weight{{backend="consoles",server="{n}"}}'] == 1
    assert now['haproxy_backend_up{backend="psql"}'] == 1
    assert now['haproxy_backend_current_server{backend="psql"}'] == 3
    assert now['haproxy_frontend_sessions_total{frontend="psql"}'] == 6
    assert now['haproxy_frontend_bytes_in_total{frontend="psql"}'] == \
        float(lb.column("psql/FRONTEND", "bin")) > 0
    assert now['haproxy_backend_bytes_out_total{backend="psql"}'] == \
        float(lb.column("psql/BACKEND", "bout")) > 0
    assert now['haproxy_backend_limit_sessions{backend="psql"}'] == \
        float(lb.column("psql/BACKEND", "slim"))
    for family in ("frontend_connections_total", "backend_http_total_time_average_seconds",
                   "server_check_duration_seconds", "server_downtime_seconds_total"):
        assert any(name.startswith(f"haproxy_{family}{{") for name in now), family
    if way == "unix":
        assert any(name.startswith("haproxy_version_info{") and 'version="2.6.' in name
                   for name in now)
    cluster.command(2, "kill")
    wait_for(lambda: scrape()['haproxy_server_up{backend="psql",server="n2"}'] == 0,
             what="n2 to be seen down")
    wait_for(lambda: scrape()['haproxy_backend_current_server{backend="psql"}'] == 2,
             what="two servers")
    assert scrape()['haproxy_server_downtime_seconds_total{backend="psql",server="n1"}'] == 0
    assert "level=error" not in exporter.log()


# The one complaint that promtool has about HAProxy's own metrics.
LINT = 'haproxy_process_failed_resolutions counter metrics should have "_total" suffix'


@needs("promtool")
def test_promtool_finds_nothing_in_the_metrics(lb, cluster):
    sessions(lb, 3)
    cluster.command(3, "unready")
    lb.wait_column("psql/n3", "status", "DOWN")
    for query in ("", "?scope=global", "?scope=frontend&scope=backend", "?scope=server",
                  "?no-maint"):
        status, headers, text = http_get(LOOPBACK, lb.stats_port, "/metrics" + query)
        assert status == 200 and text
        assert headers["content-type"].startswith("text/plain; version=0.0.4")
        done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE,
                              check=False)
        assert done.returncode in (0, 3), done.stdout
        assert set(done.stdout.splitlines()) <= {"", LINT}, query
    now = samples(http_get(LOOPBACK, lb.stats_port, "/metrics")[2])
    assert now['haproxy_server_status{proxy="psql",server="n1",state="UP"}'] == 1
    assert now['haproxy_server_status{proxy="psql",server="n3",state="DOWN"}'] == 1
    assert now['haproxy_server_check_code{proxy="psql",server="n3"}'] == 503
    assert now['haproxy_frontend_sessions_total{proxy="psql"}'] == 3


# --- logs -------------------------------------------------------------------------------------


class Rsyslogd(harness.Process):
    """rsyslogd that listens on UDP; a file in its traditional format, and one with its fields."""

    CONF = """
module(load="imudp")
input(type="imudp" address="127.0.0.1" port="{port}")
template(name="fields" type="string" string="%programname% %syslogfacility-text%.\
%syslogseverity-text% %msg:::drop-last-lf%\\n")
*.* action(type="omfile" file="{home}/haproxy.log" template="RSYSLOG_TraditionalFileFormat")
*.* action(type="omfile" file="{home}/fields.log" template="fields")
"""

    def __init__(self, tmp_path):
        self.home = tmp_path
        self.port = free_port()
        conf = tmp_path / "rsyslog.conf"
        conf.write_text(self.CONF.format(port=self.port, home=tmp_path))
        super().__init__("rsyslogd", ["/usr/sbin/rsyslogd", "-n", "-f", conf, "-i",
                                      tmp_path / "rsyslogd.pid"], tmp_path / "rsyslogd.log")
        try:
            wait_for(self._hears, what="rsyslogd to write what it is sent")
        except BaseException:
            self.show()
            self.child.kill()
            self.child.wait()
            raise
        for name in ("haproxy.log", "fields.log"):
            (tmp_path / name).write_bytes(b"")  # opened for appending

    def _hears(self):
        assert self.is_running(), self.log()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(b"<13>Jan  1 00:00:00 test: are you there?", (LOOPBACK, self.port))
        return self.lines("fields.log")

    def lines(self, name="haproxy.log"):
        path = self.home / name
        return path.read_text("utf-8", "replace").splitlines() if path.exists() else []

    def wait_line(self, pattern, name="haproxy.log", count=1):
        def found():
            lines = [line for line in self.lines(name) if re.search(pattern, line)]
            return lines if len(lines) >= count else None
        try:
            return wait_for(found)
        except AssertionError:
            raise AssertionError(f"not {count} lines with {pattern!r}: "
                                 f"{self.lines(name)}") from None

    def stop(self):
        assert self.end() == 0, self.log()


@dataclass
class Logged:
    lb: balancer.Balancer
    syslog: Rsyslogd


@pytest.fixture
def logged(cluster, tmp_path, started):
    syslog = started(Rsyslogd(tmp_path))
    lb = started(balancer.start(tmp_path, cluster.nodes, f"log {LOOPBACK}:{syslog.port} local0"))
    return Logged(lb, syslog)


TRAFFIC = r"haproxy\[\d+\]: 127\.0\.0\.1:\d+ \["


def traffic(logged):
    """Nine sessions, one that its client resets, one for the console; their lines in a file."""
    sessions(logged.lb, 9)
    begin = time.monotonic()
    held = harness.PgSession(logged.lb.sql_port)
    held.query("SELECT pg_sleep(0.6)")
    held.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    held.socket.close()
    spent = (time.monotonic() - begin) * 1000
    assert http_get(LOOPBACK, logged.lb.http_port, "/health")[0] == 200
    lines = logged.syslog.wait_line(TRAFFIC, count=11)
    path = logged.syslog.home / "traffic.log"
    path.write_text("\n".join(lines) + "\n")
    return path, spent


@needs("lnav", "halog", "rsyslogd")
def test_lnav_and_halog_read_the_log(logged, tmp_path):
    path, spent = traffic(logged)
    env = os.environ | {"HOME": str(tmp_path), "TERM": "xterm", "LC_ALL": "C.UTF-8"}

    def query(sql):
        text = output("lnav", "-n", "-c", f";{sql}", "-c", ":write-csv-to -", path, env=env)
        return [tuple(line.split(",")) for line in text.splitlines()[1:]]
    assert query("SELECT log_format, count(*) FROM all_logs GROUP BY 1") == [("haproxy_log", "11")]
    assert query("SELECT frontend_name, backend_name, count(*), sum(retries) FROM haproxy_log "
                 "GROUP BY 1, 2 ORDER BY 1") == [("dbconsole", "consoles", "1", "0"),
                                                 ("psql", "psql", "10", "0")]
    assert query("SELECT server_name, termination_state, count(*) FROM haproxy_log WHERE "
                 "frontend_name = 'psql' AND termination_state = '--' GROUP BY 1, 2 ORDER BY 1") \
        == [("n1", "--", "3"), ("n2", "--", "3"), ("n3", "--", "3")]
    # A client that is reset may be noticed while data flows or in a pause of it.
    (client, state, time_total, port), = query(
        "SELECT client_ip, termination_state, tt, client_port FROM haproxy_log "
        "WHERE frontend_name = 'psql' AND termination_state <> '--'")
    assert (client, state) == (LOOPBACK, "CD")
    assert 600 <= int(time_total) <= spent + 1000
    assert int(port) > 1024
    assert query("SELECT count(*) FROM haproxy_log WHERE bytes_read > 0 AND actconn >= 1 AND "
                 "feconn >= 1") == [("11",)]
    def halog(*options):
        return output("halog", "-q", *options, send=path.read_text())
    assert halog("-c") == "11\n"
    servers = {line.split()[0] for line in halog("-srv").splitlines()[1:]}
    assert servers >= {"psql/n1", "psql/n2", "psql/n3"}
    assert len([s for s in servers if s.startswith("consoles/n")]) == 1


@needs("rsyslogd")
def test_rsyslog_sorts_the_lines(logged, cluster):
    """Facility, severity and program name are HAProxy's."""
    sessions(logged.lb, 1)
    logged.syslog.wait_line(r"^haproxy local0\.info +127\.0\.0\.1:\d+ \[.*\] psql psql/n\d ",
                            "fields.log")
    cluster.command(2, "unready")
    logged.syslog.wait_line(
        r"^haproxy local0\.alert +Server psql/n2 is DOWN, reason: Layer7 wrong status, code: 503, "
        r'info: "Service Unavailable", check duration: \d+ms\. 2 active and 0 backup servers '
        r"left\. 0 sessions active, 0 requeued, 0 remaining in queue\.$", "fields.log")
    cluster.command(2, "reset")
    logged.syslog.wait_line(
        r"^haproxy local0\.notice +Server psql/n2 is UP, reason: Layer7 check passed, code: 200, "
        r"check duration: \d+ms\. 3 active and 0 backup servers online\. 0 sessions requeued, "
        r"0 total in queue\.$", "fields.log")
    logged.lb.ctl("disable server psql/n1")
    logged.syslog.wait_line(r"^haproxy local0\.\w+ +Server psql/n1 is going DOWN for maintenance",
                            "fields.log")
    assert not [line for line in logged.syslog.lines("fields.log")
                if not re.match(r"haproxy local0\.|test user\.notice |rsyslogd ", line)]


# --- PostgreSQL's own clients -----------------------------------------------------------------


@dataclass(frozen=True)
class Database:
    name: str
    host: str
    sql: int
    http: int = 0


@pytest.fixture
def databases(tmp_path, postgres, started):
    """Three PostgreSQL servers, and the balancer before them with TCP checks."""
    servers = [postgres(settings={"cluster_name": f"node{n}", "shared_buffers": "16MB"})
               for n in (1, 2, 3)]
    nodes = [Database(f"n{n}", LOOPBACK, s.port, s.port) for n, s in enumerate(servers, 1)]
    lb = started(balancer.start(tmp_path, nodes, check=""))
    lb.servers = servers
    return lb


PG = {"user": "postgres", "database": "postgres"}


@needs("psql", "pgbench", "pg_dump", "pg_isready")
def test_psql_and_its_family(databases, tmp_path):
    port = databases.sql_port
    where = ["-h", LOOPBACK, "-p", port]
    output("pg_isready", "-q", *where)
    names = [psql(port, "show cluster_name", **PG).stdout.strip() for _ in range(6)]
    assert sorted(names) == ["node1", "node1", "node2", "node2", "node3", "node3"]
    total = psql(port, "create temp table t (x text)", "copy (select repeat('y', 999) from "
                 "generate_series(1, 8000)) to stdout", **PG).stdout
    assert total == ("y" * 999 + "\n") * 8000
    # 10 MB in, on a session of its own.
    rows = tmp_path / "rows"
    rows.write_text(("a" * 99 + "\n") * 100000)
    assert psql(port, "create temp table t (x text)", rf"\copy t from '{rows}'",
                "select count(*), max(length(x)) from t", **PG).stdout == "100000|99\n"
    # A dump through it is the dump of the node.
    for n, server in enumerate(databases.servers, 1):
        psql(server.port, "create table notes (id int primary key, x text)",
             f"insert into notes select i, 'note ' || i from generate_series(1, {n}00) i", **PG)

    def dump(port):
        text = output("pg_dump", "-h", LOOPBACK, "-p", port, "-U", "postgres", "postgres")
        return re.sub(r"^\\(un)?restrict .*$", "", text, flags=re.M)  # a new token each time
    assert dump(port) in {dump(s.port) for s in databases.servers}


@needs("pgbench")
@pytest.mark.parametrize("options", [
    ["-c", "20", "-j", "2", "-t", "50"], ["-C", "-c", "4", "-t", "15"],
    ["-M", "prepared", "-c", "8", "-t", "50"]], ids=["simple", "connect", "prepared"])
def test_pgbench_fails_no_transaction(databases, tmp_path, options):
    script = tmp_path / "work.sql"
    script.write_text("\\set n random(1, 1000)\nselect :n + 1;\n")
    said = output("pgbench", "-h", LOOPBACK, "-p", databases.sql_port, "-U", "postgres", "-n",
                  "-f", script, *options, "postgres", timeout=60)
    assert re.search(r"^number of failed transactions: 0 ", said, re.M), said
    clients, count = (int(options[options.index(o) + 1]) for o in ("-c", "-t"))
    assert f"actually processed: {clients * count}/{clients * count}" in said
    rows = databases.stat()
    # One connection more asks for the version of the server, or none.
    expected = clients * count if "-C" in options else clients
    assert expected <= int(rows["psql/FRONTEND"]["stot"]) <= expected + clients + 1
    taken = [int(rows[f"psql/n{n}"]["stot"]) for n in (1, 2, 3)]
    assert max(taken) - min(taken) <= 1


@needs("psql")
def test_a_session_outlives_the_drain_of_its_node(databases):
    with harness.PgSession(databases.sql_port, **PG) as held:
        n = int(held.value("show cluster_name").removeprefix("node"))
        others = {f"node{i}" for i in (1, 2, 3)} - {f"node{n}"}
        for word in ("drain", "maint"):
            assert databases.ctl(f"set server psql/n{n} state {word}") == "\n"
            assert {psql(databases.sql_port, "show cluster_name", **PG).stdout.strip()
                    for _ in range(4)} == others
            assert held.value("select 6 * 7") == "42"
        # The node dies: the session with it, and nobody else notices.
        databases.servers[n - 1].send_signal(signal.SIGQUIT)
        with pytest.raises((OSError, harness.PgError)):
            held.query("select pg_sleep(30)")
    databases.servers[n - 1].wait()
    assert psql(databases.sql_port, "select 1", **PG).stdout == "1\n"
