"""Statements as a script that people read: sections, a reason where one helps, and where each part runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from meridian.sql.desired import Desired
from meridian.sql.statement import Statement
from meridian.sql.text import quoted

_WIDTH = 100
_RULE = "-- " + "-" * 77


def script(desired: Desired, made: Sequence[Statement], *, title: str, postgres: bool = False) -> str:
    """Return the script; with `postgres` only what PostgreSQL runs, in its words."""
    shown = [each for each in made if each.on_postgres is not None] if postgres else list(made)
    lines = [*_comment(title), *_comment(_summary(desired))]
    section, scope, why = "", "cluster", ""
    session: tuple[str, ...] = ()
    for statement in shown:
        if _section(desired, statement) != section:
            section, why = _section(desired, statement), ""
            lines += ["", _RULE, *_comment(section), _RULE]
        if statement.scope == "database" and scope == "cluster" and not postgres:
            lines += ["", f"USE {quoted(desired.name)};"]
        scope = statement.scope
        if statement.why and statement.why not in (why, desired_purpose(desired, statement)):
            lines += ["", *_comment(statement.why)]
        why = statement.why or why
        if statement.session and statement.session != session and not postgres:
            lines += [f"{each};" for each in statement.session]
        session = statement.session or session
        lines += _body(statement, postgres=postgres)
    return "\n".join(lines) + "\n"


def desired_purpose(desired: Desired, statement: Statement) -> str:
    """Return what a table's section heading says already."""
    table = desired.tables.tables.get(statement.table or "")
    return table.purpose if table and statement.kind == "table" else ""


def _body(statement: Statement, *, postgres: bool) -> Iterator[str]:
    if statement.destructive:
        yield "-- DESTRUCTIVE"
    if postgres:
        yield f"{statement.on_postgres};"
        return
    if statement.parameters:
        yield from _comment(f"bound when it runs, never printed: {', '.join(statement.parameters)}")
    yield f"{statement.text};"


def _section(desired: Desired, statement: Statement) -> str:
    if statement.key.startswith("step:") or statement.kind in ("copy", "check"):
        return "the way, step by step"
    if statement.table is not None:
        table = desired.tables.tables.get(statement.table)
        return f"{statement.table}: {table.purpose}" if table else statement.table
    if statement.kind in ("licence", "setting"):
        return "the cluster"
    if statement.kind == "audit":
        return "audit of roles"
    if statement.kind == "schedule":
        return "backups"
    return "roles" if statement.kind in ("role", "grant") else "the database and where it lies"


def _summary(desired: Desired) -> str:
    places = ", ".join(
        f"{value} in region {partition.constraint} ({desired.residencies.get(partition.constraint)})"
        for value, partition in desired.partitions.items()
    )
    return f"Form {desired.form}, {len(desired.localities)} nodes, {desired.replication_factor} replicas; {places}."


def _comment(text: str) -> list[str]:
    return [f"-- {line}" for line in wrap(text, _WIDTH - 3, break_long_words=False)]
