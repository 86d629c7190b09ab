"""What resolvers remember of a load balancer that is not proxied: its answer holds for its time to live."""

from __future__ import annotations

from collections import OrderedDict

from meridian.local.router.resources import LoadBalancer
from meridian.local.router.steering import Choice
from meridian.local.router.visitor import Visitor

_KEPT = 10_000


class Answers:
    """The answers by load balancer and visitor; at most 10,000."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, Visitor], tuple[Choice, float]] = OrderedDict()

    def find(self, balancer: LoadBalancer, visitor: Visitor, now: float) -> Choice | None:
        """Return the answer that a visitor's resolver still holds, whatever became of the origin since."""
        found = self._kept.get((balancer.id, visitor))
        return found[0] if found and now < found[1] else None

    def keep(self, balancer: LoadBalancer, visitor: Visitor, choice: Choice, until: float) -> None:
        """Note an answer."""
        self._kept[balancer.id, visitor] = (choice, until)
        self._kept.move_to_end((balancer.id, visitor))
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
