# SPDX-License-Identifier: MIT
"""A drill on real PostgreSQL servers: one dies, comes back, and gets its share again."""

import contextlib
import http.server
import subprocess
import tempfile
import threading
import time

import drills
from harness import LOOPBACK, Postgres, PostgresTemplate, free_port, wait_for
from pg import PG_BIN, as_postgres

CLIENTS = 30
# A client asks ten times a second; when its session ends, however it ends, it connects again.
CLIENT = ('while :; do {bin}/pgbench -n -c 1 -T {seconds} -R 10 -f {script} -h {host} -p {port} '
          '-U postgres postgres >/dev/null 2>&1 || sleep 0.1; done')


class PgNode:
    """A PostgreSQL server and beside it the health endpoint that it lacks."""

    def __init__(self, tmp_path, template, number):
        self.number, self.name, self.host = number, f"n{number}", LOOPBACK
        self.tmp_path, self.template = tmp_path, template
        self.sql, self.http = free_port(), free_port()
        self.server = None
        node = self

        class Health(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                up = node.server is not None and node.server.is_running()
                self.send_response(200 if up else 503)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.health = http.server.ThreadingHTTPServer((LOOPBACK, self.http), Health)
        threading.Thread(target=self.health.serve_forever, daemon=True).start()

    def start(self):
        self.server = Postgres(self.tmp_path, self.template, port=self.sql,
                               settings={"max_connections": 200})

    def sessions(self):
        """Of clients, as the server itself counts them."""
        done = subprocess.run(
            [PG_BIN / "psql", "-h", self.host, "-p", str(self.sql), "-U", "postgres", "-Atc",
             "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pgbench'"],
            capture_output=True, text=True, timeout=20, check=False)
        return int(done.stdout) if done.returncode == 0 else None

    def kill(self):
        self.server.end(number=3)  # QUIT: PostgreSQL's immediate shutdown
        self.server.stop()
        self.server = None

    def close(self):
        self.health.shutdown()
        self.health.server_close()
        if self.server:
            self.server.stop()


class PgClients:
    """pgbench clients that connect again for ever."""

    def __init__(self, port, count=CLIENTS, seconds=600):
        # Not in a directory that only its owner can enter: pgbench is another user's.
        with tempfile.NamedTemporaryFile("w", suffix=".sql", delete=False) as script:
            script.write("SELECT 1;\n")
        self.script = script.name
        subprocess.run(["chmod", "644", self.script], check=True)
        line = CLIENT.format(bin=PG_BIN, seconds=seconds, script=self.script, host=LOOPBACK,
                             port=port)
        self.children = [subprocess.Popen(["sh", "-c", line], start_new_session=True, cwd="/",
                                          **as_postgres()) for _ in range(count)]

    def stop(self):
        for child in self.children:
            with contextlib.suppress(ProcessLookupError):
                subprocess.run(["kill", "-9", "--", f"-{child.pid}"], check=False,
                               capture_output=True)
            child.wait()
        subprocess.run(["rm", "-f", self.script], check=True)


def node_returns(tmp_path, balancer, settle_s=60, seconds=600, **options):
    """The share of a node that was away, so long after its return: 1.0 is even."""
    template = PostgresTemplate()
    nodes = [PgNode(tmp_path, template, i) for i in (1, 2, 3)]
    clients = None
    front = None
    try:
        for node in nodes:
            node.start()
        front = drills.BALANCERS[balancer](tmp_path, nodes, **options)
        clients = PgClients(front.port, seconds=seconds)
        wait_for(lambda: sum(n.sessions() or 0 for n in nodes) == CLIENTS, 60,
                 what="all clients to be there", interval=0.5)
        nodes[1].kill()
        wait_for(lambda: (nodes[0].sessions() or 0) + (nodes[2].sessions() or 0) == CLIENTS, 60,
                 what="all clients on the other nodes", interval=0.5)
        nodes[1].start()
        time.sleep(settle_s)
        counts = [n.sessions() for n in nodes]
        return {"sessions": counts, "share": round(counts[1] * 3 / sum(counts), 2)}
    finally:
        if clients:
            clients.stop()
        if front:
            front.stop()
        for node in nodes:
            node.close()
        template.release()
