"""Columns with what they hold of persons, keys and indexes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from meridian.model.base import Model

SqlName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""A name that needs no quotes in CockroachDB and PostgreSQL."""

Columns = Annotated[tuple[SqlName, ...], Field(min_length=1)]

Type = Literal["region", "uuid", "text", "bool", "int8", "timestamptz", "jsonb", "bytea", "inet"]
"""Types that CockroachDB and PostgreSQL spell the same; `region` follows the database's form."""

Data = Literal["none", "identifier", "contact", "credential", "location", "health", "behaviour"]
"""What a column holds of a person (GDPR art. 4(1) and 9); `none` is no personal data."""


class Column(Model):
    """One column."""

    type: Type
    nullable: bool = False
    default: str | None = None
    """An SQL expression."""
    check: str | None = None
    """An SQL condition over this column."""
    computed_from: SqlName | None = None
    """Only for the region: the column with the country code that decides it."""
    data: Data = "none"
    export: bool = True
    """Whether a person's export holds it (GDPR art. 15, 20); credentials are never exported."""
    erase: Literal["with-row", "clear", "keep"] = "with-row"
    """What erasure does (GDPR art. 17): delete with the row, set to null, or keep for a legal duty."""

    @property
    def personal(self) -> bool:
        """True when the column tells something of a person."""
        return self.data != "none"


class Index(Model):
    """One secondary index; its columns start with the region wherever the table has one."""

    columns: Columns
    storing: tuple[SqlName, ...] = ()


class ForeignKey(Model):
    """A reference; with the region in it, a child row cannot lie elsewhere than its parent."""

    columns: Columns
    table: SqlName
    references: Columns
    on_delete: Literal["cascade", "restrict"] = "restrict"
    on_update: Literal["cascade", "restrict"] = "restrict"
