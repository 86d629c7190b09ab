"""CREATE TABLE, indexes and references; the region column and the locality are the form's."""

from __future__ import annotations

from collections.abc import Iterator

from meridian.model.tables import Column, Table
from meridian.sql.desired import Desired
from meridian.sql.statement import Statement
from meridian.sql.text import folded, listed, literal, names

_WIDE = {
    "uuid": "UUID", "text": "TEXT", "bool": "BOOL", "int8": "INT8", "timestamptz": "TIMESTAMPTZ",
    "jsonb": "JSONB", "bytea": "BYTEA", "inet": "INET",
}  # fmt: skip
_ACTIONS = {"cascade": "CASCADE", "restrict": "RESTRICT"}


def create(desired: Desired, name: str, table: Table) -> Statement:
    """Return CREATE TABLE; on PostgreSQL the region is text, and the locality is left out."""
    by_row = desired.form == "regional-by-row"
    body = _create(desired, name, table, enum=by_row)
    locality = ""
    if by_row:
        locality = (
            f" LOCALITY REGIONAL BY ROW AS {table.region}"
            if table.placement == "by-row"
            else " LOCALITY GLOBAL"
        )
    return Statement(
        key=f"table:{name}",
        kind="table",
        table=name,
        text=body + locality,
        why=table.purpose,
        portable=True,
        postgres=_create(desired, name, table, enum=False) if by_row else None,
    ).undoing(f"DROP TABLE {name}", destructive=True)


def indexes(name: str, table: Table) -> Iterator[Statement]:
    """Yield every secondary index; each starts with the region, so that each can be placed by it."""
    for index_name, (index, unique) in table.all_indexes().items():
        storing = f" INCLUDE ({names(index.storing)})" if index.storing else ""
        made = Statement(
            key=f"index:{name}:{index_name}",
            kind="index",
            table=name,
            text=f"CREATE {'UNIQUE ' if unique else ''}INDEX IF NOT EXISTS {index_name} "
            f"ON {name} ({names(index.columns)}){storing}",
            why=f"{'one row each' if unique else 'look-ups'} by {names(index.columns)}",
            portable=True,
            replace=True,
        )
        yield made.undoing(
            f"DROP INDEX IF EXISTS {name}@{index_name}{' CASCADE' if unique else ''}",
            destructive=True,
            postgres=f"DROP INDEX IF EXISTS {index_name}",
        )


def references(name: str, table: Table) -> Iterator[Statement]:
    """Yield the foreign keys."""
    for key, reference in table.foreign_keys.items():
        body = (
            f"\n  FOREIGN KEY ({names(reference.columns)}) REFERENCES {reference.table} ({names(reference.references)})"
            f"\n  ON DELETE {_ACTIONS[reference.on_delete]} ON UPDATE {_ACTIONS[reference.on_update]}"
        )
        made = Statement(
            key=f"constraint:{name}:{key}",
            kind="constraint",
            table=name,
            text=f"ALTER TABLE {name} ADD CONSTRAINT IF NOT EXISTS {key}{body}",
            why=f"a row lies where its row of {reference.table} does"
            if table.region in reference.columns
            else f"a row of {reference.table} must exist",
            portable=True,
            postgres=f"ALTER TABLE {name} ADD CONSTRAINT {key}{body}",
            replace=True,
        )
        yield made.undoing(f"ALTER TABLE {name} DROP CONSTRAINT IF EXISTS {key}")


def column(desired: Desired, name: str, column: Column, *, enum: bool) -> str:
    """Return a column's definition without its checks."""
    kind = ("crdb_internal_region" if enum else "TEXT") if column.type == "region" else _WIDE[column.type]
    parts = [f"{name} {kind}", "NULL" if column.nullable else "NOT NULL"]
    if column.default is not None:
        parts.append(f"DEFAULT {column.default}")
    if column.computed_from is not None:
        parts.append(f"GENERATED ALWAYS AS ({_by_country(desired, column.computed_from)}) STORED")
    return " ".join(parts)


def check(desired: Desired, name: str, column: Column, *, enum: bool) -> str | None:
    """Return a column's condition; a region's is the list of the partitions (an enumeration needs none)."""
    if column.type == "region" and not enum:
        return f"{name} IN ({listed(desired.partitions)})"
    return column.check


def _create(desired: Desired, name: str, table: Table, *, enum: bool) -> str:
    lines = [column(desired, each, what, enum=enum) for each, what in table.columns.items()]
    lines.append(f"CONSTRAINT {name}_pkey PRIMARY KEY ({names(table.primary_key)})")
    for each, what in table.columns.items():
        condition = check(desired, each, what, enum=enum)
        if condition:
            lines.append(f"CONSTRAINT {name}_{each}_check CHECK ({condition})")
    body = ",\n  ".join(lines)
    return f"CREATE TABLE IF NOT EXISTS {name} (\n  {body}\n)"


def _by_country(desired: Desired, source: str) -> str:
    """A country that is in no list gives NULL, which NOT NULL refuses: nothing is placed by chance."""
    arms = "\n".join(
        f"    WHEN {source} IN (\n      {folded((literal(each) for each in countries), '      ')}\n"
        f"    ) THEN {literal(value)}"
        for value, countries in desired.tables.countries.items()
    )
    return f"\n    CASE\n{arms}\n    END\n  "
