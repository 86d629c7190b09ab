"""Which units an environment has and what each needs; imports no Pulumi."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from meridian.model.units import cluster_region_of, definitions_of, platform_of

Graph = dict[str, tuple[str, ...]]


class StackNameError(ValueError):
    """Raised with the value, the rule and the fix."""


def units_for(regions: Iterable[str]) -> Graph:
    """Return the units of an environment with these regions, upstream first."""
    keys = tuple(regions)
    platforms = {platform_of(key): ("foundation", key, "mesh", definitions_of(key)) for key in keys}
    return {
        "foundation": (),
        **dict.fromkeys(keys, ("foundation",)),
        **{definitions_of(key): (key,) for key in keys},
        "mesh": keys,
        **platforms,
        "data": ("mesh", *platforms),
        "edge": keys,
    }


UNITS: Graph = units_for(("us", "eu", "asia"))


def wiring_of(unit: str, regions: Collection[str]) -> str:
    """Return the module of `program.units` that makes a unit."""
    if unit in regions:
        return "region"
    return unit.rsplit("-", 1)[-1] if cluster_region_of(unit) else unit


def parse_stack(stack: str) -> tuple[str, str]:
    """Return environment and unit of a stack's name; raises StackNameError."""
    environment, dash, unit = stack.partition("-")
    if not dash or not environment or not unit:
        raise StackNameError(
            f"stack {stack!r}: a stack is named <environment>-<unit>; fix: choose for example prod-eu"
        )
    return environment, unit
