# SPDX-License-Identifier: MIT
"""The process: how it starts, refuses to, reads names, and leaves."""

import contextlib
import os
import pwd
import re
import signal
import socket
import struct
import subprocess
import threading
import time

import pytest
from harness import LOOPBACK, PATIENCE, cluster_conf, free_port, program, wait_for
from peers import (SessionLog, conf_of, connect, echo, echoes, ends, peer, read_all, run_to_end,
                   server, service, session_log)

__all__ = ["SessionLog", "peer", "session_log"]


@pytest.fixture
def behind(sluice, peer, session_log):
    """behind(extra): (a port of the balancer, the balancer) with an echo server behind it."""
    def start(extra="", **options):
        port = free_port()
        conf = conf_of([service("sql", port, [server("s1", peer(echo).address)])], extra=extra,
                       session_log=session_log.path)
        return port, sluice(conf, **options)
    return start


def refuses(port):
    try:
        connect(port, timeout=2).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:
        pass  # it was in the queue when the port was closed
    return False


def used(session_log):
    """The reasons of sessions in which something was said: refuses() may have begun others."""
    return [(s["reason"], s["haproxy"]) for s in session_log.sessions() if s["bytes_in"]]


def wait_stopping(balancer, port):
    wait_for(lambda: refuses(port), what="the port to be closed")
    wait_for(lambda: balancer.status()["stopping"], what="the status to say so")


# --- leaving ----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_it_leaves_when_the_last_session_does(behind, session_log, number):
    port, balancer = behind()
    with connect(port) as s:
        assert echoes(s)
        balancer.send_signal(number)
        wait_stopping(balancer, port)
        code, _, body = balancer.http("/readyz")
        assert code == 503 and "stopping" in body
        assert balancer.http("/healthz")[0] == 200
        assert echoes(s), "the session is to go on"
        assert balancer.is_running()
    assert balancer.wait() == 0
    assert used(session_log) == [("normal", "--")]
    balancer.assert_no_report()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_without_sessions_it_leaves_at_once(behind, number):
    port, balancer = behind()
    began = time.monotonic()
    balancer.stop(number=number)
    assert time.monotonic() - began < 3
    assert refuses(port)


def test_a_second_sigterm_ends_it_at_once(behind, session_log):
    port, balancer = behind()
    with connect(port) as s:
        assert echoes(s)
        balancer.send_signal(signal.SIGTERM)
        wait_stopping(balancer, port)
        balancer.send_signal(signal.SIGTERM)
        assert balancer.wait(5) == 0
        assert read_all(s) == b""
    assert used(session_log) == [("stopping", "KD")]
    balancer.assert_no_report()


def test_hard_stop_after_ends_the_sessions_that_are_left(behind, session_log):
    port, balancer = behind('hard_stop_after = "3s";')
    with connect(port) as s:
        assert echoes(s)
        began = time.monotonic()
        balancer.send_signal(signal.SIGUSR1)
        wait_stopping(balancer, port)
        assert echoes(s)
        assert balancer.wait() == 0
        assert 2.9 < time.monotonic() - began < 10
        assert read_all(s) == b""
    assert used(session_log) == [("stopping", "KD")]
    balancer.assert_no_report()


def test_sigusr1_does_not_hurry_who_is_leaving(behind):
    port, balancer = behind()
    with connect(port) as s:
        assert echoes(s)
        for _ in range(3):
            balancer.send_signal(signal.SIGUSR1)
        wait_stopping(balancer, port)
        assert echoes(s)
    assert balancer.wait() == 0


def test_it_can_be_started_again_at_once(sluice, peer):
    """Connections in TIME_WAIT do not keep the address."""
    port = free_port()
    conf = conf_of([service("sql", port, [server("s1", peer(echo).address)])])
    for _ in range(3):
        balancer = sluice(conf)
        with connect(port) as s:
            assert echoes(s)
            balancer.send_signal(signal.SIGTERM)
            wait_stopping(balancer, port)
            balancer.send_signal(signal.SIGTERM)
            assert balancer.wait() == 0


