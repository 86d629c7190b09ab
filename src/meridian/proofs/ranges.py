"""Every kind of range of the database with what its voters are asked: from the desired schema, not from intentions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from meridian.proofs.spread import Demand
from meridian.sql import Desired

SYSTEM_VOTERS = 5
"""meta, liveness, system and their like (CockroachDB v26.2 docs, "Replication controls", pre-configured zones)."""
REGION_SURVIVAL_VOTERS, HOME_VOTERS = 5, 2
"""SURVIVE REGION FAILURE: five voters, two of them at home (CockroachDB v26.2 docs, "Multi-region survival goals")."""
ZONE_SURVIVAL_VOTERS = 3
"""SURVIVE ZONE FAILURE: three voters, all at home."""


@dataclass(frozen=True)
class Ranges:
    """Ranges that are placed alike."""

    name: str
    """Such as `users/eu`, or `system`."""
    parts: tuple[str, ...]
    """The table and each of its indexes."""
    demand: Demand
    personal: bool
    home: str | None
    """The region where the leaseholder lies; None: anywhere."""


def ranges(desired: Desired) -> tuple[Ranges, ...]:
    """Return all ranges of a database and of the system beneath it."""
    return (
        *_tables(desired),
        Ranges("system", ("meta", "liveness", "system"), Demand(SYSTEM_VOTERS), False, None),
    )


def _tables(desired: Desired) -> Iterator[Ranges]:
    for name, table in desired.tables.tables.items():
        parts = (name, *(f"{name}@{index}" for index in table.all_indexes()))
        if table.placement == "everywhere":
            yield Ranges(name, parts, _everywhere(desired), table.personal, _global_home(desired))
            continue
        for value, partition in desired.partitions.items():
            region = partition.constraint
            yield Ranges(f"{name}/{value}", parts, _home(desired, region), table.personal, region)


def _home(desired: Desired, region: str) -> Demand:
    if desired.form == "partition-by-list":
        return Demand(desired.replication_factor, frozenset({region}))
    if desired.survival == "zone":
        return Demand(ZONE_SURVIVAL_VOTERS, frozenset({region}))
    held = next((members for members in desired.super_regions.values() if region in members), None)
    return Demand(REGION_SURVIVAL_VOTERS, frozenset(held) if held else None, ((region, HOME_VOTERS),))


def _everywhere(desired: Desired) -> Demand:
    if desired.form == "regional-by-row":
        # GLOBAL tables: their voters follow the primary region, non-voters serve reads elsewhere.
        return _home(desired, desired.primary_region)
    regions = desired.regions()
    return Demand(
        max(desired.replication_factor, len(regions)), None, tuple((region, 1) for region in regions)
    )


def _global_home(desired: Desired) -> str | None:
    return desired.primary_region if desired.form == "regional-by-row" else None
