# SPDX-License-Identifier: MIT
"""Fixtures: factories of processes that end with the test and show their logs if it failed."""

import contextlib

import harness
import pytest
from listing import List


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if outcome.get_result().failed:
        item.stash[FAILED] = True


FAILED = pytest.StashKey[bool]()


@pytest.fixture
def started(request):
    """Processes of the test, ended in reverse order of their start."""
    with contextlib.ExitStack() as stack:
        def keep(process):
            def end():
                try:
                    if not process.ended:
                        process.stop()
                finally:
                    if process.is_running():
                        process.child.kill()
                        process.child.wait()
                    if request.node.stash.get(FAILED, False):
                        process.show()
            stack.callback(end)
            return process
        yield keep


@pytest.fixture
def simnodes(tmp_path, started):
    """simnodes(nodes=3, localities=[…]): a running harness.Simnodes."""
    return lambda *args, **options: started(harness.Simnodes(tmp_path, *args, **options))


@pytest.fixture
def sluice(tmp_path, started):
    """sluice(conf, wait="ready"): a running harness.Sluice."""
    return lambda *args, **options: started(harness.Sluice(tmp_path, *args, **options))


@pytest.fixture
def cluster(simnodes):
    return simnodes(3)


@pytest.fixture
def proxy(cluster, sluice):
    """In front of three nodes; with its `conf` and its `sql_port`."""
    conf = harness.cluster_conf(cluster.nodes)
    process = sluice(conf)
    process.conf = conf
    process.sql_port = harness.port_of(conf, "psql")
    return process


@pytest.fixture(scope="session")
def postgres_template():
    template = harness.PostgresTemplate()
    yield template
    template.release()


@pytest.fixture
def postgres(tmp_path, postgres_template, started):
    """postgres(tls=None, settings={…}): a running harness.Postgres."""
    return lambda *args, **options: started(
        harness.Postgres(tmp_path, postgres_template, *args, **options))


@pytest.fixture
def listing():
    """listing(nodes, ...): a running List."""
    with contextlib.ExitStack() as stack:
        def start(*args, **options):
            made = List(*args, **options)
            stack.callback(made.close)
            return made
        yield start
