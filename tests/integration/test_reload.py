# SPDX-License-Identifier: MIT
"""A configuration that changes under clients: all of it comes into force, or none."""

import contextlib
import hashlib
import os
import random
import re
import signal
import socket
import ssl
import threading

import peers
import pytest
from harness import (LOOPBACK, PATIENCE, Process, cluster_conf, free_port, make_cert, port_of, program,
                     wait_for)
from peers import (answer_with, conf_of, connect, echoes, peer, read_all,  # noqa: F401
                   read_exactly, server, service)

TCP = 'type = "tcp"; inter = "200ms"; rise = 1; fall = 2'


@pytest.fixture
def run(sluice):
    """run(services, extra): a Sluice on that configuration, with change() to write another."""
    def start(services, extra="", **options):
        s = sluice(conf_of(services, extra), **options)
        s.change = lambda services, extra="": s.write_conf(conf_of(services, extra))
        return s
    return start


@pytest.fixture
def named(peer):  # noqa: F811
    """named("a"): a server that says its name, then echoes."""
    return lambda name: peer(answer_with(name.encode()))


def reload(process):
    """The answer of the runtime command, its lines."""
    return process.ctl("reload").strip().splitlines()


def reloaded(process):
    lines = reload(process)
    assert lines[-1] == "reloaded", lines
    return lines[:-1]


def name_of(s):
    return read_exactly(s, 1).decode()


def visit(port):
    """The server of a new session."""
    with connect(port) as s:
        return name_of(s)


def counts(process, server_):
    row = process.stat()[server_]
    return int(row["stot"]), int(row["bin"]), int(row["chkfail"] or 0)


# --- what survives ------------------------------------------------------------------------------


def test_sessions_survive_twenty_reloads_that_change_everything_around_them(run, named):
    a, b = named("a"), named("b")
    port, other = free_port(), free_port()

    def services(i):
        servers = [server("a", a.port, f"weight = {1 + i % 7};")]
        if i % 2:
            servers.append(server("b", b.port, f"maxconn = {100 + i};"))
        bind = f'[ "{LOOPBACK}:{port}", "{LOOPBACK}:{other}" ]' if i % 3 else f'"{LOOPBACK}:{port}"'
        return [service("s", "x", servers, f"retries = {i % 5};", TCP).replace('"x"', bind)]
    s = run(services(0))
    with contextlib.ExitStack() as stack:
        sessions = [stack.enter_context(connect(port)) for _ in range(8)]
        assert {name_of(c) for c in sessions} == {"a"}
        for i in range(1, 21):
            s.change(services(i))
            reloaded(s)
            assert all(echoes(c, f"reload {i}".encode()) for c in sessions)
            late = stack.enter_context(connect(port))
            name_of(late)
            sessions.append(late)
            if i % 3:
                with connect(other) as c:
                    assert name_of(c) in "ab"
        wait_for(lambda: s.stat()["s/FRONTEND"]["scur"] == str(len(sessions)),
                 what="the other sessions to end")


def test_counters_health_and_orders_survive(run, named):
    a, b = named("a"), named("b")
    port = free_port()

    def services(weight, retries):
        return [service("s", port, [server("a", a.port, f"weight = {weight};", TCP),
                                    server("b", b.port, "", TCP)], f"retries = {retries};")]
    s = run(services(1, 3))
    for _ in range(10):
        visit(port)
    s.ctl("set server s/b state drain")
    s.ctl("set maxconn server s/a 77")
    wait_for(lambda: sum(counts(s, f"s/{n}")[0] for n in "ab") == 10, what="10 sessions")
    before = {n: counts(s, n) for n in ("s/a", "s/b")}
    s.change(services(5, 2))
    assert any("weight" in line for line in reloaded(s))
    row = s.stat()
    assert {n: counts(s, n) for n in before} == before
    assert row["s/b"]["status"].startswith("DRAIN")
    assert row["s/a"]["status"] == "UP"
    assert row["s/a"]["weight"] == "5"
    assert row["s/a"]["slim"] == "77"  # the file did not change that
    assert {visit(port) for _ in range(6)} == {"a"}


