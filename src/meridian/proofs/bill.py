"""What a bill is made of: lines of price, place and quantity, and what a rule needs to write them; silent about money."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from meridian.model.prices import Category, Usage
from meridian.plan import Plan, PlannedResource

Triple = tuple[float, float, float]
"""At least, as expected, at most."""


@dataclass(frozen=True)
class Line:
    """So many units of something sold, a month."""

    category: Category
    price: str
    """A key of the price file."""
    region: str
    quantity: Triple
    resource: str


@dataclass(frozen=True)
class Bill:
    """What the rules need beside the resource itself."""

    plan: Plan
    usage: Usage
    hours: int


def steady(quantity: float) -> Triple:
    """Return a quantity that is no estimate: at least, expected and at most alike."""
    return quantity, quantity, quantity


def times(quantity: Triple, factor: float) -> Triple:
    """Return a quantity so many times."""
    least, expected, most = quantity
    return least * factor, expected * factor, most * factor


Rule = Callable[[PlannedResource, Bill, str], Iterator[Line]]
"""Writes the lines of one resource in one region."""
