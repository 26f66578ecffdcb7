# SPDX-License-Identifier: MIT
"""conf/deploy and the unit: names, ports and paths are those of the program.

What an engine would do with these files is tried as far as that goes without one: configurations
are extracted or rendered and run, probes are asked, scripts are checked.  test_keepalived.py and
test_deb.py try the rest.
"""

import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import harness
import jinja2
import jinja2.meta
import kubernetes.client
import pytest
import yaml
from harness import BUILD, LOOPBACK, PATIENCE, TOP, free_port, http_get, program, wait_for


DEPLOY = TOP / "conf" / "deploy"
ROLE = DEPLOY / "ansible" / "roles" / "sluice"
CONTAINERFILE = DEPLOY / "container" / "Containerfile"
ROUTES = re.findall(r'^ROUTE\("([^"]*)"', (TOP / "include/control/routes.def").read_text(), re.M)


def check(tmp_path, text, name="sluice.conf"):
    path = tmp_path / name
    path.write_text(text)
    done = subprocess.run([program("sluice"), "check", "-f", path], capture_output=True, text=True,
                          check=False)
    assert (done.returncode, done.stderr) == (0, ""), done
    return path


def shell_is_clean(tmp_path, text):
    path = tmp_path / "script.sh"
    path.write_text(text)
    subprocess.run(["sh", "-n", path], check=True)
    if shutil.which("shellcheck"):
        subprocess.run(["shellcheck", "-s", "sh", path], check=True)


# --- the unit ---------------------------------------------------------------------------------

UNIT = BUILD / "conf" / "sluice.service"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_the_units_exposure_is_low():
    done = subprocess.run(["systemd-analyze", "security", "--no-pager", "--offline=true", UNIT],
                          capture_output=True, text=True, check=False)
    number = re.search(r"Overall exposure level for sluice.service: ([\d.]+)", done.stdout)
    assert number, done
    assert float(number[1]) <= 2.0, done.stdout


def test_the_unit_has_one_capability_and_a_user_of_its_own():
    text = UNIT.read_text()
    assert re.findall(r"^\w*Capabilit\w*=(.*)$", text, re.M) == ["CAP_NET_BIND_SERVICE"] * 2
    assert re.findall(r"^(User|Group)=(.*)$", text, re.M) == [("User", "sluice"),
                                                              ("Group", "sluice")]
    assert "u sluice " in (TOP / "conf/sluice.sysusers").read_text()


def test_the_unit_is_started_again_unless_that_is_of_no_use():
    found = dict(re.findall(r"^(Restart\w*|StartLimit\w*)=(.*)$", UNIT.read_text(), re.M))
    assert found == {"Restart": "always", "RestartSec": "1s", "RestartPreventExitStatus": "2 3",
                     "StartLimitIntervalSec": "0"}


# --- Kubernetes -------------------------------------------------------------------------------


def objects_of(name):
    return {o["kind"]: o for o in yaml.safe_load_all((DEPLOY / "kubernetes" / name).read_text())}


def pod_of(name):
    objects = objects_of(name)
    owner = objects.get("DaemonSet") or objects["Deployment"]
    return objects, owner["spec"]["template"]["spec"]


def sluice_of(pod):
    return next(c for c in pod["containers"] if c["name"] == "sluice")


MANIFESTS = ["daemonset.yaml", "sidecar.yaml"]


PLAIN = {"str": str, "int": int, "bool": bool}


