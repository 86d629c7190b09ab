"""Rows of made-up persons that the schema's checks and references take; each person's rows refer to each other only."""

from __future__ import annotations

import re
from typing import Any

from psycopg import sql

from meridian.model.tables import Column, Tables

_VALUES: dict[str, Any] = {"bool": True, "int8": 1, "jsonb": "{}", "inet": "127.0.0.1", "timestamptz": "now"}


def row(tables: Tables, name: str, person: str) -> tuple[sql.Composed, list[Any]]:
    """Return an INSERT of one row of a table about a person, with its values; what has a default keeps it."""
    table = tables.tables[name]
    sources = {column.computed_from for column in table.columns.values()}
    values = {
        each: person if each == table.subject else _value(tables, column, person, each in sources)
        for each, column in table.columns.items()
        if each == table.subject
        or not (column.computed_from or column.nullable or column.default is not None)
    }
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(name),
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join(sql.Placeholder() for _ in values),
    )
    return statement, list(values.values())


def _value(tables: Tables, column: Column, person: str, country: bool) -> Any:
    region, countries = next(iter(tables.countries.items()))
    if country:
        return countries[0]
    if column.type == "region":
        return region
    if column.type == "uuid":
        return person
    if column.type == "bytea":
        return person.encode()
    if column.type == "text":
        listed = re.search(r"'([^']+)'", column.check or "")
        return listed.group(1) if listed else f"verify-{person}"
    return _VALUES[column.type]