def test_a_check_that_stays_goes_on_as_if_nothing_had_happened(run, peer):  # noqa: F811
    """With an interval of a minute a check that began anew would be seen at once."""
    def healthy(c):
        c.recv(65536)
        c.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
    checked = peer(healthy)
    port = free_port()

    def services(retries):
        slow = 'type = "http"; path = "/"; inter = "60s"; rise = 1; fall = 2'
        return [service("s", port, [server("a", checked.port, "", slow)], f"retries = {retries};")]
    s = run(services(0))
    wait_for(lambda: checked.accepted, what="the first check")
    seen = checked.accepted
    for i in range(1, 6):
        s.change(services(i))
        reloaded(s)
    assert s.server_status("s/a") == "UP"
    assert checked.accepted == seen


def test_words_of_an_agent_count_in_a_row_and_anew_after_a_change(run, named, peer):  # noqa: F811
    a, word = named("a"), [b"up\n"]
    agent = peer(lambda c: c.sendall(word[0]))
    port = free_port()

    def services(fall):
        more = f'agent = {{ port = {agent.port}; inter = "100ms"; rise = 2; fall = {fall}; }};'
        return [service("s", port, [server("a", a.port, more)])]

    def answers_until(status):
        before = agent.accepted
        s.wait_server("s/a", status)
        return agent.accepted - before
    s = run(services(5))
    word[0] = b"down\n"
    assert answers_until("DOWN") >= 4
    word[0] = b"up\n"
    s.wait_server("s/a", "no check")
    s.change(services(8))
    reloaded(s)
    word[0] = b"down\n"
    assert answers_until("DOWN") >= 7


@pytest.mark.parametrize("limit", ["client", "server_"])
def test_sessions_without_any_limit_learn_of_one(sluice, named, limit):
    a = named("a")
    port = free_port()

    def conf(**limits):
        limits = {"client": "0s", "server_": "0s"} | limits
        return conf_of([service("s", port, [server("a", a.port)])], **limits)
    s = sluice(conf())
    with connect(port) as c:
        assert name_of(c) == "a"
        # In its first second a session is looked at for another reason.
        wait_for(lambda: re.search(r"age=([2-9]|1\d)s", s.ctl("show sess")), what="it to last")
        s.write_conf(conf(**{limit: "200ms"}))
        reloaded(s)
        assert read_all(c) == b""


def test_checks_come_from_where_clients_connections_do(run, peer):  # noqa: F811
    seen = {"check": set(), "agent": set()}

    def answering(what, answer):
        def serve(c):
            seen[what].add(c.getpeername()[0])
            c.recv(65536)
            c.sendall(answer)
        return peer(serve)
    a, agent = answering("check", b"HTTP/1.0 200 OK\r\n\r\n"), answering("agent", b"up\n")
    port = free_port()

    def services(source):
        more = (f'source = "{source}"; '
                f'agent = {{ port = {agent.port}; inter = "100ms"; send = "a"; }};')
        check = 'type = "http"; inter = "100ms"; rise = 1; path = "/"'
        return [service("s", port, [server("a", a.port, more, check)])]
    s = run(services("127.0.0.5"))
    wait_for(lambda: all(seen.values()), what="both to be asked")
    assert seen == {"check": {"127.0.0.5"}, "agent": {"127.0.0.5"}}
    s.change(services("127.0.0.6"))
    reloaded(s)
    wait_for(lambda: all("127.0.0.6" in of for of in seen.values()), what="both to be asked")
    assert {of for ofs in seen.values() for of in ofs} == {"127.0.0.5", "127.0.0.6"}


