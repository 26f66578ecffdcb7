# SPDX-License-Identifier: MIT
"""What is measured: the rows, and one run of one of them.

A run is a dictionary with `value` (the row's number) and everything that was seen.  Passes:
"apart" has the proxy on cores of its own and all load on core 0, "together" has everything on one
core that is never idle: what an exchange costs in total, whoever is billed for it.
"""

import dataclasses
import json
import os
import subprocess
import tempfile
import time

import benchcell
import benchpg
from benchcell import CORES, Cell, RunError, Sample
from benchpeers import PORT

SERVERS = (21001, 21002, 21003)
# Two files each, and what a proxy keeps for itself: ROOM sessions fit beside those that are busy.
ROOM = benchcell.FILES * 9 // 20 // 100 * 100
MANY = min(10000, ROOM)
BUSY = 64


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    title: str
    unit: str
    run: object  # (driver's options, peer, row, pass) -> dictionary
    load: tuple = ()  # arguments of bench/load; "{}" forms see amounts()
    together: bool = False  # also with all on one core
    quick: bool = True  # part of a quick measurement
    more_is_better: bool = False
    newest: float = None  # what sluice ÷ the newest HAProxy is to be (at most; or at least)
    best: float = None  # the same for the best of all peers
    at_most: float = None  # what its number is to be
    no_more_cpu: bool = False  # and the CPU of an exchange no more than the newest HAProxy's


def amounts(seconds):
    """How much of everything a run of about so many seconds is."""
    ms = max(50, int(1000 * seconds))
    return {"ms": ms, "paced_ms": max(500, 2 * ms), "conns": max(500, int(12000 * seconds)),
            "bytes": max(20_000_000, int(1.5e9 * seconds)),
            "many": MANY if seconds >= 1 else min(MANY, 2000)}


def load_cores(apart):
    return {CORES[0]} if apart else {CORES[-1]}


def proxy_cores(apart):
    """Not those of the load, if there are others."""
    return set(CORES[1:]) or set(CORES) if apart else {CORES[-1]}


