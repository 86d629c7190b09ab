"""Cloud names that are the world's own, with their length checked."""

from __future__ import annotations

import pulumi

from meridian.model import Environment
from meridian.model.checks.places import BUCKET_NAME_LIMIT
from meridian.model.names import bucket_name


def bucket(environment: Environment, cloud: str, purpose: str) -> str:
    """Return a bucket's name; raises RunError for one that no cloud takes (the model refuses a region's before)."""
    name = bucket_name(environment, cloud, purpose)
    if len(name) > BUCKET_NAME_LIMIT:
        raise pulumi.RunError(
            f"bucket {name!r} has {len(name)} characters: {BUCKET_NAME_LIMIT} are the limit; "
            "fix: shorten the environment's name"
        )
    return name


def secrets_prefix(environment: Environment, region: str) -> str:
    """Return what the names of a region's secrets begin with in both clouds' secret stores."""
    return f"meridian-{environment.environment}-{region}-"
