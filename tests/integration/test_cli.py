# SPDX-License-Identifier: MIT
"""The client commands, as a person or a script runs them against a running balancer."""

import itertools
import json
import os
import queue
import re
import signal
import socket
import subprocess
import threading

import harness
import pytest

ESCAPE = "\033"


def environment(proxy=None, **more):
    env = {k: v for k, v in os.environ.items() if k not in ("SLUICE_SOCKET", "NO_COLOR")}
    if proxy:
        env["SLUICE_SOCKET"] = str(proxy.socket_path)
    return env | {"LC_ALL": "C.UTF-8", "TERM": "xterm"} | more


def run(*args, proxy=None, expect=0, stdin="", **options):
    """A command's CompletedProcess; no sanitizer may have complained."""
    done = subprocess.run([harness.program("sluice"), *map(str, args)], input=stdin,
                          capture_output=True, text=True, timeout=harness.PATIENCE, check=False,
                          env=environment(proxy), **options)
    assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr, done.stderr
    assert done.returncode == expect, (args, done.returncode, done.stdout, done.stderr)
    return done


class Running:
    """A command that goes on: its lines, as they come."""

    def __init__(self, proxy, *args):
        self.child = subprocess.Popen([harness.program("sluice"), *map(str, args)], text=True,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, env=environment(proxy))
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.child.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def until(self, pattern):
        """Lines up to the first that matches."""
        seen = []
        while True:
            try:
                line = self.lines.get(timeout=harness.PATIENCE)
            except queue.Empty:
                raise AssertionError(f"no {pattern!r} in {seen}") from None
            assert line is not None, f"ended without {pattern!r}: {seen}"
            seen.append(line)
            if re.search(pattern, line):
                return seen

    def end(self, number=signal.SIGTERM):
        """(exit code, standard error); number 0 waits for it to end by itself."""
        if self.child.poll() is None:
            self.child.send_signal(number)
        code = self.child.wait(harness.PATIENCE)
        words = self.child.stderr.read()
        self.child.stderr.close()
        self.child.stdout.close()
        return code, words


@pytest.fixture
def running(proxy, request):
    def start(*args):
        command = Running(proxy, *args)
        request.addfinalizer(lambda: command.child.poll() is None and command.end())
        return command
    return start


# --- check ------------------------------------------------------------------------------------


def test_check_says_ok_or_each_problem_with_its_line(tmp_path):
    path = tmp_path / "x.conf"
    path.write_text('services = (\n  { name = "a"; bind = ":1234";\n'
                    '    servers = ( { name = "s"; address = "127.0.0.1:5"; } ); }\n);\n')
    assert run("check", "-f", path).stdout == f"{path}: ok: 1 service, 1 server\n"
    path.write_text('services = (\n  { name = "a"; bind = ":1234"; balanec = "leastconn";\n'
                    '    servers = ( { name = "s"; address = "127.0.0.1:99999"; } ); }\n);\n'
                    'timeout = { connect = "5 parsecs"; };\n')
    done = run("check", "-f", path, expect=3)
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert [line.split(": ")[0] for line in lines] == [f"{path}:{n}" for n in (2, 3, 5)]
    assert 'did you mean "balance"' in lines[0]
    path.write_text("services = ( {")
    assert run("check", "-f", path, expect=3).stderr.startswith(f"{path}:1: ")
    assert "No such file" in run("check", "-f", tmp_path / "none", expect=3).stderr


def test_run_refuses_what_check_refuses(tmp_path):
    path = tmp_path / "x.conf"
    path.write_text("nonsense = 1;\n")
    assert run("run", "-f", path, expect=3).stderr.startswith(f"{path}:1: ")


# --- looking ----------------------------------------------------------------------------------


def test_status_is_a_table_of_80_columns(proxy, cluster):
    cluster.command(2, "kill")
    proxy.wait_server("psql/n2", "DOWN")
    proxy.wait_server("dbconsole/n2", "DOWN")
    with_held = harness.PgSession(proxy.sql_port)
    proxy.ctl("set server psql/n1 state drain")
    table = run("status", proxy=proxy).stdout
    with_held.close()
    assert max(len(line) for line in table.splitlines()) <= 80, table
    assert re.search(r"^psql +leastconn .* 1 of 3 usable +1 session ", table, re.M)
    assert re.search(r"^dbconsole +roundrobin .* 2 of 3 usable ", table, re.M)
    assert len(re.findall(r"^\W*DOWN +n2 .*\n.* check failed: Connection refused$", table,
                          re.M)) == 2
    assert len(re.findall(r"^\W*DRAIN +n1 ", table, re.M)) == 1
    assert ESCAPE not in table


