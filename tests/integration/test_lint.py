# SPDX-License-Identifier: MIT
"""`sluice lint` and `sluice explain`, as a person or a script runs them: no daemon is asked."""

import json
import os
import re
import subprocess

import harness
import pytest
from listing import List, reply

CONF = harness.TOP / "conf"
EXAMPLES = sorted(p.name for p in CONF.glob("*.conf"))

RISKY = """\
timeout = { client = "1m"; server = "1m"; };
cluster = {
  nodes = ( { name = "n1"; host = "10.0.0.1"; }, { name = "n2"; host = "10.0.0.2"; } );
  check = { type = "tcp"; fall = 1; };
};
services = ( { name = "psql"; bind = ":26257"; } );
"""


def run(*args, expect=0):
    """A command's CompletedProcess; no sanitizer may have complained."""
    env = {k: v for k, v in os.environ.items() if k != "SLUICE_SOCKET"}
    done = subprocess.run([harness.program("sluice"), *map(str, args)], capture_output=True,
                          text=True, timeout=harness.PATIENCE, check=False, env=env)
    assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr, done.stderr
    assert done.returncode == expect, (args, done.returncode, done.stdout, done.stderr)
    return done


def example(name, tmp_path):
    """The path of an example that is valid on this host."""
    if name != "secure.conf":
        return CONF / name
    certificate, _ = harness.make_cert(tmp_path, stem="ca")
    path = tmp_path / name
    path.write_text((CONF / name).read_text().replace("/etc/sluice/ca.crt", str(certificate)))
    return path


def findings(path, *options, expect):
    return json.loads(run("lint", "-f", path, "--json", *options, expect=expect).stdout)


def test_findings_name_their_line_and_their_cure(tmp_path):
    path = tmp_path / "x.conf"
    path.write_text(RISKY)
    done = run("lint", "-f", path, expect=1)
    assert done.stderr == ""
    heads = [re.match(r"(.*?):(\d+): (\w+): ([\w-]+): ", line).groups()
             for line in done.stdout.splitlines()[:-1] if not line.startswith(" ")]
    assert heads == [(str(path), "1", "warning", "idle-timeout"),
                     (str(path), "4", "warning", "blind-check"),
                     (str(path), "4", "warning", "fall-one")]
    assert '    write: check = { type = "http"; port = "http"; path = "/health?ready=1";' \
        in done.stdout
    assert f"{path}: 3 warnings, 0 notes; " in done.stdout


def test_what_it_says_to_write_cures_it(tmp_path):
    path = tmp_path / "x.conf"
    path.write_text(RISKY)
    cures = {f["rule"]: f["cure"]["text"] for f in findings(path, expect=1)["findings"]}
    text = RISKY.replace('timeout = { client = "1m"; server = "1m"; };', cures["idle-timeout"])
    text = text.replace('check = { type = "tcp"; fall = 1; };', cures["blind-check"])
    path.write_text(text.replace("fall = 1;", cures["fall-one"]))
    after = findings(path, "--initial-wait", "10s", expect=0)
    assert after == {"file": str(path), "haproxy": False, "warnings": 0, "notes": 0,
                     "findings": []}


def test_json_has_its_keys(tmp_path):
    path = tmp_path / "x.conf"
    path.write_text(RISKY)
    found = findings(path, expect=1)
    assert list(found) == ["file", "haproxy", "warnings", "notes", "findings"]
    assert (found["warnings"], found["notes"]) == (3, 0)
    for f in found["findings"]:
        assert list(f) == ["rule", "severity", "title", "file", "line", "subjects", "text",
                           "cure"]
        assert list(f["cure"]) == ["kind", "text"]
    assert found["findings"][1]["subjects"] == ["n1", "n2"]


def test_what_the_cluster_has_is_told_by_options():
    path = CONF / "single-region.conf"
    note, = findings(path, expect=0)["findings"]
    assert (note["rule"], note["severity"], note["cure"]) == \
        ("initial-wait", "note", {"kind": "sql", "text": "SET CLUSTER SETTING "
                                  "server.shutdown.initial_wait = '6s';"})
    assert findings(path, "--initial-wait", "6s", expect=0)["findings"] == []
    rules = {f["rule"] for f in findings(path, "--initial-wait", "2s", "--proxies", "200",
                                         "--statement", "1h", expect=1)["findings"]}
    assert rules == {"initial-wait", "check-load", "statement-timeout"}


