# SPDX-License-Identifier: MIT
"""pgbench through a proxy, on a PostgreSQL server that is started for the run."""

import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import benchcell
from benchcell import Cell, RunError, Sample
from benchpeers import PORT

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "integration"))
import pg  # noqa: E402

PG_PORT = 21050
SCALE = 5


class Cluster:
    """A data directory with pgbench's tables, of the user postgres; made on first use."""

    def __init__(self):
        self.template = None

    def data(self):
        if self.template is None:
            self.template = pg.PostgresTemplate()
            with Cell() as cell:
                start_server(cell, self.template.data, set(benchcell.CORES))
                client = cell.start("pgbench", pgbench("-i", "-q", "-s", SCALE, port=PG_PORT),
                                    set(benchcell.CORES))
                if client.process.wait(120) != 0:
                    raise RunError(f"pgbench -i: {client.said()}")
        return self.template.data

    def release(self):
        if self.template:
            shutil.rmtree(self.template.home, ignore_errors=True)


CLUSTER = Cluster()


def pgbench(*arguments, port):
    return ["pgbench", "-h", pg.LOOPBACK, "-p", port, "-U", "postgres", *arguments, "postgres"]


def start_server(cell, data, cores):
    # SIGINT is PostgreSQL's fast shutdown: it ends its own children.
    user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
    argv = [pg.PG_BIN / "postgres", "-D", data, "-p", PG_PORT, "-c", "listen_addresses=127.0.0.1",
            "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "autovacuum=off",
            "-c", "max_wal_size=4GB", "-c", "checkpoint_timeout=1h"]
    server = cell.start("postgres", argv, cores, user=user, end=signal.SIGINT)
    benchcell.wait_listening(server, PG_PORT)
    end = time.monotonic() + benchcell.PATIENCE
    while "ready to accept connections" not in server.said():
        if not server.is_running() or time.monotonic() > end:
            raise RunError(f"postgres: {server.said()}")
        time.sleep(0.005)
    return server


def ask(cell, cores, port, seconds, arguments):
    """pgbench's own words; RunError if it fails, or a transaction does."""
    with tempfile.TemporaryFile("w+") as out:
        client = cell.start("pgbench", pgbench("-n", "-T", seconds, *arguments, port=port), cores,
                            stdout=out)
        code = client.process.wait(seconds + 60)
        out.seek(0)
        words = out.read()
        if code != 0 or "number of failed transactions: 0 " not in words:
            raise RunError(f"pgbench: {client.said()}\n{words}")
        return words


def ticks(pid):
    """CPU seconds of a process's living family and of its children that have ended."""
    total = 0
    for child in benchcell.tree(pid):
        try:
            stat = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(t) for t in stat[11:15 if child == pid else 13])
    return total * benchcell.TICK


def run(options, peer, row, proxy_cores, load_cores):
    seconds = max(1, round(options.seconds))
    data = CLUSTER.data()
    with tempfile.TemporaryDirectory(prefix="bench-") as tmp, Cell() as cell:
        os.chmod(tmp, 0o755)
        server = start_server(cell, data, load_cores)
        proxy = peer.start(cell, tmp, row.name, proxy_cores, (PG_PORT,), options.threads)
        wait_through(cell, load_cores, proxy)
        # The tables come into PostgreSQL's memory.
        ask(cell, load_cores, PG_PORT, 1, ("-S", "-c", "8"))
        family = benchcell.tree(proxy.pid)
        first, first_ticks = Sample(family), ticks(server.pid)
        words = ask(cell, load_cores, PORT, seconds, row.load)
        last = Sample(family)
        used = last.since(first, reaped=True)
        used["server_cpu"] = round(ticks(server.pid) - first_ticks, 3)
    used["others"] = round(max(0.0, used["others"] - used["server_cpu"]), 6)
    rate = float(re.search(r"tps = ([0-9.]+)", words)[1])
    latency = float(re.search(r"latency average = ([0-9.]+)", words)[1])
    apart = not proxy_cores & load_cores
    return used | {"value": rate, "latency_ms": latency, "limit": False,
                   "cpu": used["proxy_cpu"] / (rate * used["window"]) * 1e6,
                   "noise": round(benchcell.noise(used, apart), 4)}


def wait_through(cell, cores, proxy):
    """Until a query gets through."""
    end = time.monotonic() + benchcell.PATIENCE
    while True:
        client = cell.start("psql", ["psql", "-h", pg.LOOPBACK, "-p", PORT, "-U", "postgres",
                                     "-Atc", "select 1", "postgres"], cores,
                            env=os.environ | {"PGCONNECT_TIMEOUT": "5"})
        if client.process.wait(30) == 0:
            return
        if not proxy.is_running() or time.monotonic() > end:
            raise RunError(f"psql through {proxy.name}: {client.said()} {proxy.said()}")
        time.sleep(0.02)


def missing():
    """Why pgbench cannot be run here, or ""."""
    for program in ("pgbench", "psql"):
        if not shutil.which(program):
            return f"{program} is not installed"
    return "" if (pg.PG_BIN / "postgres").exists() else f"no {pg.PG_BIN / 'postgres'}"