def test_tables_of_many_servers_with_long_names_fit(sluice):
    service, node = "a-service-with-a-long-name", "a-node-with-a-very-long-name.region"
    port = harness.free_port()
    nobody = harness.free_port()
    servers = ", ".join(f'{{ name = "{node}-{i}"; address = "{harness.LOOPBACK}:{nobody}"; }}'
                        for i in range(300))
    conf = (f'services = ( {{ name = "{service}"; bind = "{harness.LOOPBACK}:{port}"; '
            f'hold = "60s"; check = {{ type = "tcp"; inter = "10s"; }}; '
            f'servers = ( {servers} ); }} );\n')
    many = sluice(conf, wait="healthy")
    wait_for = harness.wait_for
    wait_for(lambda: many.status()["services"][0]["servers"][299]["check"], what="checks")
    table = run("status", proxy=many).stdout.splitlines()
    assert max(map(len, table)) <= 80
    assert sum("a-node-" in line for line in table) == 300
    with socket.create_connection((harness.LOOPBACK, port)):
        wait_for(lambda: many.status()["sessions"], what="a session")
        table = run("sessions", proxy=many).stdout.splitlines()
    assert len(table) == 2 and max(map(len, table)) <= 80, table


def test_status_json_is_what_http_says(proxy):
    ours = json.loads(run("status", "--json", proxy=proxy).stdout)
    theirs = proxy.status()
    assert [s["name"] for s in ours["services"]] == [s["name"] for s in theirs["services"]]
    assert ours.keys() == theirs.keys()
    assert run("status", "--json", "-s", proxy.socket_path).stdout.startswith("{")


def test_watch_prints_what_happens_as_it_happens(proxy, cluster, running):
    words, since, as_json = (running("watch"), running("watch", "--since", 1),
                             running("watch", "--json"))
    assert "psql/n1" in since.until(r"psql/n1 .*CHECKING -> UP")[-1]
    # Those that begin with now must have begun before the node dies.
    orders = itertools.cycle(("drain", "ready"))

    def both_have_begun():
        proxy.ctl(f"set server psql/n3 weight 1; set server psql/n3 state {next(orders)}")
        return not words.lines.empty() and not as_json.lines.empty()
    harness.wait_for(both_have_begun, what="both to show what happens")
    words.until("psql/n3 ")
    as_json.until('"n3"')
    proxy.ctl("set server psql/n3 state ready")
    cluster.command(2, "kill")
    for watch in (words, since):
        line = watch.until(r"psql/n2 +UP -> DOWN")[-1]
        assert "refused" in line and ESCAPE not in line
    assert json.loads(as_json.until('"n2".*DOWN|"n2".*down')[-1])["service"] == "psql"
    cluster.command(2, "start")
    for watch in (words, since):
        watch.until(r"psql/n2 +DOWN -> UP")
    proxy.stop()
    for watch in (words, since, as_json):
        code, error = watch.end(0)
        assert code == 1
        assert "daemon" in error


def test_sessions_are_a_table_or_json(proxy):
    assert run("sessions", proxy=proxy).stdout == "no sessions\n"
    held = harness.PgSession(proxy.sql_port)
    node = held.value("SHOW node_id")
    table = run("sessions", proxy=proxy).stdout.splitlines()
    assert table[0].split() == ["ID", "CLIENT", "SERVER", "AGE", "IDLE", "IN", "OUT"]
    assert f"psql/n{node}" in table[1] and "%s:%d" % held.socket.getsockname() in table[1]
    assert max(map(len, table)) <= 80
    session, = json.loads(run("sessions", "--json", proxy=proxy).stdout)["sessions"]
    assert str(session["id"]) == table[1].split()[0]
    held.close()


# --- acting -----------------------------------------------------------------------------------


def test_drain_waits_for_the_last_session(proxy, running):
    held = [harness.PgSession(proxy.sql_port) for _ in range(3)]
    on_1 = next(h for h in held if h.value("SHOW node_id") == "1")
    drain = running("drain", "n1", "--wait", "60s")
    drain.until(r"psql/n1: DRAIN, 1 session$")
    drain.until(r"dbconsole/n1: DRAIN, 0 sessions$")
    assert on_1.value("SELECT 1") == "1"
    assert drain.child.poll() is None
    on_1.close()
    drain.until(r"n1: no session is left")
    code, words = drain.end(0)
    assert code == 0
    assert "waiting up to 1m for 1 session to end" in words
    assert {harness.psql(proxy.sql_port, "SHOW node_id").stdout.strip()
            for _ in range(6)} == {"2", "3"}
    out = run("ready", "n1", "--wait", "20s", proxy=proxy).stdout
    assert "n1: takes sessions" in out
    for h in held:
        h.close()


