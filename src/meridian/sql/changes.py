"""What changes inside a table that stays: columns, their conditions, and what cannot be changed in place."""

from __future__ import annotations

from collections.abc import Iterator

from meridian.model.problems import Problem, shown
from meridian.model.tables import Column, Table
from meridian.sql import tables
from meridian.sql.desired import Desired
from meridian.sql.statement import Statement


def refusals(old: Desired, new: Desired, name: str) -> Iterator[Problem]:
    """Yield what no statement can do safely in place, with the way."""
    before, after = old.tables.tables[name], new.tables.tables[name]
    path = ("tables", "tables", name)
    if before.primary_key != after.primary_key:
        yield Problem(
            (*path, "primary_key"),
            list(after.primary_key),
            f"was {shown(before.primary_key)}; a new primary key rewrites the table and every index",
            "make a new table, copy, and drop the old one with an approval",
        )
    if before.placement != after.placement:
        yield Problem(
            (*path, "placement"),
            after.placement,
            f"was {before.placement}",
            "make a new table, copy, and drop the old one with an approval",
        )
    for key, column in after.columns.items():
        yield from _column_refusals(before.columns.get(key), column, (*path, "columns", key))


def changes(old: Desired, new: Desired, name: str) -> Iterator[Statement]:
    """Yield the statements that add and alter columns; what takes away comes from `drops`."""
    before, after = old.tables.tables[name], new.tables.tables[name]
    enum = new.form == "regional-by-row"
    for key, column in after.columns.items():
        previous = before.columns.get(key)
        if previous is None:
            yield _statement(
                name,
                key,
                f"ADD COLUMN IF NOT EXISTS {tables.column(new, key, column, enum=enum)}",
                "a new column",
                postgres=f"ADD COLUMN IF NOT EXISTS {tables.column(new, key, column, enum=False)}",
            )
        elif previous.type == column.type:
            yield from _altered(name, key, previous, column)
        yield from _checks(old, new, name, key, previous, column)


def drops(before: Table, after: Table, name: str) -> Iterator[Statement]:
    """Yield the columns that go."""
    for key in before.columns:
        if key not in after.columns:
            yield _statement(
                name,
                key,
                f"DROP COLUMN IF EXISTS {key}",
                "the column and its values are lost",
                destructive=True,
            )


def _column_refusals(previous: Column | None, column: Column, path: tuple[str, ...]) -> Iterator[Problem]:
    if previous is None:
        if not column.nullable and column.default is None:
            yield Problem(
                path,
                "NOT NULL without a default",
                "the rows that are there would have no value",
                "give it a default, or add it nullable, fill it, and make it NOT NULL in the next change",
            )
        return
    if previous.type != column.type:
        yield Problem(
            (*path, "type"),
            column.type,
            f"was {previous.type}; a change of type rewrites every row and may lose values",
            f"add a column of type {column.type}, fill it, use it, then drop this one with an approval",
        )
    if previous.computed_from != column.computed_from:
        yield Problem(
            (*path, "computed_from"),
            column.computed_from,
            "a computed column's expression cannot be changed, and this one decides where rows lie",
            "make a new table, copy region by region, and drop the old one with an approval",
        )


def _altered(name: str, key: str, previous: Column, column: Column) -> Iterator[Statement]:
    if previous.default != column.default:
        text = "DROP DEFAULT" if column.default is None else f"SET DEFAULT {column.default}"
        yield _statement(name, key, f"ALTER COLUMN {key} {text}", "for new rows only")
    if previous.nullable != column.nullable:
        text = "DROP NOT NULL" if column.nullable else "SET NOT NULL"
        yield _statement(name, key, f"ALTER COLUMN {key} {text}", "checked against every row")


def _checks(
    old: Desired, new: Desired, name: str, key: str, previous: Column | None, column: Column
) -> Iterator[Statement]:
    enum = new.form == "regional-by-row"
    was = tables.check(old, key, previous, enum=enum) if previous else None
    now = tables.check(new, key, column, enum=enum)
    if was == now:
        return
    if was:
        yield _statement(
            name, key, f"DROP CONSTRAINT IF EXISTS {name}_{key}_check", "makes room for the new one"
        )
    if now:
        yield _statement(
            name, key, f"ADD CONSTRAINT {name}_{key}_check CHECK ({now})", "checked against every row"
        )


def _statement(
    name: str, key: str, what: str, why: str, *, destructive: bool = False, postgres: str | None = None
) -> Statement:
    return Statement(
        key=f"column:{name}:{key}",
        kind="column",
        table=name,
        text=f"ALTER TABLE {name} {what}",
        why=why,
        portable=True,
        postgres=f"ALTER TABLE {name} {postgres}" if postgres else None,
        destructive=destructive,
    )
