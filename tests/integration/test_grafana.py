# SPDX-License-Identifier: MIT
"""conf/grafana and conf/prometheus name only what /metrics has."""

import json
import re
import shutil

import harness
import pytest
import yaml
from balancer import needs, output
from promql import parse

DASHBOARD = harness.TOP / "conf" / "grafana" / "sluice.json"
ALERTS = harness.TOP / "conf" / "prometheus" / "sluice-alerts.yml"
# What Prometheus adds to each series, and its own metric about a scrape.
ADDED = {"instance", "job"}
ABOUT_SCRAPES = {"up": ADDED}
SERIES = re.compile(r'^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def board():
    return json.loads(DASHBOARD.read_text())


def rules():
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


@pytest.fixture(scope="module")
def metrics(tmp_path_factory):
    """{metric: {label: its values}} of a balancer to which something has happened."""
    home = tmp_path_factory.mktemp("grafana")
    nodes = harness.Simnodes(home, 3)
    try:
        discover = f'discover = {{ from = "http://{harness.LOOPBACK}:{nodes.node(1).http}"; cache = ""; }};'
        conf = harness.cluster_conf(nodes.nodes)
        sluice = harness.Sluice(home, conf.replace("cluster = {", f"cluster = {{ {discover}", 1))
        try:
            sluice.ctl("fault psql/n1 delay 1ms")
            nodes.command(2, "kill")
            sluice.wait_server("psql/n2", "DOWN")
            text = sluice.http("/metrics")[2]
        finally:
            sluice.stop()
    finally:
        nodes.stop()
    found = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, labels = SERIES.match(line).groups()
        known = found.setdefault(name, {})
        for label, value in LABEL.findall(labels or ""):
            known.setdefault(label, set()).add(value)
    return found


def check(expression, metrics):
    """Each metric, label and word in it exists; the labels that its result may have."""
    selectors, grouped = parse(expression)
    assert selectors, expression
    of_result = set()
    for s in selectors:
        labels = metrics.get(s.metric) or dict.fromkeys(ABOUT_SCRAPES.get(s.metric, ()), set())
        assert s.metric in metrics or s.metric in ABOUT_SCRAPES, f"no {s.metric}: {expression}"
        of_result |= set(labels) | ADDED
        for label, operator, value in s.matchers:
            assert label in set(labels) | ADDED, f"{s.metric} has no {label}: {expression}"
            if label in ADDED or "$" in value:
                continue
            words = value.split("|") if operator == "=~" else [value]
            assert set(words) <= labels[label], f"{s.metric} is never {value}: {expression}"
    assert set(grouped) <= of_result, f"{grouped}: {expression}"
    return set(grouped) or of_result


# --- the dashboard ----------------------------------------------------------------------------


def expressions():
    """(where, expression, what its legend names)"""
    for panel in board()["panels"]:
        for target in panel["targets"]:
            legend = re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])
            yield panel["title"], target["expr"], legend
    for note in board()["annotations"]["list"]:
        if "expr" in note:
            yield note["name"], note["expr"], re.findall(
                r"\{\{(\w+)\}\}", note["titleFormat"] + note["textFormat"])


EXPRESSIONS = list(expressions())


def test_the_dashboard_is_one_that_grafana_imports():
    dashboard = board()
    assert dashboard["schemaVersion"] >= 39 and dashboard["id"] is None
    assert dashboard["uid"] and dashboard["title"]
    assert 0 < len(dashboard["panels"]) <= 20
    ids = [p["id"] for p in dashboard["panels"]]
    assert len(set(ids)) == len(ids)
    # Whatever the data source is called where it is imported.
    first = dashboard["templating"]["list"][0]
    assert (first["type"], first["query"], first["name"]) == ("datasource", "prometheus",
                                                              "datasource")
    for panel in dashboard["panels"]:
        assert panel["title"] and panel["description"] and panel["targets"]
        for thing in (panel, *panel["targets"]):
            assert thing["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


def test_panels_do_not_overlap():
    taken = set()
    for panel in board()["panels"]:
        p = panel["gridPos"]
        assert p["x"] >= 0 and p["x"] + p["w"] <= 24, panel["title"]
        cells = {(x, y) for x in range(p["x"], p["x"] + p["w"])
                 for y in range(p["y"], p["y"] + p["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells


def test_every_variable_is_defined_and_used():
    text = DASHBOARD.read_text()
    names = {v["name"] for v in board()["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", text)) - {"__rate_interval", "__range", "__all"}
    assert used == names


@pytest.mark.parametrize("where, expression, legend", EXPRESSIONS,
                         ids=[f"{w}-{i}" for i, (w, _, _) in enumerate(EXPRESSIONS)])
def test_a_panel_asks_for_what_there_is(metrics, where, expression, legend):
    assert set(legend) <= check(expression, metrics), where


def test_variables_ask_for_what_there_is(metrics):
    for variable in board()["templating"]["list"][1:]:
        inner, label = re.fullmatch(r"label_values\((.*), (\w+)\)",
                                    variable["query"]["query"]).groups()
        assert label in check(inner, metrics), variable["name"]


@needs("promtool")
def test_promtool_understands_every_panel(tmp_path):
    path = tmp_path / "panels.yml"
    known = {"__rate_interval": "1m", "__range": "1h"}
    found = [re.sub(r"\$(\w+)", lambda m: known.get(m[1], ".*"), e) for _, e, _ in EXPRESSIONS]
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": [
        {"record": f"panel_{i}", "expr": e} for i, e in enumerate(found)]}]}))
    assert f"{len(found)} rules found" in output("promtool", "check", "rules", path)


