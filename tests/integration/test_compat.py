# SPDX-License-Identifier: MIT
"""The compatibility lab beside the project, if there is one, with sluice in HAProxy's place.

Its lab.sh starts nodes and a balancer, its NN-*.sh put the clients of HAProxy on it; they say by
their exit code whether they are content (0), not (1), or lack something here (2).
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import haproxies
import harness
import pytest
from harness import free_port
from process import SANITIZER_REPORT

HERE = harness.TOP.parent / "shared" / "compat"
SCRIPTS = sorted(HERE.glob("[0-9][0-9]-*.sh"))
UNIT = Path("/lib/systemd/system/haproxy.service")
PORTS = ("SQL_PORT ADMIN_PORT STATS_PORT N1_SQL N2_SQL N3_SQL N1_ADM N2_ADM N3_ADM PROXY1_PORT "
         "PROXY2_PORT PP_SINK1 PP_SINK2 SYSLOG_PORT EXP_PORT1 EXP_PORT2 RSYSLOG_PORT").split()
SECONDS = 280  # that the slowest part of it may take

pytestmark = pytest.mark.skipif(not (HERE / "lab.sh").exists(), reason=f"{HERE} is not there")


class Lab:
    """A running lab of our own: its directory, its ports, its balancer."""

    def __init__(self, home):
        self.home = home
        self.link = haproxies.dropin(home)
        env = {name: str(free_port()) for name in PORTS}
        env |= {"LAB": str(home / "lab"), "TMPDIR": str(home), "LB_BIN": str(self.link)}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            # A daemon has no standard error: its complaints go to files.
            options = [os.environ.get(name, ""), f"log_path={home}/sanitizer"]
            env[name] = ":".join(filter(None, options))
        env["STATS_URL"] = f"http://127.0.0.1:{env['STATS_PORT']}/stats"
        env["METRICS_URL"] = f"http://127.0.0.1:{env['STATS_PORT']}/metrics"
        self.env = os.environ | env

    def run(self, script, *args, **env):
        """Its exit code and all that it said."""
        log = self.home / f"{script.stem}.out"
        with open(log, "wb") as out:
            # Into a file: what it starts keeps its output open.
            done = subprocess.run([script, *args], stdin=subprocess.DEVNULL, stdout=out,
                                  stderr=subprocess.STDOUT, timeout=SECONDS, check=False,
                                  cwd=self.home, env=self.env | env)
        return done.returncode, log.read_text("utf-8", "replace")

    def complaints(self):
        """Of the sanitizers, since the last call."""
        found = []
        for path in self.home.glob("sanitizer.*"):
            text = path.read_text("utf-8", "replace")
            path.unlink()
            if SANITIZER_REPORT.search(text):
                found.append(text)
        return "\n".join(found)

    def unit(self):
        """Debian's unit with our program in it."""
        path = self.home / "haproxy.service"
        path.write_text(UNIT.read_text().replace("/usr/sbin/haproxy", str(self.link)))
        return path


@pytest.fixture(scope="module")
def lab():
    if os.geteuid() != 0:
        pytest.skip("lab.sh runs PostgreSQL as another user, which only root can")
    # Not below tmp_path, which nobody but its owner can enter.
    home = Path(tempfile.mkdtemp(prefix="lab-"))
    home.chmod(0o755)
    it = Lab(home)
    try:
        code, said = it.run(HERE / "lab.sh", "start")
        assert code == 0, said
        yield it
    finally:
        code, said = it.run(HERE / "lab.sh", "stop")
        complaints = it.complaints()
        shutil.rmtree(home, ignore_errors=True)
    assert code == 0, said
    assert not complaints


@pytest.mark.parametrize("script", SCRIPTS, ids=[s.stem for s in SCRIPTS])
def test_a_script_is_content(lab, script):
    code, said = lab.run(script, SD_UNIT=str(lab.unit()) if UNIT.exists() else str(UNIT))
    if code == 2:
        pytest.skip(said.strip().splitlines()[0])
    assert code == 0, said
    assert not lab.complaints()
