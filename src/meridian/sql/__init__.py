"""The database's SQL, rendered from the model into both forms; pure: connects to nothing, parses nothing."""

from meridian.sql.desired import BackupTarget, Desired, Parameters, desired
from meridian.sql.migrate import migration
from meridian.sql.problems import problems
from meridian.sql.render import statements
from meridian.sql.statement import Migration, MigrationRefusedError, Statement

__all__ = [
    "BackupTarget",
    "Desired",
    "Migration",
    "MigrationRefusedError",
    "Parameters",
    "Statement",
    "desired",
    "migration",
    "problems",
    "statements",
]