def launch_load(options, cell, row, cores):
    words = amounts(options.seconds)
    argv = [options.tools / "load", "--to", PORT, "--listen", ",".join(map(str, SERVERS)),
            *(str(a).format(**words) for a in row.load)]
    return cell.start("load", argv, cores, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def run_load(options, peer, row, apart, threads=None, spread=False):
    """One run of bench/load; `spread`: everything may be on every core."""
    threads = threads or options.threads
    with tempfile.TemporaryDirectory(prefix="bench-") as tmp, Cell() as cell:
        os.chmod(tmp, 0o755)
        load = launch_load(options, cell, row, set(CORES) if spread else load_cores(apart))
        load.expect("listening")
        cores = set(CORES) if spread else proxy_cores(apart)
        proxy = peer.start(cell, tmp, row.name, cores, SERVERS, threads)
        load.expect("ready")
        family = benchcell.tree(proxy.pid)
        first_memory = benchcell.memory(family)
        first = Sample(family, [load.pid])
        load.tell("go")
        line = load.line()
        seen = {}
        if line == "held":
            time.sleep(0.3)
            now = benchcell.memory(family)
            seen = {"pss": now[0] - first_memory[0], "private": now[1] - first_memory[1]}
            load.tell("go")
            line = load.line()
        last = Sample(family, [load.pid])
        used = last.since(first)
        seen |= json.loads(line)
        load.expect("done")
        if not proxy.is_running():
            raise RunError(f"{peer.name} ended: {proxy.said()}")
    seen |= used | {"noise": round(benchcell.noise(used, apart and not spread), 4)}
    if not apart or spread:
        seen["limit"] = False  # it shares its core
    return seen


# --- What a row's number is ----------------------------------------------------------------------

def cost(seen, apart):
    """CPU seconds: the proxy's, or (all on one core) everybody's."""
    return seen["proxy_cpu"] + (0 if apart else seen["load_cpu"] + seen["kernel_cpu"])


def per_exchange(options, peer, row, apart):
    seen = run_load(options, peer, row, apart)
    return seen | {"value": cost(seen, apart) / seen["ops"] * 1e6}


def per_gigabyte(options, peer, row, apart):
    seen = run_load(options, peer, row, apart)
    return seen | {"value": cost(seen, apart) / seen["checked"] * 1e9}


def median_latency(options, peer, row, apart):
    seen = run_load(options, peer, row, apart)
    cpu = cost(seen, apart) / seen["ops"] * 1e6
    return seen | {"value": seen["p50"] if apart else cpu, "cpu": cpu}


def tail_latency(options, peer, row, apart):
    seen = run_load(options, peer, row, apart)
    return seen | {"value": seen["p999"], "cpu": seen["proxy_cpu"] / seen["ops"] * 1e6}


def idle_memory(options, peer, row, apart):
    seen = run_load(options, peer, row, apart)
    return seen | {"value": seen["pss"] / seen["ops"], "limit": False,
                   "private_each": seen["private"] / seen["ops"]}


def two_workers(options, peer, row, apart):
    """Throughput with two workers ÷ with one, and what two could do with cores of their own."""
    if not peer.has_threads():
        return None
    one = run_load(options, peer, row, apart, threads=1, spread=True)
    two = run_load(options, peer, row, apart, threads=2, spread=True)
    rates = [s["ops"] / s["seconds"] for s in (one, two)]
    cost = [s["proxy_cpu"] / s["ops"] for s in (one, two)]
    busiest = sorted(two["threads_cpu"])[-1] / max(two["proxy_cpu"], 1e-9)
    return {"value": rates[1] / rates[0], "by_cost": cost[0] / cost[1] / max(busiest, 0.5),
            "cost_one": cost[0] * 1e6, "cost_two": cost[1] * 1e6, "busiest": busiest,
            "limit": two["load_cpu"] / two["seconds"] > 0.95,
            "noise": max(one["noise"], two["noise"]), "one": one, "two": two}


def pg_rate(options, peer, row, apart):
    return benchpg.run(options, peer, row, proxy_cores(apart), load_cores(apart))


def requests(connections, *more):
    return ("--mode", "req", "--connections", str(connections), "--ms", "{ms}", *more)


def bulk(streams, direction):
    return ("--mode", "bulk", "--connections", str(streams), "--direction", direction,
            "--bytes", "{bytes}")


def bulk_rows():
    titles = {"up": "to the servers", "down": "to the clients", "both": "both ways"}
    for streams in (1, 16):
        for way, words in titles.items():
            yield Row(f"bulk{streams}-{way}",
                      f"GB {words}, {streams} stream{'s' * (streams > 1)}, CPU", "s",
                      per_gigabyte, bulk(streams, way), together=True, newest=0.24, best=0.95,
                      quick=f"{streams}-{way}" in ("1-down", "16-up", "16-down"))


def pg_rows():
    for name, title, clients, arguments in (
            ("pg-s1", "pgbench -S, 1 client, tps", 1, ("-S",)),
            ("pg-s8", "pgbench -S, 8 clients, tps", 8, ("-S",)),
            ("pg-tpcb", "pgbench TPC-B, 8 clients, tps", 8, ()),
            ("pg-c1", "pgbench -S -C, 1 client, tps", 1, ("-S", "-C")),
            ("pg-c8", "pgbench -S -C, 8 clients, tps", 8, ("-S", "-C"))):
        target = {} if name == "pg-tpcb" else {"newest": 1.05, "best": 1.0}
        yield Row(name, title, "", pg_rate, ("-c", str(clients), *arguments), together=True,
                  quick=name in ("pg-s8", "pg-c8"), more_is_better=True, **target)


ROWS = (
    Row("conn", "new connection, CPU", "µs", per_exchange,
        ("--mode", "conn", "--count", "{conns}", "--sources", "4"), together=True,
        newest=0.80, best=0.90),
    Row("req64", f"request, {BUSY} connections, CPU", "µs", per_exchange, requests(BUSY),
        together=True, newest=0.78, best=0.97),
    Row("req1000", "request, 1,000 connections, CPU", "µs", per_exchange, requests(1000),
        together=True, newest=0.75, best=0.90),
    Row("req1", "p50 of one connection", "µs", median_latency, requests(1), together=True,
        newest=0.45, best=0.50, no_more_cpu=True),
    Row("paced", "p99.9 at 10,000 paced requests/s", "µs", tail_latency,
        ("--mode", "paced", "--connections", str(BUSY), "--rate", "10000",
         "--ms", "{paced_ms}"), newest=0.85, best=1.00),
    *bulk_rows(),
    Row("idle", "idle session, user-space memory", "bytes", idle_memory,
        ("--mode", "idle", "--connections", "{many}"), newest=0.12, at_most=448),
    Row("many", f"request, {BUSY} busy of many connections, CPU", "µs", per_exchange,
        requests(BUSY, "--idle", "{many}", "--warm", "20")),
    *pg_rows(),
    Row("two", "two workers ÷ one, requests/s", "×", two_workers, requests(BUSY),
        more_is_better=True),
)


def select(only, quick=False):
    """Rows by name, or by the first part of it: bulk16 is bulk16-up, -down and -both.

    Without names all of them, or all that are quick.
    """
    wanted = [w for entry in only for w in entry.split(",")]
    for name in wanted:
        if not any(name in (r.name, r.name.partition("-")[0]) for r in ROWS):
            raise SystemExit(f"--only {name}: the rows are {', '.join(r.name for r in ROWS)}")
    if not wanted:
        return [r for r in ROWS if r.quick or not quick]
    return [r for r in ROWS if r.name in wanted or r.name.partition("-")[0] in wanted]


def measure(options, peer, row, apart):
    """A quiet run, or the quietest of those that were tried; None if the row is not for it."""
    runs = []
    for turn in range(options.retries + 1):
        if turn:
            time.sleep(0.5)
        begin = time.monotonic()
        try:
            seen = row.run(options, peer, row, apart)
        except RunError as e:
            return {"error": str(e)}
        if seen is None:
            return None
        runs.append(seen | {"took": round(time.monotonic() - begin, 2)})
        if seen["noise"] <= options.noise:
            break
    best = min(runs, key=lambda r: r["noise"])
    return best | {"tries": len(runs), "noisy": best["noise"] > options.noise}
