"""From the stack's name to the unit's wiring."""

from __future__ import annotations

import importlib

import pulumi

from meridian.model import Environment, ModelErrors, load_environment
from meridian.paths import NotACheckoutError, find_checkout
from meridian.program.context import Context
from meridian.program.graph import StackNameError, parse_stack, units_for, wiring_of
from meridian.program.guard import install


def run(stack: str | None = None) -> None:
    """Make the resources of a stack, by default the current one; raises RunError, which the engine shows without a traceback."""
    try:
        name, unit = parse_stack(stack or pulumi.get_stack())
        environment = load_environment(find_checkout().root, name)
    except (StackNameError, ModelErrors, NotACheckoutError) as error:
        raise pulumi.RunError(str(error)) from None
    known = units_for(environment.regions)
    if unit not in known:
        raise pulumi.RunError(
            f"stack {name}-{unit}: {name} has no unit {unit!r}; fix: choose one of {', '.join(known)}"
        )
    install(environment, unit)
    _wire(environment, unit)


def _wire(environment: Environment, unit: str) -> None:
    # Imported here: a unit pays only for the SDKs that it uses.
    wiring = importlib.import_module(f"meridian.program.units.{wiring_of(unit, environment.regions)}")
    wiring.wire(Context(environment, unit))
