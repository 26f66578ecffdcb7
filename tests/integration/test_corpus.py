# SPDX-License-Identifier: MIT
"""Real configurations of HAProxy, by HAProxy and by sluice side by side.

Each file that HAProxy accepts once its addresses are moved to the loopback is run by both.  They
agree on proxies, servers, states, weights, backups and algorithms, and a node receives the same
bytes from the checks of both.
"""

import re
import subprocess
from pathlib import Path

import haproxies
import harness
import pytest
from recorder import Recorders

CORPUS = harness.TOP.parent / "shared" / "corpus" / "haproxy_cfgs"
OWN = harness.TOP / "tests" / "data" / "corpus"
FILES = sorted([*CORPUS.glob("*.cfg"), *OWN.glob("*.cfg")])

# What is about the host, not about balancing.
LEFT_OUT = re.compile(r"^\s*(?:chroot|user|group|uid|gid|daemon|pidfile|stats\s+(?:socket|timeout)|"
                      r"ca-base|crt-base|ssl-default-\S+|nbproc|log\s+(?!global)\S+)\b")
MAXCONN = 2000  # as descriptors allow everywhere
COLUMNS = ("pxname", "svname", "status", "weight", "act", "bck", "iid", "sid", "type", "mode",
           "algo", "check_status", "check_code", "check_rise", "check_fall", "slim", "qlimit",
           "rate_lim", "cookie")


def moved(text, recorders):
    """The configuration with every address on the loopback and a stats socket."""
    lines = []
    for line in text.replace("\u00a0", " ").splitlines():
        words = line.split()
        if not words or words[0].startswith("#") or LEFT_OUT.match(line):
            continue
        if words[0] == "bind":
            rest = " ".join(words[2:]) if len(words) > 2 else ""
            line = f"    bind {harness.LOOPBACK}:{harness.free_port()} {rest}"
        elif words[0] == "server":
            line = moved_server(words, recorders)
        elif words[0] == "maxconn":
            line = f"    maxconn {min(int(words[1]), MAXCONN)}"
        lines.append(line)
    head = f"global\n    maxconn {MAXCONN}\n    stats socket {{socket}} level admin\n"
    return head + "\n".join(lines) + "\n"


def moved_server(words, recorders):
    host, _, port = words[2].rpartition(":")
    options = words[3:]
    if "port" in options:
        at = options.index("port") + 1
        options[at] = str(recorders.port(host, options[at]))
    address = f"{harness.LOOPBACK}:{recorders.port(host, port)}"
    return f"    server {words[1]} {address} {' '.join(options)}"


def is_accepted(tmp_path, conf):
    path = tmp_path / "candidate.cfg"
    path.write_text(conf.replace("{socket}", str(tmp_path / "none.sock")))
    return subprocess.run([haproxies.BINARY, "-c", "-q", "-f", path],
                          capture_output=True).returncode == 0


def rows(proxy):
    table = {}
    for name, row in proxy.stat().items():
        table[name] = {column: row[column] for column in COLUMNS}
        table[name]["check_status"] = row["check_status"].removeprefix("* ")
    return table


def is_settled(proxy):
    """Has every checked server its result?  None in the making."""
    checks = [(r["check_status"], r["status"]) for r in proxy.stat().values() if r["type"] == "2"]
    return all(not status.startswith("*") and status not in ("INI", "UNK") and "/" not in state
               for status, state in checks)


def observe(proxy, recorders, expected=None):
    """
    What the proxy shows once all checks are over, and what the nodes have heard; waits a while for
    what is expected.
    """
    def look():
        if not is_settled(proxy):
            return None
        seen = rows(proxy), recorders.seen()
        return seen if expected is None or seen == expected else None
    try:
        return harness.wait_for(look, timeout=40, what="the first checks")
    except AssertionError:
        return rows(proxy), recorders.seen()


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_both_say_the_same(tmp_path, started, path):
    text = path.read_text("utf-8")
    seen = {}
    for name, binary in (("haproxy", haproxies.BINARY), ("sluice", haproxies.dropin(tmp_path))):
        recorders = Recorders(tmp_path)
        try:
            conf = moved(text, recorders)
            if name == "haproxy" and not is_accepted(tmp_path, conf):
                pytest.skip("HAProxy does not accept it")
            proxy = started(haproxies.Haproxy(tmp_path, conf, binary))
            seen[name] = observe(proxy, recorders, seen.get("haproxy"))
            # Its checks would be heard by the next one's nodes, which may get the same ports.
            proxy.stop()
        finally:
            recorders.close()
    for ours, theirs in zip(seen["sluice"], seen["haproxy"], strict=True):
        assert haproxies.difference(ours, theirs) == {}


def test_there_are_files():
    assert FILES
