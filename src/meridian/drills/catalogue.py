"""Every drill of an environment, when it was last run, and when it is due again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from meridian.drills.evidence import Record
from meridian.drills.target import Target, targets
from meridian.model.environment import Environment

State = Literal["never run", "due", "failed", "held"]


@dataclass(frozen=True)
class Entry:
    """One drill; a drill that did not hold is due at once, whenever it ran."""

    target: Target
    last: datetime | None
    """When it last ran, whatever came of it."""
    due: datetime | None
    """When it must be run again; None: now, for it never held."""
    state: State

    @property
    def is_due(self) -> bool:
        """True when it must be run."""
        return self.state != "held"


def catalogue(environment: Environment, records: Iterable[Record], now: datetime) -> list[Entry]:
    """Return every drill; a cluster that was lost with its machines counts as its drill too."""
    known = list(records)
    return [_entry(each, known, environment.compliance.drill_days, now) for each in targets(environment)]


def _entry(target: Target, records: list[Record], days: int, now: datetime) -> Entry:
    # A cluster lost with its machines is a harder drill of the same loss.
    slugs = {target.slug, f"{target.slug}-with-machines"}
    mine = sorted((r for r in records if r.slug in slugs), key=lambda r: r.ended)
    if not mine:
        return Entry(target, None, None, "never run")
    held = [r for r in mine if r.held]
    last = datetime.fromtimestamp(mine[-1].ended, UTC)
    due = datetime.fromtimestamp(held[-1].ended, UTC) + timedelta(days=days) if held else None
    if not mine[-1].held:
        return Entry(target, last, due, "failed")
    assert due is not None
    return Entry(target, last, due, "due" if due <= now else "held")
