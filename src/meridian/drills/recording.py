"""What a drill saw: every answer, the router's events, and when what happened; plain data that is judged later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Phase = Literal["before", "lost", "back"]


@dataclass(frozen=True)
class Answer:
    """One request of a visitor; `began` and `ended` in seconds since 1970, `status` 0 when no answer came."""

    population: str
    began: float
    ended: float
    status: int
    cluster: str = ""
    """Who served, by its own word; empty when no cluster answered."""
    visitor: Literal["new", "returning"] = "new"
    detail: str = ""

    @property
    def good(self) -> bool:
        """True for what a visitor came for."""
        return 200 <= self.status < 400

    @property
    def refused(self) -> bool:
        """True for an error that says so, by the edge or by a cluster."""
        return 500 <= self.status < 600


@dataclass(frozen=True)
class Seen:
    """One event of the router, as far as it concerns health."""

    at: float
    kind: str
    cluster: str
    text: str


@dataclass(frozen=True)
class Recording:
    """A drill as it happened; times in seconds since 1970, `scale` is what the edge's seconds were multiplied with."""

    scale: float
    clients: int
    began: float
    lost_at: float
    """When the loss began."""
    gone_at: float
    """When the last of its processes had ended."""
    back_at: float
    """When it began to be brought back."""
    running_at: float
    """When its control planes answered again."""
    ended: float
    answers: tuple[Answer, ...]
    events: tuple[Seen, ...]
    stopped: tuple[str, ...] = ()
    """The control planes that were seen stopped while the loss lasted."""
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)

    def phase(self, answer: Answer) -> Phase:
        """Return when a request began."""
        if answer.began < self.lost_at:
            return "before"
        return "lost" if answer.began < self.back_at else "back"

    def critical(self, cluster: str) -> float | None:
        """Return when the router found a cluster critical after the loss, and None when it did not."""
        return next(
            (
                e.at
                for e in self.events
                if e.cluster == cluster and e.kind == "critical" and self.lost_at <= e.at < self.back_at
            ),
            None,
        )

    def healthy(self, cluster: str) -> float | None:
        """Return when the router found a cluster healthy again after it was brought back."""
        return next(
            (
                e.at
                for e in self.events
                if e.cluster == cluster and e.kind == "healthy" and e.at >= self.back_at
            ),
            None,
        )