# --- refusing to start ------------------------------------------------------------------------


def test_a_second_process_on_the_same_address_is_refused(behind, peer, tmp_path):
    port, first = behind("threads = 4;")
    conf = conf_of([service("sql", port, [server("s1", peer(echo).address)])],
                   extra='admin = { bind = ""; socket = ""; };')
    code, log = run_to_end(tmp_path, conf)
    assert code == 1
    assert f'service "sql": cannot listen on {LOOPBACK}:{port}: Address already in use' in log
    for _ in range(20):
        with connect(port) as s:
            assert echoes(s)
    assert first.is_running()


@pytest.mark.parametrize("what", ["bind", "socket"])
def test_a_taken_admin_address_is_refused_too(behind, peer, tmp_path, what):
    _, first = behind()
    taken = {"bind": f"{LOOPBACK}:{first.admin_port}", "socket": str(first.socket_path)}[what]
    admin = {"bind": "", "socket": ""} | {what: taken}
    conf = conf_of([service("sql", free_port(), [server("s1", peer(echo).address)])],
                   extra=f'admin = {{ bind = "{admin["bind"]}"; socket = "{admin["socket"]}"; }};')
    code, log = run_to_end(tmp_path, conf)
    assert code == 1
    assert "cannot listen on" in log and taken in log and "Address already in use" in log
    assert first.http("/healthz")[0] == 200
    assert first.ctl("show version").strip()


def test_a_wrong_configuration_is_refused_with_all_its_errors(tmp_path):
    port = free_port()
    code, log = run_to_end(tmp_path, f"""services = (
  {{ name = "sql";
    bind = "{LOOPBACK}:{port}";
    balanse = "leastconn";
    servers = (
      {{ name = "s1"; address = "{LOOPBACK}:1"; weight = 300; }},
      {{ name = "s1"; address = "{LOOPBACK}:2"; }}
    ); }}
);
timeout = {{ client = "soon"; }};
hreads = 3;
""")
    assert code == 3
    for line, words in [(4, 'unknown key "balanse"; did you mean "balance"?'),
                        (6, "300 is out of range"), (7, "s1"), (10, "soon"), (11, "hreads")]:
        assert re.search(rf"ends\.conf:{line}: .*{re.escape(words)}", log), (line, words, log)
    assert refuses(port)


@pytest.mark.parametrize("text", ["services = ( { name = ", "", "\0\1\2 garbage", "services = 3;"])
def test_what_is_no_configuration_is_refused(tmp_path, text):
    code, log = run_to_end(tmp_path, text)
    assert code == 3
    assert "ends.conf" in log


