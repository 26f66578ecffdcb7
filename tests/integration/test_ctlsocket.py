# SPDX-License-Identifier: MIT
"""The control socket: HAProxy's runtime API, as its clients use it."""

import csv
import json
import os
import shutil
import socket
import stat
import subprocess

import harness
import haproxies
import pytest


@pytest.fixture
def cluster(simnodes):
    return simnodes(2)


@pytest.fixture
def proxy(cluster, sluice):
    services = [f'{{ name = "psql"; bind = "127.0.0.1:{harness.free_port()}"; port = "sql"; '
                'balance = "roundrobin"; }']
    conf = harness.cluster_conf(cluster.nodes, services)
    process = sluice(conf)
    process.sql_port = harness.port_of(conf, "psql")
    return process


def ask(proxy, data, half_close=False):
    return haproxies.ask(proxy.socket_path, data, half_close)


def test_the_socket_is_for_owner_and_group_and_goes_with_the_program(proxy):
    mode = os.stat(proxy.socket_path).st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o660
    proxy.stop()
    assert not proxy.socket_path.exists()


def test_a_line_may_end_as_it_likes(proxy):
    """socat and scripts: a newline, CRLF, or nothing but the end of what is sent."""
    expected = b"# name\npsql\n\n"
    for line in (b"show backend\n", b"show backend\r\n", b"  show   backend \n"):
        assert ask(proxy, line) == expected
        assert ask(proxy, line, half_close=True) == expected
    assert ask(proxy, b"show backend", half_close=True) == expected
    assert ask(proxy, b"", half_close=True) == b""
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(str(proxy.socket_path))
        s.settimeout(harness.PATIENCE)
        for byte in b"show backend\n":
            s.sendall(bytes([byte]))
        assert s.recv(100) == expected


@pytest.mark.skipif(not shutil.which("socat"), reason="socat is not installed")
def test_socat_gets_its_answer(proxy):
    for command in ("show backend", "show backend\n"):
        done = subprocess.run(["socat", "-", f"UNIX-CONNECT:{proxy.socket_path}"], check=True,
                              input=command, capture_output=True, text=True,
                              timeout=harness.PATIENCE)
        assert done.stdout == "# name\npsql\n\n"


def test_several_commands_fit_into_a_line(proxy):
    assert ask(proxy, b"get weight psql/n1; show backend;get weight psql/n2\n") == \
        b"1 (initial 1)\n\n# name\npsql\n\n1 (initial 1)\n\n"
    assert ask(proxy, b"set weight psql/n1 7; get weight psql/n1\n") == b"\n7 (initial 1)\n\n"
    assert ask(proxy, b"quit; show backend\n") == b""
    # Escaped it is a part of the command; what came with the first line is answered, too.
    assert ask(proxy, b"show backend\\; x\n").startswith(b"Unknown command, but maybe")
    assert ask(proxy, b"show backend\nshow backend\n") == b"# name\npsql\n\n" * 2


def test_a_prompt_makes_it_a_conversation(proxy):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(str(proxy.socket_path))
        s.settimeout(harness.PATIENCE)
        talk = s.makefile("rwb", buffering=0)

        def say(line):
            talk.write(line)
            answer = b""
            while answer.count(b"\n> ") < 1 + line.count(b";"):
                answer += s.recv(65536)
            return answer[:-2]
        assert say(b"prompt\n") == b"\n"
        assert say(b"show backend\n") == b"# name\npsql\n\n"
        assert say(b"set weight psql/n1 3\n") == b"\n"
        assert say(b"get weight psql/n1; get weight psql/n2\r\n") == \
            b"3 (initial 1)\n\n> 1 (initial 1)\n\n"
        talk.write(b"quit\n")
        assert s.recv(100) == b""
        talk.close()


def test_show_info_and_stat_are_lines_a_script_can_cut(proxy):
    info = dict(line.split(": ", 1) for line in proxy.ctl("show info").splitlines() if line)
    assert info["Name"] == "HAProxy"
    assert int(info["Pid"]) == proxy.pid
    assert int(info["Maxconn"]) > 0
    rows = list(csv.reader(proxy.ctl("show stat").strip().splitlines()))
    assert [row[1] for row in rows[1:]] == ["FRONTEND", "n1", "n2", "BACKEND"]
    typed = proxy.ctl("show stat typed").splitlines()
    assert typed[0] == "F.2.0.0.pxname.1:KNS:str:psql"
    as_json = json.loads(proxy.ctl("show stat json"))
    assert as_json[0][0]["value"] == {"type": "str", "value": "psql"}
    assert json.loads(proxy.ctl("show info json"))[0]["field"]["name"] == "Name"
    assert json.loads(proxy.ctl("show status json"))["services"][0]["name"] == "psql"
    only = haproxies.parse_stat(proxy.ctl("show stat 2 4 2"))
    assert list(only) == ["psql/n2"]
    assert proxy.ctl("show stat nope 4 -1") == "No such proxy.\n\n"