def test_drain_gives_up_when_its_time_is_over(proxy):
    held = harness.PgSession(proxy.sql_port)
    node = held.value("SHOW node_id")
    done = run("drain", f"psql/n{node}", "--wait", "300ms", proxy=proxy, expect=1)
    assert "after 300ms, 1 session is still there" in done.stderr
    assert held.value("SELECT 1") == "1"
    held.close()


def test_maint_and_ready_take_and_give_back(proxy):
    assert run("maint", "n2", proxy=proxy).stdout == \
        "psql/n2: MAINT, 0 sessions\ndbconsole/n2: MAINT, 0 sessions\n"
    assert proxy.server_status("dbconsole/n2") == "MAINT"
    run("ready", "psql/n2", "--wait", "20s", proxy=proxy)
    assert proxy.server_status("psql/n2") == "UP"
    assert proxy.server_status("dbconsole/n2") == "MAINT"


def test_ready_says_why_a_server_does_not_come(proxy, cluster):
    cluster.command(3, "kill")
    proxy.wait_server("psql/n3", "DOWN")
    done = run("ready", "psql/n3", "--wait", "200ms", proxy=proxy, expect=1)
    assert re.search(r"after 200ms, psql/n3 is DOWN: .*refused", done.stderr)


def test_kill_ends_sessions(proxy):
    held = [harness.PgSession(proxy.sql_port) for _ in range(2)]
    ids = [s["id"] for s in json.loads(run("sessions", "--json", proxy=proxy).stdout)["sessions"]]
    assert run("kill", *ids, proxy=proxy).stdout == "".join(
        f"session {i} is ended\n" for i in ids)
    for h in held:
        with pytest.raises(OSError):
            h.query("SELECT 1")
        h.close()
    assert "No such session" in run("kill", ids[0], proxy=proxy, expect=1).stderr
    run("kill", "abc;help", proxy=proxy, expect=2)


def test_ctl_passes_any_command_on(proxy):
    assert run("ctl", "show backend", proxy=proxy).stdout == "# name\npsql\ndbconsole\n"
    assert run("ctl", "show", "backend", proxy=proxy).stdout == "# name\npsql\ndbconsole\n"
    assert run("ctl", "set server psql/n1 weight 7; get weight psql/n1",
               proxy=proxy).stdout == "\n7 (initial 1)\n"
    assert run("ctl", "shwo stat", proxy=proxy, expect=1).stdout.startswith("Unknown command")


# --- reload -----------------------------------------------------------------------------------


def edit(proxy, old, new):
    text = proxy.conf_path.read_text()
    assert old in text
    proxy.conf_path.write_text(text.replace(old, new))


def test_reload_shows_what_changes_and_does_it(proxy):
    assert run("reload", "--diff", proxy=proxy).stdout == "nothing would change\n"
    assert run("reload", proxy=proxy).stdout == "nothing has changed\n"
    edit(proxy, 'balance = "leastconn"', 'balance = "random"')
    line = '~ services.psql.balance: "random" (was "leastconn")\n'
    assert run("reload", "--diff", proxy=proxy).stdout == line
    assert run("reload", "--diff", proxy=proxy).stdout == line
    assert run("reload", proxy=proxy).stdout == line + "reloaded\n"
    assert run("reload", proxy=proxy).stdout == "nothing has changed\n"


def test_reload_says_what_needs_a_restart(proxy):
    with proxy.conf_path.open("a") as conf:
        conf.write("nofile = 4321;\n")
    assert run("reload", "--diff", proxy=proxy).stdout.splitlines()[0].startswith(
        "! nofile: 4321 (was ")


def test_reload_refuses_a_bad_file_with_its_lines(proxy):
    edit(proxy, 'balance = "leastconn"', 'balance = "leastcon"')
    for option in ([], ["--diff"]):
        done = run("reload", *option, proxy=proxy, expect=3)
        assert not done.stdout
        problem, why = done.stderr.splitlines()
        assert re.match(re.escape(str(proxy.conf_path)) + r":\d+: .* did you mean \"leastconn\"",
                        problem)
        assert why.startswith("sluice reload: not reloaded: 1 problem in ")
    edit(proxy, 'balance = "leastcon"', 'balance = "leastconn"')
    assert run("reload", proxy=proxy).stdout == "nothing has changed\n"


