# SPDX-License-Identifier: MIT
"""The benchmark measures every row, and sees a byte that a proxy has changed."""

import json
import resource
import subprocess
import sys

import pytest
from harness import BUILD, TOP

EXCHANGE = 100 + 300
TITLES = {"conn": "new connection", "req64": "request, 64 connections",
          "bulk16-up": "GB to the servers, 16 streams",
          "bulk16-down": "GB to the clients, 16 streams", "bulk16-both": "GB both ways, 16 streams"}


def bench(out, *arguments, code=0):
    """Runs of bench/run by (row, pass, peer), and what it wrote for people."""
    command = [sys.executable, TOP / "bench" / "run", "--build", BUILD, "--no-build", "--rounds",
               "1", "--retries", "0", "--out", out, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    lines = (json.loads(line) for line in (out / "results.jsonl").read_text().splitlines())
    return ({(r["row"], r["pass"], r["peer"]): r for r in lines},
            (out / "RESULTS.md").read_text())


@pytest.mark.parametrize(("where", "only", "rows"), [
    ("apart", "conn,req64,bulk16",
     ["conn", "req64", "bulk16-up", "bulk16-down", "bulk16-both"]),
    ("together", "req64", ["req64"]),
])
def test_it_measures_every_row_and_checks_every_byte(tmp_path, where, only, rows):
    runs, text = bench(tmp_path, "--seconds", "0.02", "--peers", "sluice,bare", "--only", only,
                       "--passes", where)
    assert set(runs) == {(row, where, peer) for row in rows for peer in ("sluice", "bare")}
    for (row, _, peer), run in runs.items():
        assert run["value"] > 0 and run["proxy_cpu"] > 0 and run["window"] > 0, run
        if row.startswith("bulk"):
            assert run["checked"] >= 30_000_000 and run["ops"] == 16, run
        else:
            assert run["checked"] == run["ops"] * EXCHANGE > 0, run
        assert min(run["served"]) > 0, f"{peer} has left out a server: {run}"
        assert f"| {TITLES[row]}, CPU | " in text, text
    assert "Failed" not in text


@pytest.mark.parametrize("row", ["conn", "req64", "bulk16-up"])
def test_a_proxy_that_changes_a_byte_is_found(tmp_path, row):
    conf = (TOP / "bench" / "peers.conf").read_text()
    faulty = conf[conf.index("[bare]"):].replace("--to $ports", "--to $ports --fault 500")
    (tmp_path / "peers.conf").write_text(faulty)
    runs, text = bench(tmp_path, "--seconds", "0.1", "--peers", "bare", "--passes", "apart",
                       "--only", row, "--conf", tmp_path / "peers.conf", code=1)
    run = runs[row, "apart", "bare"]
    assert "value" not in run and "is wrong: 0x" in run["error"], run
    assert f"- {row}, apart, bare: load: connection " in text


def test_scale_holds_thousands_of_sessions_and_leaves_nothing(tmp_path):
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    command = [sys.executable, TOP / "bench" / "scale", "--quick", "--no-build", "--build", BUILD,
               "--only", "sessions", "--threads", "2", "--out", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.split(" | ") for line in (tmp_path / "SCALE.md").read_text().splitlines()
            if line.startswith("| ")]
    seen = {row[0].removeprefix("| "): row[1] for row in rows}
    count = next(value for what, value in seen.items() if what.startswith("sessions at once"))
    assert int(count.split(", ")[0].replace(",", "")) == min(4000, files * 9 // 20 // 100 * 100)
    assert float(seen["private memory of one of them"].split()[0].replace(",", "")) > 0


def test_pick_measures_every_way_of_balancing():
    command = [BUILD / "bench" / "pick", "--servers", "1,10", "--rounds", "3"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    rows = [line.split() for line in done.stdout.splitlines()]
    ways = {"roundrobin", "static-rr", "leastconn", "random", "first", "source", "hash-map",
            "hash-consistent", "hash-bounded"}
    assert {(r[0], r[1]) for r in rows} == {(w + more, n) for w in ways for more in ("", "+")
                                            for n in ("1", "10")}
    for _, _, middle, low, high in rows:
        assert 0 < float(low) <= float(middle) <= float(high)
