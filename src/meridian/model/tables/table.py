"""One table: columns, keys, who sees which row, how long rows are kept."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from meridian.model.base import Model
from meridian.model.tables.columns import Column, Columns, ForeignKey, Index, SqlName

Privilege = Literal["SELECT", "INSERT", "UPDATE", "DELETE"]


class Policy(Model):
    """One row-level security policy."""

    command: Literal["all", "select", "insert", "update", "delete"] = "all"
    roles: Annotated[tuple[SqlName, ...], Field(min_length=1)]
    using: str | None = None
    """Which rows are seen; an SQL condition."""
    with_check: str | None = None
    """Which rows may be written; an SQL condition."""


class Retention(Model):
    """When rows are deleted by the database itself."""

    column: SqlName
    days: Annotated[int, Field(ge=0, le=3650)]
    """Days after the time in `column`; 0: at that time."""


class Table(Model):
    """One table."""

    purpose: str
    """Why the data is kept: a line of the record of processing (GDPR art. 30)."""
    basis: Literal["contract", "consent", "legal-obligation", "legitimate-interest", "none"]
    """The lawful basis (GDPR art. 6); `none` for tables without personal data."""
    subject: SqlName | None = None
    """The column that names the person whom a row is about."""
    placement: Literal["by-row", "everywhere"] = "by-row"
    """Rows live in their region, or every region holds all of them (only without personal data)."""
    columns: Annotated[dict[SqlName, Column], Field(min_length=1)]
    primary_key: Columns
    unique: dict[SqlName, Index] = Field(default_factory=dict)
    indexes: dict[SqlName, Index] = Field(default_factory=dict)
    foreign_keys: dict[SqlName, ForeignKey] = Field(default_factory=dict)
    policies: dict[SqlName, Policy] = Field(default_factory=dict)
    grants: dict[SqlName, tuple[Privilege, ...]] = Field(default_factory=dict)
    append_only: bool = False
    """Rows are added and expire; nobody, the owner included, changes or deletes one."""
    audit: bool = False
    """Every read and write is logged (SENSITIVE_ACCESS), whoever does it."""
    retention: Retention | None = None

    @property
    def personal(self) -> bool:
        """True when any column tells something of a person."""
        return any(column.personal for column in self.columns.values())

    @property
    def region(self) -> str | None:
        """The name of the column that says where a row lives."""
        return next((name for name, column in self.columns.items() if column.type == "region"), None)

    def all_indexes(self) -> dict[str, tuple[Index, bool]]:
        """Return every secondary index by name, with whether it is unique."""
        return {
            **{name: (index, True) for name, index in self.unique.items()},
            **{name: (index, False) for name, index in self.indexes.items()},
        }
