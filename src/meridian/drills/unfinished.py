"""A drill that was killed before it could bring back what it took, and what still stands of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from meridian.drills import journal
from meridian.local.client import LocalClouds
from meridian.local.rendezvous import DaemonError
from meridian.paths import Checkout


@dataclass(frozen=True)
class Unfinished:
    """The loss as the drill wrote it down, and the faults that the embedded clouds still show."""

    taken: journal.Taken
    standing: tuple[str, ...]

    @property
    def fix(self) -> str:
        """The command that brings everything back."""
        return f"meridian drill recover {self.taken.environment}"

    def __str__(self) -> str:
        still = "; ".join(self.standing) or "nothing of it is seen now"
        return (
            f"{self.taken}: that drill was killed and never ended; still standing: {still}; fix: `{self.fix}`"
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain data with stable keys."""
        return {
            "lost": f"{self.taken.kind}:{self.taken.name}",
            "at": self.taken.at,
            "standing": list(self.standing),
            "fix": self.fix,
        }


def find(checkout: Checkout) -> Unfinished | None:
    """Return the drill that was killed; None when there is none or it still runs. Starts nothing."""
    taken = journal.read(checkout)
    if taken is None or taken.alive:
        return None
    clouds = LocalClouds.connect(checkout)
    standing = tuple(_standing(clouds, taken)) if clouds else ("unknown: the embedded clouds do not run",)
    return Unfinished(taken, standing)


def _standing(clouds: LocalClouds, taken: journal.Taken) -> Iterator[str]:
    lost = clouds.lost()
    if stopped := lost["clusters"]:
        yield f"clusters that do not run: {', '.join(stopped)}"
    if nodes := lost["database"]["lost"]:
        yield f"database nodes that are away: {', '.join(nodes)}"
    try:
        router = clouds.router()
        scale = router.status().time_scale if router else taken.scale
    except DaemonError:
        yield "the router does not answer"
        return
    if scale != taken.scale:
        yield f"the edge's time scale is {scale:g}, it was {taken.scale:g}"
