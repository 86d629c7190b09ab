"""One real PostgreSQL for the tests, a fresh database for each."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr

from meridian.database.connection import Connection
from meridian.database.handler import SchemaInputs
from meridian.local.database.databases import Databases
from meridian.model import load_environment
from meridian.sql import Desired, desired

ROOT = Path(__file__).parents[2]
LOGINS = ("app", "signon", "exporter", "eraser", "auditor")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """A server of its own for the whole run."""
    made = Databases(tmp_path_factory.mktemp("postgres") / "a server")
    yield made
    made.stop()


@pytest.fixture(scope="session")
def estate() -> Desired:
    """The local estate's schema."""
    return desired(load_environment(ROOT, "local"))


class Database:
    """One database with the estate's schema as its aim."""

    def __init__(self, server: Databases, schema: Desired) -> None:
        self.schema = schema.model_copy(update={"name": f"test-{secrets.token_hex(4)}"})
        self.address = server.ensure(self.schema.name)
        self.password = Path(self.address["password_file"]).read_text()
        self.passwords = {role: secrets.token_urlsafe(12) for role in LOGINS}

    def inputs(self, schema: Desired | None = None, **changed: Any) -> SchemaInputs:
        """Return the resource's inputs; another schema keeps this database's name."""
        aim = (schema or self.schema).model_copy(update={"name": self.schema.name})
        connection = Connection(
            host="127.0.0.1", port=self.address["port"], user="root", password=SecretStr(self.password)
        )
        return SchemaInputs(
            desired=aim.to_json(),
            dialect="postgresql",
            connection=connection,
            passwords={role: SecretStr(each) for role, each in self.passwords.items()},
            **changed,
        )

    def connect(self, user: str = "root") -> psycopg.Connection[Any]:
        """Connect as the superuser or, with its password, as a role."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.address["port"],
            user=user,
            password=self.password if user == "root" else self.passwords[user],
            dbname=self.schema.name,
            autocommit=True,
        )

    def rows(self, query: str, user: str = "root") -> list[tuple[Any, ...]]:
        """Run one query on a connection of its own."""
        with self.connect(user) as connection:
            return connection.execute(query.encode()).fetchall()


@pytest.fixture
def database(server: Databases, estate: Desired) -> Iterator[Database]:
    """A fresh database; roles are the server's and stay."""
    made = Database(server, estate)
    yield made
    with psycopg.connect(
        host="127.0.0.1",
        port=made.address["port"],
        user="root",
        password=made.password,
        dbname="postgres",
        autocommit=True,
    ) as connection:
        connection.execute(f'DROP DATABASE "{made.schema.name}" WITH (FORCE)'.encode())


@pytest.fixture
def edited() -> Callable[..., Desired]:
    """Return a copy of a schema with one edit of its plain data."""

    def edit(schema: Desired, change: Callable[[dict[str, Any]], Any]) -> Desired:
        data = schema.model_dump(mode="json")
        change(data)
        return Desired.model_validate(data)

    return edit