def as_kubernetes_has_it(value, kind, where):
    """An object of that API class, which refuses what is missing; fails for what it does not know."""
    if match := re.fullmatch(r"list\[(.+)\]", kind):
        assert isinstance(value, list), where
        return [as_kubernetes_has_it(v, match[1], f"{where}[]") for v in value]
    if match := re.fullmatch(r"dict\(str, (.+)\)", kind):
        return {k: as_kubernetes_has_it(v, match[1], f"{where}.{k}") for k, v in value.items()}
    if kind == "object":  # a number or a name
        return value
    if kind in PLAIN:
        assert isinstance(value, PLAIN[kind]), (where, value)
        return value
    made = getattr(kubernetes.client, kind)
    names = {written: name for name, written in made.attribute_map.items()}
    assert value.keys() <= names.keys(), (where, value.keys() - names.keys())
    return made(**{names[k]: as_kubernetes_has_it(v, made.openapi_types[names[k]], f"{where}.{k}")
                   for k, v in value.items()})


@pytest.mark.parametrize("name", MANIFESTS)
def test_kubernetes_knows_each_word_of_a_manifest(name):
    for kind, o in objects_of(name).items():
        as_kubernetes_has_it(o, f"V1{kind}", kind)


@pytest.mark.parametrize("wrong", [{"serviceNam": "x"}, {"ports": {"port": 1}}, {"ports": [{}]},
                                   {"ports": [{"port": "sql"}]}, {"clusterIP": 1}])
def test_kubernetes_does_not_know_other_words(wrong):
    with pytest.raises((AssertionError, ValueError)):
        as_kubernetes_has_it(wrong, "V1ServiceSpec", "spec")


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_agrees_with_itself(name):
    objects, pod = pod_of(name)
    container = sluice_of(pod)
    for kind, o in objects.items():
        assert o["apiVersion"] == ("apps/v1" if kind in ("DaemonSet", "Deployment") else "v1")
        assert o["metadata"]["name"]
    owner = objects.get("DaemonSet") or objects["Deployment"]
    labels = owner["spec"]["template"]["metadata"]["labels"]
    assert owner["spec"]["selector"]["matchLabels"].items() <= labels.items()
    ports = {p["name"]: p["containerPort"] for p in container["ports"]}
    if service := objects.get("Service"):
        assert service["spec"]["selector"].items() <= labels.items()
        assert [p["targetPort"] in ports for p in service["spec"]["ports"]] == [True]
        assert service["spec"]["internalTrafficPolicy"] == "Local"
    volumes = {v["name"]: v for v in pod["volumes"]}
    mounts = {m["name"]: m["mountPath"] for m in container["volumeMounts"]}
    assert mounts == {"conf": "/etc/sluice", "run": "/run/sluice", "state": "/var/lib/sluice"}
    assert mounts.keys() == volumes.keys() and "emptyDir" in volumes["state"]
    assert volumes["conf"]["configMap"]["name"] == objects["ConfigMap"]["metadata"]["name"]
    assert list(objects["ConfigMap"]["data"]) == ["sluice.conf"]
    assert container["args"] == ["run", "-f", f"{mounts['conf']}/sluice.conf"]
    assert container["resources"]["limits"]["memory"] and container["resources"]["requests"]


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_pod_may_do_little(name):
    _, pod = pod_of(name)
    container = sluice_of(pod)
    may = pod["securityContext"] | container["securityContext"]
    assert may["runAsNonRoot"] and not may["allowPrivilegeEscalation"]
    assert may["readOnlyRootFilesystem"] and may["capabilities"] == {"drop": ["ALL"]}
    assert may["seccompProfile"] == {"type": "RuntimeDefault"}
    user = dict(instructions(CONTAINERFILE.read_text()))["USER"]
    assert f"{may['runAsUser']}:{may['runAsGroup']}" == user


def seconds(text):
    return int(re.fullmatch(r"(\d+)s", text)[1])


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_pod_ends_in_time(name):
    objects, pod = pod_of(name)
    conf = objects["ConfigMap"]["data"]["sluice.conf"]
    stop = sluice_of(pod)["lifecycle"]["preStop"]["exec"]["command"]
    assert stop[0] == "sleep"
    limit = seconds(re.search(r'hard_stop_after = "(\w+)"', conf)[1])
    assert int(stop[1]) + limit < pod["terminationGracePeriodSeconds"]


