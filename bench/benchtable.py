# SPDX-License-Identifier: MIT
"""bench/RESULTS.md: medians, their spread, and sluice's ratios to every peer."""

import os
import platform
import statistics
from pathlib import Path

import benchcell

SLUICE = "sluice"
APART, TOGETHER = "apart", "together"


class Results:
    """Runs by row, pass and peer; round by round."""

    def __init__(self, peers):
        self.peers = peers
        self.runs = {}

    def add(self, turn, row, apart, peer, seen):
        key = (row.name, APART if apart else TOGETHER, peer)
        self.runs.setdefault(key, {})[turn] = seen

    def of(self, row, where, peer):
        """{round: run} of those that have a number."""
        return {t: s for t, s in self.runs.get((row, where, peer), {}).items() if "value" in s}

    def errors(self):
        return [(*key, seen["error"]) for key, turns in self.runs.items()
                for seen in turns.values() if "error" in seen]

    def values(self, row, where, peer, field="value"):
        return [s[field] for s in self.of(row, where, peer).values() if field in s]

    def median(self, row, where, peer, field="value"):
        values = self.values(row, where, peer, field)
        return statistics.median(values) if values else None

    def ratio(self, row, where, peer, field="value"):
        """sluice ÷ peer: the median of the rounds' ratios, as both had the same hour."""
        ours, theirs = self.of(row, where, SLUICE), self.of(row, where, peer)
        ratios = [ours[t][field] / theirs[t][field] for t in ours
                  if t in theirs and theirs[t].get(field)]
        return statistics.median(ratios) if ratios else None

    def real_peers(self):
        return [n for n, p in self.peers.items()
                if p.kind == "peer" and not n.startswith(SLUICE)]

    def newest(self):
        """The HAProxy of the column: one that was given, without splice, or the installed one."""
        plain = [n for n in self.real_peers()
                 if n.startswith("haproxy") and not n.endswith("splice")]
        return plain[-1] if plain else None

    def best(self, row, where, more_is_better):
        """(name, ratio) of the peer that is hardest to beat."""
        ratios = [(r, n) for n in self.real_peers() if (r := self.ratio(row, where, n))]
        if not ratios:
            return None, None
        ratio, name = min(ratios) if more_is_better else max(ratios)
        return name, ratio

    def floor(self, row, where, more_is_better):
        """(median of the best bare relay, sluice's ratio to it)"""
        found = [(m, n) for n, p in self.peers.items()
                 if p.kind == "floor" and (m := self.median(row, where, n))]
        if not found:
            return None, None
        middle, name = max(found) if more_is_better else min(found)
        return middle, self.ratio(row, where, name)

    def growth(self, peer):
        """What a request costs among many sessions ÷ among as many as are busy."""
        few, many = self.of("req64", APART, peer), self.of("many", APART, peer)
        found = [many[t]["value"] / few[t]["value"] for t in few if t in many]
        return statistics.median(found) if found else None

    def marks(self, row, where, peer):
        seen = self.of(row, where, peer).values()
        limited = sum(bool(s.get("limit")) for s in seen) * 2 > len(seen)
        return ("*" if any(s.get("noisy") for s in seen) else "") + ("†" if limited else "")


def number(value):
    if value is None:
        return "-"
    size = abs(value)
    return f"{value:.3f}" if size < 1 else f"{value:.2f}" if size < 100 else f"{value:,.0f}"


def share(value):
    return "-" if value is None else f"{value:.2f}"


def lines_of(heads, rows):
    return ["| " + " | ".join(heads) + " |", "|---|" + "---:|" * (len(heads) - 1),
            *("| " + " | ".join(cells) + " |" for cells in rows)]


def cell(results, row, where, peer):
    """Median, and half the distance between the lowest and the highest in per cent of it."""
    values = results.values(row.name, where, peer)
    if not values:
        return "-"
    middle = statistics.median(values)
    half = (max(values) - min(values)) / 2 / middle * 100 if middle else 0
    spread = f" ± {half:.0f} %" if len(values) > 1 else ""
    return number(middle) + spread + results.marks(row.name, where, peer)


def holds(row, ratio, limit):
    return ratio >= limit if row.more_is_better else ratio <= limit


def too_noisy(results, row):
    """Did most of the runs that count for the goals stay noisy?"""
    runs = [s for p in (SLUICE, results.newest()) if p
            for s in results.of(row.name, APART, p).values()]
    return sum(s.get("noisy", False) for s in runs) * 2 > len(runs)