def test_a_program_is_told_what_is_true_now(run, named, tmp_path):
    a = named("a")
    port = free_port()
    program_, told = tmp_path / "check", tmp_path / "told"
    program_.write_text('#!/bin/sh\necho "$4 $HAPROXY_SERVER_PORT $HAPROXY_SERVER_MAXCONN '
                        f'$HAPROXY_SERVER_CURCONN" >{told}.new && mv {told}.new {told}\n')
    program_.chmod(0o755)
    check = f'type = "external"; command = "{program_}"; inter = "100ms"; search_path = "/bin:/usr/bin"'

    def conf(to):
        return [service("s", port, [server("a", to, "maxconn = 7;", check)])]

    def is_told(to, maxconn, current):
        wait_for(lambda: told.exists() and told.read_text().split() ==
                 [str(to), str(to), str(maxconn), str(current)],
                 what=lambda: f"{told.read_text()} to be {to}, {maxconn}, {current}")
    s = run(conf(a.port), "external_checks = true;")
    is_told(a.port, 7, 0)
    with connect(port) as c:
        name_of(c)
        is_told(a.port, 7, 1)
        s.ctl("set maxconn server s/a 5")
        is_told(a.port, 5, 1)
        b = named("b")
        s.ctl(f"set server s/a addr {LOOPBACK} port {b.port}")
        is_told(b.port, 5, 1)
    third = named("c")
    s.change(conf(third.port), "external_checks = true;")
    reloaded(s)
    is_told(third.port, 5, 0)


# --- what comes and goes ------------------------------------------------------------------------


def test_a_removed_server_keeps_its_sessions_and_goes_with_the_last(run, named):
    a, b = named("a"), named("b")
    port = free_port()
    s = run([service("s", port, [server("a", a.port), server("b", b.port)])])
    with contextlib.ExitStack() as stack:
        sessions = [stack.enter_context(connect(port)) for _ in range(4)]
        names = [name_of(c) for c in sessions]
        assert sorted(names) == ["a", "a", "b", "b"]
        s.change([service("s", port, [server("a", a.port)])])
        assert any(line.startswith("- ") and "b" in line for line in reloaded(s))
        assert "s/b" not in s.stat()
        assert {visit(port) for _ in range(6)} == {"a"}
        assert all(echoes(c) for c in sessions)
        # One of the same name is another server.
        s.change([service("s", port, [server("a", a.port), server("b", b.port, "", TCP)])])
        reloaded(s)
        s.wait_server("s/b", "UP")
        assert s.stat()["s/b"]["scur"] == "0"
        assert all(echoes(c) for c in sessions)
    wait_for(lambda: s.stat()["s/FRONTEND"]["scur"] == "0", what="the last session to end")


def test_a_new_server_waits_for_its_first_check(run, named):
    a = named("a")
    port, closed = free_port(), free_port()
    s = run([service("s", port, [server("a", a.port, "", TCP)])])
    s.change([service("s", port, [server("a", a.port, "", TCP), server("b", closed, "", TCP)])])
    assert any(line.startswith("+ ") for line in reloaded(s))
    assert [visit(port) for _ in range(5)] == ["a"] * 5
    s.wait_server("s/b", "DOWN")
    assert counts(s, "s/b")[0] == 0


@pytest.mark.parametrize("other", ["", "track"])
def test_a_server_that_loses_its_check_while_it_is_down_serves(run, named, other):
    a = named("a")
    port, probed = free_port(), free_port()
    dead = TCP + f"; port = {probed}"
    leader = service("x", free_port(), [server("l", a.port, "", dead)])
    checked = server("a", a.port, 'track = "x/l";') if other else server("a", a.port, "", dead)
    s = run([leader, service("s", port, [checked])], wait="alive")
    s.wait_server("s/a", "DOWN")
    s.change([leader, service("s", port, [server("a", a.port, "", 'type = "none"')])])
    wait_for(lambda: reload(s)[-1] == "reloaded", what="its first checks to be over")
    assert visit(port) == "a"
    s.wait_server("s/a", "no check")


