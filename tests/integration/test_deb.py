# SPDX-License-Identifier: MIT
"""The Debian package: built, looked into, and installed into a copy of this system."""

import contextlib
import gzip
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import tarfile
import tempfile
from pathlib import Path

import harness
import pytest
import scratchroot
import yaml
from harness import BUILD, PATIENCE, TOP, PgSession, wait_for
from manager import NotifySocket
from test_systemd import inside

CAP_NET_BIND_SERVICE = 1 << 10
VERSION = re.search(r"project\(sluice VERSION (\S+)", (TOP / "CMakeLists.txt").read_text())[1]


def output(*argv, **options):
    done = subprocess.run([str(a) for a in argv], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, **options)
    assert done.returncode == 0, (argv, done.stdout)
    return done.stdout


# Elsewhere there is nothing to install it with; what else it takes, packages.sh installs.
pytestmark = pytest.mark.skipif(not shutil.which("dpkg"), reason="not a Debian")


@pytest.fixture(scope="module")
def package():
    """Built by somebody whose umask is narrow; a second run builds only what has changed."""
    build = BUILD / "package"
    options = ["-DCMAKE_BUILD_TYPE=Release"]
    if shutil.which("ccache"):
        options.append("-DCMAKE_C_COMPILER_LAUNCHER=ccache")
    output("cmake", "-S", TOP, "-B", build, "-G", "Ninja", *options, umask=0o077)
    for old in build.glob("*.deb"):
        old.unlink()
    output("nice", "-n", "19", "cmake", "--build", build, "-j", "2", "--target", "package",
           umask=0o077)
    found = list(build.glob("*.deb"))
    assert [p.name for p in found] == [
        f"sluice_{VERSION}-1_{output('dpkg', '--print-architecture').strip()}.deb"]
    return found[0]


@pytest.fixture(scope="module")
def unpacked(package):
    folder = Path(tempfile.mkdtemp(prefix="deb-"))
    output("dpkg-deb", "-R", package, folder)
    yield folder
    shutil.rmtree(folder)


# --- what it is -------------------------------------------------------------------------------


def test_it_says_what_it_is_and_needs(package):
    fields = dict(re.findall(r"^(\S+): (.*)$", output("dpkg-deb", "--field", package), re.M))
    assert (fields["Package"], fields["Version"]) == ("sluice", f"{VERSION}-1")
    assert (fields["Section"], fields["Priority"]) == ("net", "optional")
    assert re.fullmatch(r".+ <\S+@\S+>", fields["Maintainer"])
    assert fields["Description"] == "layer-4 load balancer for CockroachDB clusters"
    needs = fields["Depends"].split(", ")
    assert "systemd-standalone-sysusers | systemd-sysusers | systemd" in needs
    assert {n.split()[0] for n in needs if n.startswith("lib")} == {
        "libc-ares2", "libc6", "libconfig9", "libcrypt1", "libev4", "libjansson4", "libncursesw6",
        "libssl3", "libtinfo6"}
    assert re.search(r"libssl3 \(>= 3\.", fields["Depends"])


def test_the_changelog_is_of_this_version(unpacked):
    text = gzip.open(unpacked / "usr/share/doc/sluice/changelog.Debian.gz", "rt").read()
    assert text.startswith(f"sluice ({VERSION}-1) ")
    upstream = gzip.open(unpacked / "usr/share/doc/sluice/changelog.gz", "rt").read()
    assert upstream == (TOP / "CHANGELOG.md").read_text()


def test_links_in_its_readme_lead_somewhere(unpacked):
    doc = unpacked / "usr/share/doc/sluice"
    text = (doc / "README.md").read_text()
    links = re.findall(r"\]\((?!http)([^)]+)\)", text)
    assert len(links) >= 8 and "![" not in text
    for link in links:
        assert (unpacked / link[1:] if link.startswith("/") else doc / link).exists(), link
    source = (TOP / "README.md").read_text()
    plain = re.sub(r"\n!\[.*\]\(.*\)\n|\]\([^)]*\)|[][]", "", source)
    assert re.sub(r"\]\([^)]*\)|[][]", "", text) == plain


