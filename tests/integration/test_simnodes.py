# SPDX-License-Identifier: MIT
"""The simulated nodes, judged by clients that know nothing of them: psql, pgbench, curl."""

import json
import signal
import socket
import struct
import subprocess
import time

import pytest
from harness import (LOOPBACK, PATIENCE, PgError, PgSession, can_connect, http_get, psql,
                     wait_for)

NOT_ACCEPTING = "FATAL:  server is not accepting clients, try another node"


def curl(node, path, *options):
    """(head, body) as curl saw them."""
    done = subprocess.run(["curl", "-sS", "-i", "--max-time", "10", *options,
                           f"http://{node.host}:{node.http}{path}"],
                          capture_output=True, text=True, check=True, timeout=PATIENCE)
    return done.stdout.replace("\r\n", "\n").split("\n\n", 1)


@pytest.fixture
def cluster(simnodes):
    return simnodes(2, ["region=us-east1,zone=b", "region=us-west1,zone=a"])


@pytest.mark.parametrize("sql, rows", [
    ("SELECT 1", "1"),
    ("select -7; SELECT 8;", "-7\n8"),
    ("SHOW node_id", "2"),
    ("SELECT pg_sleep(0.05)", "t"),
    ("", ""),
    ("BEGIN; SELECT 3; COMMIT", "3"),
    ("SET application_name = 'x'", ""),
])
def test_psql_gets_rows(cluster, sql, rows):
    assert psql(cluster.node(2).sql, sql).stdout.strip() == rows


def test_psql_gets_errors(cluster):
    failed = psql(cluster.node(1).sql, "CREATE TABLE t (i INT)", check=False)
    assert failed.returncode != 0
    assert "ERROR:  this simulated node does not know that statement" in failed.stderr


def test_psql_asks_for_tls_and_goes_on_without(cluster):
    port = cluster.node(1).sql
    assert psql(port, "SELECT 1", sslmode="prefer").stdout == "1\n"
    refused = psql(port, "SELECT 1", sslmode="require", check=False)
    assert "server does not support SSL, but SSL was required" in refused.stderr


def test_psql_cancels_a_running_query(cluster):
    node = cluster.node(1)
    running = subprocess.Popen(
        ["psql", "-X", "-h", node.host, "-p", str(node.sql), "-U", "root", "-d", "defaultdb",
         "-c", "SELECT pg_sleep(600)"], stderr=subprocess.PIPE, text=True)
    wait_for(lambda: cluster.status(1)["queries"] == 1)
    running.send_signal(signal.SIGINT)
    assert "query execution canceled" in running.communicate(timeout=PATIENCE)[1]


def test_any_node_forwards_a_cancel(cluster):
    with PgSession(cluster.node(2).sql) as session:
        session.send("SELECT pg_sleep(600)")
        with socket.create_connection((LOOPBACK, cluster.node(1).sql)) as cancel:
            cancel.sendall(struct.pack("!II", 16, 80877102) + session.key)
            assert cancel.recv(1) == b""
        with pytest.raises(PgError) as caught:
            session.finish()
        assert caught.value.sqlstate == "57014"