@pytest.mark.parametrize("name", [n for n in EXAMPLES if n != "reference.conf"])
def test_our_examples_have_no_finding(name, tmp_path):
    found = findings(example(name, tmp_path), "--initial-wait", "10s", expect=0)
    assert found["findings"] == []


def test_the_reference_has_one_node():
    found = findings(CONF / "reference.conf", "--initial-wait", "10s", expect=1)
    assert {f["rule"] for f in found["findings"]} == {"single-server"}


def test_what_is_generated_has_no_warning(tmp_path):
    path = tmp_path / "x.conf"
    run("gen", "10.0.0.1", "10.0.0.2", "10.0.0.3", "--out", path)
    assert findings(path, expect=0)["warnings"] == 0
    assert findings(path, "--initial-wait", "10s", expect=0)["warnings"] == 0


def test_haproxys_configuration_is_looked_at_too(tmp_path):
    path = tmp_path / "haproxy.cfg"
    path.write_text("""\
defaults
    mode tcp
    timeout connect 10s
    timeout client 1m
    timeout server 1m

listen psql
    bind :26257
    balance roundrobin
    option httpchk GET /health?ready=1
    server cockroach1 10.0.0.1:26257 check port 8080
    server cockroach2 10.0.0.2:26257 check port 8080
""")
    found = findings(path, expect=1)
    assert found["haproxy"]
    assert {f["rule"] for f in found["findings"]} == \
        {"initial-wait", "idle-timeout", "keepalive", "user-timeout", "redispatch"}
    assert {(f["file"], f["line"]) for f in found["findings"]} == {(str(path), 7)}
    assert "cockroach1, cockroach2" in run("explain", "tiers", "-f", path).stdout
    path.write_text("listen psql\n    bind :26257\n    nonsense\n")
    assert run("lint", "-f", path, expect=3).stderr.startswith(f"{path}:3: ")


def test_what_check_refuses_is_refused(tmp_path):
    path = tmp_path / "x.conf"
    path.write_text("nonsense = 1;\n")
    for command in (["lint"], ["explain", "balance"]):
        done = run(*command, "-f", path, expect=3)
        assert done.stdout == ""
        assert done.stderr == run("check", "-f", path, expect=3).stderr
    assert "No such file" in run("lint", "-f", tmp_path / "none", expect=3).stderr


def test_the_rules_are_in_the_list_and_in_the_manual():
    rules = json.loads(run("lint", "--list", "--json").stdout)["rules"]
    text = " ".join(run("lint", "--list").stdout.split())
    page = " ".join((CONF.parent / "man/sluice.1").read_text().replace("\\-", "-").split())
    assert len(rules) >= 20
    for rule in rules:
        assert f"{rule['rule']} ({rule['severity']}): {rule['title']} {rule['text']}" in text
        assert f"\\fB{rule['rule']}\\fR ({rule['severity']}): {rule['title']}" in page
    for option in ("--initial-wait", "--proxies", "--statement", "--list"):
        assert option in run("lint", "--help").stdout


@pytest.fixture
def listing():
    made = []
    yield lambda: made.append(List()) or made[-1]
    for told in made:
        told.close()


def waits(path, *options, expect):
    found = findings(path, *options, expect=expect)["findings"]
    return {f["rule"]: f for f in found}


def test_the_cluster_tells_its_own_settings(tmp_path, simnodes):
    cluster = simnodes(3)
    url = f"http://{harness.LOOPBACK}:{cluster.node(2).http}"
    path = tmp_path / "x.conf"
    path.write_text(run("gen", "--from", url).stdout)
    assert waits(path, expect=0)["initial-wait"]["severity"] == "note"
    found = waits(path, "--from", url, expect=1)["initial-wait"]
    assert found["severity"] == "warning"
    assert "server.shutdown.initial_wait is 0s, and after it" in found["text"]
    cluster.command(2, "setting server.shutdown.initial_wait 10s")
    assert "initial-wait" not in waits(path, "--from", url, expect=0)
    # What somebody says goes before what the cluster does.
    assert "initial-wait" in waits(path, "--from", url, "--initial-wait", "1s", expect=1)
    cluster.command(2, "setting sql.defaults.statement_timeout 45m")
    found = waits(path, "--from", url + "/", expect=1)["statement-timeout"]
    assert "a statement of 45m is cut after 10m" in found["text"]
    assert "statement-timeout" not in waits(path, "--from", url, "--statement", "1m", expect=0)
    cluster.command(2, "reset")
    assert "is 0s, and after it" in run("lint", "-f", path, "--from", url, expect=1).stdout


