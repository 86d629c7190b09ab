"""Which units an environment has and what each needs; imports no Pulumi."""

from __future__ import annotations

from collections.abc import Iterable

Graph = dict[str, tuple[str, ...]]
_PLATFORM, _DEFINITIONS = "-platform", "-definitions"


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


def platform_of(region: str) -> str:
    """Return the unit that holds what runs on a region's clusters."""
    return f"{region}{_PLATFORM}"


def definitions_of(region: str) -> str:
    """Return the unit that holds the custom resource definitions of a region's clusters.

    They are megabytes, and the engine writes a stack's whole state at every step: beside them nothing else changes.
    """
    return f"{region}{_DEFINITIONS}"


def region_of(unit: str) -> str | None:
    """Return the region on whose clusters a unit works, or None."""
    return next((unit.removesuffix(end) for end in (_PLATFORM, _DEFINITIONS) if unit.endswith(end)), None)


UNITS: Graph = units_for(("us", "eu", "asia"))


def parse_stack(stack: str) -> tuple[str, str]:
    """Return environment and unit of a stack's name; raises StackNameError."""
    environment, dash, unit = stack.partition("-")
    if not dash or not environment or not unit:
        raise StackNameError(
            f"stack {stack!r}: a stack is named <environment>-<unit>; fix: choose for example prod-eu"
        )
    return environment, unit
