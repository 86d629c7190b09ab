"""The database's schema as data: what `stacks/tables.yaml` says, shared by all environments."""

from meridian.model.tables.catalogue import Tables
from meridian.model.tables.columns import Column, ForeignKey, Index
from meridian.model.tables.operations import Audit, Backups
from meridian.model.tables.roles import Role
from meridian.model.tables.table import Policy, Retention, Table

__all__ = [
    "Audit",
    "Backups",
    "Column",
    "ForeignKey",
    "Index",
    "Policy",
    "Retention",
    "Role",
    "Table",
    "Tables",
]