# --- alerts -----------------------------------------------------------------------------------


RULES = rules()


@pytest.mark.parametrize("rule", RULES, ids=[r["alert"] for r in RULES])
def test_an_alert_asks_for_what_there_is(metrics, rule):
    labels = check(rule["expr"], metrics)
    notes = rule["annotations"]
    assert notes["summary"] and notes["description"]
    named = set(re.findall(r"\$labels\.(\w+)", notes["summary"] + notes["description"]))
    assert named <= labels
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    assert re.fullmatch(r"Sluice[A-Z]\w+", rule["alert"])


def test_alerts_have_names_of_their_own():
    names = [r["alert"] for r in RULES]
    assert len(set(names)) == len(names)


@needs("promtool")
def test_promtool_understands_every_alert():
    assert f"{len(RULES)} rules found" in output("promtool", "check", "rules", ALERTS)


def series(name, values, **labels):
    text = ", ".join(f'{k}="{v}"' for k, v in {"instance": "a", "job": "sluice", **labels}.items())
    return {"series": f"{name}{{{text}}}", "values": values}


N1 = {"proxy": "psql", "server": "n1"}
N2 = {"proxy": "psql", "server": "n2"}
FIRING = {
    "SluiceNotScraped": ([series("up", "0x100")], 5),
    "SluiceNoUsableServer": ([series("sluice_usable_servers", "0x100", proxy="psql",
                                     role="active"),
                              series("sluice_usable_servers", "0x100", proxy="psql",
                                     role="backup")], 5),
    "SluiceFewUsableServers": ([series("sluice_usable_servers", "1x100", proxy="psql",
                                       role="active"),
                                series("sluice_server_usable", "1x100", **N1),
                                series("sluice_server_usable", "0x100", **N2)], 5),
    "SluiceServerDown": ([series("sluice_server_health", "1x100", health="down", **N1)], 5),
    "SluiceServerFlapping": ([series("haproxy_server_check_up_down_total", "0+1x100", **N1)], 15),
    "SluicePanic": ([series("sluice_service_panicking", "1x100", proxy="psql")], 5),
    "SluiceClientsHeld": ([series("sluice_service_held_sessions", "3x100", proxy="psql")], 5),
    "SluiceSessionsCut": ([series("sluice_server_cut_sessions_total", "0x5 4x100", **N1)], 8),
    "SluiceConnectsFail": ([series("haproxy_backend_connection_errors_total", "0x5 4x100",
                                   proxy="psql")], 8),
    "SluiceNearMaxconn": ([series("haproxy_process_current_connections", "900x100"),
                           series("haproxy_process_max_connections", "1000x100")], 5),
    "SluiceServiceNearMaxconn": ([series("haproxy_frontend_current_sessions", "90x100",
                                         proxy="psql"),
                                  series("haproxy_frontend_limit_sessions", "100x100",
                                         proxy="psql")], 5),
    "SluiceTierSpills": ([series("sluice_service_tier_share_percent", "93x100", proxy="psql",
                                 tier="0"),
                          series("sluice_service_tier_share_percent", "7x100", proxy="psql",
                                 tier="1")], 15),
    "SluiceDiscoveryFails": ([series("sluice_discovery_last_success_age_seconds", "400+60x100")], 8),
    "SluiceNearFileDescriptors": ([series("haproxy_process_current_connections", "480x100"),
                                   series("haproxy_process_listeners", "3x100"),
                                   series("haproxy_process_max_fds", "1024x100")], 5),
    "SluiceLeavingTooLong": ([series("haproxy_process_stopping", "1x100")], 20),
    "SluicePredecessorStays": ([series("sluice_predecessor_sessions", "2x2000")], 1500),
    "SluiceServerDrainsTooLong": ([series("haproxy_server_status", "1x100", state="NOLB", **N1),
                                   series("haproxy_server_current_sessions", "1x100", **N1)], 70),
    "SluiceFaultForgotten": ([series("sluice_server_fault", "1x100", fault="refuse", **N1)], 20),
    "SluiceLogsDropped": ([series("haproxy_process_dropped_logs_total", "0x5 4x100")], 8),
}


@needs("promtool")
@pytest.mark.parametrize("alert", [r["alert"] for r in RULES])
def test_an_alert_fires_when_it_should_and_only_then(tmp_path, alert):
    inputs, minute = FIRING[alert]
    quiet = [s | {"values": re.sub(r"^\S+?x", "_x", s["values"].split(" ")[0])} for s in inputs]
    tests = []
    for found, count in ((inputs, 1), (quiet, 0)):
        if alert == "SluiceNotScraped":
            found = found if count else [series("up", "1x100")]
        tests.append({"interval": "1m", "input_series": found, "promql_expr_test": [
            {"expr": f'count(ALERTS{{alertname="{alert}", alertstate="firing"}}) or vector(0)',
             "eval_time": f"{minute}m",
             "exp_samples": [{"labels": "{}", "value": count}]}]})
    path = tmp_path / "test.yml"
    shutil.copy(ALERTS, tmp_path)
    path.write_text(yaml.safe_dump({"rule_files": [ALERTS.name], "evaluation_interval": "1m",
                                    "tests": tests}))
    assert "SUCCESS" in output("promtool", "test", "rules", path)
