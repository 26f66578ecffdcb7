# SPDX-License-Identifier: MIT
"""`sluice gen`: a configuration from every list of nodes that there is, and from a node itself."""

import contextlib
import json
import os
import re
import socket
import ssl
import subprocess
import time

import harness
import pytest
from listing import document, node, reply

OWN = harness.TOP / "tests" / "data" / "nodes"
FIXTURES = harness.TOP.parent / "shared" / "fixtures" / "cockroach"
NODE = re.compile(r'\{ name = "([^"]+)"; host = "([^"]+)"; sql_port = (\d+); http_port = (\d+);'
                  r'(?: locality = "([^"]+)";)? \}')


def run(*args, expect=0, stdin="", timeout=harness.PATIENCE, cwd=None):
    """A command's CompletedProcess; no sanitizer may have complained."""
    done = subprocess.run([harness.program("sluice"), *map(str, args)], input=stdin,
                          capture_output=True, text=True, timeout=timeout, check=False, cwd=cwd,
                          env=os.environ | {"LC_ALL": "C.UTF-8"})
    assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr, done.stderr
    assert done.returncode == expect, (args, done.returncode, done.stdout, done.stderr)
    return done


def nodes_of(text):
    """[(name, host, sql port, http port, locality)] of a configuration."""
    return [(n, h, int(s), int(p), place) for n, h, s, p, place in NODE.findall(text)]


def gen(tmp_path, *args, stdin=""):
    """The nodes of a configuration that must be valid, and what was said."""
    done = run("gen", *args, stdin=stdin)
    path = tmp_path / "generated.conf"
    path.write_text(done.stdout)
    run("check", "-f", path)
    return nodes_of(done.stdout), done.stderr.splitlines()


def servers_of(text):
    """[(server, address, check port)] of a configuration of HAProxy."""
    return re.findall(r"^    server (\S+) (\S+) check port (\d+)", text, re.M)


# --- forms ----------------------------------------------------------------------------------------

SIX = [("n1", "db1.example", 26257, 8080, "region=eu,zone=a"),
       ("n2", "db2.example", 26258, 8080, "region=eu,zone=b"),
       ("n3", "10.1.0.3", 26257, 8080, "region=us,zone=a"),
       ("n6", "fd00::6", 26257, 8080, "")]
SIX_TOLD = [(n, h, s, p, place) for (n, h, s, _, place), p in
            zip(SIX, (8080, 8081, 8083, 8086), strict=True)]
SITE = [("db01.example", "db01.example", 26258, 8090, "region=eu,zone=a"),
        ("db02.example", "db02.example", 26258, 8090, "region=eu,zone=a"),
        ("db03", "10.2.0.13", 26257, 8090, "region=eu,zone=c"),
        ("db-a.example", "db-a.example", 26257, 8090, "region=us,zone=a"),
        ("db-b.example", "db-b.example", 26257, 8081, "region=us,zone=b")]
CLOUD = [("db1", "10.3.0.1", 26257, 8080, "region=eu,zone=eu-1a"),
         ("db2", "10.3.0.2", 26257, 8081, "region=eu,zone=eu-1b"),
         ("db3", "10.3.0.3", 26258, 8080, "region=us")]
FORMS = {
    "status-table.txt": SIX, "status-table-old.txt": SIX, "status-records.txt": SIX,
    "status.csv": SIX, "status.tsv": SIX, "status.json": SIX, "api_v2_nodes.json": SIX,
    "status_nodes.json": SIX_TOLD, "status_nodes_snake.json": SIX_TOLD,
    "inventory.ini": SITE, "inventory.json": SITE, "terraform.json": CLOUD,
}


def test_every_form_has_its_row():
    assert sorted(FORMS) == sorted(path.name for path in OWN.iterdir())


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_recognised_by_its_content(tmp_path, name):
    nodes, said = gen(tmp_path, "--nodes", OWN / name)
    assert nodes == FORMS[name]
    left_out = [line for line in said if "left out" in line]
    if FORMS[name] in (SIX, SIX_TOLD):
        assert [re.search(r": (n\d) is left out", line)[1] for line in left_out] == ["n4", "n5"]
    else:
        assert not left_out
    text = run("gen", "--nodes", OWN / name).stdout
    assert text == run("gen", "--nodes", "-", stdin=(OWN / name).read_text()).stdout
    assert nodes_of(text) == FORMS[name]


