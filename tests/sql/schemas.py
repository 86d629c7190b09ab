"""The production estate's schema with made-up buckets, and a way to change one thing of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from meridian.model import Environment
from meridian.model.placement import Form
from meridian.sql import BackupTarget, Desired, Parameters

ROOT = Path(__file__).parents[2]
FORMS: tuple[Form, ...] = ("partition-by-list", "regional-by-row")
Edit = Callable[[dict[str, Any]], Any]


def parameters(environment: Environment) -> Parameters:
    """Return made-up buckets and keys, one of each per region, and a licence."""
    return Parameters(
        licence="3",
        backups={
            key: BackupTarget(
                uri=f"gs://backups-{key}?AUTH=implicit",
                kms=f"gs:///projects/estate/locations/{region.gcp.region}/keyRings/{key}/cryptoKeys/backups?AUTH=implicit",
                residency=region.residency,
            )
            for key, region in environment.regions.items()
        },
    )


def edited(schema: Desired, edit: Edit) -> Desired:
    """Return a copy with one edit of its plain data."""
    data = schema.model_dump(mode="json")
    edit(data)
    return Desired.model_validate(data)
