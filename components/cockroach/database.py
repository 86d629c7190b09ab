"""The database's schema, and on a laptop the database itself, as resources of our own provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components.cockroach.certificate import Certificate
from components.cockroach.processes import Processes
from meridian.sql import Desired


@dataclass(frozen=True, kw_only=True)
class SqlConnection:
    """How whoever runs `up` reaches the database: with a client certificate, or on this machine with a password."""

    host: pulumi.Input[str]
    port: pulumi.Input[int]
    user: pulumi.Input[str]
    password: pulumi.Input[str] | None = None
    authority: pulumi.Input[str] | None = None
    client: Certificate | None = None

    def as_input(self) -> dict[str, pulumi.Input[Any]]:
        """Return what travels to the provider; password and key as secrets."""
        found: dict[str, pulumi.Input[Any]] = {"host": self.host, "port": self.port, "user": self.user}
        if self.password is not None:
            found["password"] = pulumi.Output.secret(self.password)
        if self.authority is not None:
            found["authority"] = self.authority
        if self.client is not None:
            found["certificate"] = self.client.certificate
            found["key"] = pulumi.Output.secret(self.client.key)
        return found


def _reached(connection: SqlConnection | EmbeddedDatabase) -> pulumi.Input[Any]:
    return connection.as_connection() if isinstance(connection, EmbeddedDatabase) else connection.as_input()


class DatabaseSchema(pulumi.CustomResource):
    """Tables, placement, roles, row-level security, audit and backups, by SQL with a ledger; deleting it drops nothing."""

    digest: pulumi.Output[str]
    """SHA-256 of the schema that the database has."""
    parsed: pulumi.Output[list[str]]
    """The statements that the dialect cannot run: they were parsed and no more."""

    def __init__(
        self,
        name: str,
        *,
        desired: Desired,
        dialect: pulumi.Input[str],
        connection: SqlConnection | EmbeddedDatabase,
        licence: pulumi.Input[str] | None = None,
        restored: str | None = None,
        passwords: Mapping[str, pulumi.Input[str]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props: dict[str, Any] = {
            "desired": desired.to_json(),
            "dialect": dialect,
            "connection": _reached(connection),
            "licence": None if licence is None else pulumi.Output.secret(licence),
            "restored": restored,
            "passwords": pulumi.Output.secret(dict(passwords)) if passwords else None,
            # Outputs, so that the SDK knows their names.
            "digest": None,
            "parsed": None,
        }
        super().__init__("meridian:sql:Schema", name, props, opts)


class EmbeddedDatabase(pulumi.CustomResource):
    """A database on a real server of this machine; deleting it drops the database.

    With `processes` it is CockroachDB where a cockroach is on PATH, otherwise and without them PostgreSQL.
    """

    engine: pulumi.Output[str]
    """cockroachdb or postgresql: the dialect that it speaks."""
    host: pulumi.Output[str]
    port: pulumi.Output[int]
    user: pulumi.Output[str]
    password: pulumi.Output[str]
    """PostgreSQL's superuser signs in with it; empty on CockroachDB."""
    authority: pulumi.Output[str]
    certificate: pulumi.Output[str]
    """CockroachDB's root signs in with it; empty on PostgreSQL, as are authority and key."""
    key: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        database: str,
        processes: Processes | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props: dict[str, Any] = {"name": database, "cluster": processes.as_input() if processes else None}
        outputs = ("engine", "host", "port", "user", "password", "authority", "certificate", "key")
        props |= dict.fromkeys(outputs)
        super().__init__("meridian:local:Database", name, props, opts)

    def as_connection(self) -> pulumi.Output[dict[str, Any]]:
        """Return how to reach it, as `SqlConnection.as_input` does."""
        return pulumi.Output.secret(
            pulumi.Output.all(
                host=self.host,
                port=self.port,
                user=self.user,
                password=self.password,
                authority=self.authority,
                certificate=self.certificate,
                key=self.key,
            ).apply(lambda found: {name: value for name, value in found.items() if value})
        )