def test_services_come_and_go(run, named):
    a, b = named("a"), named("b")
    one, two = free_port(), free_port()
    first = service("one", one, [server("a", a.port, "", TCP)])
    s = run([first])
    s.change([first, service("two", two, [server("b", b.port, "", TCP)])])
    reloaded(s)
    held = connect(two)  # may have to wait for the first check
    assert name_of(held) == "b"
    s.change([first])
    reloaded(s)
    assert "two/BACKEND" not in s.stat()
    with pytest.raises(ConnectionRefusedError):
        connect(two)
    assert echoes(held)
    held.close()
    # A service that is renamed keeps the socket.
    s.change([service("uno", one, [server("a", a.port, "", TCP)])])
    reloaded(s)
    assert visit(one) == "a"
    assert "one/BACKEND" not in s.stat()


def test_a_service_that_is_renamed_refuses_nobody(run, named):
    a = named("a")
    port = free_port()

    def services(i):
        return [service(f"n{i}", port, [server("a", a.port, "", TCP if i % 2 else "")])]
    s = run(services(0))
    with Load(port) as load:
        for i in range(1, 11):
            s.change(services(i))
            reloaded(s)
            load.wait_more(5)
    load.check()


def test_a_changed_address_is_used_at_once(run, named):
    a, b = named("a"), named("b")
    port = free_port()
    s = run([service("s", port, [server("n", a.port, "", TCP)])])
    assert visit(port) == "a"
    with connect(port) as held:
        assert name_of(held) == "a"
        s.change([service("s", port, [server("n", b.port, "", TCP)])])
        reloaded(s)
        assert visit(port) == "b"
        assert echoes(held)
    s.change([service("s", port, [server("n", f"localhost:{a.port}", "", TCP)])])
    reloaded(s)
    wait_for(lambda: visit(port) == "a", what="the name to be looked up")


def test_an_address_that_an_operator_set_stays_until_the_file_changes_it(run, named):
    a, b = named("a"), named("b")
    port = free_port()

    def services(retries, address):
        return [service("s", port, [server("n", address)], f"retries = {retries};")]
    s = run(services(1, a.port))
    s.ctl(f"set server s/n addr {LOOPBACK} port {b.port}")
    assert visit(port) == "b"
    s.change(services(2, a.port))
    reloaded(s)
    assert visit(port) == "b"
    s.change(services(2, f"localhost:{a.port}"))
    reloaded(s)
    wait_for(lambda: visit(port) == "a", what="the file's address")


def test_disabled_follows_the_file(run, named):
    a, b = named("a"), named("b")
    port = free_port()

    def services(disabled):
        return [service("s", port, [server("a", a.port),
                                    server("b", b.port, f"disabled = {disabled};")])]
    s = run(services("false"))
    s.change(services("true"))
    reloaded(s)
    assert s.server_status("s/b") == "MAINT"
    assert {visit(port) for _ in range(4)} == {"a"}
    s.change(services("false"))
    reloaded(s)
    assert {visit(port) for _ in range(4)} == {"a", "b"}


def test_a_server_that_came_by_command_stays_and_may_be_taken_into_the_file(run, named):
    a, b = named("a"), named("b")
    port = free_port()
    only = [server("a", a.port)]
    s = run([service("s", port, only)])
    assert "registered" in s.ctl(f"add server s/b {LOOPBACK}:{b.port}")
    s.ctl("enable server s/b")
    assert {visit(port) for _ in range(4)} == {"a", "b"}
    s.change([service("s", port, only, "retries = 1;")])
    reloaded(s)
    assert {visit(port) for _ in range(4)} == {"a", "b"}
    before = counts(s, "s/b")
    s.change([service("s", port, [*only, server("b", b.port, "weight = 2;", TCP)])])
    reloaded(s)
    assert counts(s, "s/b")[0] == before[0]
    s.wait_server("s/b", "UP")
    s.change([service("s", port, only)])
    reloaded(s)
    assert "s/b" not in s.stat()