def test_a_group_and_an_output_can_be_named(tmp_path):
    nodes, _ = gen(tmp_path, "--nodes", OWN / "inventory.ini", "--group", "us")
    assert nodes == SITE[3:]
    nodes, _ = gen(tmp_path, "--nodes", OWN / "terraform.json", "--group", "node_public_ips")
    assert [n[:2] for n in nodes] == [(f"n{i}", f"192.0.2.{i}") for i in (1, 2, 3)]
    said = run("gen", "--nodes", OWN / "inventory.ini", "--group", "db", expect=1).stderr
    assert 'no group "db"' in said and "cockroachdb, eu, us" in said


def test_a_port_that_nothing_tells_can_be_said(tmp_path):
    nodes, _ = gen(tmp_path, "--nodes", OWN / "status.csv", "--http-port", 8090)
    assert {n[3] for n in nodes} == {8090}
    nodes, _ = gen(tmp_path, "--nodes", OWN / "status_nodes.json", "--http-port", 8090)
    assert [n[3] for n in nodes] == [8080, 8081, 8083, 8086]


# --- the fixtures that are shared with other projects ---------------------------------------------

shared = pytest.mark.skipif(not FIXTURES.is_dir(), reason="no fixtures beside this tree")
TABLES = sorted(FIXTURES.glob("status-*.table.txt"))


@shared
@pytest.mark.parametrize("path", TABLES, ids=lambda p: p.name)
def test_a_table_of_the_documentation_is_read_or_has_no_addresses(tmp_path, path):
    table = path.read_text()
    derived = [path.with_name(path.name.replace("table.txt", f"derived.{kind}"))
               for kind in ("csv", "tsv", "json")]
    if "sql_address" not in table:
        assert not any(p.exists() for p in derived)
        said = run("gen", "--nodes", path, expect=1).stderr
        assert "no addresses" in said and "node status" in said
        return
    nodes, _ = gen(tmp_path, "--nodes", path)
    rows = [[cell.strip() for cell in line.split("|")] for line in table.splitlines()
            if re.match(r"\s+\d+ \|", line)]
    head = [cell.strip() for cell in table.splitlines()[0].split("|")]
    rows = [dict(zip(head, row, strict=True)) for row in rows]
    expected = [(f"n{r['id']}", *r["sql_address"].split(":"), r["locality"]) for r in rows
                if r.get("membership", "active") == "active"]
    assert [(n, h, str(s), place) for n, h, s, _, place in nodes] == expected
    for other in derived:
        assert run("gen", "--nodes", other).stdout == run("gen", "--nodes", path).stdout


@shared
@pytest.mark.parametrize("name", ["status_nodes", "api_v2_nodes"])
def test_the_constructed_answers_are_read(tmp_path, name):
    path = FIXTURES / f"{name}.constructed.json"
    nodes, said = gen(tmp_path, "--nodes", path)
    told = name == "status_nodes"
    assert nodes == [("n1", "10.0.0.1", 26257, 8080, "region=us-east1,zone=b"),
                     ("n2", "10.0.0.2", 26258, 8081 if told else 8080, "region=us-east1,zone=c"),
                     ("n3", "10.0.1.3", 26257, 9090 if told else 8080, "region=us-west1,zone=a"),
                     ("n4", "10.0.1.4", 26257, 8080, "region=us-west1,zone=b"),
                     ("n5", "fd00::5", 26257, 8080, "")]
    assumed = [line for line in said if "8080 is assumed for 5 of 5 (--http-port" in line]
    assert len(assumed) == (not told)
    assert [re.search(r"json: (n\d) is (\w+)", line).groups() for line in said
            if line not in assumed] == [("n6", "left"), ("n7", "left"), ("n4", "dead")]


def _cases(kind):
    if not FIXTURES.is_dir():
        return []
    return json.loads((FIXTURES / "gen_haproxy_cases.json").read_text())[kind]