@pytest.mark.parametrize("name", MANIFESTS)
def test_the_time_that_a_manifest_wants_of_a_drain_is_enough(name, tmp_path):
    conf = objects_of(name)["ConfigMap"]["data"]["sluice.conf"]
    wait = re.search(r"server\.shutdown\.initial_wait has to be (\d+s) or more", conf)[1]
    said = subprocess.run([program("sluice"), "lint", "-f", check(tmp_path, conf), "--initial-wait",
                           wait], capture_output=True, text=True, check=False).stdout
    assert "initial-wait" not in said and "initial_wait" not in said, said


@pytest.mark.parametrize("name", MANIFESTS)
def test_the_probes_of_a_pod_are_answered(name, tmp_path, simnodes, started):
    """Its configuration runs, with the nodes and the ports of this test."""
    objects, pod = pod_of(name)
    container, conf = sluice_of(pod), objects["ConfigMap"]["data"]["sluice.conf"]
    check(tmp_path, conf)
    ports = {p["name"]: p["containerPort"] for p in container["ports"]}
    assert f'bind = "0.0.0.0:{ports["admin"]}"' in conf
    assert '26257"; port = "sql"' in conf and ports.get("sql", 26257) == 26257
    nodes = simnodes(3)
    if "discover" in conf:
        conf, count = re.subn(r'from = "http://cockroachdb-public\.[^"]*:8080";', f'from = "http://{LOOPBACK}:'
                              f'{nodes.nodes[2].http}"; cache = "{tmp_path}/nodes";', conf)
        assert count == 1
    for node in nodes.nodes if "discover" not in conf else ():
        conf, count = re.subn(rf'host = "cockroachdb-{node.id - 1}\.[^"]*"', f'host = "{LOOPBACK}"; '
                              f'sql_port = {node.sql}; http_port = {node.http}', conf)
        assert count == 1
    sql, admin = free_port(), free_port()
    for old, new in ((r'bind = "[\d.]*:26257"', f'bind = "{LOOPBACK}:{sql}"'),
                     (r'inter = "\d+s"', 'inter = "300ms"'),
                     ('/run/sluice/admin.sock', f'{tmp_path}/s'),
                     (r'0\.0\.0\.0:8404', f'{LOOPBACK}:{admin}')):
        conf, count = re.subn(old, new, conf)
        assert count >= 1, old
    path = check(tmp_path, conf)
    proxy = started(Plain([program("sluice"), "run", "-f", path], tmp_path / "sluice.log"))

    def asks(probe):
        get = container[probe]["httpGet"]
        assert get["port"] == "admin" and get["path"] in ROUTES
        try:
            return http_get(LOOPBACK, admin, get["path"])[0]
        except OSError:
            return None
    wait_for(lambda: asks("readinessProbe") == 200, what="the pod to be ready")
    assert asks("livenessProbe") == 200
    with harness.PgSession(sql) as s:
        assert s.value("SHOW node_id") in "123"
    for node in nodes.nodes:
        nodes.command(node.id, "kill")
    wait_for(lambda: asks("readinessProbe") == 503, what="the pod not to be ready")
    assert asks("livenessProbe") == 200
    assert proxy.is_running()


class Plain(harness.Process):
    def __init__(self, argv, log_path):
        super().__init__("sluice", argv, log_path)

    def stop(self):
        assert self.end() == 0, self.log()
        self.assert_no_report()


# --- the container ----------------------------------------------------------------------------


def instructions(text):
    """[("FROM", "debian:12-slim AS build"), ...]"""
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.M).replace("\\\n", " ")
    return [tuple(line.split(None, 1)) for line in text.splitlines() if line.strip()]