def test_reload_fails_when_a_port_is_in_use(proxy, cluster):
    port = cluster.nodes[0].sql
    edit(proxy, f":{proxy.sql_port}\"", f":{port}\"")
    done = run("reload", proxy=proxy, expect=1)
    assert f"[{harness.LOOPBACK}:{port}]" in done.stdout
    assert done.stderr.startswith("sluice reload: not reloaded: ")
    assert "in use" in done.stderr
    assert harness.can_connect(harness.LOOPBACK, proxy.sql_port)


def test_a_wrong_server_gets_the_nearest_name(proxy):
    for command in ("drain", "maint", "ready"):
        assert 'did you mean "n1"' in run(command, "n11", proxy=proxy, expect=1).stderr
        assert 'did you mean "psql/n1"' in run(command, "pqsl/n1", proxy=proxy, expect=1).stderr


def test_without_a_daemon_the_cure_is_said(tmp_path):
    for command in (["status"], ["watch"], ["sessions"], ["drain", "n1"], ["maint", "n1"],
                    ["ready", "n1"], ["reload"], ["kill", "1"], ["ctl", "help"]):
        done = run(*command, "-s", tmp_path / "none.sock", expect=1)
        assert f"no daemon: {tmp_path}/none.sock does not exist" in done.stderr
        assert "-s SOCKET or $SLUICE_SOCKET" in done.stderr


# --- usage ------------------------------------------------------------------------------------

WRONG_USAGE = [
    [], ["statsu"], ["--frob"], ["status", "--jsn"], ["status", "extra"], ["drain"],
    ["drain", "a", "b"], ["drain", "n1", "--wait"], ["drain", "n1", "--wait", "5"],
    ["drain", "n1", "--wait", "soon"], ["watch", "--since", "x"], ["kill"], ["ctl"],
    ["watch", "--until", "all"], ["watch", "--timeout", "5s"], ["watch", "--retry", "5"],
    ["completion"], ["completion", "csh"],
    ["reload", "now"], ["reload", "--dif"],
    ["check", "-f"], ["gen"], ["gen", "db1", "--cacert", "/ca.crt"],
    ["gen", "db1", "--service", "psql"], ["demo", "--nodes", "0"], ["demo", "--port", "x"],
    ["run", "-f", "a", "-f", "b"],
]


@pytest.mark.parametrize("args", WRONG_USAGE, ids=" ".join)
def test_wrong_usage_is_2(args):
    done = run(*args, expect=2)
    assert done.stderr and not done.stdout


@pytest.mark.skipif(os.path.exists("/etc/sluice/sluice.conf"), reason="one is installed")
@pytest.mark.parametrize("command", ["run", "check", "lint", "explain tiers", "simulate"])
def test_where_no_configuration_is_the_cure_is_told(tmp_path, command):
    said = run(*command.split(), expect=3, cwd=tmp_path).stderr
    assert "neither /etc/sluice/sluice.conf nor ./sluice.conf is there" in said
    assert "-f FILE" in said and "sluice gen HOST" in said


@pytest.mark.parametrize("command", ["", "demo", "run", "gen", "check", "status", "watch",
                                     "sessions", "drain", "maint", "ready", "reload", "kill", "ctl",
                                     "completion"])
def test_help_shows_examples_first_and_fits(command):
    words = run(*command.split(), "--help").stdout
    assert words.splitlines()[2] == "Examples:"
    assert max(len(line) for line in words.splitlines()) <= 80
    assert run("help", *command.split()).stdout == words


# --- gen --------------------------------------------------------------------------------------

LIST = """\
# name host:sql:http locality
a 10.0.0.1 region=eu,zone=1
b 10.0.0.2:26258:8081 region=eu,zone=2
10.0.1.1 region=us,zone=1
"""


def checked(tmp_path, text):
    """The generated file must be valid."""
    path = tmp_path / "generated.conf"
    path.write_text(text)
    run("check", "-f", path)
    return text


def test_gen_makes_valid_files_of_nodes(tmp_path):
    text = checked(tmp_path, run("gen", "db1", "db2:26258", "[2001:db8::1]:26257:8081").stdout)
    assert 'host = "db1"; sql_port = 26257; http_port = 8080' in text
    assert 'host = "db2"; sql_port = 26258; http_port = 8080' in text
    assert 'host = "2001:db8::1"; sql_port = 26257; http_port = 8081' in text
    assert text == run("gen", "db1", "db2:26258", "[2001:db8::1]:26257:8081").stdout


