# SPDX-License-Identifier: MIT
"""The benchmark measures every row, and sees a byte that a proxy has changed."""

import json
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