def expected_files():
    doc = "usr/share/doc/sluice"
    yield from ("etc/logrotate.d/sluice", "usr/bin/sluice",
                "usr/lib/systemd/system/sluice.service", "usr/lib/sysusers.d/sluice.conf",
                "usr/share/bash-completion/completions/sluice",
                "usr/share/fish/vendor_completions.d/sluice.fish",
                "usr/share/zsh/vendor-completions/_sluice", "usr/share/sluice/grafana/sluice.json",
                "usr/share/sluice/prometheus/sluice-alerts.yml",
                "usr/share/lintian/overrides/sluice", f"{doc}/README.md", f"{doc}/copyright",
                f"{doc}/changelog.gz", f"{doc}/changelog.Debian.gz",
                f"{doc}/examples/sluice.socket")
    for page in (TOP / "man").glob("*.[1578]"):
        yield f"usr/share/man/man{page.suffix[1:]}/{page.name}.gz"
    for example in (TOP / "conf").glob("*.conf"):
        yield f"{doc}/examples/{example.name}"
    for path in (TOP / "conf/deploy").rglob("*"):
        if path.is_file():
            yield f"{doc}/examples/{path.relative_to(TOP / 'conf')}"


def test_it_has_what_it_should_and_nothing_else(package, unpacked):
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as tar:
        with tarfile.open(fileobj=tar.stdout, mode="r|") as content:
            members = list(content)
    assert all((m.uname, m.gname, m.uid, m.gid) == ("root", "root", 0, 0) for m in members)
    files = {m.name.removeprefix("./"): m for m in members if not m.isdir()}
    assert sorted(files) == sorted(expected_files())
    assert all(m.isreg() for m in files.values())
    for name, member in files.items():
        assert member.mode == (0o755 if name == "usr/bin/sluice" else 0o644), name
    folders = {m.name.removeprefix("./").rstrip("/"): m.mode for m in members if m.isdir()}
    assert set(folders.values()) == {0o755}, folders
    assert "etc/sluice" in folders
    control = unpacked / "DEBIAN"
    sums = dict(reversed(line.split("  ")) for line in
                (control / "md5sums").read_text().splitlines())
    assert sums == {name: hashlib.md5((unpacked / name).read_bytes()).hexdigest()
                    for name in files}
    assert (control / "conffiles").read_text() == "/etc/logrotate.d/sluice\n"
    for page in (TOP / "man").glob("*.[1578]"):
        packed = unpacked / f"usr/share/man/man{page.suffix[1:]}/{page.name}.gz"
        assert gzip.open(packed, "rt").read() == page.read_text()
    assert ".debug_info" not in output("readelf", "-S", "-W", unpacked / "usr/bin/sluice")


@pytest.mark.parametrize("name", ["postinst", "prerm", "postrm"])
def test_the_scripts_of_the_package_are_clean(unpacked, name):
    script = unpacked / "DEBIAN" / name
    assert script.stat().st_mode & 0o777 == 0o755
    output("sh", "-n", script)
    if shutil.which("shellcheck"):
        assert output("shellcheck", "-s", "sh", script) == ""


def test_lintian_finds_nothing(package):
    assert output("lintian", "--allow-root", "--fail-on", "error,warning", package,
                  timeout=20 * PATIENCE) == ""


def test_its_program_runs_where_it_is_unpacked(unpacked, tmp_path):
    program = unpacked / "usr/bin/sluice"
    assert VERSION in output(program, "--version")
    examples = unpacked / "usr/share/doc/sluice/examples"
    assert ": ok: " in output(program, "check", "-f", examples / "single-region.conf")


# --- installed into a copy of this system -----------------------------------------------------

# In place of systemctl: notes how it is called, starts the unit's program as systemd would, and
# knows its process, whose id is in a file.  Of other units it only remembers that they run.
SYSTEMCTL = """#!/bin/sh
echo "$*" >>/run/test/calls
main=$(cat /run/test/main 2>/dev/null)
is_active() {
    case " $* " in
    *' sluice'*) [ -n "$main" ] && kill -0 "$main" ;;
    *) [ -e "/run/test/started-$2" ] ;;
    esac
}
case " $* " in
*' preset '* | *' is-enabled '* | *' enable '*)
    SYSTEMD_OFFLINE=1 exec /usr/bin/systemctl.real "$@" ;;
*' is-active '*) is_active "$@" ;;
*' show '*) echo LoadState=loaded; is_active "$@" && echo ActiveState=active || echo ActiveState=inactive ;;
*' start sluice'*)
    NOTIFY_SOCKET=/run/test/notify setsid python3 -B /usr/local/lib/confined.py \\
        /usr/lib/systemd/system/sluice.service >>/run/test/log 2>&1 </dev/null &
    echo $! >/run/test/main
    while kill -0 $! && ! sluice status >/dev/null 2>&1; do sleep 0.1; done ;;
*' start '*) touch "/run/test/started-$2" ;;
*' stop '*) kill -TERM "$main" ;;
*' --signal=USR2 '*) kill -USR2 "$main" ;;
esac
"""