def test_gen_reads_a_list_from_a_file_or_a_pipe(tmp_path):
    path = tmp_path / "nodes.txt"
    path.write_text(LIST)
    text = checked(tmp_path, run("gen", "--nodes", path).stdout)
    assert text.count("host = ") == 3
    assert 'name = "b"; host = "10.0.0.2"; sql_port = 26258; http_port = 8081' in text
    assert run("gen", "--nodes", "-", stdin=LIST).stdout == text
    assert run("gen", "--nodes", path, "db9").stdout.count("host = ") == 4
    assert "no node" in run("gen", "--nodes", "-", stdin="# none\n", expect=1).stderr
    assert "No such file" in run("gen", "--nodes", tmp_path / "x", expect=1).stderr


def test_gen_chooses_by_locality(tmp_path):
    text = checked(tmp_path, run("gen", "--nodes", "-", "--locality", "region=e.",
                                 stdin=LIST).stdout)
    assert text.count("host = ") == 2 and "10.0.1.1" not in text
    done = run("gen", "--nodes", "-", "--locality", "region=e", stdin=LIST, expect=1)
    assert "eu" in done.stderr
    text = checked(tmp_path, run("gen", "--nodes", "-", "--here", "region=us,zone=1",
                                 stdin=LIST).stdout)
    assert "backup" not in text and text.count("locality = ") == 1 + LIST.count("region=")
    assert 'locality = "region=us,zone=1"' in text


def test_gen_makes_a_secure_cluster(tmp_path):
    ca = tmp_path / "ca.crt"
    harness.make_cert(tmp_path, stem="ca")
    text = checked(tmp_path, run("gen", "db1", "--secure", "--cacert", ca).stdout)
    assert 'type = "https"' in text and str(ca) in text


def test_gen_makes_the_services_that_are_asked_for(tmp_path):
    text = checked(tmp_path, run("gen", "db1", "--service", "sql=5432", "--service",
                                 "ui=8088:http").stdout)
    assert re.search(r'name = "sql"; bind = ":5432"; port = "sql"', text)
    assert re.search(r'name = "ui"; bind = ":8088"; port = "http"', text)


def test_gen_replaces_a_file_whole_or_not_at_all(tmp_path):
    out = tmp_path / "sluice.conf"
    done = run("gen", "db1", "--out", out)
    assert done.stdout == "" and "1 node" in done.stderr
    first = out.read_text()
    checked(tmp_path, first)
    out.chmod(0o600)
    keep = out.open(encoding="utf-8")  # a reader that has begun
    run("gen", "db1", "db2", "-o", out)
    assert out.stat().st_mode & 0o777 == 0o600
    assert keep.read() == first
    keep.close()
    second = out.read_text()
    run("gen", "db1", "db1:99999", "-o", out, expect=1)
    assert out.read_text() == second
    assert sorted(p.name for p in tmp_path.iterdir()) == ["generated.conf", "sluice.conf"]
    assert run("gen", "db1", "-o", tmp_path / "no" / "dir", expect=1).stderr


def test_a_generated_file_runs(tmp_path, cluster, sluice):
    words = [f"{n.host}:{n.sql}:{n.http}" for n in cluster.nodes]
    text = run("gen", *words, "--service", f"psql={harness.free_port()}").stdout
    port = int(re.search(r'bind = ":(\d+)"', text)[1])
    text = re.sub(r"(?m)^admin = .*\n", "", text)
    text = re.sub(r"(?m)^log = .*\n", "", text)
    proxy = sluice(text)
    assert harness.psql(port, "SHOW node_id").stdout.strip() in ("1", "2", "3")
    assert proxy.status()["services"][0]["usable"] == 3


# --- colour -----------------------------------------------------------------------------------


def on_terminal(proxy, *args, **env):
    """What a command writes to a terminal."""
    master, slave = os.openpty()
    child = subprocess.Popen([harness.program("sluice"), *args], stdin=slave, stdout=slave,
                             stderr=slave, env=environment(proxy, **env))
    os.close(slave)
    out = b""
    try:
        while chunk := os.read(master, 65536):
            out += chunk
    except OSError:
        pass  # EIO: the other side is closed
    os.close(master)
    assert child.wait(harness.PATIENCE) == 0
    return out.decode()


def test_colour_is_for_terminals_that_want_it(proxy):
    assert ESCAPE in on_terminal(proxy, "status")
    assert ESCAPE not in on_terminal(proxy, "status", NO_COLOR="1")
    assert ESCAPE not in on_terminal(proxy, "status", TERM="dumb")
    assert ESCAPE not in run("status", proxy=proxy).stdout


def test_output_that_cannot_be_written_is_a_failure(proxy):
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([harness.program("sluice"), "status"], stdout=full,
                              stderr=subprocess.PIPE, text=True, env=environment(proxy),
                              timeout=harness.PATIENCE, check=False)
    assert done.returncode == 1 and "No space left" in done.stderr