def test_a_cluster_that_does_not_tell_is_named_with_the_cure(tmp_path, simnodes, listing):
    cluster = simnodes(1)
    url = f"http://{harness.LOOPBACK}:{cluster.node(1).http}"
    path = tmp_path / "x.conf"
    path.write_text(run("gen", "--from", url).stdout)
    cluster.command(1, "session CIGA8==")
    said = run("lint", "-f", path, "--from", url, expect=1)
    assert said.stdout == "" and "401 Unauthorized" in said.stderr
    assert "cockroach auth-session login" in said.stderr and "--session" in said.stderr
    done = run("lint", "-f", path, "--from", url, "--session", "CIGA8==", expect=1)
    assert "is 0s, and after it" in done.stdout and "in clear" in done.stderr
    told = listing()
    told.answer = lambda connection, _: reply(connection, b'{"keyValues": {}}')
    said = run("lint", "-f", path, "--from", told.url, expect=1).stderr
    assert "VIEWCLUSTERSETTING" in said and "--initial-wait" in said and told.url in said
    assert told.requests[0].startswith(
        "GET /_admin/v1/settings?keys=server.shutdown.drain_wait&keys=")
    # Another node may know better.
    run("lint", "-f", path, "--from", told.url, "--from", url, "--session", "CIGA8==", expect=1)
    told.answer = lambda connection, _: reply(connection, b"x" * (5 << 20))
    assert "is longer than" in run("lint", "-f", path, "--from", told.url, expect=1).stderr
    assert "--session needs --from" in run("lint", "--session", "x", expect=2).stderr


TIERS = """\
locality = "region=eu,zone=a";
cluster = { nodes = (
  { name = "n1"; host = "10.0.0.1"; locality = "region=eu,zone=a"; },
  { name = "n2"; host = "10.0.0.2"; locality = "region=eu,zone=b"; },
  { name = "n3"; host = "10.0.0.3"; locality = "region=us,zone=a"; },
  { name = "n4"; host = "10.0.0.4"; }
); server = { slowstart = "30s"; }; };
services = ( { name = "psql"; bind = ":26257"; spill = 0.5; } );
"""


def test_tiers_are_looked_at_and_explained(tmp_path):
    path = tmp_path / "x.conf"
    path.write_text(TIERS)
    found = waits(path, "--initial-wait", "10s", expect=1)
    assert {rule: f["line"] for rule, f in found.items()} == \
        {"single-server": 1, "no-locality": 6, "spill": 8}
    assert found["single-server"]["cure"]["text"] == 'locality = "region=eu";'
    out = run("explain", "tiers", "-f", path).stdout
    assert "  tier 1   1 part of the locality in common: region=eu\n" in out
    assert "           n4  no locality\n" in out
    assert "1 of 1       100.0 % x 0.5 =  50.0 %      50 %    50 %     0 %\n" in out


def test_explain_shows_the_arithmetic():
    path = CONF / "single-region.conf"
    out = run("explain", "detection", "-f", path).stdout
    assert "cockroach1, cockroach2, cockroach3: http, GET /health?ready=1, port 8080\n" in out
    assert "2.2s (inter + 10 %) + 2s (timeout) = 4.2s" in out
    assert out.count("33.3 %") == 0
    assert run("explain", "balance", "-f", path).stdout.count("33.3 %") == 6
    out = run("explain", "tiers", "-f", CONF / "multi-region.conf").stdout
    assert "east-1  region=us-east-2,zone=us-east-2a\n" in out
    assert "2 of 3        66.7 % x 1.4 =  93.3 %      93 %     7 %\n" in out
    assert all(len(line) <= 80 for line in out.splitlines())
    assert "= '6s';" in run("explain", "drain", "-f", path).stdout
    assert "long enough by 5.8s" in run("explain", "drain", "-f", path, "--initial-wait",
                                        "10s").stdout
    done = run("explain", "tires", "-f", path, expect=2)
    assert 'did you mean "tiers"?' in done.stderr
