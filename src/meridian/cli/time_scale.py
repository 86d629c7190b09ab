"""The type of an argument that is a time scale: a range of floats would let `nan` through."""

from __future__ import annotations

from typing import Any

import click

from meridian.local.errors import LocalError
from meridian.local.pace import MOST, time_scale


class TimeScale(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.4
    """A number from 0.01 to `most`."""

    name = "factor"

    def __init__(self, most: float = MOST) -> None:
        self._most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number; what is none is wrong usage."""
        try:
            return time_scale(value, source="", most=self._most)
        except LocalError as error:
            self.fail(str(error), param, ctx)