def test_a_missing_file_is_refused(tmp_path):
    done = subprocess.run([program("sluice"), "run", "-f", tmp_path / "nowhere.conf"],
                          capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 3
    assert "nowhere.conf: cannot be read: No such file or directory" in done.stderr


@pytest.mark.parametrize("extra, words", [
    ('user = "no-such-user-here";', "no-such-user-here"),
    ('group = "no-such-group-here";', "no-such-group-here"),
    ('pidfile = "/nonexistent/sluice.pid";', "/nonexistent/sluice.pid"),
    ('chroot = "/nonexistent/root";', "/nonexistent/root"),
])
def test_what_cannot_be_had_is_refused_in_words(peer, tmp_path, extra, words):
    port = free_port()
    conf = conf_of([service("sql", port, [server("s1", peer(echo).address)])],
                   extra=extra + 'admin = { bind = ""; socket = ""; };')
    code, log = run_to_end(tmp_path, conf)
    assert code in (1, 3)
    assert words in log
    assert refuses(port)


def test_a_log_file_that_cannot_be_opened_is_refused(peer, tmp_path):
    conf = conf_of([service("sql", free_port(), [server("s1", peer(echo).address)])],
                   session_log="/nonexistent/sessions.json",
                   extra='admin = { bind = ""; socket = ""; };')
    code, log = run_to_end(tmp_path, conf)
    assert code in (1, 3)
    assert "/nonexistent/sessions.json" in log


# --- running ----------------------------------------------------------------------------------


def test_readyz_follows_the_servers(behind):
    _, balancer = behind()
    assert balancer.is_ready()
    balancer.ctl("disable server sql/s1")
    code, _, body = balancer.http("/readyz")
    assert code == 503 and "sql" in body
    balancer.ctl("enable server sql/s1")
    assert balancer.is_ready()


def test_clients_wait_until_the_first_checks_are_over(sluice, simnodes, peer):
    """The first client is not refused only because nobody has been asked yet."""
    node, port, at = simnodes(1).nodes[0], free_port(), peer(echo)
    balancer = sluice(conf_of(
        [service("sql", port, [server("s1", at.address, check=f"port = {node.http}")],
                 check='type = "http"; path = "/health?ready=1"; inter = "1s"')]),
        wait=lambda _: not refuses(port))
    with connect(port) as s:
        assert echoes(s)
    balancer.wait_server("sql/s1", "UP")


def test_first_checks_do_not_wait_for_their_interval(sluice, simnodes):
    """It accepts with all nodes, also where the wait for the first checks ends before `inter`."""
    s = sluice(cluster_conf(simnodes(5).nodes, check='type = "http"; port = "http"; inter = "60s";'))
    s.wait_log("accepting connections")
    assert all(server["usable"] for server in s.status()["services"][0]["servers"])


def test_the_pidfile_is_there_while_the_process_is(behind, tmp_path):
    path = tmp_path / "sluice.pid"
    path.write_text("something old, and longer than a process id\n")
    _, balancer = behind(f'pidfile = "{path}";')
    assert path.read_text() == f"{balancer.pid}\n"
    balancer.stop()
    assert not path.exists()


def test_a_log_file_is_opened_again_on_sighup(behind, session_log, tmp_path):
    port, balancer = behind()
    with connect(port) as s:
        assert echoes(s)
    session_log.wait(1)
    old = tmp_path / "sessions.json.1"
    session_log.path.rename(old)
    with connect(port) as s:
        assert echoes(s)
    wait_for(lambda: SessionLog(old).sessions()[1:], what="the old file to get one more")
    with connect(port) as s:
        assert echoes(s, b"while it happens")
        balancer.reload()
        wait_for(session_log.path.exists, what="the new file")
        assert echoes(s, b"and afterwards")
    line, = session_log.wait(1)
    assert line["bytes_in"] == len(b"while it happens" + b"and afterwards")
    assert len(SessionLog(old).sessions()) == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_root_becomes_the_user_it_was_told(sluice, peer, tmp_path):
    port, low = free_port(), 987
    nobody = pwd.getpwnam("nobody")
    tmp_path.chmod(0o755)
    pidfile = tmp_path / "sluice.pid"
    balancer = sluice(conf_of([service("sql", port, [server("s1", peer(echo).address)]),
                               service("low", low, [server("s1", peer(echo).address)])],
                              extra=f'user = "nobody"; pidfile = "{pidfile}";'))
    with open(f"/proc/{balancer.pid}/status", encoding="ascii") as f:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
    assert set(status["Uid"].split()) == {str(nobody.pw_uid)}
    assert set(status["Gid"].split()) == {str(nobody.pw_gid)}
    assert set(status["Groups"].split()) <= {str(nobody.pw_gid)}
    assert int(status["CapEff"], 16) == 0
    for task in os.listdir(f"/proc/{balancer.pid}/task"):  # workers had started before
        with open(f"/proc/{balancer.pid}/task/{task}/status", encoding="ascii") as f:
            assert f"Uid:\t{nobody.pw_uid}\t{nobody.pw_uid}\t" in f.read()
    for at in port, low:
        with connect(at) as s:
            assert echoes(s)


# --- names ------------------------------------------------------------------------------------


class NameServer:
    """Answers A questions from a dictionary; what is not there does not exist (RFC 1035)."""

    def __init__(self, names):
        self.names = names
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((LOOPBACK, 0))
        self.address = f"{LOOPBACK}:{self.socket.getsockname()[1]}"
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            question, client = self.socket.recvfrom(4096)
            if question == b"end":
                return
            self.socket.sendto(self._answer(question), client)

    def _answer(self, query):
        number, = struct.unpack_from("!H", query)
        labels, at = [], 12
        while size := query[at]:
            labels.append(query[at + 1:at + 1 + size].decode())
            at += 1 + size
        kind, = struct.unpack_from("!H", query, at + 1)
        name = ".".join(labels).lower()
        self.asked.append((name, kind))
        address = self.names.get(name)
        answer = b""
        if address and kind == 1:
            answer = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 1, 4) + socket.inet_aton(address)
        code = 0 if address else 3
        head = struct.pack("!HHHHHH", number, 0x8180 | code, 1, bool(answer), 0, 0)
        return head + query[12:at + 5] + answer

    def close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(b"end", self.socket.getsockname())
        self.thread.join(PATIENCE)
        self.socket.close()


