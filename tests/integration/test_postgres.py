# SPDX-License-Identifier: MIT
"""PostgreSQL's own server and clients on both sides; the health ports are simulated nodes'."""

import hashlib
import os
import random
import re
import signal
import socket
import struct
import subprocess

import pytest
from harness import (LOOPBACK, PATIENCE, PgError, PgSession, cluster_conf, free_port, make_cert,
                     psql, wait_for)
from peers import PATIENT_HTTP, conf_of, server, service
from pg import PG_BIN

HERE = {"user": "postgres", "database": "postgres"}


@pytest.fixture
def front(simnodes, sluice, postgres):
    """front(balance=…): (the port, the balancer, PostgreSQL, the simulated nodes)."""
    def start(balance="leastconn", tls=None):
        nodes, pg, port = simnodes(3), postgres(tls=tls), free_port()
        servers = [server(n.name, pg.port, check=f"port = {n.http}") for n in nodes.nodes]
        balancer = sluice(conf_of([service("psql", port, servers, check=PATIENT_HTTP,
                                           more=f'balance = "{balance}";')]))
        for n in nodes.nodes:
            balancer.wait_server(f"psql/{n.name}", "UP")
        return port, balancer, pg, nodes
    return start


def run(program_, port, *args, **options):
    """A client program of PostgreSQL; its output."""
    done = subprocess.run(
        [PG_BIN / program_, "-h", LOOPBACK, "-p", str(port), "-U", "postgres", *args],
        text=True, timeout=60, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=os.environ | {"PGDATABASE": "postgres"}, **options)
    assert done.returncode == 0, done.stdout
    return done.stdout


def totals(balancer):
    return [int(row["stot"]) for name, row in balancer.stat().items()
            if name.startswith("psql/n")]


def wait_no_session(balancer):
    wait_for(lambda: balancer.status()["sessions"] == 0, what="no session to be left")


def test_psql_through_the_balancer(front):
    port, balancer, _, _ = front()
    assert psql(port, "SELECT 6 * 7", "SHOW server_version_num", **HERE).stdout.startswith("42\n15")
    failed = psql(port, "SELECT 1 / 0", check=False, **HERE)
    assert "division by zero" in failed.stderr
    assert "does not exist" in psql(port, "SELECT 1", user="postgres", database="nowhere",
                                    check=False).stderr
    wait_no_session(balancer)
    ended = balancer.status()["services"][0]["ended"]
    assert ended["normal"] == sum(ended.values()) == 3


@pytest.mark.parametrize("protocol", ["simple", "extended", "prepared"])
def test_pgbench_through_the_balancer(front, protocol):
    port, balancer, _, _ = front()
    run("pgbench", port, "-i", "-s", "1", "-q")
    before = totals(balancer)
    out = run("pgbench", port, "-c", "6", "-j", "2", "-t", "60", "-n", "-M", protocol)
    assert "number of transactions actually processed: 360/360" in out
    assert "number of failed transactions: 0 (0.000%)" in out
    # Six sessions that live long, and one that asked for the scale first.
    assert sum(totals(balancer)) - sum(before) == 7
    wait_no_session(balancer)
    assert sum(psql(port, "SELECT count(*) FROM pgbench_history", **HERE).stdout == "360\n"
               for _ in range(3)) == 3


def test_new_connections_are_spread_evenly(front):
    """pgbench -C connects for each transaction."""
    port, balancer, _, _ = front(balance="roundrobin")
    out = run("pgbench", port, "-C", "-c", "4", "-j", "2", "-t", "25", "-n", "-f", "/dev/stdin",
              input="SELECT 1;\n")
    assert "number of transactions actually processed: 100/100" in out
    counts = totals(balancer)
    assert sum(counts) >= 100
    assert max(counts) - min(counts) <= 1, counts