def test_the_container_is_made_of_what_there_is(tmp_path):
    steps = instructions(CONTAINERFILE.read_text())
    assert [value.split()[0] for word, value in steps if word == "FROM"] == ["debian:12-slim"] * 2
    for word, value in steps:
        if word == "COPY" and not value.startswith("--from=build"):
            for source in value.split()[:-1]:
                assert (TOP / source).exists(), source
        elif word == "RUN":
            shell_is_clean(tmp_path, f"#!/bin/sh\n{value}\n")
    # What is configured and built exists, and is all that CMakeLists.txt asks for.
    copied = {s for w, v in steps if w == "COPY" and "--from" not in v for s in v.split()[:-1]}
    for needed in re.findall(r"\$\{CMAKE_SOURCE_DIR\}/(\w[\w.]*)",
                             (TOP / "CMakeLists.txt").read_text()):
        assert needed in copied | {"tests"}, needed
    assert '"name": "release"' in (TOP / "CMakePresets.json").read_text()
    installed = re.search(r"--no-install-recommends\s+([\w\s.-]+?)\s*&&",
                          next(v for w, v in steps if w == "RUN" and "libssl" in v))[1].split()
    assert installed == sorted(installed)
    if not shutil.which("dpkg"):
        return
    libraries = subprocess.run(["readelf", "-d", program("sluice")], capture_output=True,
                               text=True, check=True).stdout
    owners, multiarch = set(), sysconfig.get_config_var("MULTIARCH")
    for name in re.findall(r"NEEDED.*\[(\S+)\]", libraries):
        if re.match(r"lib(asan|ubsan|tsan)\b", name):
            continue
        found = subprocess.run(["dpkg", "-S", f"*/{multiarch}/{name}"], capture_output=True, text=True,
                               check=False).stdout
        owners |= set(re.findall(r"^(lib[\w.-]+):", found, re.M))
    assert owners - {"libc6", "libgcc-s1"} == set(installed)


def test_the_container_starts_stops_and_says_how_it_is(tmp_path, simnodes, sluice):
    steps = dict(instructions(CONTAINERFILE.read_text()))
    argv = yaml.safe_load(steps["ENTRYPOINT"]) + yaml.safe_load(steps["CMD"])
    assert argv == ["/usr/bin/sluice", "run", "-f", "/etc/sluice/sluice.conf"]
    assert steps["STOPSIGNAL"] == "SIGTERM"
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", steps["USER"])
    assert steps["EXPOSE"].split() == ["26257", "8080", "8404"]
    health = yaml.safe_load(steps["HEALTHCHECK"].split("CMD", 1)[1])
    assert health[0] == "/usr/bin/sluice"
    proxy = sluice(harness.cluster_conf(simnodes(1).nodes))

    def exit_code(path):
        return subprocess.run([program("sluice"), *health[1:]], capture_output=True, check=False,
                              env={"SLUICE_SOCKET": str(path)}, timeout=PATIENCE).returncode
    assert exit_code(proxy.socket_path) == 0
    assert exit_code(tmp_path / "nobody") != 0


# --- cloud-init -------------------------------------------------------------------------------


def test_user_data_is_in_order(tmp_path):
    text = (DEPLOY / "cloud-init" / "user-data.yaml").read_text()
    assert text.startswith("#cloud-config\n")
    data = yaml.safe_load(text)
    assert data.keys() == {"write_files", "packages", "runcmd"}
    files = {f["path"]: f for f in data["write_files"]}
    assert all(re.fullmatch(r"0[0-7]{3}", f["permissions"]) for f in files.values())
    check(tmp_path, files["/etc/sluice/sluice.conf"]["content"])
    script = files["/usr/local/sbin/install-sluice"]
    assert script["permissions"] == "0755"
    shell_is_clean(tmp_path, script["content"])
    assert data["runcmd"] == [["sysctl", "-p", "/etc/sysctl.d/50-sluice.conf"],
                              ["/usr/local/sbin/install-sluice"]]
    for key in re.findall(r"^([\w.]+) =", files["/etc/sysctl.d/50-sluice.conf"]["content"], re.M):
        assert (Path("/proc/sys") / key.replace(".", "/")).exists(), key


