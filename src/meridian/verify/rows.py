"""Whose rows each role sees and writes, tried on the real database with two made-up persons; all of it is rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import psycopg
from psycopg import sql
from pydantic import Field

from meridian.compliance.files import read
from meridian.model.base import Model
from meridian.model.tables import Tables
from meridian.verify.catalogue import ROWS, TRAIL
from meridian.verify.made_up import row
from meridian.verify.result import Checked, judged, some

_PERSON = "meridian.user_id"
_REFUSED = (psycopg.errors.InsufficientPrivilege, psycopg.errors.RaiseException)
"""No grant or no policy, and what the append-only trigger raises."""


class Sight(Model):
    """What a role may read; every table that it does not name is refused."""

    own: tuple[str, ...] = ()
    """Tables of which it sees the rows of the person it acts for."""
    all: tuple[str, ...] = ()
    """Tables of which it sees every row."""
    why: Annotated[str, Field(min_length=10)]


class Sights(Model):
    """`rows.yaml`."""

    roles: dict[str, Sight]


def load_sights(policies: Path) -> Sights:
    """Return what each role may see, of the folder `policies/`; raises ModelErrors."""
    return read(policies / "rows.yaml", Sights)


@dataclass(frozen=True)
class _People:
    """Two persons with a row each in every table."""

    one: str
    other: str


def check(
    connection: psycopg.Connection[Any], subject: str, tables: Tables, sights: Sights
) -> Iterator[Checked]:
    """Yield whether rows are kept apart and whether the trail can only be added to; leaves nothing behind."""
    with connection.transaction(force_rollback=True):
        people = _People(str(uuid4()), str(uuid4()))
        for person in (people.one, people.other):
            for name in tables.tables:
                connection.execute(*row(tables, name, person))
        wrong = list(_seen(connection, tables, sights, people)) + list(_written(connection, tables, people))
        yield judged(
            ROWS,
            subject,
            f"made two persons with a row in each of {len(tables.tables)} tables, read and wrote them as "
            f"{', '.join(sights.roles)}, rolled back",
            "each role sees and changes what policies/rows.yaml says, and no row of the other person",
            some(wrong)
            if wrong
            else f"{len(sights.roles)} roles on {len(tables.tables)} tables, each as expected",
            not wrong,
        )
        wrong = list(_trail(connection, tables, people))
        trails = [name for name, table in tables.tables.items() if table.append_only]
        yield judged(
            TRAIL,
            subject,
            f"wrote to {', '.join(trails)} as app, read it as auditor, tried to change it as each role and as the superuser",
            "the entry is there and its writer cannot read it; no role, owner and superuser included, changes or deletes it",
            some(wrong) if wrong else "written, read by the auditor; every change refused",
            bool(trails) and not wrong,
        )


def _seen(
    connection: psycopg.Connection[Any], tables: Tables, sights: Sights, people: _People
) -> Iterator[str]:
    for role in sorted({*tables.roles} - {*sights.roles, tables.owner}):
        yield f"{role} is a role that policies/rows.yaml does not know"
    for role, sight in sights.roles.items():
        for name, table in tables.tables.items():
            if table.subject is None:
                continue
            seen = {
                person: _counts(connection, role, person, name, table.subject, people)
                for person in (people.one, "")
            }
            both: Any = {True: ((1, 1), (1, 1)), False: ((1, 0), (0, 0))}
            wanted = both[name in sight.all] if name in (*sight.own, *sight.all) else ("refused", "refused")
            if tuple(seen.values()) != wanted:
                yield (
                    f"{role} on {name}: rows of the person and of the other are {seen[people.one]}, "
                    f"without a person {seen['']}; expected {wanted[0]} and {wanted[1]}"
                )


def _counts(
    connection: psycopg.Connection[Any], role: str, person: str, table: str, subject: str, people: _People
) -> tuple[int, ...] | str:
    counted = sql.SQL("SELECT count(*) FROM {} WHERE {} = %s").format(
        sql.Identifier(table), sql.Identifier(subject)
    )
    with _as(connection, role, person):
        try:
            rows = [connection.execute(counted, [each]).fetchone() for each in (people.one, people.other)]
        except psycopg.errors.InsufficientPrivilege:
            return "refused"
    return tuple(int(row[0]) for row in rows if row)


def _written(connection: psycopg.Connection[Any], tables: Tables, people: _People) -> Iterator[str]:
    """Yield where a role that acts for one person changes another's rows, by the grants that it has."""
    bound = [role for role in ("app", "exporter", "eraser") if role in tables.roles]
    for role in bound:
        for name, table in tables.tables.items():
            if table.subject is None or table.append_only:
                continue
            for what, statement, values in _attempts(tables, name, people):
                with _as(connection, role, people.one):
                    try:
                        touched = connection.execute(statement, values).rowcount
                    except _REFUSED:
                        continue
                if touched:
                    yield f"{role} {what} {touched} rows of another person in {name}"


def _attempts(tables: Tables, name: str, people: _People) -> Iterator[tuple[str, sql.Composed, list[Any]]]:
    subject, target = sql.Identifier(str(tables.tables[name].subject)), sql.Identifier(name)
    where = sql.SQL(" WHERE {} = %s").format(subject)
    yield "deletes", sql.SQL("DELETE FROM {}").format(target) + where, [people.other]
    setting = sql.SQL("UPDATE {} SET {} = {}").format(target, subject, subject)
    yield "changes", setting + where, [people.other]
    yield "adds", *row(tables, name, people.other)


def _trail(connection: psycopg.Connection[Any], tables: Tables, people: _People) -> Iterator[str]:
    for name, table in tables.tables.items():
        if not table.append_only:
            continue
        try:
            with _as(connection, "app", people.one, keep=True):
                connection.execute(*row(tables, name, people.one))
        except psycopg.errors.InsufficientPrivilege:
            yield f"app cannot write to {name}"
        read = _counts(connection, "auditor", "", name, str(table.subject), people)
        if read != (2, 1):
            yield f"the auditor reads {read} entries of {name}, expected (2, 1)"
        changes = {
            "changes": sql.SQL("UPDATE {} SET {} = {}"),
            "deletes": sql.SQL("DELETE FROM {}"),
        }
        subject = sql.Identifier(str(table.subject))
        for role in (*tables.roles, ""):
            for what, text in changes.items():
                with _as(connection, role, people.one):
                    try:
                        touched = connection.execute(
                            text.format(sql.Identifier(name), subject, subject)
                        ).rowcount
                    except _REFUSED:
                        continue
                # Forced row-level security hides the rows from whoever has no policy, its owner too: nothing is touched.
                if touched:
                    yield f"{role or 'the superuser'} {what} {touched} entries of {name}"


@contextmanager
def _as(connection: psycopg.Connection[Any], role: str, person: str, keep: bool = False) -> Iterator[None]:
    """Act as a role on behalf of a person; what was done is undone unless it is kept."""
    with connection.transaction(force_rollback=not keep):
        connection.execute("SELECT set_config(%s, %s, true)", [_PERSON, person])
        if role:
            connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
        yield
        if keep:
            connection.execute("RESET ROLE")