def test_pgbench_goes_on_while_nodes_come_and_go(front):
    port, balancer, _, nodes = front()
    bench = subprocess.Popen(
        [PG_BIN / "pgbench", "-h", LOOPBACK, "-p", str(port), "-U", "postgres", "-C", "-c", "4",
         "-j", "2", "-T", "60", "-n", "-f", "/dev/stdin", "postgres"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        bench.stdin.write("SELECT 1;\n")
        bench.stdin.close()
        for number in 1, 2, 3:
            before = totals(balancer)[number - 1]
            wait_for(lambda: totals(balancer)[number - 1] > before + 5, what="sessions on it")
            nodes.command(number, "unready")
            balancer.wait_seen(f"psql/n{number}", "NOLB")
            stopped = totals(balancer)
            wait_for(lambda: sum(totals(balancer)) > sum(stopped) + 20, what="sessions elsewhere")
            # Each of the four may have been on its way there.
            assert totals(balancer)[number - 1] <= stopped[number - 1] + 4
            nodes.command(number, "reset")
            balancer.wait_server(f"psql/n{number}", "UP")
        assert bench.poll() is None, "pgbench gave up"
    finally:
        bench.send_signal(signal.SIGINT)
        out = bench.stdout.read()
        bench.wait(PATIENCE)
        bench.stdout.close()
    assert "error" not in out and "aborted" not in out, out
    wait_no_session(balancer)
    ended = balancer.status()["services"][0]["ended"]
    assert not [k for k, n in ended.items() if n and k not in ("normal", "client_reset")], ended


# --- TLS --------------------------------------------------------------------------------------


def test_tls_passes_through_untouched(front, tmp_path):
    """The client verifies PostgreSQL's certificate, which names the balancer."""
    tls = make_cert(tmp_path, names=("proxy.example.test",), addresses=("127.0.0.9",))
    port, _, _, _ = front(tls=tls)
    ask = "SELECT version || ' ' || ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    strict = {"sslmode": "verify-full", "sslrootcert": tls[0], "hostaddr": LOOPBACK}
    good = psql(port, ask, host="proxy.example.test", **strict, **HERE)
    assert good.stdout == "TLSv1.3 true\n"
    bad = psql(port, ask, host="other.example.test", check=False, **strict, **HERE)
    assert bad.returncode != 0
    assert 'does not match host name "other.example.test"' in bad.stderr


def test_tls_carries_megabytes(front, tmp_path):
    tls = make_cert(tmp_path, names=("proxy.example.test",))
    port, _, _, _ = front(tls=tls)
    out = psql(port, "SELECT md5(string_agg(md5(i::text), '' ORDER BY i)), "
                     "string_agg(md5(i::text), '' ORDER BY i) FROM generate_series(1, 100000) i",
               host="proxy.example.test", sslmode="verify-full", sslrootcert=tls[0],
               hostaddr=LOOPBACK, **HERE).stdout.strip()
    digest, _, text = out.partition("|")
    assert len(text) == 3200000
    assert hashlib.md5(text.encode()).hexdigest() == digest


# --- much data --------------------------------------------------------------------------------


def test_copy_in_and_out_keeps_every_byte(front, tmp_path):
    port, balancer, pg, _ = front()
    rng = random.Random(5)
    source, back = tmp_path / "in.csv", tmp_path / "out.csv"
    with source.open("w", encoding="ascii") as f:
        for i in range(60000):
            f.write(f"{i},{rng.randbytes(rng.randrange(20, 80)).hex()}\n")
    psql(port, "CREATE TABLE t (i INT PRIMARY KEY, d TEXT)", **HERE)
    run("psql", port, "-X", "-q", "-c", rf"\copy t FROM '{source}' CSV")
    run("psql", port, "-X", "-q", "-c", rf"\copy (SELECT * FROM t ORDER BY i) TO '{back}' CSV")
    assert source.stat().st_size > 5 << 20
    assert hashlib.sha256(back.read_bytes()).digest() == \
        hashlib.sha256(source.read_bytes()).digest()
    # What PostgreSQL has is what it gets without the balancer, too.
    assert psql(pg.port, "SELECT count(*), max(i) FROM t", **HERE).stdout == "60000|59999\n"
    wait_no_session(balancer)
    row = balancer.stat()["psql/BACKEND"]
    assert int(row["bin"]) > source.stat().st_size
    assert int(row["bout"]) > source.stat().st_size


def test_pg_dump_gives_the_same_with_and_without(front):
    port, _, pg, _ = front()
    run("pgbench", pg.port, "-i", "-s", "1", "-q")

    def dump(at):
        # Each dump has a random key, in lines of their own.
        return re.sub(r"(?m)^\\(un)?restrict .*$", "", run("pg_dump", at, "--no-owner"))
    through = dump(port)
    assert len(through) > 1 << 20
    assert through == dump(pg.port)


# --- cancelling, notices, ends ----------------------------------------------------------------


def wait_asleep(pg):
    with PgSession(pg.port, **HERE) as watch:
        wait_for(lambda: watch.value("SELECT count(*) FROM pg_stat_activity "
                                     "WHERE wait_event = 'PgSleep'") == "1")


def test_control_c_cancels_a_statement(front):
    port, _, pg, _ = front()
    running = subprocess.Popen(
        ["psql", "-X", "-h", LOOPBACK, "-p", str(port), "-U", "postgres", "-d", "postgres",
         "-c", "SELECT pg_sleep(600)"], stderr=subprocess.PIPE, text=True)
    wait_asleep(pg)
    running.send_signal(signal.SIGINT)
    assert "canceling statement due to user request" in running.communicate(timeout=PATIENCE)[1]


def test_a_cancel_request_is_a_session_of_its_own(front):
    port, balancer, pg, _ = front(balance="roundrobin")
    with PgSession(port, **HERE) as session:
        session.send("SELECT pg_sleep(600)")
        wait_asleep(pg)
        with socket.create_connection((LOOPBACK, port), PATIENCE) as cancel:
            cancel.sendall(struct.pack("!II", 16, 80877102) + session.key)
            assert cancel.recv(1) == b""
        with pytest.raises(PgError) as caught:
            session.finish()
        assert caught.value.sqlstate == "57014"
        assert session.value("SELECT 1") == "1"
    wait_no_session(balancer)
    assert balancer.status()["services"][0]["ended"]["normal"] == 2


def test_a_notification_comes_to_a_client_that_is_silent(front):
    port, _, _, _ = front()
    with PgSession(port, **HERE) as hears, PgSession(port, **HERE) as says:
        hears.query("LISTEN bell")
        says.query("NOTIFY bell, 'ding'")
        kind, body = hears.message()
        assert (kind, body[4:]) == ("A", b"bell\0ding\0")


def test_a_client_reads_why_postgresql_left(front):
    """Smart clients need the last words: FATAL 57P01 comes before the end."""
    port, balancer, pg, _ = front()
    with PgSession(port, **HERE) as session:
        pid = session.value("SELECT pg_backend_pid()")
        psql(pg.port, f"SELECT pg_terminate_backend({pid})", **HERE)
        kind, body = session.message()
        assert kind == "E" and b"57P01" in body
        with pytest.raises(ConnectionError):
            session.message()
    wait_no_session(balancer)


def test_too_many_clients_hear_so_from_postgresql(simnodes, sluice, postgres):
    nodes, pg = simnodes(1), postgres(settings={"max_connections": 4,
                                                "superuser_reserved_connections": 0})
    conf = cluster_conf([nodes.nodes[0]])
    conf = re.sub(r"sql_port = \d+", f"sql_port = {pg.port}", conf)
    port = int(re.search(r'"psql"; bind = "[^"]*:(\d+)"', conf)[1])
    balancer = sluice(conf)
    balancer.wait_server("psql/n1", "UP")
    held = [PgSession(port, **HERE) for _ in range(4)]
    for _ in range(5):
        with pytest.raises(PgError) as caught:
            PgSession(port, **HERE)
        assert caught.value.sqlstate == "53300"
    for session in held:
        assert session.value("SELECT 1") == "1"
        session.close()
