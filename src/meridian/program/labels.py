"""The labels of every resource; the only place that knows them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from meridian.model import Environment
from meridian.model.units import region_of

_GCP_VALUE = re.compile(r"[^a-z0-9_-]")


def labels(environment: Environment, unit: str, urn: str) -> dict[str, str]:
    """Return environment, unit, residency, owner and the URN's digest, by which a lost resource is found again."""
    region = environment.regions.get(region_of(unit))
    return {
        "environment": environment.environment,
        "unit": unit,
        "residency": region.residency if region else "global",
        "owner": environment.owner,
        "managed-by": "meridian",
        "meridian-urn": hashlib.sha256(urn.encode()).hexdigest()[:16],
    }


def for_gcp(values: Mapping[str, str]) -> dict[str, str]:
    """Return labels in Google's alphabet: lower case, digits, hyphen and underscore, at most 63 characters."""
    return {key: _GCP_VALUE.sub("-", value.lower())[:63] for key, value in values.items()}
