"""The real PostgreSQL of a checkout: made on demand, found again, private, gone when told."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from meridian.local.client import LocalClouds
from meridian.local.database.postgres import Postgres
from meridian.paths import Checkout


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    made = Checkout(tmp_path / "a checkout")
    made.root.mkdir()
    yield made
    clouds = LocalClouds.connect(made)
    if clouds:
        clouds.stop()


def connect(address: dict[str, Any], **changed: Any) -> "psycopg.Connection[Any]":
    given = {
        "host": address["host"],
        "port": address["port"],
        "user": address["user"],
        "dbname": address["database"],
        "password": Path(address["password_file"]).read_text(),
    }
    return psycopg.connect(**{**given, **changed}, autocommit=True)


def servers(checkout: Checkout) -> list[psutil.Process]:
    wanted = str(checkout.local / "database" / "data")
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        if wanted in (process.info["cmdline"] or []) and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


def test_a_database_is_made_on_demand_and_its_password_is_private(checkout: Checkout) -> None:
    clouds = LocalClouds.ensure_running(checkout)
    assert clouds.database()["state"] == "not made yet"
    address = clouds.database("ensure", "app")
    with connect(address) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == ("app",)
        assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
        assert connection.execute("SHOW data_checksums").fetchone() == ("on",)
    assert Path(address["password_file"]).stat().st_mode & 0o077 == 0
    assert (checkout.local / "database" / "data").stat().st_mode & 0o077 == 0
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(address, password="guess")


def test_the_server_never_runs_as_root(checkout: Checkout) -> None:
    LocalClouds.ensure_running(checkout).database("ensure", "app")
    assert servers(checkout)
    assert all(process.uids().effective != 0 for process in servers(checkout))


def test_what_was_written_survives_a_killed_daemon_at_the_same_address(checkout: Checkout) -> None:
    clouds = LocalClouds.ensure_running(checkout)
    before = clouds.database("ensure", "app")
    with connect(before) as connection:
        connection.execute("CREATE TABLE kept (id int)")
        connection.execute("INSERT INTO kept VALUES (7)")
    old = servers(checkout)
    daemon = psutil.Process(clouds.status()["pid"])
    daemon.send_signal(signal.SIGKILL)
    psutil.wait_procs([daemon, *old], timeout=30)
    after = LocalClouds.ensure_running(checkout).database("ensure", "app")
    assert after == before
    with connect(after) as connection:
        assert connection.execute("SELECT id FROM kept").fetchone() == (7,)


def test_a_killed_server_comes_back(checkout: Checkout) -> None:
    clouds = LocalClouds.ensure_running(checkout)
    address = clouds.database("ensure", "app")
    os.kill(clouds.database()["pid"], signal.SIGKILL)
    assert clouds.database("ensure", "app") == address
    with connect(address) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_the_command_line_shows_the_tables_and_their_guard(checkout: Checkout) -> None:
    (checkout.root / "stacks").mkdir()
    (checkout.root / "Pulumi.yaml").touch()

    def run(*arguments: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "meridian.cli", "db", "local", *arguments],
            env={**os.environ, "MERIDIAN_ROOT": str(checkout.root)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    address = LocalClouds.ensure_running(checkout).database("ensure", "app")
    with connect(address) as connection:
        connection.execute("CREATE TABLE seen (id int); CREATE TABLE users (id int)")
        connection.execute("ALTER TABLE users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        connection.execute("CREATE ROLE app; CREATE POLICY own ON users TO app USING (true)")
    lines = run("status").splitlines()
    assert lines[1:] == [
        "app: 2 tables",
        f"  {'seen':24} open",
        f"  {'users':24} row-level security, forced, 1 policies",
    ]
    assert run("psql", "--role", "app", "--", "-Atc", "SELECT current_user").strip() == "app"
    with psycopg.connect(run("url").strip()) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == ("app",)
    assert Path(address["password_file"]).read_text() not in run("url") + run("status", "--json")


def test_two_checkouts_have_two_servers(checkout: Checkout, tmp_path: Path) -> None:
    other = Checkout(tmp_path / "another")
    other.root.mkdir()
    first = LocalClouds.ensure_running(checkout).database("ensure", "app")
    clouds = LocalClouds.ensure_running(other)
    try:
        second = clouds.database("ensure", "app")
        assert first["port"] != second["port"]
        with pytest.raises(psycopg.OperationalError):
            connect(second, password=Path(first["password_file"]).read_text())
    finally:
        clouds.stop()


def test_down_ends_every_process_and_the_next_start_finds_the_data(checkout: Checkout) -> None:
    clouds = LocalClouds.ensure_running(checkout)
    clouds.database("ensure", "app")
    clouds.stop()
    assert servers(checkout) == []
    assert LocalClouds.ensure_running(checkout).database("find", "app")["database"] == "app"


def test_dropping_the_last_database_leaves_nothing(checkout: Checkout) -> None:
    clouds = LocalClouds.ensure_running(checkout)
    clouds.database("ensure", "app")
    clouds.database("drop", "app")
    assert clouds.database()["state"] == "not made yet"
    assert not list((checkout.local / "database").glob("pass*"))
    assert clouds.database("find", "app") == {}
    assert clouds.database("drop", "app") == {}


def test_a_port_that_somebody_else_took_is_given_up(tmp_path: Path) -> None:
    import socket

    server = Postgres(tmp_path / "database")
    server.ensure()
    taken = server.port
    server.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", taken))
        other.listen()
        try:
            server.ensure()
            assert server.port != taken
        finally:
            server.stop()


@pytest.mark.skipif(os.geteuid() == 0, reason="this run is root's: the others show what a user sees")
def test_a_normal_user_needs_no_helper(tmp_path: Path) -> None:
    from meridian.local.database.account import unprivileged

    assert unprivileged(["postgres"], end_with_parent=True) == ["postgres"]
