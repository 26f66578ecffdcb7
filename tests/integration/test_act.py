# SPDX-License-Identifier: MIT
"""/v1/act: what the dashboard changes, and for whom nothing is changed."""

import base64
import json
import re
import urllib.parse

import pytest
from harness import LOOPBACK, PgError, PgSession, cluster_conf, free_port, http_get, port_of, wait_for
from test_demo import demo

__all__ = ["demo"]

USERS = 'users = ( { name = "ops"; password = "pw"; }, { name = "night"; password = "x"; } );'
FORM = "application/x-www-form-urlencoded"
# A machine that is busy with something else takes no server down.
CHECK = ('type = "http"; port = "http"; path = "/health?ready=1"; inter = "200ms"; '
         'timeout = "5s"; rise = 1; fall = 3;')


def basic(name, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


class Page:
    """What a browser does for somebody: it fetches the token, then posts forms with it."""

    def __init__(self, process, user=("ops", "pw")):
        self.process = process
        self.who = basic(*user) if user else {}
        self.token = self.get().get("token")

    def get(self):
        status, fields, body = self.process.http("/v1/act", self.who)
        assert (status, fields["content-type"]) == (200, "application/json"), body
        assert fields["cache-control"] == "no-store"
        return json.loads(body)

    def post(self, form, headers=None, method="POST", **changed):
        """(status, answer); `headers` replace those that are right, None leaves one out."""
        right = self.who | {"Content-Type": FORM, "X-Sluice-Token": self.token,
                            "Origin": f"http://{LOOPBACK}:{self.process.admin_port}",
                            "Sec-Fetch-Site": "same-origin"}
        fields = {k: v for k, v in (right | (headers or {})).items() if v is not None}
        if isinstance(form, dict):
            form = urllib.parse.urlencode(form)
        status, fields, body = self.process.http("/v1/act", fields, method=method, body=form,
                                                 **changed)
        if fields["content-type"] != "application/json":
            return status, body
        return status, json.loads(body)

    def act(self, **form):
        """What was said of an action that is carried out."""
        status, answer = self.post(form)
        assert status == 200, answer
        return answer["said"]

    def refused(self, expect, form, headers=None, **options):
        """Why."""
        status, answer = self.post(form, headers, **options)
        assert status == expect, answer
        return answer["error"]

    def told(self, text):
        """Is it in the journal, with who did it?"""
        events = json.loads(self.process.http("/v1/events", self.who)[2])["events"]
        return [e for e in events if text in e["text"]]

    def server(self, path):
        service, name = path.split("/")
        status = json.loads(self.process.http("/v1/status", self.who)[2])
        services = {s["name"]: s for s in status["services"]}
        return {s["name"]: s for s in services[service]["servers"]}[name]


@pytest.fixture
def proxy(tmp_path, cluster, sluice):
    """A balancer whose group `admin` has those lines besides its addresses."""
    def start(lines=USERS + " writable = true;"):
        conf = cluster_conf(cluster.nodes, check=CHECK, extra=(
            f'admin = {{ bind = "{LOOPBACK}:{free_port()}"; socket = "{tmp_path}/s"; {lines} }};'))
        process = sluice(conf.replace("leastconn", "roundrobin"))  # to any node in a few tries
        process.sql_port = port_of(conf, "psql")
        return process
    return start


@pytest.fixture
def page(proxy):
    return Page(proxy())


def on_node(page, number):
    """A session on that node."""
    for _ in range(30):
        s = PgSession(page.process.sql_port)
        if s.value("SHOW node_id") == str(number):
            return s
        s.close()
    raise AssertionError(f"no session came to node {number}")


def is_cut(session):
    try:
        session.query("SELECT 1")
    except (OSError, PgError):
        return True
    return False


def test_a_server_is_drained_and_comes_back(page):
    said = page.act(action="drain", server="psql/n1")
    assert said.startswith("psql/n1 gets no new sessions"), said
    assert page.server("psql/n1")["state"] == "DRAIN"
    assert page.server("dbconsole/n1")["usable"]
    # The journal and the status tell who it was, not only that it was a command.
    assert page.server("psql/n1")["cause"] == f"draining by ops at {LOOPBACK}"
    assert page.told(f"draining by ops at {LOOPBACK}")
    page.process.wait_log(f"draining by ops at {LOOPBACK}")
    assert "in use again" in page.act(action="ready", server="psql/n1")
    page.process.wait_server("psql/n1", "UP")


def test_a_drain_with_a_deadline_ends_what_is_left(page):
    session = on_node(page, 2)
    said = page.act(action="drain", server="psql/n2", deadline="500ms")
    assert said == "psql/n2 gets no new sessions; it has 1 session; what is left ends in 500ms"
    wait_for(lambda: is_cut(session), what="the session to end")
    session.close()


def test_a_server_is_under_maintenance(page):
    assert page.act(action="maint", server="psql/n3") == "psql/n3 is under maintenance"
    assert page.server("psql/n3")["state"] == "MAINT"
    night = Page(page.process, ("night", "x"))
    night.act(action="ready", server="psql/n3")
    assert page.told(f"maintenance ended by night at {LOOPBACK}")
    page.process.wait_server("psql/n3", "UP")
    # What follows is nobody's any more.
    page.process.ctl("set server psql/n3 state drain")
    assert page.server("psql/n3")["cause"] == "draining by a command"


def test_a_weight_is_a_number_or_a_percentage(page):
    assert page.act(action="weight", server="psql/n1", value="20") == "psql/n1 has the weight 20"
    assert page.server("psql/n1")["weight"] == 20
    page.act(action="weight", server="psql/n1", value="200%")
    assert page.server("psql/n1")["weight"] == 2 * page.server("psql/n1")["weight_configured"]
    page.act(action="weight", server="psql/n1", value="0")
    assert not page.server("psql/n1")["usable"]
    assert page.told(f"weight psql/n1 200%, by ops at {LOOPBACK}")


def test_sessions_are_killed_of_a_server_or_one_by_one(page):
    first, second, other = on_node(page, 1), on_node(page, 1), on_node(page, 2)
    sessions = json.loads(page.process.http("/v1/sessions", page.who)[2])["sessions"]
    victim = max(s["id"] for s in sessions if s["server"] == "n2")
    said = page.act(action="kill", server="psql/n1")
    assert re.fullmatch(r"psql/n1: [2-9] sessions ended", said), said
    for session in (first, second):
        wait_for(lambda s=session: is_cut(s), what="the session to end")
    assert other.value("SHOW node_id") == "2"
    assert page.act(action="kill", id=victim) == f"session {victim} ended"
    wait_for(lambda: is_cut(other), what="the session to end")
    wait_for(lambda: page.post({"action": "kill", "id": victim})[0] == 404,
             what="the session to be forgotten")
    assert "No such session" in page.refused(404, {"action": "kill", "id": victim})
    assert page.told("kill psql/n1, by ops") and page.told(f"kill session {victim}, by ops")
    for session in (first, second, other):
        session.close()


def test_faults_come_and_go(page):
    said = page.act(action="fault", server="psql/n1", value="delay 50ms for 10m")
    assert said == "psql/n1: delay 50ms for 10m"
    assert page.server("psql/n1")["fault"]["text"] == "delay 50ms"
    assert page.server("psql/n2")["fault"] is None
    assert page.act(action="fault", server="psql/n1", value="none") == "psql/n1: no fault"
    assert page.server("psql/n1")["fault"] is None
    why = page.refused(400, {"action": "fault", "server": "psql/n1", "value": "explode"})
    assert "blackhole" in why, why
    assert page.told("fault psql/n1 delay 50ms for 10m, by ops")


def test_what_is_wrong_is_told_with_its_cure(page):
    cases = [
        (404, {"action": "drain", "server": "psql/n11"}, 'did you mean "psql/n1'),
        (404, {"action": "drain", "server": "nothing/like-it"}, "sluice status"),
        (400, {"action": "weight", "server": "psql/n1", "value": "500"}, "write 0 to 256"),
        (400, {"action": "drain", "server": "psql/n1;quit"}, "no name has"),
        (400, {"action": "drain", "server": "psql/n1\nset weight psql/n1 0"}, "no name has"),
        (400, {"action": "drain", "server": "psql/n1 deadline 1ms"}, "no name has"),
        (400, {"action": "fault", "server": "psql/n1", "value": "none;quit"}, "no fault has"),
        (400, {"action": "fault", "server": "psql/n1", "value": "none\nquit"}, "no fault has"),
        (400, {"action": "drain", "server": "psql/n1", "deadline": "5"}, "with its unit"),
        (400, {"action": "drian", "server": "psql/n1"}, 'did you mean "drain"'),
        (400, {"server": "psql/n1"}, "action is missing"),
        (400, "action=drain&server=psql/n1&padding=" + 5000 * "x", "too long"),
        (400, "action=drain&server=psql/n1&padding=" + 50000 * "x", "too long"),
        (400, "", "action is missing"),
        (400, "%%%&&&=;", "unknown"),
    ]
    for status, form, words in cases:
        why = page.refused(status, form)
        assert words in why, (form, why)
    for service in ("psql", "dbconsole"):
        for node in ("n1", "n2", "n3"):
            server = page.server(f"{service}/{node}")
            assert server["state"].startswith("UP") and server["usable"]
    assert not page.told(" by ops")


def test_another_site_cannot_do_it(page):
    form = {"action": "maint", "server": "psql/n1"}
    right = f"http://{LOOPBACK}:{page.process.admin_port}"
    for headers, words in [
            ({"X-Sluice-Token": None}, "send the token"),
            ({"X-Sluice-Token": "0" * 32}, "the token is not right"),
            ({"X-Sluice-Token": page.token[:-1]}, "the token is not right"),
            ({"Origin": "http://evil.example"}, "another site"),
            ({"Origin": "null"}, "another site"),
            ({"Origin": right + "0"}, "another site"),
            ({"Origin": right.rpartition(":")[0]}, "another site"),
            ({"Host": "evil.example"}, "another site"),
            ({"Sec-Fetch-Site": "cross-site"}, "another site"),
            ({"Sec-Fetch-Site": "same-site"}, "another site"),
            ({"Sec-Fetch-Site": "none"}, "another site")]:
        assert words in page.refused(403, form, headers), headers
    for kind in (None, "text/plain", "application/json", "multipart/form-data; boundary=x"):
        assert "send a form" in page.refused(400, form, {"Content-Type": kind})
    status, _ = page.post(form, {"Authorization": None})
    assert status == 401
    status, _ = page.post(form, basic("ops", "wrong"))
    assert status == 401
    assert page.server("psql/n1")["state"].startswith("UP")
    # Tools say nothing of where they come from.
    status, answer = page.post(form, {"Origin": None, "Sec-Fetch-Site": None})
    assert status == 200, answer
    assert page.server("psql/n1")["state"] == "MAINT"


def test_only_get_and_post_mean_anything(page):
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
        assert "POST does it" in page.refused(405, {"action": "maint", "server": "psql/n1"},
                                              method=method)
    status, fields, body = page.process.http("/v1/act", page.who, method="HEAD")
    assert (status, body) == (200, "")
    assert int(fields["content-length"]) > len(page.token)
    # A form in the address is none.
    page.process.http("/v1/act?action=maint&server=psql/n1", page.who)
    assert page.server("psql/n1")["state"].startswith("UP")


@pytest.mark.parametrize("lines, why", [
    ("", "write users and writable = true"),
    (USERS, "write writable = true"),
    ("writable = true;", "write users"),
])
def test_nothing_is_changed_unless_the_configuration_says_so_and_for_whom(proxy, lines, why):
    process = proxy(lines)
    page = Page(process)
    answer = page.get()
    assert answer["writable"] is False and why in answer["why"], answer
    assert "token" not in answer
    page.token = "0" * 32
    assert why in page.refused(403, {"action": "maint", "server": "psql/n1"})
    assert page.server("psql/n1")["state"].startswith("UP")
    assert ("without users only HAProxy's form" in process.log()) == lines.startswith("writable")


def test_tokens_differ_from_process_to_process_and_outlive_a_reload(proxy, tmp_path):
    first = Page(proxy())
    assert re.fullmatch("[0-9a-f]{32}", first.token)
    assert first.get() == {"writable": True, "token": first.token, "user": "ops"}
    text = first.process.conf_path.read_text()
    first.process.write_conf(text.replace("writable = true", "writable = false"))
    first.process.reload()
    wait_for(lambda: not first.get()["writable"], what="the reload")
    first.process.write_conf(text)
    first.process.reload()
    wait_for(lambda: first.get()["writable"], what="the reload")
    assert first.get()["token"] == first.token
    first.process.stop()
    assert Page(proxy()).token != first.token


def test_the_demo_acts_without_a_password_but_only_by_a_name_of_its_own(demo):
    d = demo()
    port = d.ports()[0]

    def ask(host, form=None, token=""):
        headers = {"Host": host, "Content-Type": FORM, "X-Sluice-Token": token}
        status, _, body = http_get(LOOPBACK, port, "/v1/act", headers,
                                   method="POST" if form else "GET", body=form)
        return status, json.loads(body)

    wait_for(lambda: http_get(LOOPBACK, port, "/readyz")[0] == 200)
    status, answer = ask(f"{LOOPBACK}:{port}")
    assert (status, answer["writable"], answer["user"]) == (200, True, None)
    token = answer["token"]
    status, answer = ask(f"rebound.example:{port}")
    assert answer["writable"] is False and "by its address" in answer["why"]
    status, answer = ask(f"rebound.example:{port}", "action=maint&server=psql/n1", token)
    assert status == 403 and "by its address" in answer["error"]
    status, answer = ask(f"localhost:{port}", "action=maint&server=psql/n1", "")
    assert status == 403 and "token" in answer["error"]
    status, answer = ask(f"localhost:{port}", "action=maint&server=psql/n1", token)
    assert (status, answer) == (200, {"said": "psql/n1 is under maintenance"})
    d.until(r"maintenance by somebody at 127\.0\.0\.1")
    # HAProxy's form has neither token nor password: it stays closed.
    status = http_get(LOOPBACK, port, "/haproxy?stats", method="POST",
                      body="b=psql&s=n1&action=ready")[0]
    assert status == 403
    d.say("quit\n")
    d.end()
