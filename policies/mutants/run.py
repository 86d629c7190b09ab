"""Holds the rules against the baseline and each of its mutants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from meridian.compliance.evaluate import Policies
from policies.mutants.baseline import plan_of, resources
from policies.mutants.cases import CASES, Case

DAY = date(2026, 11, 24)
"""The day on which the baseline is judged: its registers are in date then."""


@dataclass(frozen=True)
class Outcome:
    """Which rules spoke of a case; `case` is None for the baseline."""

    case: Case | None
    spoke: frozenset[str]

    @property
    def right(self) -> bool:
        """True when the case's rule spoke and no other did; of the baseline none may."""
        return self.spoke == (frozenset({self.case.rule}) if self.case else frozenset())


def outcomes(policies: Policies) -> Iterator[Outcome]:
    """Yield the baseline's outcome, then each case's."""
    bare = replace(policies, exceptions=())
    for case in (None, *CASES):
        found = case.edit(resources()) if case else resources()
        yield Outcome(case, frozenset(each.rule for each in bare.run(plan_of(found), DAY).findings))
