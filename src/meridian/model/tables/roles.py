"""Who may connect to the database, and what the whole role may do."""

from __future__ import annotations

from typing import Literal

from meridian.model.base import Model

SystemPrivilege = Literal[
    "BACKUP",
    "RESTORE",
    "VIEWACTIVITYREDACTED",
    "VIEWCLUSTERMETADATA",
    "VIEWJOB",
    "CANCELQUERY",
    "EXTERNALIOIMPLICITACCESS",
]


class Role(Model):
    """One role; a login authenticates by its client certificate, so no role has a password."""

    purpose: str
    login: bool = False
    owner: bool = False
    """Owns the database and its objects; exactly one role does, and nobody logs in as it."""
    audited: bool = True
    """Every statement of the role goes to the SENSITIVE_ACCESS log channel."""
    system: tuple[SystemPrivilege, ...] = ()
    """Privileges over the cluster."""
    database: tuple[Literal["CONNECT", "BACKUP", "RESTORE"], ...] = ()
