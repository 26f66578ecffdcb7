# SPDX-License-Identifier: MIT
"""The configurations in conf/ do what their comments say: each one is checked and run.

What the surroundings force is replaced in a copy: paths, and names that only example.com has.
Files with addresses of a real network run in a network namespace that has those addresses.
"""

import contextlib
import csv
import http.server
import os
import re
import shutil
import ssl
import subprocess
import sys
import threading

import harness
import pytest

CONF = harness.TOP / "conf"
EXAMPLES = sorted(p.name for p in CONF.glob("*.conf"))


def sluice_check(path):
    return subprocess.run([harness.program("sluice"), "check", "-f", path], capture_output=True,
                          text=True, timeout=harness.PATIENCE, check=False)


def adapted(name, tmp_path, *replacements):
    """A copy of an example, its control socket below tmp_path."""
    text = (CONF / name).read_text()
    for old, new in (("/run/sluice/admin.sock", f"{tmp_path}/s"), *replacements):
        assert old in text, old
        text = text.replace(old, new)
    path = tmp_path / name
    path.write_text(text)
    return path


def test_all_examples_are_here():
    assert set(EXAMPLES) >= {"single-region.conf", "one-host.conf", "multi-region.conf",
                             "secure.conf", "postgres.conf", "reference.conf"}


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_is_valid(name, tmp_path):
    path = CONF / name
    if name == "secure.conf":
        certificate, _ = harness.make_cert(tmp_path, stem="ca")
        path = adapted(name, tmp_path, ("/etc/sluice/ca.crt", str(certificate)))
    done = sluice_check(path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{path}: ok: ")


# --- in a network of their own ----------------------------------------------------------------


def can_make_namespaces():
    return not subprocess.run(["unshare", "-n", "ip", "link", "set", "lo", "up"],
                              capture_output=True, check=False).returncode


needs_network = pytest.mark.skipif(not shutil.which("unshare") or not can_make_namespaces(),
                                   reason="network namespaces are not allowed here")


class World:
    """A network namespace with addresses on `lo`, and what runs in it."""

    def __init__(self, tmp_path, addresses):
        self.tmp_path = tmp_path
        # It lives as long as the process that holds it.
        self.holder = subprocess.Popen(["unshare", "-n", "cat"], stdin=subprocess.PIPE,
                                       stdout=subprocess.DEVNULL)
        own = os.readlink("/proc/self/ns/net")
        harness.wait_for(lambda: os.readlink(f"/proc/{self.holder.pid}/ns/net") != own)
        self.processes = []
        self.run("ip", "link", "set", "lo", "up")
        for address in addresses:
            self.run("ip", "address", "add", f"{address}/32", "dev", "lo")

    def inside(self, *argv):
        return ["nsenter", "-t", str(self.holder.pid), "-n", "--", *map(str, argv)]

    def run(self, *argv, expect=0):
        done = subprocess.run(self.inside(*argv), capture_output=True, text=True,
                              timeout=harness.PATIENCE * 2, check=False,
                              stdin=subprocess.DEVNULL)
        assert expect is None or done.returncode == expect, (argv, done.stdout, done.stderr)
        return done.stdout

    def start(self, name, *argv, **options):
        process = harness.Process(name, self.inside(*argv), self.tmp_path / f"{name}.log",
                                  **options)
        self.processes.append(process)
        return process

    def node(self, host):
        """A simulated node with CockroachDB's own ports."""
        process = self.start(f"node-{host}", harness.program("simnodes"), "--nodes", "1",
                             "--host", host, "--sql-port-base", "26257", "--http-port-base",
                             "8080", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        while process.child.stdout.readline() != b"ready\n":
            assert process.is_running(), process.log()
        return process

    def sluice(self, path):
        process = self.start("sluice", harness.program("sluice"), "run", "-f", path)
        process.wait_log("accepting connections")
        return process

    def psql(self, sql, port=26257, expect=0):
        return self.run("psql", "-XAtq", "-h", "127.0.0.1", "-p", port, "-U", "root", "-c", sql,
                        "defaultdb", expect=expect).strip()

    def get(self, url):
        return self.run(sys.executable, "-c", "import sys, urllib.request as u; "
                        "print(u.urlopen(sys.argv[1], timeout=10).read().decode())", url)

    def ctl(self, *words):
        return self.run(harness.program("sluice"), *words, "-s", self.tmp_path / "s")

    def stop(self):
        for process in reversed(self.processes):
            if process.child.stdin:
                process.child.stdin.close()
            elif process.is_running():
                process.send_signal(15)
            assert process.wait() == 0, process.log()
            process.assert_no_report()
            if process.child.stdout:
                process.child.stdout.close()

    def release(self):
        for process in self.processes:
            if process.is_running():
                process.child.kill()
                process.child.wait()
        self.holder.stdin.close()
        self.holder.wait(harness.PATIENCE)


def tell(node, words):
    """A command to the one node of a process."""
    node.child.stdin.write(f"1 {words}\n".encode())
    node.child.stdin.flush()
    answer = node.child.stdout.readline()
    assert answer.startswith(b"ok"), answer


@contextlib.contextmanager
def world_of(tmp_path, addresses):
    world = World(tmp_path, addresses)
    try:
        yield world
        world.stop()
    except BaseException:
        for process in world.processes:
            process.show()
        raise
    finally:
        world.release()


def hosts_of(name):
    return re.findall(r'host = "([\d.]+)"', (CONF / name).read_text())


@needs_network
def test_single_region_serves_and_shows_a_drain(tmp_path):
    hosts = hosts_of("single-region.conf")
    assert hosts == ["10.0.134.115", "10.0.144.51", "10.0.167.232"]
    # The proxy has 26257 and 8080 on all addresses of its host: the nodes are other hosts.
    # Here they are one, so it takes those of loopback.
    path = adapted("single-region.conf", tmp_path, ('":26257"', '"127.0.0.1:26257"'),
                   ('":8080"', '"127.0.0.1:8080"'))
    with world_of(tmp_path, hosts) as world:
        nodes = [world.node(host) for host in hosts]
        proxy = world.sluice(path)
        assert world.psql("SHOW node_id") == "1"
        assert {line.split()[-1] for line in world.ctl("ctl", "show backend").splitlines()[1:]} \
            == {"psql", "dbconsole"}
        assert "<html" in world.get("http://127.0.0.1:8080/").lower()
        table = world.ctl("status")
        assert len(re.findall(r"UP +cockroach\d", table)) == 6
        tell(nodes[1], "drain 60s 60s 10s")
        proxy.wait_log(re.compile(r"psql/cockroach2 +UP -> NOLB +drain: HTTP 503"))
        assert re.search(r"psql .* 2 of 3 usable", world.ctl("status"))
        proxy.wait_log(re.compile(r"psql/cockroach2 +NOLB -> DOWN"))
        assert "cockroach1: no session is left" in world.ctl("drain", "cockroach1", "--wait",
                                                             "10s")
        assert world.psql("SHOW node_id") == "1"  # each process counts from 1: the third one
        assert re.search(r"psql .* 1 of 3 usable", world.ctl("status"))
        tell(nodes[1], "reset")
        proxy.wait_log(re.compile(r"psql/cockroach2 +DOWN -> UP"))


@needs_network
def test_multi_region_leaves_its_region_only_when_it_must(tmp_path):
    hosts = hosts_of("multi-region.conf")
    assert len(hosts) == 9
    path = adapted("multi-region.conf", tmp_path, ('":26257"', '"127.0.0.1:26257"'),
                   ('":8080"', '"127.0.0.1:8080"'))
    with world_of(tmp_path, hosts) as world:
        nodes = [world.node(host) for host in hosts]
        proxy = world.sluice(path)

        def served():
            """Names of servers that have had sessions, by the first word of their name."""
            rows = csv.DictReader(
                world.ctl("ctl", "show stat").lstrip("# ").splitlines())
            return {row["svname"].split("-")[0]: 1 for row in rows if row["pxname"] == "psql"
                    and "-" in row["svname"] and row["stot"] not in ("", "0")}.keys()
        for _ in range(9):
            world.psql("SELECT 1")
        assert served() == {"east"}
        for node in nodes[:3]:
            tell(node, "kill")
        proxy.wait_log(re.compile(r"psql/east-3 +UP -> DOWN"))
        for number in (1, 2):
            proxy.wait_log(re.compile(rf"psql/east-{number} +UP -> DOWN"))
        for _ in range(6):
            world.psql("SELECT 1")
        assert served() == {"east", "west", "eu"}
        for node in nodes[:3]:
            tell(node, "start")
        for number in (1, 2, 3):
            proxy.wait_log(re.compile(rf"psql/east-{number} +DOWN -> UP"))


# --- on this host -----------------------------------------------------------------------------


@needs_network
def test_one_host_grows_from_three_nodes_to_five(tmp_path):
    text = (CONF / "one-host.conf").read_text().replace("/tmp/sluice.sock", f"{tmp_path}/s")
    path = tmp_path / "one-host.conf"
    path.write_text(text)
    grown = text.replace("# , {", ", {")
    assert grown.count("sql_port") == text.count("sql_port") == 5
    with world_of(tmp_path, []) as world:
        def cluster(count):
            process = world.start(f"nodes-{count}", harness.program("simnodes"), "--nodes", count,
                                  "--host", "127.0.0.1", "--sql-port-base", "26258",
                                  "--http-port-base", "8081", stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
            while process.child.stdout.readline() != b"ready\n":
                assert process.is_running(), process.log()
        cluster(5)
        first = world.sluice(path)
        assert len(re.findall(r"UP +node\d", world.ctl("status"))) == 6
        assert world.psql("SHOW node_id") in ("1", "2", "3")
        path.write_text(grown)
        assert ": ok: 2 services, 5 servers\n" in sluice_check(path).stdout
        first.send_signal(15)
        assert first.wait() == 0
        world.processes.remove(first)
        first.log_path.unlink()
        world.sluice(path)
        assert len(re.findall(r"UP +node\d", world.ctl("status"))) == 10
        assert {world.psql("SHOW node_id") for _ in range(10)} == {"1", "2", "3", "4", "5"}
        assert world.get("http://127.0.0.1:8404/healthz").strip() == "ok"


# --- with certificates ------------------------------------------------------------------------


class HealthHandler(http.server.BaseHTTPRequestHandler):
    """/health of a secure node's console."""

    def do_GET(self):
        body = b'{\n  "nodeId": 1\n}' if self.path == "/health?ready=1" else b"not found"
        self.send_response(200 if self.path == "/health?ready=1" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def https_node(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = http.server.ThreadingHTTPServer((harness.LOOPBACK, 0), HealthHandler)
    server.handle_error = lambda *_: None  # a client that refuses the certificate
    server.socket = context.wrap_socket(server.socket, server_side=True,
                                        do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Authority:
    """A CA that signs certificates of nodes."""

    def __init__(self, directory, name):
        self.directory, self.name = directory, name
        self.certificate, self.key = directory / f"{name}.crt", directory / f"{name}.key"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                      "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout", self.key,
                      "-out", self.certificate)

    @staticmethod
    def _openssl(*args):
        subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)

    def sign(self, name):
        """(certificate, key) for a host name or address."""
        key, request = self.directory / f"{name}.key", self.directory / f"{name}.csr"
        certificate, extension = self.directory / f"{name}.crt", self.directory / f"{name}.ext"
        kind = "IP" if name[0].isdigit() else "DNS"
        extension.write_text(f"subjectAltName={kind}:{name}\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        self._openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key,
                      "-CAcreateserial", "-days", "2", "-extfile", extension, "-out", certificate)
        return certificate, key


def secure_conf(tmp_path, ca, port):
    """secure.conf for one host: names and ports are of this machine."""
    text = (CONF / "secure.conf").read_text()
    for number in (1, 2, 3):
        text = text.replace(f'host = "crdb{number}.example.com"',
                            f'host = "127.0.0.1"; http_port = {port}')
    return (text.replace("/etc/sluice/ca.crt", str(ca)).replace('inter = "2s"', 'inter = "100ms"')
            .replace('":26257"', f'"127.0.0.1:{harness.free_port()}"')
            .replace('":8080"', f'"127.0.0.1:{harness.free_port()}"')
            .replace("127.0.0.1:8404", f"127.0.0.1:{harness.free_port()}")
            .replace("/run/sluice/admin.sock", f"{tmp_path}/s"))


def test_secure_trusts_the_right_authority_only(tmp_path, sluice):
    right, wrong = Authority(tmp_path, "right-ca"), Authority(tmp_path, "wrong-ca")
    with https_node(*right.sign("127.0.0.1")) as port:
        proxy = sluice(secure_conf(tmp_path, right.certificate, port))
        for number in (1, 2, 3):
            proxy.wait_server(f"psql/n{number}", "UP")
        assert proxy.stat()["psql/n1"]["check_status"].removeprefix("* ") == "L7OK"
        proxy.stop()
        proxy = sluice(secure_conf(tmp_path, wrong.certificate, port), wait="healthy")
        proxy.wait_log(re.compile(r"psql/n1 .*-> DOWN .*(certificate|self-signed)"))
        row = proxy.stat()["psql/n1"]
        assert row["status"] == "DOWN"
        assert row["check_status"].removeprefix("* ") == "L6RSP"  # "* ": the next one is on
        assert proxy.http("/readyz")[0] == 503


def test_secure_refuses_a_certificate_for_another_name(tmp_path, sluice):
    authority = Authority(tmp_path, "ca")
    with https_node(*authority.sign("other.example.com")) as port:
        proxy = sluice(secure_conf(tmp_path, authority.certificate, port), wait="healthy")
        proxy.wait_log(re.compile(r"psql/n1 .*-> DOWN .*(address|host|name)", re.I))


def test_secure_lets_its_networks_in_only(tmp_path, sluice):
    authority = Authority(tmp_path, "ca")
    with https_node(*authority.sign("127.0.0.1")) as port:
        conf = secure_conf(tmp_path, authority.certificate, port)
        proxy = sluice(conf)
        # Loopback is none of them.
        done = harness.psql(harness.port_of(conf, "psql"), "SELECT 1", check=False)
        assert done.returncode == 2
        harness.wait_for(lambda: proxy.metrics().get(
            'haproxy_frontend_denied_connections_total{proxy="psql"}') or
            proxy.stat()["psql/FRONTEND"]["dcon"] not in ("", "0"), what="a refused client")


# --- PostgreSQL -------------------------------------------------------------------------------


def test_postgres_servers_are_checked_and_used(tmp_path, postgres, sluice):
    workers = [postgres() for _ in range(3)]
    coordinator, standby = postgres(), postgres()
    text = (CONF / "postgres.conf").read_text()
    at = {"10.0.20.11": workers[0], "10.0.20.12": workers[1], "10.0.20.13": workers[2],
          "10.0.20.10": coordinator, "10.0.20.9": standby}
    for address, server in at.items():
        text = text.replace(f'"{address}:5432"', f'"127.0.0.1:{server.port}"')
    ports = {"workers": harness.free_port(), "coordinator": harness.free_port()}
    text = (text.replace('":5432"', f'"127.0.0.1:{ports["workers"]}"')
            .replace('":5433"', f'"127.0.0.1:{ports["coordinator"]}"')
            .replace("127.0.0.1:8404", f"127.0.0.1:{harness.free_port()}")
            .replace("/run/sluice/admin.sock", f"{tmp_path}/s")
            .replace('inter = "2s"', 'inter = "100ms"'))
    proxy = sluice(text)

    def port_behind(service):
        return int(harness.psql(ports[service], "SHOW port", user="postgres",
                                database="postgres").stdout)
    sessions = [harness.PgSession(ports["workers"], user="postgres", database="postgres")
                for _ in range(8)]
    shares = [int(s.value("SHOW port")) for s in sessions]
    # leastconn by weight: the third has twice the share.
    assert [shares.count(w.port) for w in workers] == [2, 2, 4]
    for s in sessions:
        s.close()
    assert {port_behind("coordinator") for _ in range(4)} == {coordinator.port}
    coordinator.stop()
    proxy.wait_server("coordinator/primary", "DOWN")
    assert port_behind("coordinator") == standby.port
    workers[0].stop()
    proxy.wait_server("workers/worker1", "DOWN")
    assert {port_behind("workers") for _ in range(6)} == {w.port for w in workers[1:]}
    assert proxy.stat()["workers/worker1"]["check_status"].removeprefix("* ") == "L4CON"
