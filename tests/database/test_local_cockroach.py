"""CockroachDB as processes of this machine, with a stand-in for the binary that checks what it is given."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from components.cockroach.flags import Runtime, StoreKey, start_flags
from components.cockroach.processes import processes
from meridian.local.client import LocalClouds
from meridian.local.database.cockroach import nodes as nodes_module
from meridian.local.database.cockroach import program
from meridian.local.database.cockroach.nodes import Cockroach
from meridian.local.database.cockroach.plan import ClusterPlan, fill
from meridian.local.database.databases import Databases
from meridian.local.database.handler import DatabaseInputs, LocalDatabases
from meridian.local.database.postgres import Postgres
from meridian.local.errors import LocalError
from meridian.model import load_environment
from meridian.model.topology import nodes
from meridian.paths import Checkout

ROOT = Path(__file__).parents[2]
ESTATE = load_environment(ROOT, "local")
FAKE = Path(__file__).parent / "fake_cockroach.py"
REAL = program.find()


@pytest.fixture
def binary(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    made = folder / "cockroach"
    made.write_text(f"#!{sys.executable}\n{FAKE.read_text()}")
    made.chmod(0o755)
    return made


def plan(binary: Path, count: int = 9) -> ClusterPlan:
    given = processes(ESTATE)
    kept = dict(list(given.nodes.items())[:count])
    only = {
        name: tuple(
            f"--join={','.join(f'127.0.0.1:{{sql:{each}}}' for each in kept)}"
            if flag.startswith("--join")
            else flag
            for flag in flags
        )
        for name, flags in kept.items()
    }
    return ClusterPlan(
        program=str(binary),
        nodes=given.nodes if count == 9 else only,
        log_config=given.log_config,
        clients=given.clients,
    )


def wire(given: ClusterPlan) -> dict[str, Any]:
    return {
        "program": given.program,
        "nodes": dict(given.nodes),
        "log_config": given.log_config,
        "clients": given.clients,
    }


@pytest.fixture
def cluster(tmp_path: Path, binary: Path) -> Iterator[Cockroach]:
    made = Cockroach(tmp_path / "cockroach")
    yield made
    made.stop()


def processes_of(folder: Path) -> list[psutil.Process]:
    return [
        each
        for each in psutil.process_iter(["cmdline", "status"])
        if f"--certs-dir={folder}/certs" in (each.info["cmdline"] or [])
        and each.info["status"] != psutil.STATUS_ZOMBIE
    ]


def eventually(holds: Callable[[], bool]) -> None:
    waited = threading.Event()
    for _ in range(300):
        if holds():
            return
        waited.wait(0.1)
    raise AssertionError("it never came true")


def test_nine_nodes_with_the_localities_of_the_model_come_up_and_are_initialised_once(
    cluster: Cockroach, binary: Path, tmp_path: Path
) -> None:
    cluster.adopt(plan(binary))
    cluster.ensure()
    status = cluster.status()
    assert status["state"] == "running"
    assert {each["node"]: each["locality"] for each in status["nodes"]} == {
        each.key: each.locality for each in nodes(ESTATE)
    }
    ports = [port for each in status["nodes"] for port in (each["port"], each["http"])]
    assert len(set(ports)) == 18
    first = {each["node"]: each["port"] for each in status["nodes"]}
    cluster.stop()
    assert processes_of(tmp_path / "cockroach") == []
    assert all((tmp_path / "cockroach" / name / "ended-well").exists() for name in first)
    cluster.ensure()
    assert {each["node"]: each["port"] for each in cluster.status()["nodes"]} == first
    assert (tmp_path / "cockroach" / "fake-inits").read_text() == "init\n"


def test_keys_are_read_by_their_owner_only(cluster: Cockroach, binary: Path, tmp_path: Path) -> None:
    cluster.adopt(plan(binary, 3))
    cluster.ensure()
    keys = list((tmp_path / "cockroach").rglob("*.key"))
    assert {each.name for each in keys} >= {"ca.key", "node.key", "client.root.key", "1.key"}
    assert all(each.stat().st_mode & 0o177 == 0 for each in keys)


def test_every_role_that_logs_in_has_a_certificate_of_its_own(
    cluster: Cockroach, binary: Path, tmp_path: Path
) -> None:
    cluster.adopt(plan(binary, 3))
    cluster.ensure()
    logins = {name for name, role in ESTATE.tables.roles.items() if role.login}
    assert logins
    for user in logins:
        found = x509.load_pem_x509_certificate(
            (tmp_path / "cockroach" / "certs" / f"client.{user}.crt").read_bytes()
        )
        assert found.subject.rfc4514_string() == f"CN={user}"
        uses = found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert list(uses) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_a_cluster_that_was_initialised_without_us_learning_of_it_is_content(
    cluster: Cockroach, binary: Path, tmp_path: Path
) -> None:
    cluster.adopt(plan(binary, 3))
    (tmp_path / "cockroach" / "fake-initialised").touch()
    cluster.ensure()
    assert cluster.status()["state"] == "running"


def test_a_node_that_crashes_comes_back_at_its_address(
    cluster: Cockroach, binary: Path, tmp_path: Path
) -> None:
    cluster.adopt(plan(binary, 3))
    cluster.ensure()
    before = cluster.status()["nodes"][1]
    (tmp_path / "cockroach" / before["node"] / "crash").touch()
    eventually(lambda: cluster.status()["nodes"][1]["pid"] not in (None, before["pid"]))
    cluster.ensure()
    assert cluster.status()["nodes"][1]["port"] == before["port"]


def test_a_node_that_ignores_the_request_to_end_is_ended(
    cluster: Cockroach, binary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nodes_module, "_STOP_SECONDS", 0.5)
    cluster.adopt(plan(binary, 3))
    deaf = tmp_path / "cockroach" / "asia-1" / "deaf"
    deaf.parent.mkdir()
    deaf.touch()
    cluster.ensure()
    cluster.stop()
    assert processes_of(tmp_path / "cockroach") == []
    assert not (deaf.parent / "ended-well").exists()


def test_a_node_that_refuses_its_flags_is_told_with_its_own_words_and_nothing_stays(
    cluster: Cockroach, binary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nodes_module, "_READY_SECONDS", 3.0)
    good = plan(binary, 3)
    bad = {
        name: tuple(each.replace("zone=", "rack=") for each in flags) for name, flags in good.nodes.items()
    }
    cluster.adopt(replace(good, nodes=bad))
    with pytest.raises(LocalError, match="ERROR: locality"):
        cluster.ensure()
    assert processes_of(tmp_path / "cockroach") == []


def test_other_flags_start_the_nodes_anew_and_the_same_do_not(cluster: Cockroach, binary: Path) -> None:
    given = plan(binary, 3)
    cluster.adopt(given)
    cluster.ensure()
    pid = cluster.status()["pid"]
    cluster.adopt(given)
    cluster.ensure()
    assert cluster.status()["pid"] == pid
    changed = {name: (*flags[:-1], flags[-1]) for name, flags in given.nodes.items()}
    changed = {
        name: tuple("--max-offset=300ms" if each.startswith("--max-offset") else each for each in flags)
        for name, flags in changed.items()
    }
    cluster.adopt(replace(given, nodes=changed))
    cluster.ensure()
    line = psutil.Process(cluster.status()["pid"]).cmdline()
    assert "--max-offset=300ms" in line


def test_a_program_that_is_gone_is_told_and_another_one_is_taken(
    cluster: Cockroach, binary: Path, tmp_path: Path
) -> None:
    cluster.adopt(plan(binary, 3))
    cluster.ensure()
    cluster.stop()
    other = tmp_path / "other"
    shutil.move(binary.parent, other)
    with pytest.raises(LocalError, match="it is gone"):
        cluster.ensure()
    cluster.adopt(plan(other / "cockroach", 3))
    cluster.ensure()
    assert cluster.status()["program"] == str(other / "cockroach")


def test_a_place_that_nobody_fills_is_refused() -> None:
    with pytest.raises(LocalError, match="the places are sql"):
        fill("--store={nowhere}", {"sql": str})


@pytest.mark.parametrize(
    ("version", "refused"),
    [
        ("v26.2.5", ""),
        ("v25.2.0", ""),
        ("v25.1.9", "must be v25.2 or later"),
        ("unknown", "names no version"),
    ],
)
def test_a_cockroach_is_used_from_the_first_version_that_takes_the_flags(
    binary: Path, version: str, refused: str
) -> None:
    (binary.parent / "version").write_text(version)
    found = program.find(str(binary.parent))
    assert found is not None
    assert bool(found.refused) == bool(refused) and refused in found.refused


def test_none_on_path_is_none(tmp_path: Path) -> None:
    assert program.find(str(tmp_path)) is None


@pytest.fixture
def backend(tmp_path: Path, binary: Path) -> Iterator[None]:
    """The real PostgreSQL that the stand-in hands SQL to; it trusts, for the stand-in has verified."""
    server = Postgres(tmp_path / "behind")
    server.ensure()
    server.stop()
    (tmp_path / "behind" / "data" / "pg_hba.conf").write_text("host all all 127.0.0.1/32 trust\n")
    server.ensure()
    with server.connect() as connection:
        connection.execute("CREATE DATABASE defaultdb")
    (binary.parent / "backend").write_text(str(server.port))
    yield
    server.stop()


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    made = Checkout(tmp_path / "a checkout")
    (made.root / "stacks").mkdir(parents=True)
    (made.root / "Pulumi.yaml").touch()
    yield made
    clouds = LocalClouds.connect(made)
    if clouds:
        clouds.stop()


def line(checkout: Checkout, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "meridian.cli", "db", "local", *arguments],
        env={**os.environ, "MERIDIAN_ROOT": str(checkout.root)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.usefixtures("backend")
def test_the_daemon_keeps_the_nodes_through_its_own_death_and_down_ends_them(
    checkout: Checkout, binary: Path
) -> None:
    clouds = LocalClouds.ensure_running(checkout)
    address = clouds.database("ensure", "app", wire(plan(binary, 3)))
    assert address["engine"] == "cockroachdb"
    folder = checkout.local / "database" / "cockroach"
    old = processes_of(folder)
    assert len(old) == 3
    daemon = psutil.Process(clouds.status()["pid"])
    daemon.send_signal(signal.SIGKILL)
    psutil.wait_procs([daemon, *old], timeout=30)
    clouds = LocalClouds.ensure_running(checkout)
    # Without the plan, as a command that never saw the estate asks.
    assert clouds.database("find", "app") == address
    assert {each.pid for each in processes_of(folder)}.isdisjoint(each.pid for each in old)
    clouds.stop()
    assert processes_of(folder) == []


@pytest.mark.usefixtures("backend")
def test_the_command_line_reaches_the_nodes_with_roots_certificate(checkout: Checkout, binary: Path) -> None:
    LocalClouds.ensure_running(checkout).database("ensure", "app", wire(plan(binary, 3)))
    shown = line(checkout, "status").stdout.splitlines()
    assert shown[0].startswith("cockroachdb: running, port ")
    assert [each.split()[:2] for each in shown[1:4]] == [
        [each.key, each.locality] for each in nodes(ESTATE)[:3]
    ]
    url = line(checkout, "url").stdout.strip()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == ("app",)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url.replace("sslcert", "application_name").split("&sslkey")[0])
    asked = line(checkout, "psql", "--role", "app", "--", "-e", "SELECT 1").stdout
    assert '"--execute=SET ROLE app", "-e", "SELECT 1"' in asked and '"sql"' not in asked
    refused = line(checkout, "psql", "--role", "app")
    assert refused.returncode == 1 and "SET ROLE app" in refused.stderr


@pytest.mark.usefixtures("backend")
def test_a_checkout_with_a_postgresql_keeps_it(tmp_path: Path, binary: Path) -> None:
    kept = Databases(tmp_path / "database")
    try:
        assert kept.ensure("app")["engine"] == "postgresql"
        assert kept.ensure("app", wire(plan(binary, 3)))["engine"] == "postgresql"
        assert processes_of(tmp_path / "database" / "cockroach") == []
    finally:
        kept.stop()


@pytest.mark.skipif(
    REAL is None or bool(REAL.refused), reason=REAL.refused if REAL else "no cockroach on PATH"
)
def test_the_real_cockroach_takes_flags_certificates_and_sql(tmp_path: Path) -> None:
    assert REAL is not None
    kept = Databases(tmp_path / "database")
    try:
        kept.ensure("app", wire(plan(REAL.path)))
        status = kept.status()
        assert status["databases"] == ["app"]
        assert [each["locality"] for each in status["nodes"]] == [each.locality for each in nodes(ESTATE)]
        kept.drop("app")
        assert kept.status()["state"] == "not made yet"
    finally:
        kept.stop()


@pytest.mark.parametrize(
    ("found", "engine", "told"),
    [
        (None, "postgresql", "no cockroach is on PATH"),
        (
            program.Program(Path("/usr/bin/cockroach"), "v24.1.0", "it is v24.1.0 and"),
            "postgresql",
            "it is v24.1.0",
        ),
        (program.Program(Path("/usr/bin/cockroach"), "v26.2.5"), "cockroachdb", "9 processes"),
    ],
)
def test_a_plan_says_which_server_it_will_be_and_why(
    found: program.Program | None, engine: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "find", lambda: found)
    inputs = DatabaseInputs.model_validate({"name": "app", "cluster": processes(ESTATE).as_input()})
    made = LocalDatabases().plan(None, inputs, {})
    assert made.outputs == {"engine": engine}
    assert told in made.lines[0]


def test_a_plan_of_what_exists_leaves_the_engine_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "find", lambda: program.Program(Path("/usr/bin/cockroach"), "v26.2.5"))
    inputs = DatabaseInputs.model_validate({"name": "app", "cluster": processes(ESTATE).as_input()})
    assert not LocalDatabases().plan(inputs, inputs, {"engine": "postgresql"}).outputs


def test_the_processes_flags_are_the_pods_but_for_addresses_folders_and_memory() -> None:
    ours = processes(ESTATE).nodes["us-1"]
    node = next(each for each in nodes(ESTATE) if each.key == "us-1")
    pods = start_flags(
        node,
        ESTATE.database,
        Runtime(
            listen=":26257",
            http=":8080",
            advertise="us-1:26257",
            join=["us-1:26257"],
            store="/store",
            certificates="/certs",
            log_config="/logs.yaml",
            store_key=StoreKey(key="/keys/1.key"),
        ),
    )
    assert [each.split("=")[0] for each in ours] == [each.split("=")[0] for each in pods]
    differing = {a.split("=")[0] for a, b in zip(ours, pods, strict=True) if a != b}
    assert differing == {
        *("--join", "--listen-addr", "--http-addr", "--advertise-addr", "--certs-dir", "--store"),
        *("--cache", "--max-sql-memory", "--enterprise-encryption", "--log-config-file"),
    }
