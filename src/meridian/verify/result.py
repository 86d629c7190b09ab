"""What a check did, expected and saw, when, and which controls it speaks of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from meridian.verify.catalogue import CHECKS


class Outcome(StrEnum):
    """Whether what was seen is what was expected."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"
    """The thing does not exist there."""
    NOT_CHECKED = "not checked"
    """The thing exists, and nobody looked: nothing is known."""


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True)
class Checked:
    """One check of one subject: a cluster, the database or the edge."""

    check: str
    subject: str
    did: str
    expected: str
    seen: str
    outcome: Outcome
    at: str = field(default_factory=_now)
    """When it ended, in UTC."""

    @property
    def controls(self) -> tuple[str, ...]:
        """Return the ids of the controls of policies/controls.yaml that it shows something of."""
        return CHECKS[self.check].controls

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data, with the check's title and controls."""
        return {**asdict(self), "title": CHECKS[self.check].title, "controls": list(self.controls)}


def judged(check: str, subject: str, did: str, expected: str, seen: str, good: bool) -> Checked:
    """Return a check that was done."""
    return Checked(check, subject, did, expected, seen, Outcome.PASSED if good else Outcome.FAILED)


def not_applicable(check: str, subject: str, reason: str) -> Checked:
    """Return a check of what does not exist there, with the reason."""
    return Checked(check, subject, "nothing", "", reason, Outcome.NOT_APPLICABLE)


def not_checked(check: str, subject: str, reason: str) -> Checked:
    """Return a check that was not done, with the reason; it never counts as passed."""
    return Checked(check, subject, "nothing", "", reason, Outcome.NOT_CHECKED)


def some(wrong: Sequence[str], limit: int = 5) -> str:
    """Return the first of a list of faults, and how many more there are."""
    more = f"; and {len(wrong) - limit} more" if len(wrong) > limit else ""
    return "; ".join(wrong[:limit]) + more
