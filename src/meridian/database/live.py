"""What of a desired schema a live database has: missing objects are drift, and so is a policy that nobody asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

from meridian.sql import Desired, Statement
from meridian.sql.text import quoted


@dataclass(frozen=True)
class Live:
    """The names of what is there, read from the catalogue that PostgreSQL and CockroachDB share."""

    columns: frozenset[tuple[str, str]]
    indexes: frozenset[tuple[str, str]]
    constraints: frozenset[tuple[str, str]]
    policies: frozenset[tuple[str, str]]
    triggers: frozenset[tuple[str, str]]
    secured: frozenset[str]
    """Tables whose row-level security is on and holds their owner as well."""
    roles: frozenset[str]

    @property
    def tables(self) -> frozenset[str]:
        """The tables of the schema `public`."""
        return frozenset(table for table, _ in self.columns)


def read(connection: psycopg.Connection[Any]) -> Live:
    """Read the catalogue."""

    def pairs(query: str) -> frozenset[tuple[str, str]]:
        return frozenset((str(row[0]), str(row[1])) for row in connection.execute(query).fetchall())

    def names(query: str) -> frozenset[str]:
        return frozenset(str(row[0]) for row in connection.execute(query).fetchall())

    return Live(
        columns=pairs(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        ),
        indexes=pairs("SELECT tablename, indexname FROM pg_indexes WHERE schemaname = 'public'"),
        constraints=pairs(
            "SELECT c.relname, o.conname FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid "
            "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public'"
        ),
        policies=pairs("SELECT tablename, policyname FROM pg_policies WHERE schemaname = 'public'"),
        triggers=pairs(
            "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public'"
        ),
        secured=names(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = 'public' AND c.relrowsecurity AND c.relforcerowsecurity"
        ),
        roles=names("SELECT rolname FROM pg_roles"),
    )


def existing(desired: Desired, live: Live) -> Desired | None:
    """Return the part of a desired schema that is there, what a migration to the whole must start from; None: no table."""
    tables = {
        name: table.model_copy(
            update={
                "columns": {
                    each: what for each, what in table.columns.items() if (name, each) in live.columns
                },
                "unique": _kept(table.unique, name, live.indexes),
                "indexes": _kept(table.indexes, name, live.indexes),
                "foreign_keys": _kept(table.foreign_keys, name, live.constraints),
                "policies": _kept(table.policies, name, live.policies),
            }
        )
        for name, table in desired.tables.tables.items()
        if name in live.tables
    }
    if not tables:
        return None
    roles = {name: role for name, role in desired.tables.roles.items() if name in live.roles}
    return desired.model_copy(
        update={"tables": desired.tables.model_copy(update={"tables": tables, "roles": roles})}
    )


def unguarded(desired: Desired, live: Live) -> frozenset[str]:
    """Return the keys of guards that were taken off tables that are there: row-level security, append-only triggers."""
    keys = set()
    for name, table in desired.tables.tables.items():
        if name not in live.tables:
            continue
        if (table.personal or table.policies) and name not in live.secured:
            keys.add(f"security:{name}")
        if table.append_only and (name, f"{name}_is_append_only") not in live.triggers:
            keys |= {f"function:{name}", f"trigger:{name}"}
    return frozenset(keys)


def foreign_policies(desired: Desired, live: Live) -> list[Statement]:
    """Return what drops policies that nobody asked for: each could show rows to those who must not see them."""
    return [
        Statement(
            key=f"policy:{table}:{name}",
            kind="policy",
            table=table,
            text=f"DROP POLICY IF EXISTS {quoted(name)} ON {table}",
            why="a policy on our table that the data does not name",
            portable=True,
        )
        for table, name in sorted(live.policies)
        if table in desired.tables.tables and name not in desired.tables.tables[table].policies
    ]


def missing(desired: Desired, live: Live) -> list[str]:
    """Return the names of everything that drifted, for people."""
    have = existing(desired, live)
    there_are = have.tables.tables if have else {}
    found: list[str] = [f"role {name}" for name in desired.tables.roles if name not in live.roles]
    for name, table in desired.tables.tables.items():
        if name not in there_are:
            found.append(f"table {name}")
            continue
        there = there_are[name]
        kinds: tuple[tuple[str, Iterable[str], Mapping[str, object]], ...] = (
            ("column", table.columns, there.columns),
            ("index", table.all_indexes(), there.all_indexes()),
            ("foreign key", table.foreign_keys, there.foreign_keys),
            ("policy", table.policies, there.policies),
        )
        for what, wanted, present in kinds:
            found += [f"{what} {name}.{each}" for each in wanted if each not in present]
    return [*found, *sorted(unguarded(desired, live))]


def _kept(wanted: dict[str, Any], table: str, there: frozenset[tuple[str, str]]) -> dict[str, Any]:
    return {name: what for name, what in wanted.items() if (table, name) in there}