@pytest.fixture
def name_server():
    with contextlib.closing(NameServer({})) as server_:
        yield server_


@pytest.mark.parametrize("check", ['type = "none"', 'type = "tcp"; inter = "100ms"; rise = 1'])
def test_a_name_may_resolve_later(sluice, peer, name_server, check):
    port, at = free_port(), peer(echo)
    balancer = sluice(conf_of(
        [service("sql", port, [server("named", f"db.test.example:{at.port}")], check=check)],
        extra=f'resolver = {{ nameservers = ( "{name_server.address}" ); every = "1s"; '
              'timeout = "1s"; };'), wait="healthy")
    wait_for(lambda: ("db.test.example", 1) in name_server.asked, what="the first question")

    def named_server():
        named, = balancer.status()["services"][0]["servers"]
        return named

    wait_for(lambda: "does not resolve" in named_server()["cause"], what="the answer")
    assert balancer.stat()["sql/named"]["status"] == "DOWN"
    assert balancer.http("/readyz")[0] == 503
    named = named_server()
    if "tcp" in check:
        assert named["check"]["info"] and "resolve" in named["check"]["words"]
        row = balancer.stat()["sql/named"]
        assert row["check_status"] in ("RESOLVE", "* RESOLVE"), row
    wait_for(lambda: not refuses(port), what="the port to be open")
    with connect(port) as s:
        ends(s)
    name_server.names["db.test.example"] = LOOPBACK

    def works():
        with connect(port) as s:
            try:
                return echoes(s)
            except OSError:
                return False
    wait_for(works, what="a session on the server whose name has come", interval=0.05)
    balancer.wait_server("sql/named", "UP" if "tcp" in check else "no check")


def test_a_name_may_get_another_address(sluice, peer, name_server):
    old, new = peer(echo, host="127.0.0.2"), None
    name_server.names["db.test.example"] = "127.0.0.2"
    port = free_port()
    balancer = sluice(conf_of(
        [service("sql", port, [server("named", f"db.test.example:{old.port}")],
                 check='type = "tcp"; inter = "100ms"; rise = 1')],
        extra=f'resolver = {{ nameservers = ( "{name_server.address}" ); every = "1s"; }};'))
    with connect(port) as kept:
        assert echoes(kept)
        with socket.create_server(("127.0.0.3", old.port)) as new:
            new.settimeout(PATIENCE)
            name_server.names["db.test.example"] = "127.0.0.3"
            wait_for(lambda: balancer.stat()["sql/named"]["addr"] == f"127.0.0.3:{old.port}",
                     what="the new address")
            with connect(port) as s:
                s.sendall(b"anybody?")
                while True:  # checks come, too
                    got, _ = new.accept()
                    got.settimeout(PATIENCE)
                    with got, contextlib.suppress(ConnectionResetError):
                        if got.recv(8):
                            break
            assert echoes(kept), "the session on the old address is to go on"
