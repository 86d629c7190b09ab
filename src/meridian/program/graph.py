"""Which units an environment has and what each needs; imports no Pulumi."""

from __future__ import annotations

from collections.abc import Iterable

Graph = dict[str, tuple[str, ...]]


class StackNameError(ValueError):
    """Raised with the value, the rule and the fix."""


def units_for(regions: Iterable[str]) -> Graph:
    """Return the units of an environment with these regions, upstream first."""
    keys = tuple(regions)
    return {"foundation": (), **dict.fromkeys(keys, ("foundation",)), "mesh": keys}


UNITS: Graph = units_for(("us", "eu", "asia"))


def parse_stack(stack: str) -> tuple[str, str]:
    """Return environment and unit of a stack's name; raises StackNameError."""
    environment, dash, unit = stack.partition("-")
    if not dash or not environment or not unit:
        raise StackNameError(
            f"stack {stack!r}: a stack is named <environment>-<unit>; fix: choose for example prod-eu"
        )
    return environment, unit
