"""The root of `stacks/tables.yaml`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from meridian.model.base import Key, Model
from meridian.model.tables.columns import SqlName
from meridian.model.tables.operations import Audit, Backups
from meridian.model.tables.roles import Role
from meridian.model.tables.table import Table

Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
"""ISO 3166-1 alpha-2."""
Setting = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$")]


class Tables(Model):
    """The schema, its roles and the cluster's settings."""

    countries: Annotated[dict[Key, tuple[Country, ...]], Field(min_length=1)]
    """For each value of the region column the countries whose residents' rows it holds."""
    roles: dict[SqlName, Role]
    settings: dict[Setting, bool | int | str] = Field(default_factory=dict)
    """Cluster settings."""
    tables: Annotated[dict[SqlName, Table], Field(min_length=1)]
    """In the order in which they are created: a table comes after those that it references."""
    backups: Backups = Backups()
    audit: Audit = Audit()
    approved_drops: tuple[Annotated[str, Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)?$")], ...] = ()
    """Tables, `table.column`s and `table.index`es that may be dropped; anything else never is."""

    @property
    def owner(self) -> str:
        """The role that owns all objects."""
        return next((name for name, role in self.roles.items() if role.owner), "root")