class Machine(scratchroot.ScratchRoot):
    """A copy of this system with a systemctl of its own."""

    def __init__(self, tmp_path, package):
        self.notify = NotifySocket()
        self.shared = Path(self.notify.folder.name)
        self.shared.chmod(0o755)
        self.notify.path.chmod(0o777)  # as systemd's: its user is another one
        super().__init__(tmp_path / "scratch-root.log", self.shared)
        self.run("mv", "/usr/bin/systemctl", "/usr/bin/systemctl.real")
        self.put("/usr/bin/systemctl", SYSTEMCTL, 0o755)
        self.put("/usr/local/lib/confined.py", (TOP / "tests/integration/confined.py").read_text())
        self.put("/run/systemd/system/.keep", "")
        self.put("/etc/apt/apt.conf.d/99test", 'Acquire::Retries "0";\n')
        self.at("/usr/sbin/policy-rc.d").unlink(missing_ok=True)
        self.deb = f"/var/cache/{package.name}"
        self.put(self.deb, package.read_bytes())

    def install(self):
        return self.run("dpkg", "-i", self.deb)

    def calls(self, *verbs):
        """Those of these verbs, in order."""
        path = self.shared / "calls"
        words = [word for line in (path.read_text().splitlines() if path.exists() else [])
                 for word in line.split()]
        return [word for word in words if word in verbs]

    def said(self, key):
        return [words[key] for _, words in self.notify.seen if key in words]

    def log(self):
        own = self.shared / "log"
        return super().log() + (own.read_text() if own.exists() else "")

    def status_of(self, pid):
        text = self.run("cat", f"/proc/{pid}/status")
        return dict(line.split(":\t", 1) for line in text.splitlines())


@pytest.fixture
def machine(package, tmp_path):
    if why := scratchroot.lacking():
        pytest.skip(why)
    try:
        made = Machine(tmp_path, package)
    except OSError as e:
        pytest.skip(str(e))
    try:
        yield made
    finally:
        print(made.log())
        made.close()


def user_of(machine):
    return machine.run("getent", "passwd", "sluice").strip().split(":")


def test_without_a_configuration_it_is_enabled_and_not_started(machine):
    assert "it has no /etc/sluice/sluice.conf" in machine.install()
    assert machine.calls("start", "restart", "kill") == []
    link = machine.at("/etc/systemd/system/multi-user.target.wants/sluice.service")
    assert os.readlink(link).endswith("lib/systemd/system/sluice.service")
    assert machine.run("dpkg-query", "-W", "-f", "${Status}", "sluice") == "install ok installed"
    assert machine.run("dpkg", "--verify", "sluice") == ""
    name, _, uid, _, _, _, shell = user_of(machine)
    assert name == "sluice" and 0 < int(uid) < 1000 and shell.endswith("nologin")
    # The unit, where it is.
    unit = "/usr/lib/systemd/system/sluice.service"
    assert machine.run("systemd-analyze", "verify", unit) == ""
    assert "ConditionPathExists=/etc/sluice/sluice.conf\n" in machine.at(unit).read_text()
    # Whoever disables it finds it disabled after the next version.
    link.unlink()
    machine.install()
    assert not os.path.lexists(link)
    assert "sluice-deploy" in machine.run("man", "-w", "sluice-deploy")


CONF = """
cluster = { nodes = ( { name = "n1"; host = "127.0.0.1"; sql_port = 7001; http_port = 7002; } );
    check = { type = "http"; port = "http"; path = "/health?ready=1"; inter = "200ms"; }; };
services = ( { name = "psql"; bind = ":26257"; port = "sql"; },
             { name = "low"; bind = "127.0.0.1:443"; port = "sql"; } );
log = ( { target = "stderr"; level = "debug"; },
        { target = "file:/var/log/sluice/sluice.log"; } );
"""


