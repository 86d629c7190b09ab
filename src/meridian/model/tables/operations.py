"""Backups and audit of the database."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from meridian.model.base import Model

Cron = Annotated[str, Field(pattern=r"^(@(hourly|daily|weekly)|([\d*/,-]+ ){4}[\d*/,-]+)$")]


class Backups(Model):
    """One schedule for the whole database; each region's nodes write to their own region's bucket."""

    incremental: Cron = "@hourly"
    full: Cron = "@daily"
    incremental_hours: Annotated[int, Field(ge=1, le=24)] = 1
    """Hours between incremental backups at most: what revision history must bridge."""
    gc_hours: Annotated[int, Field(ge=1, le=168)] = 25
    """Hours for which the cluster itself keeps old versions of rows (`gc.ttlseconds`)."""


class Audit(Model):
    """What is logged besides the tables' own audit."""

    connections: bool = True
    sessions: bool = True