@pytest.mark.parametrize("mode", ["simple", "extended", "prepared"])
def test_pgbench_runs_in_every_protocol(cluster, tmp_path, mode):
    script = tmp_path / "select.sql"
    script.write_text("SELECT 1;\nBEGIN;\nSHOW node_id;\nCOMMIT;\n")
    done = subprocess.run(
        ["pgbench", "-n", "-f", script, "-M", mode, "-c", "4", "-t", "50", "-h", LOOPBACK,
         "-p", str(cluster.node(1).sql), "-U", "root", "defaultdb"],
        capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    assert "number of transactions actually processed: 200/200" in done.stdout
    assert cluster.status(1)["queries"] == 800


@pytest.mark.parametrize("path", ["/health", "/health?ready=1", "/_admin/v1/health",
                                  "/api/v2/health/", "/api/v2/health/?ready=true"])
def test_curl_sees_a_well_node(cluster, path):
    head, body = curl(cluster.node(1), path)
    assert head.startswith("HTTP/1.1 200 OK\n")
    assert body == "{\n\n}"
    for line in ("Cache-Control: no-cache", "Content-Type: application/json",
                 "Content-Length: 4"):
        assert line in head.split("\n")


def test_http_1_0_and_a_request_without_host(cluster):
    head, _ = curl(cluster.node(1), "/health?ready=1", "-0")
    assert head.startswith("HTTP/1.0 200 OK\n")
    head, _ = curl(cluster.node(1), "/health", "-H", "Host:")
    assert head.startswith("HTTP/1.1 400 Bad Request")


def test_curl_keeps_its_connection(cluster):
    node = cluster.node(1)
    url = f"http://{node.host}:{node.http}/health"
    done = subprocess.run(["curl", "-sS", "-w", "%{num_connects} ", "-o", "/dev/null", url,
                           "-o", "/dev/null", url], capture_output=True, text=True, check=True)
    assert done.stdout == "1 0 "


def test_the_node_list_names_all_nodes(cluster):
    cluster.command(2, "decommission")
    listed = json.loads(curl(cluster.node(1), "/_status/nodes")[1])
    assert listed["livenessByNodeId"] == {"1": 3, "2": 4}
    for node, entry in zip(cluster.nodes, listed["nodes"]):
        desc = entry["desc"]
        assert desc["nodeId"] == node.id
        assert desc["sqlAddress"]["addressField"] == f"{node.host}:{node.sql}"
        assert desc["httpAddress"]["addressField"] == f"{node.host}:{node.http}"
        assert desc["locality"]["tiers"][0]["key"] == "region"
        assert isinstance(desc["startedAt"], str)
    assert listed["nodes"][1]["desc"]["locality"]["tiers"][1] == {"key": "zone", "value": "a"}


def test_the_other_pages(cluster):
    node = cluster.node(2)
    with PgSession(node.sql):
        assert "\nsql_conns 1\n" in curl(node, "/_status/load")[1]
        assert "\nsql_conns 1\n" in curl(node, "/_status/vars")[1]
    assert "<title>Node 2</title>" in curl(node, "/")[1]
    assert curl(node, "/missing")[0].startswith("HTTP/1.1 404 ")


def test_a_drain_as_clients_see_it(cluster):
    node = cluster.node(1)
    idle, busy = PgSession(node.sql), PgSession(node.sql)
    busy.query("BEGIN")
    cluster.command(1, "drain 3s 3s 60s")
    head, body = curl(node, "/health?ready=1")
    assert head.startswith("HTTP/1.1 503 Service Unavailable\n")
    assert body == ('{\n  "error": "node is shutting down",\n  "code": 14,\n'
                    '  "message": "node is shutting down",\n  "details": [\n  ]\n}')
    assert node.health("") == 200
    assert psql(node.sql, "SELECT 1").stdout == "1\n"
    cluster.wait_state(1, "drain-connections")
    assert NOT_ACCEPTING in psql(node.sql, "SELECT 1", check=False).stderr
    assert idle.query("SELECT 2") == [("2",)]
    with pytest.raises(PgError) as caught:
        idle.finish()
    assert (caught.value.sqlstate, caught.value.severity) == ("57P01", "FATAL")
    assert cluster.status(1)["state"] == "drain-transactions"
    assert busy.query("SELECT 3") == [("3",)]
    assert busy.query("COMMIT") == []
    with pytest.raises(PgError):
        busy.finish()
    cluster.wait_state(1, "stopped")
    assert not can_connect(node.host, node.sql)
    assert not can_connect(node.host, node.http)
    idle.close()
    busy.close()


def test_a_drain_ends_early_without_clients(cluster):
    cluster.command(1, "drain 0s 10m 10m")
    cluster.wait_state(1, "stopped")


def test_a_killed_node_resets_and_starts_again(cluster):
    node = cluster.node(1)
    session = PgSession(node.sql)
    cluster.command(1, "kill")
    with pytest.raises(ConnectionResetError):
        session.query("SELECT 1")
    assert not can_connect(node.host, node.sql)
    assert json.loads(curl(cluster.node(2), "/_status/nodes")[1])["livenessByNodeId"]["1"] == 2
    cluster.command(1, "start 1s")
    assert node.health() == 503
    assert psql(node.sql, "SELECT 1").stdout == "1\n"
    assert node.health() == 200
    session.close()


def test_a_hung_node_takes_connections_and_says_nothing(cluster):
    node = cluster.node(1)
    cluster.command(1, "hang")
    with socket.create_connection((node.host, node.http), 5) as client:
        client.sendall(b"GET /health HTTP/1.0\r\n\r\n")
        client.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.recv(1)
        cluster.command(1, "resume")
        client.settimeout(PATIENCE)
        assert client.recv(15) == b"HTTP/1.0 200 OK"


def test_faults_of_health_and_sql(cluster):
    node = cluster.node(1)
    cluster.command(1, "slow 300ms")
    began = time.monotonic()
    assert node.health() == 200
    assert time.monotonic() - began >= 0.3
    cluster.command(1, "slow 0s")
    cluster.command(1, "health 500")
    assert node.health("") == 500
    cluster.command(1, "health 200")
    cluster.command(1, "unready out of order")
    assert (node.health(""), node.health()) == (200, 503)
    assert '"error": "out of order"' in http_get(node.host, node.http, "/health?ready=1")[2]
    cluster.command(1, "refuse")
    assert "Connection refused" in psql(node.sql, "SELECT 1", check=False).stderr
    cluster.command(1, "reset")
    assert node.health() == 200
    cluster.command(1, "reject 53300")
    assert "sorry, too many clients already" in psql(node.sql, check=False).stderr
    cluster.command(1, "reset")
    assert psql(node.sql, "SELECT 1").stdout == "1\n"


def test_flapping_is_seen_both_ways(cluster):
    cluster.command(1, "flap 50ms")
    wait_for(lambda: cluster.node(1).health() == 503)
    wait_for(lambda: cluster.node(1).health() == 200)
    wait_for(lambda: cluster.node(1).health() == 503)


def test_a_node_before_init_lets_sql_wait(cluster):
    node = cluster.node(1)
    cluster.command(1, "init-wait")
    assert (node.health(""), node.health()) == (200, 503)
    waiting = subprocess.Popen(
        ["psql", "-X", "-A", "-t", "-h", node.host, "-p", str(node.sql), "-U", "root",
         "-d", "defaultdb", "-c", "SHOW node_id"], stdout=subprocess.PIPE, text=True)
    wait_for(lambda: cluster.status(1)["connected"] == 1)
    cluster.command(1, "reset")
    assert waiting.communicate(timeout=PATIENCE)[0] == "1\n"


def test_counts_and_wrong_commands(cluster):
    with PgSession(cluster.node(1).sql):
        status = cluster.status(1)
        assert (status["state"], status["sessions"], status["accepted"]) == ("live", 1, 1)
    wait_for(lambda: cluster.sessions() == [0, 0])
    assert cluster.status(1)["accepted"] == 1
    cluster.node(1).health()
    assert cluster.status(1)["health"] == 1
    with pytest.raises(AssertionError, match='did you mean "drain"'):
        cluster.command(1, "drian")
    with pytest.raises(AssertionError, match="neither"):
        cluster.command(9, "kill")


def test_the_program_ends_with_its_input(cluster):
    cluster.stop()
    assert not cluster.is_running()