# --- Ansible ----------------------------------------------------------------------------------


def part(name):
    return yaml.safe_load((ROLE / name / "main.yml").read_text())


def all_tasks():
    return [*part("tasks"), *yaml.safe_load((ROLE / "tasks/keepalived.yml").read_text())]


MODULES = {"assert", "stat", "file", "copy", "apt", "template", "service", "include_tasks",
           "command"}


def test_the_role_agrees_with_itself():
    handlers = {h["name"] for h in part("handlers")}
    tasks = all_tasks()
    for task in [*tasks, *part("handlers")]:
        modules = [key for key in task if key.startswith("ansible.builtin.")]
        assert len(modules) == 1 and modules[0].removeprefix("ansible.builtin.") in MODULES, task
        assert task["name"][0].isupper()
    assert {t["notify"] for t in tasks if "notify" in t} == handlers
    for task in tasks:
        if source := task.get("ansible.builtin.template"):
            assert (ROLE / "templates" / source["src"]).exists()
    assert yaml.safe_load((DEPLOY / "ansible/site.yml").read_text())[0]["roles"] == ["sluice"]


GIVEN = {"groups", "hostvars", "inventory_hostname", "ansible_managed", "ansible_host",
         "ansible_play_hosts_all", "ansible_check_mode"}


def test_the_roles_variables_have_defaults():
    environment = jinja2.Environment()
    known = GIVEN | part("defaults").keys()
    used = set()
    for path in (ROLE / "templates").iterdir():
        used |= jinja2.meta.find_undeclared_variables(environment.parse(path.read_text()))
    assert used <= known, used - known
    text = (ROLE / "tasks/main.yml").read_text() + (ROLE / "tasks/keepalived.yml").read_text()
    registered = set(re.findall(r"^  register: (\w+)", text, re.M))
    assert set(re.findall(r"\bsluice_\w+", text)) - registered <= part("defaults").keys()
    unused = part("defaults").keys() - used - set(re.findall(r"\bsluice_\w+", text))
    assert not unused


INVENTORY = {
    "groups": {"cockroachdb": ["n1", "n2", "n3"]},
    "hostvars": {"n1": {"ansible_host": "192.0.2.21", "locality": "region=eu,zone=a"},
                 "n2": {"ansible_host": "192.0.2.22"}, "n3": {},
                 "lb1": {"ansible_host": "192.0.2.11"}, "lb2": {"ansible_host": "192.0.2.12"}},
    "ansible_play_hosts_all": ["lb1", "lb2"], "inventory_hostname": "lb1",
    "ansible_host": "192.0.2.11", "ansible_managed": "Ansible managed",
}


def render(name, **values):
    environment = jinja2.Environment(trim_blocks=True, undefined=jinja2.StrictUndefined,
                                     keep_trailing_newline=True)
    return environment.from_string((ROLE / "templates" / name).read_text()).render(
        INVENTORY | part("defaults") | values)


@pytest.mark.parametrize("values", [
    {}, {"sluice_console_bind": ""}, {"sluice_maxconn": 1000, "sluice_extra": "threads = 2;"},
    {"sluice_virtual_address": "192.0.2.10/24"},
    {"sluice_nodes": [{"name": "a", "host": "db1", "sql_port": 1, "locality": "region=eu"},
                      {"name": "b", "host": "db2", "http_port": 2}]},
])
def test_the_roles_configuration_is_valid(values, tmp_path):
    text = render("sluice.conf.j2", **values)
    check(tmp_path, text)
    hosts = re.findall(r'name = "\w+"; host = "([^"]+)"', text)
    assert hosts == (["db1", "db2"] if "sluice_nodes" in values
                     else ["192.0.2.21", "192.0.2.22", "n3"])