LIVENESS = ["UNKNOWN", "DEAD", "UNAVAILABLE", "LIVE", "DECOMMISSIONING", "DECOMMISSIONED",
            "DRAINING"]


@pytest.mark.parametrize("case", _cases("conversion"))
def test_haproxy_gets_the_servers_that_cockroach_gives_it(case):
    answer = {"nodes": [{"desc": {"nodeId": n["id"], "address": {"addressField": n["addr"]}},
                         "args": n["args"]} for n in case["nodes"]]}
    liveness = case.get("liveness", {})
    if liveness:
        answer["livenessByNodeId"] = {k: LIVENESS.index(v) for k, v in liveness.items()}
    done = run("gen", "--nodes", "-", "--format", "haproxy", stdin=json.dumps(answer))
    assert servers_of(done.stdout) == [(f"cockroach{number}", f"{address}:26257", port)
                                       for number, address, port in case["expect"]]
    for number, state in liveness.items():
        assert (f"n{number} is left out" in done.stderr) == state.startswith("DECOMMISSION")


@pytest.mark.parametrize("locality, wanted, match", _cases("locality_match"))
def test_a_locality_matches_as_cockroachs(locality, wanted, match):
    done = run("gen", "--nodes", "-", "--locality", wanted, stdin=f"h {locality}\n",
               expect=0 if match else 1)
    assert len(nodes_of(done.stdout)) == match
    if not match:
        assert "no nodes match the locality" in done.stderr and locality in done.stderr


# --- HAProxy --------------------------------------------------------------------------------------

@pytest.mark.parametrize("options", [
    [], ["--here", "region=eu,zone=a"], ["--service", "sql=5432", "--service", "ui=9090:http"],
    ["--secure", "--cacert"]], ids=" ".join)
def test_what_is_written_for_haproxy_is_valid_there_and_here(tmp_path, options):
    if "--cacert" in options:
        options = [*options, harness.make_cert(tmp_path, stem="our ca")[0]]
    # HAProxy resolves names when it starts, so there are none.
    text = (OWN / "status_nodes.json").read_text().replace("db1.example", "10.1.0.1") \
        .replace("db2.example", "10.1.0.2")
    path = tmp_path / "haproxy.cfg"
    done = run("gen", "--nodes", "-", "--format", "haproxy", *options, "--out", path, stdin=text)
    assert "haproxy -c -f" in done.stderr
    servers = servers_of(path.read_text())
    assert servers[:4] == [("cockroach1", "10.1.0.1:26257", "8080"),
                           ("cockroach2", "10.1.0.2:26258", "8081"),
                           ("cockroach3", "10.1.0.3:26257", "8083"),
                           ("cockroach6", "[fd00::6]:26257", "8086")]
    for command in (["haproxy"], [harness.program("sluice"), "haproxy"]):
        checked = subprocess.run([*command, "-c", "-f", path], capture_output=True, text=True,
                                 timeout=harness.PATIENCE, check=False)
        assert checked.returncode == 0, checked.stderr
    imported = tmp_path / "sluice.conf"
    run("import", "--strict", path, "--out", imported)
    run("check", "-f", imported)
    text = imported.read_text()
    assert "10.1.0.2:26258" in text and "8083" in text


# --- a node that is asked -------------------------------------------------------------------------

def expected_of(cluster, told=True):
    return [(f"n{n.id}", n.host, n.sql, n.http if told else 8080, cluster.locality(n.id))
            for n in cluster.nodes]


def test_a_node_tells_all_nodes(tmp_path, simnodes):
    cluster = simnodes(5, localities=["region=eu,zone=a", "region=eu,zone=b", "region=us,zone=a"])
    url = f"http://{harness.LOOPBACK}:{cluster.node(2).http}"
    for path in ("", "/", "/_status/nodes"):
        assert gen(tmp_path, "--from", url + path) == (expected_of(cluster), [])
    nodes, said = gen(tmp_path, "--from", url + "/api/v2/nodes/")
    assert nodes == expected_of(cluster, told=False)
    assert len(said) == 1 and "nothing tells their HTTP ports" in said[0]
    nodes, _ = gen(tmp_path, "--from", url, "--locality", "region=us", "db9")
    assert [n[0] for n in nodes] == ["n3"]
    nodes, _ = gen(tmp_path, "--from", url, "db9")
    assert nodes[5][1] == "db9"