def verdict(results, row, newest, best):
    """Whether the targets are met; "-" where one cannot be judged or there is none."""
    value = results.median(row.name, APART, SLUICE)
    if too_noisy(results, row):
        return "too noisy"
    judged = [holds(row, r, t) for r, t in ((newest, row.newest), (best, row.best)) if r and t]
    if row.at_most and value is not None:
        judged.append(value <= row.at_most)
    if row.no_more_cpu and newest:
        judged.append(results.ratio(row.name, APART, results.newest(), "cpu") <= 1)
    return "-" if not judged else "met" if all(judged) else "missed"


def target(row, limit):
    return f" ({'≥' if row.more_is_better else '≤'} {limit:.2f})" if limit else ""


def goals(results, rows):
    """The table of what is to be reached."""
    newest = results.newest()
    heads = ["per", SLUICE, newest or "HAProxy", f"÷ {newest or 'HAProxy'}",
             "÷ best of all peers", "floor", "÷ floor", ""]
    table = []
    for row in (r for r in rows if r.newest or r.best or r.at_most):
        ratio = results.ratio(row.name, APART, newest)
        name, best = results.best(row.name, APART, row.more_is_better)
        floor, distance = results.floor(row.name, APART, row.more_is_better)
        limit = f" (≤ {row.at_most} bytes)" if row.at_most else ""
        table.append([f"{row.title}, {row.unit}" if row.unit else row.title, cell(results, row, APART, SLUICE) + limit,
                      cell(results, row, APART, newest),
                      share(ratio) + target(row, row.newest),
                      f"{share(best)}{target(row, row.best)}" + (f" {name}" if name else ""),
                      number(floor), share(distance), verdict(results, row, ratio, best)])
    return lines_of(heads, table)


def judge(value, good):
    return f"{share(value)}, {'met' if good else 'missed'}"


def further_goals(results, rows):
    """Those that are no ratio to a peer, and who is better anywhere."""
    lines = []
    growth = results.growth(SLUICE)
    if growth:
        lines.append(f"- a request among many sessions ÷ among 64: {judge(growth, growth <= 1.15)}"
                     " (≤ 1.15)")
    two = results.median("two", APART, SLUICE)
    if two:
        by_cost = results.median("two", APART, SLUICE, "by_cost")
        lines.append(f"- two workers ÷ one: {share(two)} in throughput on cores that they share "
                     f"with the load; by cost and balance {judge(by_cost, by_cost >= 1.7)} (≥ 1.7)")
    better = []
    for row in (r for r in rows if r.name != "two"):
        by = [f"{n} {share(ratio)}" for n in results.real_peers()
              if (ratio := results.ratio(row.name, APART, n)) and not holds(row, ratio, 1)]
        better += [f"{row.title} ({', '.join(by)})"] * bool(by)
    if results.of(rows[0].name, APART, SLUICE) and results.real_peers():
        lines.append(f"- rows where a peer is better: {'; '.join(better) or 'none'}")
    return lines


def everything(results, rows, where, titles=None):
    """All medians with their spread."""
    names = list(results.peers)
    table = [[(titles or {}).get(r.name, r.title), r.unit or "1/s",
              *(cell(results, r, where, n) for n in names)] for r in rows]
    return lines_of(["", "unit", *names], [t for t in table if set(t[2:]) != {"-"}])


def ratios(results, rows, where, titles=None):
    """sluice ÷ each peer; of two workers it would say nothing."""
    names = [n for n in results.peers if n != SLUICE]
    table = []
    for row in (r for r in rows if r.name != "two"):
        cells = []
        for name in names:
            ratio = results.ratio(row.name, where, name)
            worse = ratio and (ratio < 1 if row.more_is_better else ratio > 1)
            cells.append(f"**{share(ratio)}**" if worse else share(ratio))
        if set(cells) != {"-"}:
            table.append([(titles or {}).get(row.name, row.title), *cells])
    return lines_of(["sluice ÷", *names], table)