@contextlib.contextmanager
def node_in(machine):
    node = harness.Process(
        "node", ["nsenter", "-t", machine.init, "-n", harness.program("simnodes"), "--nodes", 1,
                 "--sql-port-base", 7001, "--http-port-base", 7002], machine.shared / "node.log",
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        while node.child.stdout.readline() != b"ready\n":
            assert node.is_running(), node.log()
        yield node
    finally:
        node.child.stdin.close()
        node.child.stdout.close()
        node.wait()


def session(machine, port=26257):
    with inside(machine.init):
        return PgSession(port)


def assert_confined(machine, pid):
    status = machine.status_of(pid)
    uid = user_of(machine)[2]
    assert status["Uid"].split() == [uid] * 4
    assert uid != "0" and status["Groups"].strip() == ""
    for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[kind], 16) == CAP_NET_BIND_SERVICE, (kind, status[kind])
    assert (status["NoNewPrivs"].strip(), status["Seccomp"].strip()) == ("1", "2")


def test_a_day_of_a_package(machine):
    """It is installed, serves under its unit's restrictions, is replaced under a session, goes."""
    machine.put("/etc/sluice/sluice.conf", CONF)
    with node_in(machine):
        machine.install()
        assert machine.calls("start", "restart", "kill") == ["start"]
        wait_for(lambda: machine.said("READY"), what=lambda: f"it to be ready: {machine.log()}")
        first = (machine.shared / "main").read_text().strip()
        assert_confined(machine, first)
        assert "psql/n1" in machine.run("sluice", "ctl", "show servers conn") \
            or "n1" in machine.run("sluice", "status")
        with session(machine) as old, session(machine, 443) as low:
            assert old.value("SHOW node_id") == low.value("SHOW node_id") == "1"

            # The next version: the program changes hands, and nobody is cut.
            machine.install()
            assert machine.calls("start", "restart", "stop", "kill") == ["start", "kill"]
            second = wait_for(lambda: [p for p in machine.said("MAINPID") if p != first],
                              what=lambda: f"the new program: {machine.log()}")[-1]
            assert_confined(machine, second)
            assert old.value("SHOW node_id") == low.value("SHOW node_id") == "1"
            with session(machine) as new:
                assert new.value("SHOW node_id") == "1"
        (machine.shared / "main").write_text(second)
        wait_for(lambda: not machine.at(f"/proc/{first}").exists(), what="the old one to go")

        # Completion knows the servers.
        words = machine.run("bash", "-c", "source /usr/share/bash-completion/completions/sluice; "
                            "COMP_WORDS=(sluice drain ps); COMP_CWORD=2; _sluice; "
                            'echo "${COMPREPLY[*]}"')
        assert words.strip() == "psql/n1"

        # Its log is rotated, and goes on in the same file.
        log = machine.at("/var/log/sluice/sluice.log")
        machine.run("logrotate", "--force", "/etc/logrotate.d/sluice")
        assert "accepting" in log.with_name("sluice.log.1").read_text()
        machine.run("sluice", "drain", "psql/n1")
        wait_for(log.read_text, what="a line in the emptied log")
        assert re.match(r"20.* psql/n1 ", log.read_text()), log.read_text()

        machine.run("dpkg", "-r", "sluice")
        assert machine.calls("stop") == ["stop"]
        wait_for(lambda: not machine.at(f"/proc/{second}").exists(), what="its end")
    assert machine.at("/etc/logrotate.d/sluice").exists()
    machine.run("dpkg", "-P", "sluice")
    for path in ("/etc/logrotate.d/sluice", "/var/log/sluice", "/var/lib/sluice", "/usr/bin/sluice",
                 "/etc/systemd/system/multi-user.target.wants/sluice.service",
                 "/etc/systemd/system/sluice.service"):
        assert not os.path.lexists(machine.at(path)), path
    assert machine.at("/etc/sluice/sluice.conf").read_text() == CONF
    assert user_of(machine)