def test_the_balancing_changes_under_clients(run, named):
    a, b = named("a"), named("b")
    port = free_port()
    ways = ['balance = "roundrobin";', 'balance = "source";', 'balance = "leastconn";',
            'balance = "source"; hash = { type = "consistent"; };', 'balance = "random";',
            'balance = "source"; hash = { type = "map-based"; };', 'balance = "first";']
    servers = [server("a", a.port), server("b", b.port)]
    s = run([service("s", port, servers, ways[0])])
    with Load(port) as load:
        for way in ways[1:] + ways:
            s.change([service("s", port, servers, way)])
            reloaded(s)
            load.wait_more(5)
    load.check()


# --- sockets ------------------------------------------------------------------------------------


def inode(pid, port):
    """Of the listening socket."""
    with open(f"/proc/{pid}/net/tcp", encoding="ascii") as f:
        rows = [line.split() for line in f.readlines()[1:]]
    found = [r[9] for r in rows if r[3] == "0A" and r[1].endswith(f":{port:04X}")]
    assert len(found) == 1, found
    return found[0]


def test_a_socket_is_kept_whatever_changes_but_its_address(run, named):
    a = named("a")
    port, other = free_port(), free_port()
    s = run([service("s", port, [server("a", a.port)])])
    socket_ = inode(s.pid, port)
    held = connect(port)
    assert name_of(held) == "a"
    for more in ("backlog = 77;", 'name = "front"; maxconn = 50;', "defer_accept = true;", ""):
        bind = f'( {{ address = "{LOOPBACK}:{port}"; {more} }} )'
        s.change([service("s", "x", [server("a", a.port)]).replace('"x"', bind)])
        reloaded(s)
        assert inode(s.pid, port) == socket_
        with connect(port) as c:
            c.sendall(b"!")
            assert name_of(c) == "a"
        assert echoes(held)
    s.change([service("s", other, [server("a", a.port)])])
    reloaded(s)
    assert visit(other) == "a"
    with pytest.raises(ConnectionRefusedError):
        connect(port)
    assert echoes(held)
    # From one address to all of them on the same port, and back.
    for bind in (f":{other}", other):
        s.change([service("s", bind, [server("a", a.port)])])
        reloaded(s)
        assert visit(other) == "a"
    held.close()


def test_a_unix_socket_stays_and_goes(run, named, tmp_path):
    a = named("a")
    path = tmp_path / "s"
    port = free_port()
    s = run([service("s", f"unix:{path}", [server("a", a.port)])])
    s.change([service("s", f"unix:{path}", [server("a", a.port)], "retries = 1;")])
    reloaded(s)
    with socket.socket(socket.AF_UNIX) as c:
        c.connect(str(path))
        assert name_of(c) == "a"
    s.change([service("s", port, [server("a", a.port)])])
    reloaded(s)
    assert not path.exists()
    assert visit(port) == "a"


def test_endpoints_change_under_their_clients(run, named, tmp_path):
    a = named("a")
    port, admin, other = free_port(), free_port(), free_port()
    services = [service("s", port, [server("a", a.port)])]
    path, path2 = tmp_path / "1", tmp_path / "2"

    def extra(bind, path, more=""):
        return f'admin = {{ bind = "{LOOPBACK}:{bind}"; socket = "{path}"; {more} }};'
    s = run(services, extra(admin, path))
    events = s.events()
    with socket.socket(socket.AF_UNIX) as operator:
        operator.settimeout(PATIENCE)
        operator.connect(str(path))
        operator.sendall(b"prompt\n")
        assert read_exactly(operator, 2) == b"\n>"
        # The same place, other rules: who is there stays.
        users = 'users = ( { name = "u"; password = "p"; } );'
        s.change(services, extra(admin, path, users))
        reloaded(s)
        assert s.http("/healthz")[0] == 200
        assert s.http("/")[0] == 401
        events.wait(lambda e: e["kind"] == "mark" and e["text"].startswith("reloaded"))
        operator.sendall(b"show version\n")
        assert read_exactly(operator, 5)
    s.change(services, extra(admin, path))
    reloaded(s)
    assert s.http("/")[0] == 200
    # Other places: the answer to the reload still comes.
    s.change(services, extra(other, path2))
    with socket.socket(socket.AF_UNIX) as operator:
        operator.settimeout(PATIENCE)
        operator.connect(str(path))
        operator.sendall(b"reload\n")
        assert read_all(operator).decode().strip().endswith("reloaded")
    wait_for(lambda: not path.exists(), what="the old socket to go")
    assert s.http("/healthz")[0] == 200
    with pytest.raises(ConnectionRefusedError):
        connect(admin)
    assert s.ctl("show version").strip()