def beside(results):
    """Numbers that stand beside rows: CPU where the row is a latency, other percentiles."""
    table = []
    for row, field, title in (("req1", "cpu", "CPU of a request on one connection, µs"),
                              ("paced", "p50", "p50 at 10,000 paced requests/s, µs"),
                              ("paced", "p99", "p99 of the same, µs"),
                              ("paced", "cpu", "CPU of a paced request, µs"),
                              ("idle", "private_each", "idle session, private memory, bytes"),
                              ("pg-s1", "latency_ms", "pgbench -S, 1 client, latency, ms"),
                              ("pg-s8", "cpu", "pgbench -S, 8 clients, CPU of a transaction, µs"),
                              ("pg-c8", "cpu", "pgbench -C, 8 clients, CPU of a connection, µs"),
                              ("two", "by_cost", "two workers ÷ one, by cost and balance"),
                              ("two", "busiest", "share of the busier worker of two")):
        cells = [number(results.median(row, APART, n, field)) for n in results.peers]
        if set(cells) != {"-"}:
            table.append([title, *cells])
    growth = [share(results.growth(n)) for n in results.peers]
    if set(growth) != {"-"}:
        table.append(["cost of a request, many sessions ÷ 64", *growth])
    return lines_of(["", *results.peers], table) if table else []


def machine():
    cpu = next((line.split(":", 1)[1].strip() for line in
                Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")),
               platform.machine())
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    kind = "virtual" if " hypervisor" in Path("/proc/cpuinfo").read_text() else "hardware"
    return (f"{len(benchcell.CORES)} cores of {cpu} ({kind}), {pages:.0f} GiB, "
            f"Linux {platform.release().split('-')[0]}, files per process {benchcell.FILES}")


HEAD = """# What a session, a request and a gigabyte cost

Made by `bench/run`: {rounds} round{s}, in each every row with all proxies one after the other, the
first one of a round the last one of the next; medians of the rounds, ± half the distance from
lowest to highest.  Ratios are the median of the rounds' ratios.  Runs of about {seconds:g} s, each
in a network namespace of its own with a proxy that was started for it: {threads} thread{t} on core
{proxy}, clients and servers in one process on core {load}, which compares every byte.  CPU is that
of all threads of the proxy (schedstat); kernel threads are apart (results.jsonl).  The same
time-outs, TCP keep-alive, checks every 2 s where there are any, no log of sessions;
`bench/peers.conf` has the configurations.

The floor is `bare`: the necessary system calls and nothing else.  It copies; where sluice splices,
in the GB rows, it needs less than that.  `spin` is on in sluice, as by default: a loop that stays
awake answers one connection sooner than the floor, which sleeps, and "CPU of a request on one
connection" below says what that takes.  Of pgbench the clients share a core with PostgreSQL in the
first pass; on one core all have the same.

{versions}.

{machine}.

\\* {noisy} of {runs} runs stayed noisier than {noise:.0%} in {tries} tries: the CPU of others, the
host, or waits for the core.  † The generator was the limit (its core was busy for more than 95 %):
the throughput is its own, the cost still the proxy's.
"""


def document(results, rows, options):
    all_runs = [s for turns in results.runs.values() for s in turns.values() if "value" in s]
    rounds = 1 + max((t for turns in results.runs.values() for t in turns), default=0)
    parts = [HEAD.format(
        rounds=rounds, s="s" * (rounds > 1), seconds=options.seconds,
        threads=options.threads, t="s" * (options.threads > 1),
        proxy=" and ".join(map(str, benchcell.CORES[1:] or benchcell.CORES)),
        load=benchcell.CORES[0],
        versions=", ".join(f"{n}: {p.version}" for n, p in results.peers.items() if p.version),
        machine=machine(), noisy=sum(bool(s.get("noisy")) for s in all_runs),
        runs=len(all_runs), noise=options.noise, tries=options.retries + 1)]
    whole = [r for r in rows if r.together]
    titles = {r.name: r.title.replace("p50 of one connection", "request, one connection, CPU")
              for r in whole}
    sections = (
        ("Goals", goals(results, rows)),
        ("Everything", everything(results, rows, APART)),
        ("Ratios (in bold: a peer is better)", ratios(results, rows, APART)),
        ("Beside it", beside(results)),
        ("All on one core: what it costs in total, clients and servers included",
         everything(results, whole, TOGETHER, titles)),
        ("The same, ratios", ratios(results, whole, TOGETHER, titles)))
    for title, lines in sections:
        if len(lines) > 2:
            parts.append(f"## {title}\n\n" + "\n".join(lines) + "\n")
        if title == "Goals":
            parts += ["\n".join(lines) + "\n" for lines in [further_goals(results, rows)] if lines]
    errors = results.errors()
    if errors:
        parts.append("## Failed\n\n" + "\n".join(
            f"- {row}, {where}, {peer}: {text.splitlines()[0] if text else '?'}"
            for row, where, peer, text in errors) + "\n")
    return "\n".join(parts)
