"""What every proof returns: a verdict with all that a reader needs to check it by hand."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """`depends` means that it holds for some of the states that the system may choose, and not for others."""

    HOLDS = "holds"
    DEPENDS = "depends"
    FAILS = "fails"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Finding:
    """One claim that was examined."""

    subject: str
    """What is claimed of, such as a partition or a population."""
    claim: str
    verdict: Verdict
    value: str = ""
    """The computed figure with its unit."""
    bound: str = ""
    """What the model asks for, when it asks."""
    counterexample: str = ""
    required: bool = False
    """True when the model demands the claim: a failure then refuses the plan."""

    @property
    def broken(self) -> bool:
        """True when something demanded does not surely hold."""
        return self.required and self.verdict is not Verdict.HOLDS


@dataclass(frozen=True)
class Proof:
    """The findings of one proof, with how they were found."""

    name: str
    method: str
    """The formula or the search."""
    inputs: dict[str, Any]
    findings: tuple[Finding, ...]
    assumptions: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Figures behind the findings, by heading."""

    @property
    def broken(self) -> tuple[Finding, ...]:
        """Return the demanded claims that do not hold."""
        return tuple(finding for finding in self.findings if finding.broken)

    @property
    def holds(self) -> bool:
        """True when nothing demanded is broken; says nothing of claims that nobody demands."""
        return not self.broken

    def to_json(self) -> dict[str, Any]:
        """Return plain data with stable keys."""
        return {**asdict(self), "holds": self.holds}