def test_servers_state_is_a_state_file(proxy):
    lines = proxy.ctl("show servers state").splitlines()
    assert lines[0] == "1"
    names = lines[1].lstrip("# ").split()
    rows = [dict(zip(names, line.split(" "))) for line in lines[2:] if line]
    assert [row["srv_name"] for row in rows] == ["n1", "n2"]
    assert {row["srv_op_state"] for row in rows} == {"2"}
    proxy.ctl("disable server psql/n1")
    row = dict(zip(names, proxy.ctl("show servers state psql").splitlines()[2].split(" ")))
    assert row["srv_admin_state"] == "1"
    assert proxy.ctl("show servers state nope") == "Can't find backend.\n\n"


def test_orders_change_what_clients_get(proxy):
    def nodes_of(count):
        return {harness.psql(proxy.sql_port, "SHOW node_id").stdout.strip()
                for _ in range(count)}
    assert nodes_of(4) == {"1", "2"}
    for order, undo in (("set server psql/n1 state drain", "set server psql/n1 state ready"),
                        ("set server psql/n1 state maint", "enable server psql/n1"),
                        ("disable server psql/n1", "set server psql/n1 state ready"),
                        ("set server psql/n1 weight 0", "set weight psql/n1 100%"),
                        ("disable server #2/#1", "enable server psql/#1")):
        assert proxy.ctl(order) == "\n", order
        assert nodes_of(4) == {"2"}, order
        assert proxy.ctl(undo) == "\n", undo
        proxy.wait_server("psql/n1", "UP")
        assert nodes_of(4) == {"1", "2"}, undo


def test_health_is_set_until_checks_say_otherwise(proxy):
    events = proxy.events()
    for word, status in (("down", "down"), ("stopping", "nolb")):
        assert proxy.ctl(f"set server psql/n1 health {word}") == "\n"
        events.wait(lambda e, status=status: e.get("server") == "n1" and status in
                    json.dumps(e["after"]).lower() and "command" in json.dumps(e))
        proxy.wait_server("psql/n1", "UP")


def test_states_read_as_haproxys(proxy):
    for order, status in (("state drain", "DRAIN"), ("state maint", "MAINT")):
        proxy.ctl(f"set server psql/n2 {order}")
        assert proxy.server_status("psql/n2") == status
        shown = haproxies.parse_stat(proxy.ctl("show stat no-maint"))
        assert ("psql/n2" in shown) == (status == "DRAIN")
    proxy.ctl("set server psql/n2 state ready")
    proxy.wait_server("psql/n2", "UP")


def test_a_session_is_ended_by_its_number(proxy):
    held = [harness.PgSession(proxy.sql_port) for _ in range(3)]
    sessions = json.loads(proxy.ctl("show sess json"))["sessions"]
    by_client = {s["client"]: s["id"] for s in sessions}
    assert proxy.ctl("show sess").count("\n") == 4
    ids = [by_client["%s:%d" % h.socket.getsockname()] for h in held]
    assert proxy.ctl(f"shutdown session {ids[0]}") == "\n"
    assert proxy.ctl(f"shutdown session {ids[1]:#x}") == "\n"
    for h in held[:2]:
        with pytest.raises(OSError):
            h.query("SELECT 1")
        h.close()
    assert held[2].value("SELECT 1") == "1"
    held[2].close()
    assert proxy.ctl("shutdown session 999999") == "No such session (use 'show sess').\n\n"
    for wrong in ("", "0x", "0xg", "12a", "-1"):
        assert proxy.ctl(f"shutdown session {wrong}") == \
            "Session pointer expected (use 'show sess').\n\n"


def test_all_sessions_of_a_server_are_ended(proxy):
    held = [harness.PgSession(proxy.sql_port) for _ in range(4)]
    at = {h: h.value("SHOW node_id") for h in held}
    assert sorted(at.values()) == ["1", "1", "2", "2"]
    assert proxy.ctl("shutdown sessions server psql/n1") == "\n"
    for h in held:
        if at[h] == "1":
            with pytest.raises(OSError):
                h.query("SELECT 1")
        else:
            assert h.value("SELECT 1") == "1"
        h.close()