def test_nodes_that_leave_are_left_out(tmp_path, simnodes):
    cluster = simnodes(5)
    url = f"http://{harness.LOOPBACK}:{cluster.node(1).http}"
    cluster.command(2, "decommission")
    cluster.command(3, "decommission done")
    cluster.command(4, "dead")
    cluster.command(5, "unlist")
    for path in ("/_status/nodes", "/api/v2/nodes/"):
        nodes, said = gen(tmp_path, "--from", url + path)
        assert [n[0] for n in nodes] == ["n1", "n4"]
        where = f"sluice gen: {url}{path}: "
        assert [line for line in said if "HTTP ports" not in line] == [
            where + "n2 is left out: it is being decommissioned",
            where + "n3 is left out: it is decommissioned",
            where + "n4 is dead: it stays in the list, as it may come back"]
    cluster.command("all", "reset")
    assert len(gen(tmp_path, "--from", url)[0]) == 5


def test_the_first_url_that_answers_counts(tmp_path, simnodes, listing):
    cluster = simnodes(3)
    dead = f"http://{harness.LOOPBACK}:{harness.free_port()}"
    confused = listing()
    confused.body = "hello"
    good = f"http://{harness.LOOPBACK}:{cluster.node(1).http}"
    never = listing()
    nodes, said = gen(tmp_path, "--from", dead, "--from", confused.url, "--from", good,
                      "--from", never.url)
    assert nodes == expected_of(cluster)
    assert len(said) == 2
    assert said[0].startswith(f"sluice gen: {dead}/_status/nodes: cannot connect")
    assert said[1].startswith(f"sluice gen: {confused.url}/")
    assert not never.requests
    said = run("gen", "--from", dead, "--from", confused.url, expect=1).stderr
    assert dead in said and confused.url in said


def test_the_second_list_is_asked_for_when_there_is_no_first(tmp_path, simnodes, listing):
    cluster = simnodes(3)
    told = listing()
    v2 = harness.http_get(harness.LOOPBACK, cluster.node(1).http, "/api/v2/nodes/")[2]

    def answer(connection, request):
        if request.startswith("GET /api/v2/nodes/ "):
            reply(connection, v2.encode())
        else:
            reply(connection, b"no", "404 Not Found")
    told.answer = answer
    assert gen(tmp_path, "--from", told.url)[0] == expected_of(cluster, told=False)
    assert [r.split()[1] for r in told.requests] == ["/_status/nodes", "/api/v2/nodes/"]


def test_an_address_of_ipv6_can_be_asked(tmp_path, simnodes):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    cluster = simnodes(2, host="::1")
    assert gen(tmp_path, "--from", f"http://[::1]:{cluster.node(1).http}")[0] == \
        expected_of(cluster)