# --- what fails ---------------------------------------------------------------------------------


def refusals(s):
    return s.log().count("not reloaded")


def test_a_reload_that_fails_leaves_everything_as_it_was(run, named, tmp_path):
    a, b = named("a"), named("b")
    port, new = free_port(), free_port()
    good = [service("s", port, [server("a", a.port)])]
    s = run(good)
    held = connect(port)
    assert name_of(held) == "a"
    taken = socket.create_server((LOOPBACK, free_port()))
    two = [server("a", a.port, "weight = 9;"), server("b", b.port, "", TCP)]
    bad_check = server("b", b.port, "", f'type = "https"; ca = "{tmp_path}/none.pem"')
    cases = [
        (lambda: s.conf_path.write_text("services = ( { name = 1\n"), "problem"),
        (lambda: s.change([service("s", port, two),
                           service("t", taken.getsockname()[1], two)]), "already in use"),
        (lambda: s.change([service("s", port, [*two[:1], bad_check]),
                           service("t", new, two)]), "none.pem"),
        (lambda: s.change([service("s", port, two), service("t", new, two)],
                          'admin = { bind = "127.0.0.1:%d"; socket = "%s"; };'
                          % (taken.getsockname()[1], s.socket_path)), "already in use"),
        (lambda: (s.conf_path.unlink(), os.mkfifo(s.conf_path)), "is a fifo"),
    ]
    http = s.admin_port
    before = os.listdir(f"/proc/{s.pid}/fd")
    for number, (write, words) in enumerate(cases, 1):
        write()
        s.admin_port = http
        answer = reload(s)
        assert answer[-1].startswith("not reloaded: ")
        assert words in "\n".join(answer).lower(), answer
        assert refusals(s) == number
        assert s.stat()["s/a"]["weight"] == "1"
        assert "s/b" not in s.stat() and "t/BACKEND" not in s.stat()
        assert visit(port) == "a"
        assert echoes(held)
        with pytest.raises(ConnectionRefusedError):
            connect(new)
    s.conf_path.unlink()
    s.reload()
    wait_for(lambda: refusals(s) == len(cases) + 1, what="the signal to be refused, too")
    wait_for(lambda: len(os.listdir(f"/proc/{s.pid}/fd")) <= len(before) + 2,
             what="its descriptors to be closed")
    taken.close()
    s.change(good)
    assert reload(s) == ["nothing has changed"]
    held.close()


def test_diff_shows_what_would_change_and_changes_nothing(run, named):
    a, b = named("a"), named("b")
    port = free_port()
    s = run([service("s", port, [server("a", a.port)])])

    def diff():
        return s.ctl("reload diff").strip().splitlines()
    assert diff() == ["nothing would change"]
    s.change([service("s", port, [server("a", a.port, "weight = 4;"), server("b", b.port)])],
             "threads = 7;")
    lines = diff()
    assert any("weight" in line for line in lines)
    assert any(line.startswith("+ ") for line in lines)
    assert any("threads" in line and "restart" in line for line in lines)
    assert s.stat()["s/a"]["weight"] == "1"
    assert reload(s)[-1] == "reloaded"
    assert "threads" in s.log() and "needs a restart" in s.log()
    assert reload(s)[-1] == "nothing has changed"


