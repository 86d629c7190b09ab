"""Names that are the world's own: they are part of the model, so that their length is checked with it."""

from __future__ import annotations

from meridian.model.environment import Environment


def bucket_name(environment: Environment, cloud: str, purpose: str) -> str:
    """Return a bucket's name; all customers of a cloud share these names, so the account is part of it."""
    account = environment.gcp.project if cloud == "gcp" else environment.aws.account_id
    return f"meridian-{environment.environment}-{purpose}-{account}"
