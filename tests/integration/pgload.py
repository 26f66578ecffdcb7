# SPDX-License-Identifier: MIT
"""Clients of PostgreSQL's protocol under a failure drill: what did they see?

    python3 pgload.py --port PORT [--rate 200] [--sessions 100] [--patience 10]

Opens `rate` connections a second, each for one query, and keeps `sessions` sessions that ask a
query several times a second and compare every byte of the answer.  Runs until its standard input
ends, then prints one JSON object (see Load.report).  A process of its own, so that whoever
conducts the drill does not disturb it; PgLoad is that process.
"""

import argparse
import asyncio
import collections
import hashlib
import json
import struct
import subprocess
import sys
import time

STARTUP = struct.pack(">ii", 0, 196608) + b"user\0load\0database\0db\0\0"
STARTUP = struct.pack(">i", len(STARTUP)) + STARTUP[4:]
TERMINATE = b"X\0\0\0\4"
ANY_NODE = "any"  # of a session that did not ask on which it is
THINK_S = 0.25  # between two queries of a session
PADDINGS = 40   # queries are up to so many times 64 bytes long


class Ended(Exception):
    """The other side ended the connection; `polite`: with an ErrorResponse, whose text this is."""

    def __init__(self, words, polite=False):
        super().__init__(words)
        self.polite = polite


def query(text):
    body = text.encode() + b"\0"
    return b"Q" + struct.pack(">i", len(body) + 4) + body


def error_words(body):
    fields = {part[:1]: part[1:] for part in body.split(b"\0") if part}
    return (fields.get(b"C", b"") + b" " + fields.get(b"M", b"")).decode("utf-8", "replace")