def test_the_journal_has_one_mark(run, named):
    a, b = named("a"), named("b")
    port = free_port()
    s = run([service("s", port, [server("a", a.port), server("b", b.port)])])
    events = s.events()
    s.change([service("s", port, [server("a", a.port, "weight = 2;"), server("c", b.port),
                                  server("d", b.port)])])
    s.reload()
    mark = events.wait(lambda e: e["kind"] == "mark" and "reloaded" in e["text"])
    assert mark["text"].endswith(": 2 servers added, 1 removed, 1 changed")
    s.reload()
    events.wait(lambda e: e["kind"] == "mark" and e["text"].endswith(": nothing has changed"))


def test_the_demo_has_no_file_to_read_again(tmp_path, started):
    port = free_port()
    demo = started(Process("demo", [program("sluice"), "demo", "--port", port],
                           tmp_path / "demo.log"))
    demo.stop = lambda: demo.end(signal.SIGINT)
    path = re.search(r"SLUICE_SOCKET=(\S+)", demo.wait_log("sluice drain"))[1]

    def answer():
        with socket.socket(socket.AF_UNIX) as c:
            c.settimeout(PATIENCE)
            c.connect(path)
            c.sendall(b"reload\n")
            return read_all(c).decode().strip()
    wait_for(lambda: answer() == "not reloaded: there is no file to read again")


# --- under load ---------------------------------------------------------------------------------


class Load:
    """Clients that come all the time, about 200 a second; each byte is hashed on both ways."""

    def __init__(self, port, threads=8, rate=200):
        self.port = port
        self.pause = threads / rate
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.done, self.failed = 0, []
        self.threads = [threading.Thread(target=self._run, args=(i,)) for i in range(threads)]

    def __enter__(self):
        for t in self.threads:
            t.start()
        self.wait_more(10)
        return self

    def __exit__(self, *_):
        self.over.set()
        for t in self.threads:
            t.join(PATIENCE)

    def _one(self, rng):
        sent, got = hashlib.sha256(), hashlib.sha256()
        with connect(self.port) as c:
            name_of(c)
            for _ in range(rng.randrange(1, 4)):
                data = rng.randbytes(rng.randrange(1, 20000))
                sent.update(data)
                c.sendall(data)
                got.update(read_exactly(c, len(data)))
        assert sent.digest() == got.digest()

    def _run(self, seed):
        rng = random.Random(seed)
        while not self.over.wait(rng.random() * 2 * self.pause):
            try:
                self._one(rng)
                with self.lock:
                    self.done += 1
            except (OSError, AssertionError) as e:
                self.failed.append(repr(e))

    def wait_more(self, n):
        """Until so many more clients were served."""
        wanted = self.done + n
        wait_for(lambda: self.done >= wanted or self.failed, what=f"{n} more clients")

    def check(self):
        assert not self.failed, self.failed[:5]
        assert not any(t.is_alive() for t in self.threads)