def test_events_are_listed_and_followed(proxy, cluster):
    assert proxy.ctl("show events").startswith("Supported events sinks are listed below.")
    lines = proxy.ctl("show events buf0").splitlines()
    assert any("psql/n1" in line and "CHECKING -> UP" in line for line in lines)
    first = json.loads(proxy.ctl("show events json").splitlines()[0])
    assert first["seq"] == 1
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(str(proxy.socket_path))
        s.settimeout(harness.PATIENCE)
        s.sendall(b"show events json follow\n")
        lines = s.makefile("r", encoding="utf-8")
        cluster.command(2, "kill")
        while json.loads(line := lines.readline()).get("server") != "n2" or \
                json.loads(line)["kind"] != "server" or "DOWN" not in line.upper():
            pass
        lines.close()


WRONG = [
    ("get weight psql/nx", "No such server."),
    ("get weight foo/n1", "No such backend."),
    ("get weight psql", "Require 'backend/server'."),
    ("set weight psql/n1", "Require <weight> or <weight%>."),
    ("set weight psql/n1 300", "Absolute weight can only be between 0 and 256 inclusive."),
    ("set server psql/n1 state foo",
     "'set server <srv> state' expects 'ready', 'drain' and 'maint'."),
    ("set server psql/n1 health foo",
     "'set server <srv> health' expects 'up', 'stopping', or 'down'."),
    ("set server psql/nx state ready", "No such server."),
    ("set server foo/n1 state ready", "No such backend."),
    ("enable server", "Require 'backend/server'."),
    ("disable server psql/nx", "No such server."),
    ("shutdown session", "Session pointer expected (use 'show sess')."),
    ("shutdown session 0x1", "No such session (use 'show sess')."),
    ("shutdown sessions server psql/nx", "No such server."),
    ("show stat nope 4 -1", "No such proxy."),
    ("show servers state nope", "Can't find backend."),
]


def test_what_is_wrong_is_said_in_haproxys_words(proxy, tmp_path, started, cluster):
    theirs = None
    if haproxies.BINARY.exists():
        servers = "\n".join(f"  server {n.name} {n.host}:{n.sql} check" for n in cluster.nodes)
        theirs = started(haproxies.Haproxy(
            tmp_path, "global\n  stats socket {socket} level admin\n"
            "defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 5s\n"
            f"  timeout server 5s\nlisten psql\n  bind 127.0.0.1:{harness.free_port()}\n"
            f"{servers}\n"))
    for command, words in WRONG:
        assert proxy.ctl(command) == words + "\n\n", command
        if theirs:
            assert theirs.ctl(command) == words + "\n\n", command


def test_an_unknown_command_is_answered_with_the_list(proxy):
    answer = proxy.ctl("show stast")
    assert answer.startswith("Unknown command, but maybe one of the following ones is a better "
                             "match:\n  show stat ")
    assert answer.endswith("\n\n")
    assert "  help" in proxy.ctl("help")


def test_bytes_that_are_no_command_do_no_harm(proxy):
    for junk in (bytes(range(256)) * 16 + b"\n", b"\0\n", b"\xff" * 60000 + b"\n",
                 b";" * 5000 + b"\n", b"set server " + b"a" * 30000 + b" state ready\n",
                 b"show stat " + b"x " * 500 + b"\n", b"\\;" * 300 + b"\n", b"\\\n"):
        try:
            ask(proxy, junk, half_close=True)
        except (ConnectionResetError, BrokenPipeError):
            pass
    assert ask(proxy, b"show backend\n") == b"# name\npsql\n\n"


def test_a_line_without_an_end_is_cut_off(proxy):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(str(proxy.socket_path))
        s.settimeout(harness.PATIENCE)
        try:
            for _ in range(40):
                s.sendall(b"a" * 4096)
            assert s.recv(1) == b""
        except (BrokenPipeError, ConnectionResetError):
            pass
    assert proxy.ctl("show backend") == "# name\npsql\n\n"


def test_many_clients_have_their_answers(proxy):
    clients = []
    for _ in range(200):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(harness.PATIENCE)
        s.connect(str(proxy.socket_path))
        clients.append(s)
    for s in clients:
        s.sendall(b"show backend\n")
    for s in clients:
        assert s.recv(100) == b"# name\npsql\n\n"
        s.close()
