"""What a check did, expected and saw."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """Whether what was seen is what was expected."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True)
class Checked:
    """One check of one cluster."""

    check: str
    subject: str
    did: str
    expected: str
    seen: str
    outcome: Outcome

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


def judged(check: str, subject: str, did: str, expected: str, seen: str, good: bool) -> Checked:
    """Return a check that was done."""
    return Checked(check, subject, did, expected, seen, Outcome.PASSED if good else Outcome.FAILED)


def not_applicable(check: str, subject: str, reason: str) -> Checked:
    """Return a check that cannot be done there, with the reason."""
    return Checked(check, subject, "nothing", "", reason, Outcome.NOT_APPLICABLE)