class Connection:
    """One connection, up to the first ReadyForQuery and beyond."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, host, port):
        reader, writer = await asyncio.open_connection(host, port)
        connection = cls(reader, writer)
        try:
            writer.write(STARTUP)
            await connection.read_reply()
        except BaseException:
            connection.abort()
            raise
        return connection

    async def read_reply(self):
        """The rows of one reply, up to ReadyForQuery."""
        rows = []
        while True:
            try:
                kind, length = struct.unpack(">ci", await self.reader.readexactly(5))
                body = await self.reader.readexactly(length - 4)
            except asyncio.IncompleteReadError:
                raise Ended("end of the connection") from None
            if kind == b"E":
                raise Ended(error_words(body), polite=True)
            if kind == b"D":
                rows.append(body)
            if kind == b"Z":
                return rows

    async def ask(self, text):
        self.writer.write(query(text))
        return await self.read_reply()

    def close(self):
        self.writer.write(TERMINATE)
        self.writer.close()

    def abort(self):
        self.writer.transport.abort()


def now_ms():
    return int(time.time() * 1000)


class Load:
    def __init__(self, options):
        self.o = options
        self.stopping = False
        self.good = []  # moments of served connections, ms
        self.latencies = []
        self.failed = []
        self.cuts = []
        self.wrong = 0  # answers that were not what was asked for
        self.queries = 0
        self.waiting = 0  # sessions that want to be there and are not
        self.tasks = set()

    # --- new connections -----------------------------------------------------------------------

    async def _connect_once(self):
        begin = time.monotonic()
        moment = now_ms()
        connection = None
        try:
            async with asyncio.timeout(self.o.patience):
                connection = await Connection.open(self.o.host, self.o.port)
                await connection.ask("SELECT 1")
                connection.close()
        except (OSError, Ended, TimeoutError) as e:
            self._lost(connection, moment, begin, e)
            return
        self.good.append(now_ms())
        self.latencies.append((time.monotonic() - begin) * 1000)

    def _lost(self, connection, moment, begin, e):
        """It failed; unless it was a session already, which lost its node in the one query."""
        why = f"{type(e).__name__}: {e}"
        if connection and not isinstance(e, TimeoutError):
            connection.abort()
            self.cuts.append({"ms": now_ms(), "node": ANY_NODE, "why": why,
                              "polite": getattr(e, "polite", False)})
            return
        self.failed.append({"ms": moment, "after_ms": round((time.monotonic() - begin) * 1000),
                            "why": why})

    async def _connect_at_rate(self):
        """Open loop: a slow server does not slow the clients down."""
        due = time.monotonic()
        while not self.stopping:
            self._spawn(self._connect_once())
            due += 1 / self.o.rate
            await asyncio.sleep(max(0, due - time.monotonic()))

    # --- sessions that stay --------------------------------------------------------------------

    async def _ask_on(self, connection, number):
        """Queries until the end; each answer is compared."""
        turn = 0
        while not self.stopping:
            digest = hashlib.sha256(f"{number}/{turn}".encode()).hexdigest()
            word = str(int(digest[:15], 16))
            rows = await connection.ask(f"SELECT {word} /* {digest * (turn % PADDINGS)} */")
            self.wrong += [row[6:] for row in rows] != [word.encode()]
            self.queries += 1
            turn += 1
            await asyncio.sleep(THINK_S)

    async def _session(self, number):
        """A pool's slot: connects again whenever it is cut."""
        await asyncio.sleep(number / self.o.sessions * THINK_S)
        while not self.stopping:
            node = None
            connection = None
            self.waiting += 1
            try:
                connection = await Connection.open(self.o.host, self.o.port)
                self.waiting -= 1
                node = (await connection.ask("SHOW node_id"))[0][6:].decode()
                await self._ask_on(connection, number)
                connection.close()
            except (OSError, Ended, TimeoutError) as e:
                if connection is None:
                    self.waiting -= 1
                self.cuts.append({"ms": now_ms(), "node": node, "why": f"{type(e).__name__}: {e}",
                                  "polite": getattr(e, "polite", False)})
                await asyncio.sleep(0.05)
            finally:
                if connection:
                    connection.abort() if not self.stopping else connection.close()

    # --- all of it -----------------------------------------------------------------------------

    def _spawn(self, coroutine):
        task = asyncio.create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def _gap_ms(self):
        """The longest time between two served connections."""
        moments = sorted(self.good)
        return max((b - a for a, b in zip(moments, moments[1:])), default=None)

    def report(self):
        latencies = sorted(self.latencies)

        def percentile(p):
            return round(latencies[int((len(latencies) - 1) * p)], 1) if latencies else None
        return {"served": len(self.good), "failed": self.failed, "gap_ms": self._gap_ms(),
                "p50_ms": percentile(.5), "p99_ms": percentile(.99), "max_ms": percentile(1.),
                "cuts": self.cuts, "wrong": self.wrong, "queries": self.queries,
                "missing": self.waiting,
                "reasons": collections.Counter(f["why"] for f in self.failed)}

    async def run(self):
        loop = asyncio.get_running_loop()
        for number in range(self.o.sessions):
            self._spawn(self._session(number))
        if self.o.rate:
            self._spawn(self._connect_at_rate())
        await loop.run_in_executor(None, sys.stdin.read)
        self.stopping = True
        if self.tasks:
            _, late = await asyncio.wait(self.tasks, timeout=self.o.patience)
            for task in late:
                task.cancel()
        print(json.dumps(self.report()), flush=True)


class PgLoad:
    """The process; stop() returns its report."""

    def __init__(self, port, rate=200, sessions=100, patience=10, host="127.0.0.1"):
        self.child = subprocess.Popen(
            [sys.executable, "-B", __file__, "--host", host, "--port", str(port), "--rate",
             str(rate), "--sessions", str(sessions), "--patience", str(patience)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def stop(self):
        out, _ = self.child.communicate(timeout=120)
        assert self.child.returncode == 0, f"the load ended with {self.child.returncode}"
        return json.loads(out)

    def kill(self):
        self.child.kill()
        self.child.wait()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--host", default="127.0.0.1")
    p.add_argument("--port", type=int, required=True)
    p.add_argument("--rate", type=float, default=200)
    p.add_argument("--sessions", type=int, default=100)
    p.add_argument("--patience", type=float, default=10)
    asyncio.run(Load(p.parse_args()).run())


if __name__ == "__main__":
    main()
