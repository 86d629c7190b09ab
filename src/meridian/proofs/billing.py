"""What a plan is billed for: the lines of all its resources; pure, and silent about money."""

from __future__ import annotations

from meridian.model.prices import Usage
from meridian.plan import Plan
from meridian.proofs.bill import Bill, Line
from meridian.proofs.billing_rules import RULES
from meridian.proofs.unbilled import is_free


def lines(plan: Plan, usage: Usage, hours: int) -> tuple[list[Line], list[str]]:
    """Return the lines of a plan, and the types of which nobody said what they cost."""
    bill = Bill(plan, usage, hours)
    found: list[Line] = []
    unpriced: set[str] = set()
    for resource in plan:
        if not resource.stays or not resource.custom:
            continue
        rule = RULES.get(resource.type)
        if rule is not None:
            found += rule(resource, bill, plan.region(resource))
        elif not is_free(resource.type):
            unpriced.add(resource.type)
    return found, sorted(unpriced)
