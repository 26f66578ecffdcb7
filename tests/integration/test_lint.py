# SPDX-License-Identifier: MIT
"""`sluice lint` and `sluice explain`, as a person or a script runs them: no daemon is asked."""

import json
import os
import re
import subprocess

import harness
import pytest

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


def test_explain_shows_the_arithmetic():
    path = CONF / "single-region.conf"
    out = run("explain", "detection", "-f", path).stdout
    assert "cockroach1, cockroach2, cockroach3: http, GET /health?ready=1, port 8080\n" in out
    assert "2.2s (inter + 10 %) + 2s (timeout) = 4.2s" in out
    assert out.count("33.3 %") == 0
    assert run("explain", "balance", "-f", path).stdout.count("33.3 %") == 6
    out = run("explain", "tiers", "-f", CONF / "multi-region.conf").stdout
    assert "  1  east-1, east-2, east-3\n" in out and "(allbackups)" in out
    assert "= '6s';" in run("explain", "drain", "-f", path).stdout
    assert "long enough by 5.8s" in run("explain", "drain", "-f", path, "--initial-wait",
                                        "10s").stdout
    done = run("explain", "tires", "-f", path, expect=2)
    assert 'did you mean "tiers"?' in done.stderr
