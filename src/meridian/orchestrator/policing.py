"""Judges what a run has planned or done by the rules under policies/: in this process, over the merged plan of all units."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from meridian.compliance.evaluate import Policies
from meridian.orchestrator.capture import merged_plan
from meridian.orchestrator.result import Result
from meridian.orchestrator.session import Session
from meridian.orchestrator.units import Mark
from meridian.paths import Checkout
from policies.load import FOLDER, load


def judged(session: Session, result: Result, policies: Policies, *, whole: bool) -> Result:
    """Return the result with what the rules say of it.

    Of a unit that failed, each resource that it told before is judged: the same failure would stop the rest of it. How
    its resources belong together, and what needs the whole estate, is judged only where the plan is whole.
    """
    complete = whole and all(unit.mark is Mark.DONE for unit in result.units)
    units = [unit.unit for unit in result.units if unit.mark in (Mark.DONE, Mark.FAILED)]
    plan, today = merged_plan(session, units), datetime.now(UTC).date()
    cut = frozenset(unit.unit for unit in result.units if unit.mark is Mark.FAILED)
    return replace(result, policies=policies.run(plan, today, whole=complete, cut=cut))


def policies_of(checkout: Checkout) -> Policies:
    """Return the rules with the checkout's own registers, controls and exceptions; with this installation's where it has none."""
    own = checkout.root / "policies"
    return load(own if (own / "controls.yaml").is_file() else FOLDER)