def test_a_hundred_reloads_under_load_fail_nobody(run, named):
    a, b, c = named("a"), named("b"), named("c")
    port, other = free_port(), free_port()

    def services(i):
        servers = [server("a", a.port, f"weight = {1 + i % 5};", TCP)]
        if i % 2:
            servers.append(server("b", b.port, f"maxconn = {200 + i};", TCP))
        if i % 3:
            servers.append(server(f"c{i % 4}", c.port, "", TCP))
        more = f'balance = "{("roundrobin", "leastconn", "source", "random")[i % 4]}";'
        list_ = [service("s", port, servers, more, TCP)]
        if i % 5 == 0:
            list_.append(service("t", other, servers, "", TCP))
        return list_
    s = run(services(0))
    held = [connect(port) for _ in range(20)]
    assert all(name_of(h) in "abc" for h in held)
    with Load(port) as load:
        for i in range(1, 101):
            s.change(services(i))
            assert reload(s)[-1] == "reloaded"
            load.wait_more(1)
    load.check()
    assert all(echoes(h) for h in held)
    for h in held:
        h.close()
    assert int(s.stat()["s/FRONTEND"]["stot"]) == load.done + len(held)


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def test_a_thousand_reloads_leave_nothing_behind(named, sluice):
    a, b = named("a"), named("b")
    port, other = free_port(), free_port()

    def services(i):
        return [service("s", port, [server("a", a.port, f"weight = {1 + i % 2};", TCP),
                                    *([server("b", b.port, "", TCP)] if i % 2 else [])]),
                service("t" if i % 4 < 2 else "u", other, [server("b", b.port, "", TCP)])]
    s = sluice(conf_of(services(0)), env=peers.steady_memory())
    files = []
    for i in range(4):
        s.write_conf(conf_of(services(i)))
        files.append(s.conf_path.read_text())
    with socket.socket(socket.AF_UNIX) as operator:
        operator.settimeout(PATIENCE)
        operator.connect(str(s.socket_path))
        operator.sendall(b"prompt i\n")

        def ask(command, end):
            operator.sendall(command)
            answer = b""
            while not answer.endswith(end):
                more = operator.recv(65536)
                assert more, answer
                answer += more

        def again(n):
            for i in range(1, n + 1):
                s.conf_path.write_text(files[i % 4])
                ask(b"reload\n", b"reloaded\n\n")
        # Each reload is an entry of the journal, which keeps 2048, and of the drill book: 4096.
        for _ in range(4096 // 64):
            ask(b";".join([b"drill mark x"] * 64) + b";echo full\n", b"full\n\n")
        again(300)
        fds, memory = descriptors(s.pid), peers.memory_kb(s.pid)
        again(1000)
        wait_for(lambda: descriptors(s.pid) <= fds, what="all descriptors to be closed")
        # A sanitizer of threads remembers more and more itself.
        grown = peers.memory_kb(s.pid) - memory
        assert grown < 1024 or b"__tsan_" in program("sluice").read_bytes(), f"{grown} kB"


def test_nodes_of_a_cluster_are_changed_under_load(simnodes, sluice):
    nodes = simnodes(3)
    conf = cluster_conf(nodes.nodes)
    port = port_of(conf, "psql")
    s = sluice(conf)
    for i in range(6):
        text = cluster_conf(nodes.nodes[:2 + i % 2])
        for service_ in ("psql", "dbconsole"):
            text = text.replace(f':{port_of(text, service_)}"', f':{port_of(conf, service_)}"')
        s.write_conf(text)
        reload(s)
        assert ("psql/n3" in s.stat()) == bool(i % 2)
        with connect(port):
            pass
    s.wait_server("psql/n3", "UP")


@pytest.mark.parametrize("edited", [False, True])
def test_checks_read_renewed_certificates(run, listing, tmp_path, edited):
    """A cluster's new CA comes under the name of the old one; the file may say something else, too."""
    cert, key = make_cert(tmp_path, stem="first")
    new_cert, new_key = make_cert(tmp_path, stem="second")
    ca = tmp_path / "ca.crt"
    ca.write_bytes(cert.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    node = listing([], context)
    port = free_port()
    check = (f'type = "https"; ca = "{ca}"; inter = "100ms"; timeout = "5s"; rise = 1; fall = 1')
    s = run([service("s", port, [server("a", node.port, "", check)])])
    s.wait_server("s/a", "UP")
    context.load_cert_chain(new_cert, new_key)
    s.wait_server("s/a", "DOWN")
    ca.write_bytes(b"none")
    assert reload(s) == ["nothing has changed"]
    s.wait_log(f"certificates of checks are not renewed: CA file {ca}")
    ca.write_bytes(new_cert.read_bytes())
    if edited:
        s.change([service("s", port, [server("a", node.port, "weight = 9;", check)])])
    assert reload(s)[-1] == ("reloaded" if edited else "nothing has changed")
    s.wait_server("s/a", "UP")
