"""The names of an environment's units: a region's own is its key, what stands on its clusters has a suffix."""

from __future__ import annotations

_PLATFORM, _DEFINITIONS = "-platform", "-definitions"
RESERVED = frozenset({"foundation", "mesh", "data", "edge", "observability"})
"""Units that are no regions (design: one environment is a graph of small stacks)."""


def platform_of(region: str) -> str:
    """Return the unit that holds what runs on a region's clusters."""
    return f"{region}{_PLATFORM}"


def definitions_of(region: str) -> str:
    """Return the unit that holds the custom resource definitions of a region's clusters.

    They are megabytes, and the engine writes a stack's whole state at every step: beside them nothing else changes.
    """
    return f"{region}{_DEFINITIONS}"


def cluster_region_of(unit: str) -> str | None:
    """Return the region on whose clusters a unit works, or None."""
    return next((unit.removesuffix(end) for end in (_PLATFORM, _DEFINITIONS) if unit.endswith(end)), None)


def region_of(unit: str) -> str:
    """Return the region that a unit belongs to; for one that belongs to none, its own name."""
    return cluster_region_of(unit) or unit


def may_be_region(key: str) -> bool:
    """Return whether a region of this key leaves every other unit its name."""
    return key not in RESERVED and cluster_region_of(key) is None