def test_a_machine_of_cloud_init(machine):
    """What user-data.yaml writes and runs, with this package in place of the one that it fetches."""
    data = yaml.safe_load((TOP / "conf/deploy/cloud-init/user-data.yaml").read_text())
    for file in data["write_files"]:
        text = file["content"]
        if file["path"].endswith("install-sluice"):
            package = machine.at(machine.deb).read_bytes()
            for pattern, new in ((r"url=\S+", f"url=file://{machine.deb}"),
                                 (r"sum=0{64}", f"sum={hashlib.sha256(package).hexdigest()}")):
                text, count = re.subn(pattern, new, text)
                assert count == 1, pattern
        machine.put(file["path"], text, int(file["permissions"], 8))
    said = [machine.run(*command) for command in data["runcmd"]]
    assert machine.run("sysctl", "-n", "net.ipv4.ip_local_port_range").split() == ["10000", "65535"]
    assert "/etc/sluice/sluice.conf: ok: " in said[1]
    assert machine.calls("start", "restart", "kill") == ["start"]
    wait_for(lambda: machine.said("READY"), what=lambda: f"it to be ready: {machine.log()}")
    assert "psql" in machine.run("sluice", "status")


def play(machine, *options, **variables):
    """Runs the role's playbook; returns how many tasks changed something, and what it said."""
    nodes = [{"name": "n1", "host": "127.0.0.1", "sql_port": 7001, "http_port": 7002}]
    given = {"sluice_package": machine.deb, "sluice_nodes": nodes, "ansible_connection": "local",
             "ansible_become": False, "ansible_python_interpreter": "/usr/bin/python3"}
    said = machine.run("ansible-playbook", "-i", "/opt/ansible/inventory.ini", "--limit", "lb1",
                       "--extra-vars", json.dumps(given | variables), *options,
                       "/opt/ansible/site.yml")
    recap = re.search(r"^lb1 +: ok=\d+ +changed=(\d+) +unreachable=0 +failed=0 ", said, re.M)
    assert recap, said
    return int(recap[1]), said


def test_a_machine_of_ansible(machine):
    """Its role, by Ansible itself; the machine is of its inventory, but there is no SSH."""
    for path in (TOP / "conf/deploy/ansible").rglob("*"):
        if path.is_file():
            machine.put(f"/opt/ansible/{path.relative_to(TOP / 'conf/deploy/ansible')}",
                        path.read_text())
    machine.put("/var/lib/apt/periodic/update-success-stamp", "")  # there is no network either
    play(machine, "--check", "--diff")
    for path in ("/usr/bin/sluice", "/etc/sluice"):
        assert not machine.at(path).exists(), path

    with node_in(machine):
        play(machine)
        assert machine.calls("sluice", "keepalived", "start", "stop", "restart", "kill") \
            .count("start") == 2
        link = "/etc/systemd/system/multi-user.target.wants/{}.service"
        for unit in ("sluice", "keepalived"):
            assert os.path.lexists(machine.at(link.format(unit))), unit
        assert "192.0.2.10/24" in machine.at("/etc/keepalived/keepalived.conf").read_text()
        wait_for(lambda: machine.said("READY"), what=lambda: f"it to be ready: {machine.log()}")
        main = (machine.shared / "main").read_text()
        with session(machine) as old:
            assert old.value("SHOW node_id") == "1"

            # A change is a reload and nothing else.
            changed, said = play(machine, sluice_balance="roundrobin")
            assert changed == 2 and "Reload sluice" in said, said
            assert '"balance":"roundrobin"' in machine.run("sluice", "status", "--json")
            assert old.value("SHOW node_id") == "1"
        assert (machine.shared / "main").read_text() == main
        assert machine.calls("stop", "restart", "kill") == []


def test_a_broken_configuration_leaves_the_old_program_at_work(machine):
    machine.put("/etc/sluice/sluice.conf", CONF)
    with node_in(machine):
        machine.install()
        wait_for(lambda: machine.said("READY"), what=lambda: f"it to be ready: {machine.log()}")
        machine.put("/etc/sluice/sluice.conf", "services = ( {")
        machine.install()
        wait_for(lambda: "upgrade" in machine.log(), what="the failure to be said")
        with session(machine) as s:
            assert s.value("SHOW node_id") == "1"
        assert machine.calls("start", "restart", "stop", "kill") == ["start", "kill"]
        pid = (machine.shared / "main").read_text().strip()
        machine.run("kill", f"-{signal.SIGTERM.value}", pid)