def test_the_role_reads_of_a_host_what_gen_reads(tmp_path):
    hosts = INVENTORY["hostvars"] | {
        "n1": {"ansible_host": "192.0.2.21", "region": "eu", "zone": "a", "sql_port": 26258},
        "n2": {"cockroach_locality": "region=us", "crdb_http_port": 8081, "cockroachdb_region": "x"},
        "n3": {"cockroach_region": "as"}}
    text = render("sluice.conf.j2", hostvars=hosts, sluice_locality="region=eu")
    check(tmp_path, text)
    nodes = re.findall(r'name = "n\d"; host = "([^"]+)";(.*) }', text)
    assert nodes == [("192.0.2.21", ' locality = "region=eu,zone=a"; sql_port = 26258;'),
                     ("n2", ' locality = "region=us"; http_port = 8081;'),
                     ("n3", ' locality = "region=as";')]
    assert '\nlocality = "region=eu";\n' in text
    assert "\nlocality" not in render("sluice.conf.j2")


def test_the_roles_configuration_may_be_of_a_secure_cluster(tmp_path):
    certificate, _ = harness.make_cert(tmp_path, stem="ca")
    text = render("sluice.conf.j2", sluice_check_type="https", sluice_ca=str(certificate))
    check(tmp_path, text)
    assert 'type = "https"' in text and f'ca = "{certificate}"' in text


def bare(text):
    """Without comments and spaces."""
    lines = (re.sub(r"\s+", " ", line.split("#")[0]).strip() for line in text.splitlines())
    return [line for line in lines if line]


def test_the_roles_keepalived_is_the_example():
    example = (DEPLOY / "keepalived/keepalived.conf").read_text()
    assert bare(render("keepalived.conf.j2", sluice_virtual_address="192.0.2.10/24")) \
        == bare(example)
    paths = re.findall(r"http://127.0.0.1:8404(/\w+)", example)
    assert paths == ["/healthz", "/readyz"] and set(paths) <= set(ROUTES)


@pytest.mark.parametrize(("bind", "asked"), [
    (":8404", "127.0.0.1:8404"), ("0.0.0.0:8405", "127.0.0.1:8405"), ("[::]:8404", "[::1]:8404"),
    ("192.0.2.11:8404", "192.0.2.11:8404")])
def test_the_roles_keepalived_asks_where_sluice_listens(bind, asked, tmp_path):
    check(tmp_path, render("sluice.conf.j2", sluice_admin_bind=bind))
    text = render("keepalived.conf.j2", sluice_virtual_address="192.0.2.10/24", sluice_admin_bind=bind)
    assert re.findall(r"http://(\S+)/(?:healthz|readyz)", text) == [asked] * 2


def test_the_roles_keepalived_has_addresses_where_hosts_have_names():
    hosts = INVENTORY["hostvars"] | {"lb2": {"ansible_host": "lb2.example", "sluice_address": "192.0.2.12"}}
    text = render("keepalived.conf.j2", sluice_virtual_address="192.0.2.10/24", hostvars=hosts,
                  ansible_host="lb1.example", sluice_address="192.0.2.11")
    assert "unicast_src_ip 192.0.2.11\n" in text and " 192.0.2.12\n" in text and "example" not in text


def test_ansible_understands_the_playbook():
    done = subprocess.run(["ansible-playbook", "-i", "inventory.ini", "--syntax-check", "site.yml"],
                          cwd=DEPLOY / "ansible", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done


# --- the examples say what there is -------------------------------------------------------------


def test_the_versions_in_the_examples_are_this_one():
    version = re.search(r"project\(sluice VERSION (\S+)", (TOP / "CMakeLists.txt").read_text())[1]
    for path in DEPLOY.rglob("*"):
        if path.is_file():
            found = re.findall(r"sluice_([\d.]+)-1_amd64\.deb", path.read_text())
            assert set(found) <= {version}, path
