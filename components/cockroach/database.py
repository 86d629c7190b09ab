"""The database's schema, and on a laptop the database itself, as resources of our own provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pulumi

from components.cockroach.certificate import Certificate
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
        dialect: Literal["cockroachdb", "postgresql"],
        connection: SqlConnection,
        licence: pulumi.Input[str] | None = None,
        restored: str | None = None,
        passwords: Mapping[str, pulumi.Input[str]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props: dict[str, Any] = {
            "desired": desired.to_json(),
            "dialect": dialect,
            "connection": connection.as_input(),
            "licence": None if licence is None else pulumi.Output.secret(licence),
            "restored": restored,
            "passwords": pulumi.Output.secret(dict(passwords)) if passwords else None,
            # Outputs, so that the SDK knows their names.
            "digest": None,
            "parsed": None,
        }
        super().__init__("meridian:sql:Schema", name, props, opts)


class EmbeddedDatabase(pulumi.CustomResource):
    """A database on a real server of this machine; deleting it drops the database."""

    host: pulumi.Output[str]
    port: pulumi.Output[int]
    user: pulumi.Output[str]
    password: pulumi.Output[str]

    def __init__(self, name: str, *, database: str, opts: pulumi.ResourceOptions | None = None) -> None:
        props: dict[str, Any] = {"name": database, "host": None, "port": None, "user": None, "password": None}
        super().__init__("meridian:local:Database", name, props, opts)
