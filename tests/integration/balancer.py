# SPDX-License-Identifier: MIT
"""A balancer as HAProxy's users have it: sluice named haproxy on a haproxy.cfg.

The file is what `cockroach gen haproxy` writes, with statistics, metrics, a stats socket and
syslog.  The clients of HAProxy are put on it.
"""

import re
import shutil
import subprocess

import haproxies
import harness
import pytest
from harness import PATIENCE, free_port, wait_for

CONF = """
global
    maxconn 4096
    stats socket {{socket}} mode 660 level admin
    stats timeout 2m
    {log}
    node testnode
defaults
    mode tcp
    log global
    option tcplog
    option dontlognull
    retries 3
    timeout connect 5s
    timeout client 10m
    timeout server 10m
    option clitcpka
listen psql
    bind 127.0.0.1:{sql_port}
    balance roundrobin
    {check}
    default-server inter 200ms fastinter 100ms fall 2 rise 1
{sql_servers}
frontend dbconsole
    bind 127.0.0.1:{http_port}
    default_backend consoles
backend consoles
    balance leastconn
    {check}
    default-server inter 200ms fastinter 100ms fall 2 rise 1
{http_servers}
frontend stats
    mode http
    bind 127.0.0.1:{stats_port}
    http-request use-service prometheus-exporter if {{ path /metrics }}
    stats enable
    stats uri /stats
    no log
"""


class Balancer(haproxies.Haproxy):
    """sluice in HAProxy's place; its stop() asserts that no sanitizer complained."""

    def __init__(self, tmp_path, conf):
        super().__init__(tmp_path, conf, haproxies.dropin(tmp_path))

    def stop(self):
        code = self.end()
        shutil.rmtree(self.run_dir, ignore_errors=True)
        self.assert_no_report()
        assert code == 0, f"haproxy ended with {code}:\n{self.log()}"

    def column(self, server, name):
        """Of `show stat`: column("psql/n1", "status")."""
        return self.stat()[server][name]

    def wait_column(self, server, name, value):
        wait_for(lambda: self.column(server, name) == value,
                 what=f"{name} of {server} to be {value}")


def start(tmp_path, nodes, log="", check="option httpchk GET /health?ready=1"):
    """A Balancer before those nodes, with sql_port, http_port, stats_port; its servers are up.

    Nodes have name, host, sql and http.  `log`: the directive for global, or nothing.
    """
    ports = {name: free_port() for name in ("sql_port", "http_port", "stats_port")}
    probed = " port {}" if check else ""

    def line(node, port):
        return f"    server {node.name} {node.host}:{port} check{probed.format(node.http)}"
    conf = CONF.format(log=log, check=check, **ports,
                       sql_servers="\n".join(line(n, n.sql) for n in nodes),
                       http_servers="\n".join(line(n, n.http) for n in nodes))
    process = Balancer(tmp_path, conf)
    process.__dict__.update(ports)
    try:
        for node in nodes:
            for proxy in ("psql", "consoles"):
                wait_for(lambda row=f"{proxy}/{node.name}": re.fullmatch(
                    "L[47]OK", process.column(row, "check_status")), what=f"{node.name}'s check")
    except BaseException:
        process.show()
        process.child.kill()
        process.child.wait()
        raise
    return process


def needs(*programs):
    """A mark: the test is skipped where one of those programs is not installed."""
    missing = [p for p in programs if not shutil.which(p, path="/usr/sbin:/usr/bin:/sbin:/bin")]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {' '.join(missing)}")


def output(*argv, send=None, code=0, timeout=PATIENCE, **options):
    """Standard output of a program, which must end with that code (None: with any)."""
    done = subprocess.run([str(a) for a in argv], input=send, capture_output=True, text=True,
                          timeout=timeout, check=False, **options)
    assert code is None or done.returncode == code, (argv, done)
    return done.stdout
