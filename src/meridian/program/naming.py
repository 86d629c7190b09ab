"""Cloud names that are the world's own, with their length checked."""

from __future__ import annotations

from meridian.model import Environment


class NameTooLongError(ValueError):
    """Raised with the name, the rule and the fix."""


def bucket(environment: Environment, cloud: str, purpose: str) -> str:
    """Return a bucket's name; bucket names are shared by all customers of a cloud, so the account is part of it."""
    account = environment.gcp.project if cloud == "gcp" else environment.aws.account_id
    name = f"meridian-{environment.environment}-{purpose}-{account}"
    if len(name) > 63:
        raise NameTooLongError(
            f"bucket {name!r} has {len(name)} characters: 63 are the limit; fix: shorten the environment's name"
        )
    return name


def secrets_prefix(environment: Environment, region: str) -> str:
    """Return what the names of a region's secrets begin with in both clouds' secret stores."""
    return f"meridian-{environment.environment}-{region}-"
