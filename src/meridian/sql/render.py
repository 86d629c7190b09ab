"""The statements of a whole schema, in the order in which they run."""

from __future__ import annotations

from meridian.sql import access, operations, placement, tables
from meridian.sql.desired import Desired
from meridian.sql.statement import Statement


def statements(desired: Desired) -> tuple[Statement, ...]:
    """Return every statement that brings an empty, initialised cluster to the desired schema."""
    made: list[Statement] = [
        *operations.licence(desired),
        *operations.settings(desired),
        *placement.database(desired),
        *access.roles(desired),
    ]
    for name, table in desired.tables.tables.items():
        made.append(tables.create(desired, name, table))
        made += tables.indexes(name, table)
        made += placement.table(desired, name, table)
        made += tables.references(name, table)
        made += access.table(desired, name, table)
        made += operations.table(name, table)
    made += access.audited_roles(desired)
    made += operations.schedules(desired)
    return tuple(made)
