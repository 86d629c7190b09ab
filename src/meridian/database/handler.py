"""`meridian:sql:Schema`: a database's schema as a resource."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar

import psycopg
from pydantic import Field, SecretStr, field_validator

from meridian.database import definitions, live
from meridian.database.connection import Connection, connect
from meridian.database.ledger import Ledger
from meridian.database.runner import Runner, parse
from meridian.database.steps import Dialect, between, in_dialect, lines
from meridian.model.problems import Problem, dotted
from meridian.paths import find_checkout
from meridian.provider.errors import ProviderError
from meridian.provider.handler import (
    KIND,
    Diff,
    Failure,
    Found,
    Handler,
    Inputs,
    Made,
    Outputs,
    Plan,
    differences,
    wire,
)
from meridian.sql import Desired, Statement, problems, statements
from meridian.sql.grammar import PROGRAM, GrammarError, grammar_problems

TOKEN = "meridian:sql:Schema"  # noqa: S105 - a type token


class SchemaInputs(Inputs):
    """What the database shall be and how it is reached."""

    desired: str
    """Canonical JSON of `meridian.sql.Desired`."""
    dialect: Dialect
    connection: Connection
    licence: SecretStr | None = None
    restored: str | None = None
    """Names the last restore from a backup; when it changes, the ledger is taken as it is."""
    passwords: dict[str, SecretStr] = Field(default_factory=dict)
    """For roles that sign in by password: only on this machine, where there is no TLS for certificates."""

    @field_validator("desired")
    @classmethod
    def _readable(cls, value: str) -> str:
        Desired.from_json(value)
        return value

    @property
    def schema_(self) -> Desired:
        """The schema as an object."""
        return Desired.from_json(self.desired)

    def bound(self) -> dict[str, str]:
        """Return the secrets that statements bind, by parameter."""
        return {"licence": self.licence.get_secret_value()} if self.licence else {}


class Schemas(Handler[SchemaInputs]):
    """Plans with no database; applies with a ledger; reads what is missing as drift; drops nothing when deleted."""

    token: ClassVar[str] = TOKEN
    inputs = SchemaInputs
    plans_from: ClassVar[frozenset[str]] = frozenset({"desired", "dialect"})

    def check(self, news: SchemaInputs) -> list[Failure]:
        """Refuse a schema whose statements would let rows out, match no node or not parse."""
        schema = news.schema_
        return [
            Failure("desired", f"{dotted(each.path)}: {each.rule}; fix: {each.fix}")
            for each in (*problems(schema), *_unparsed(statements(schema)))
        ]

    def diff(self, old: SchemaInputs, new: SchemaInputs, outputs: Outputs) -> Diff:
        """Name the objects that change; what a read found missing counts."""
        before, after = wire(old), wire(new)
        changed = dict(differences(_without(before), _without(after), self.fixed).changed)
        if old.desired != new.desired:
            changed["desired"] = KIND.UPDATE
            with suppress(ProviderError):
                named = {
                    f'desired["{each.key}"]': KIND.DELETE if each.destructive else KIND.UPDATE
                    for each in between(old.schema_, new.schema_)
                }
                changed.update(named)
                if named:
                    del changed["desired"]
        changed.update({f'desired["{key}"]': KIND.UPDATE for key in _drifted(outputs)})
        return Diff(changed)

    def plan(self, old: SchemaInputs | None, new: SchemaInputs, outputs: Outputs) -> Plan:
        """Show the SQL; needs no database."""
        made = between(old.schema_ if old else None, new.schema_)
        refused = _unparsed(made)
        if refused:
            told = "; ".join(f"{dotted(each.path)}: {each.rule}, near {each.value}" for each in refused)
            raise ProviderError(new.schema_.name, told, refused[0].fix)
        steps = in_dialect(made, new.dialect)
        shown = lines(steps, new.dialect) if made else []
        shown += [f"-- to be mended: {key}" for key in _drifted(outputs)]
        return Plan(_outputs(new, []), shown)

    def create(self, new: SchemaInputs) -> Made:
        """Bring the database to the schema, whatever of it is there already."""
        return Made(f"{new.schema_.name}", self._apply(new))

    def update(self, id: str, old: SchemaInputs, new: SchemaInputs, outputs: Outputs) -> Outputs:
        """Bring the database from where it is to the new schema."""
        return self._apply(new, {} if old.restored != new.restored else outputs)

    def read(self, id: str, inputs: SchemaInputs | None, outputs: Outputs) -> Found[SchemaInputs] | None:
        """Return the schema with what is missing taken out; None when there is no ledger or no table."""
        if inputs is None:
            raise ProviderError(id, "a schema cannot be imported", "`meridian up` takes over what is there")
        with connect(inputs.connection, inputs.schema_.name) as connection:
            ledger = Ledger(connection)
            target = ledger.target() if ledger.exists() else None
            if target is None:
                return None
            ledger.hold(str(outputs.get("ledger", "")))
            there = live.read(connection)
            desired = parse(target.desired)
            exists = live.existing(desired, there)
            if exists is None:
                return None
            found = inputs.model_copy(update={"desired": exists.to_json()})
            drift = {
                "missing": live.missing(desired, there),
                "unexpected": [each.key for each in live.foreign_policies(desired, there)],
                **_kept(connection, ledger, desired, outputs),
            }
            return Found(id, {**_outputs(inputs, []), **drift}, found)

    def delete(self, id: str, inputs: SchemaInputs, outputs: Outputs) -> None:
        """Forget the schema: a database is never dropped by this resource."""

    @staticmethod
    def _apply(new: SchemaInputs, outputs: Outputs | None = None) -> dict[str, Any]:
        desired = new.schema_
        if new.dialect == "cockroachdb":
            from psycopg import sql

            with connect(new.connection, "defaultdb") as connection:
                connection.execute(
                    sql.SQL("CREATE DATABASE IF NOT EXISTS {}").format(sql.Identifier(desired.name))
                )
        with connect(new.connection, desired.name) as connection:
            ledger = Ledger(connection)
            changed: list[str] = []
            if outputs and ledger.exists():
                ledger.hold(str(outputs.get("ledger", "")))
                changed = _kept(connection, ledger, desired, outputs)["changed"]
            runner = Runner(connection, new.dialect, new.bound())
            runner.apply(desired, changed)
            lacking = live.missing(desired, live.read(connection))
            if lacking:
                raise ProviderError(
                    f"{desired.name}: {', '.join(lacking)}",
                    "every statement ran, yet this is not there: something else of its name is in the way",
                    "rename or drop what is in the way and run `up` again",
                )
            runner.set_passwords({role: each.get_secret_value() for role, each in new.passwords.items()})
            return {**_outputs(new, []), **_kept(connection, ledger, desired, {})}


def _drifted(outputs: Outputs) -> list[str]:
    """Return the drift that no difference of two schemas shows: guards that were taken off, policies of others."""
    found = (*outputs.get("missing", []), *outputs.get("unexpected", []), *outputs.get("changed", []))
    return [each for each in found if ":" in each]


def _kept(
    connection: psycopg.Connection[Any], ledger: Ledger, desired: Desired, outputs: Outputs
) -> dict[str, Any]:
    """Return what the state keeps to know later what changed behind our back, and what has changed since it did.

    Another version of the server, or a run whose end the state never learned, leaves nothing to compare with.
    """
    now = definitions.read(connection, desired.tables.tables, desired.tables.roles)
    server, target = definitions.version(connection), ledger.target()
    agreed = outputs.get("definitions")
    comparable = (
        bool(agreed)
        and target is not None
        and target.state == "done"
        and outputs.get("server") == server
        and outputs.get("digest") == _digest(target.desired)
    )
    return {
        "ledger": ledger.anchor(),
        "server": server,
        # What was agreed on stays the measure until `up` has put it back.
        "definitions": agreed if comparable else now,
        "changed": definitions.changed(agreed or {}, now) if comparable else [],
    }


def _unparsed(made: Sequence[Statement]) -> list[Problem]:
    """Return what CockroachDB's own grammar refuses; raises ProviderError without its program."""
    try:
        return grammar_problems(find_checkout().bin / PROGRAM, made)
    except GrammarError as error:
        raise ProviderError(PROGRAM, str(error), f"meridian toolchain --only {PROGRAM}") from error


def _outputs(inputs: SchemaInputs, missing: list[str]) -> dict[str, Any]:
    steps = in_dialect(between(None, inputs.schema_), inputs.dialect)
    return {
        "digest": _digest(inputs.desired),
        "statements": len(steps.run),
        "parsed": [each.key for each in steps.parsed_only],
        "missing": missing,
        "unexpected": [],
    }


def _digest(desired: str) -> str:
    return hashlib.sha256(desired.encode()).hexdigest()


def _without(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "desired"}
