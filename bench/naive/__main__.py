"""The estate as most would write it first: every resource of every unit in one stack."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pulumi

from meridian.model import load_environment
from meridian.program.context import Context
from meridian.program.graph import units_for, wiring_of
from meridian.program.guard import install
from meridian.program.refs import Upstream

_exports: dict[str, dict[str, Any]] = {}
_original_init = pulumi.Resource.__init__
_current = [""]  # the unit being wired


def _init(self: pulumi.Resource, kind: str, name: str, *others: Any, **named: Any) -> None:
    # In one stack the regions' equal names would collide.
    _original_init(self, kind, f"{_current[0]}-{name}", *others, **named)


def _start(self: Upstream, _environment: Any, unit: str) -> None:
    self._unit = unit  # type: ignore[attr-defined]


def _get(self: Upstream, *path: str) -> pulumi.Output[Any]:
    value: Any = _exports[self._unit]  # type: ignore[attr-defined]
    for step in path:
        value = (
            value.apply(lambda held, step=step: held[step])
            if isinstance(value, pulumi.Output)
            else value[step]
        )
    return pulumi.Output.from_input(value)


@contextmanager
def _unit(name: str) -> Iterator[None]:
    _current[0] = name
    _exports[name] = {}
    yield


def main() -> None:
    """Wire every unit of MERIDIAN_BENCH_ENVIRONMENT, upstream first, into the current stack."""
    environment = load_environment(
        Path(os.environ["MERIDIAN_ROOT"]), os.environ.get("MERIDIAN_BENCH_ENVIRONMENT", "prod")
    )
    pulumi.Resource.__init__ = _init  # type: ignore[method-assign]
    pulumi.export = lambda key, value: _exports[_current[0]].__setitem__(key, value)
    Upstream.__init__ = _start  # type: ignore[method-assign]
    Upstream.get = _get  # type: ignore[method-assign]
    install(environment, "foundation")
    for unit in units_for(environment.regions):
        with _unit(unit):
            wire = importlib.import_module(f"meridian.program.units.{wiring_of(unit, environment.regions)}")
            wire.wire(Context(environment, unit))


main()