def behind_tls(listing, tmp_path, cluster):
    """(URL, CA) of node 1 of the cluster as it is with certificates."""
    cert, key = harness.make_cert(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    front = listing(context=context)

    def answer(connection, request):
        with socket.create_connection((harness.LOOPBACK, cluster.node(1).http)) as behind:
            behind.sendall(request.encode("latin-1"))
            while chunk := behind.recv(65536):
                connection.sendall(chunk)
    front.answer = answer
    return front.url, cert


def test_a_secure_cluster_wants_a_session_and_is_verified(tmp_path, simnodes, listing):
    cluster = simnodes(3)
    url, ca = behind_tls(listing, tmp_path, cluster)
    cluster.command(1, "session CIGA8==")
    secret = tmp_path / "session"
    secret.write_text("session=CIGA8==; Path=/; HttpOnly; Secure\n")
    for session in (f"file:{secret}", "CIGA8==", "session=CIGA8==; Path=/"):
        for path in ("", "/_status/nodes", "/api/v2/nodes/"):
            nodes, _ = gen(tmp_path, "--from", url + path, "--cacert", ca, "--session", session)
            assert [n[0] for n in nodes] == ["n1", "n2", "n3"]
    # Who reads the configuration may stand elsewhere, and is to ask whoever is there.
    text = run("gen", "--from", "https://127.0.0.1:1", "--from", url,
               "--cacert", os.path.relpath(ca, tmp_path), "--session", "file:session",
               cwd=tmp_path).stdout
    assert f'# discover = {{ from = ( "https://127.0.0.1:1", "{url}" ); session = ' \
        f'"file:{secret}"; ca = "{ca}"; }};' in text
    assert "delete nodes above" in text
    text = run("gen", "--from", url, "--cacert", ca, "--session", "CIGA8==").stdout
    assert 'type = "https"' in text and f'ca = "{ca}"' in text and "CIGA" not in text
    for path in ("", "/api/v2/nodes/"):
        said = run("gen", "--from", url + path, "--cacert", ca, expect=1).stderr
        assert "401 Unauthorized" in said and "cockroach auth-session login" in said
        assert "--session" in said and url in said
        said = run("gen", "--from", url + path, "--cacert", ca, "--session", "wrong",
                   expect=1).stderr
        assert "401" in said and "the session has ended" in said and "wrong" not in said
    said = run("gen", "--from", url, "--session", "CIGA8==", expect=1).stderr
    assert "certificate" in said and "--cacert" in said
    other = harness.make_cert(tmp_path, stem="other")[0]
    run("gen", "--from", url, "--cacert", other, "--session", "CIGA8==", expect=1)
    said = run("gen", "--from", url, "--cacert", ca, "--session", "file:/no/such", expect=1).stderr
    assert "/no/such" in said
    # In clear there is TLS's cure; over TLS, where none is spoken, the other.
    said = run("gen", "--from", url.replace("https", "http"), "--session", "x", expect=1).stderr
    assert "in clear" in said
    said = run("gen", "--from", f"https://{harness.LOOPBACK}:{cluster.node(1).http}", "--cacert",
               ca, expect=1).stderr
    assert "write http://" in said


def test_a_client_certificate_is_shown(tmp_path, simnodes, listing):
    cluster = simnodes(1)
    cert, key = harness.make_cert(tmp_path)
    client, client_key = harness.make_cert(tmp_path, names=("root",), stem="client")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(client)
    front = listing(cluster.nodes, context=context)
    nodes, _ = gen(tmp_path, "--from", front.url, "--cacert", cert, "--cert", client, "--key",
                   client_key)
    assert nodes == expected_of(cluster)
    said = run("gen", "--from", front.url, "--cacert", cert, expect=1).stderr
    assert front.url in said


# --- answers that are none --------------------------------------------------------------------------

REFUSALS = [
    (b"HTTP/1.1 307 Temporary Redirect\r\nLocation: https://n1:8080/\r\n\r\n", "write https://"),
    (b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\n\r\n", "http://elsewhere/"),
    (b"HTTP/1.1 403 Forbidden\r\n\r\n", "log in"),
    (b"HTTP/1.1 500 Internal Server Error\r\n\r\n", "ask another one"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"nodes\":[", "cut off after 10 bytes"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"nod\r\n", "cut off"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n", "cut off"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "too long for a list"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "not HTTP"),
    (b"HTTP/1.1 200 OK\r\n\r\n{\"nodes\":[{\"desc\":", "not whole"),
    (b"HTTP/1.1 200 OK\r\n\r\n<!DOCTYPE html><html>", "a page for browsers"),
    (b"HTTP/1.1 200 OK\r\n\r\n{\"nodes\":[]}", "no node in it"),
    (b"HTTP/1.1 200 OK\r\n\r\n{\"nodes\":[1,2]}", "nodes[0]"),
    (b"HTTP/1.1 200 OK\r\n\r\na\0b", "not a text"),
    (b"HTTP/1.1 200 OK\r\n\r\n" + b"[\"\"," * 99999, "nested too deep"),
    (b"HTTP/1.1 200 OK\r\n\r\n{\"error\":\"x\",\"code\":16,\"message\":\"not \x1b[1myou\"}",
     "this is not JSON"),
    (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 9999, "not HTTP"),
    (b"HTTP/1.1 200 OK\r\n\r\nOK\n", "no answer of a CockroachDB node"),
    (b"HTTP/1.1 200 OK\r\n\r\n[\"a\"]", "no answer of a CockroachDB node"),
    (b"SSH-2.0-OpenSSH_9.2\r\n", "not HTTP"),
    (b"\0" * 4096, "not HTTP"),
    (b"", "closed without an answer"),
]


@pytest.mark.parametrize("answer, words", REFUSALS, ids=lambda x: x if isinstance(x, str) else "")
def test_what_is_no_list_is_an_error_with_its_url(listing, answer, words):
    told = listing()
    told.answer = lambda connection, request: connection.sendall(answer)
    done = run("gen", "--from", told.url, expect=1)
    assert told.url in done.stderr and words in done.stderr
    assert done.stdout == "" and "\x1b" not in done.stderr


def many(count):
    made = [node(i, f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}", 26257, 8080, f"region=r{i % 3},rack={i}")
            for i in range(1, count + 1)]
    for one in made:
        one["metrics"] = {f"metric.{i}": i * 1.5 for i in range(40)}
        one["args"] = ["cockroach", "start"]
    return made


def test_ten_thousand_nodes_are_a_list(listing):
    told = listing()
    told.body = document(many(10000))
    assert len(told.body) > 10_000_000
    done = run("gen", "--from", told.url, timeout=120)
    assert len(nodes_of(done.stdout)) == 10000
    assert not done.stderr
    done = run("gen", "--from", told.url, "--locality", "rack=77", timeout=120)
    assert nodes_of(done.stdout) == [("n77", "10.0.0.77", 26257, 8080, "region=r2,rack=77")]
    lines = "".join(f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}\n" for i in range(1, 10001))
    done = run("gen", "--nodes", "-", stdin=lines, timeout=120)
    assert len(nodes_of(done.stdout)) == 10000


def test_more_nodes_than_there_may_be_are_refused(listing):
    told = listing()
    told.body = json.dumps({"nodes": [{"node_id": i, "address": f"h{i}"} for i in range(1, 70000)]})
    said = run("gen", "--from", told.url, expect=1, timeout=120).stderr
    assert "there are more than 65535 nodes" in said


def test_an_answer_without_end_is_given_up(listing):
    told = listing()

    def answer(connection, request):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b" " * (1 << 20))
    told.answer = answer
    said = run("gen", "--from", told.url, expect=1, timeout=120).stderr
    assert "longer than 67108864 bytes" in said


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n{"])
def test_a_slow_answer_is_given_up_in_time(listing, head):
    told = listing()

    def answer(connection, request):
        connection.sendall(head)
        while True:  # each byte is in time, all together are not
            if head.endswith(b"{"):
                connection.sendall(b" ")
            connection.settimeout(0.05)
            with contextlib.suppress(TimeoutError):
                if connection.recv(1) == b"":
                    return
    told.answer = answer
    begun = time.monotonic()
    said = run("gen", "--from", told.url, "--timeout", "700ms", expect=1).stderr
    assert "time is over" in said and told.url in said
    assert time.monotonic() - begun >= 0.7


# --- as typed in README -----------------------------------------------------------------------------

def test_from_one_address_to_a_running_balancer(tmp_path, simnodes, sluice):
    cluster = simnodes(5)
    port = harness.free_port()
    text = run("gen", "--from", f"http://{harness.LOOPBACK}:{cluster.node(1).http}",
               "--service", f"psql={port}").stdout
    text = re.sub(r"(?m)^(admin|log) = .*\n", "", text)
    proxy = sluice(text)
    for n in cluster.nodes:
        proxy.wait_server(f"psql/{n.name}", "UP")
    with contextlib.ExitStack() as stack:
        for _ in range(10):
            stack.enter_context(contextlib.closing(harness.PgSession(port)))
        assert cluster.sessions() == [2] * 5
