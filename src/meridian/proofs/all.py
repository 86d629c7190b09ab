"""Every proof by its name, so that the command line, previews and policies run the same ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from meridian.model.assumptions import Assumptions
from meridian.model.environment import Environment
from meridian.plan import Plan
from meridian.proofs.agreement import agreement, planned_schema
from meridian.proofs.availability import availability
from meridian.proofs.capacity import capacity
from meridian.proofs.cost import cost
from meridian.proofs.failover import failover
from meridian.proofs.latency import latency
from meridian.proofs.residency import residency
from meridian.proofs.result import Proof
from meridian.proofs.survival import survival
from meridian.sql import Desired, desired


@dataclass(frozen=True)
class Subject:
    """What is proved of."""

    environment: Environment
    desired: Desired
    assumptions: Assumptions


PROOFS: Mapping[str, Callable[[Subject], Proof]] = {
    "survival": lambda of: survival(of.desired),
    "capacity": lambda of: capacity(of.environment, of.assumptions),
    "availability": lambda of: availability(of.environment, of.desired, of.assumptions.availability),
    "failover": lambda of: failover(of.environment),
    "latency": lambda of: latency(of.environment, of.desired, of.assumptions.latency),
}
"""Of the data alone."""

PLAN_PROOFS: Mapping[str, Callable[[Subject, Plan], Proof]] = {
    "agreement": lambda of, plan: agreement(of.environment, plan),
    "residency": lambda of, plan: residency(of.environment, of.desired, plan),
    "cost": lambda of, plan: cost(plan, of.assumptions.prices, of.environment),
}
"""Of the data and the merged plan."""


def subject_of(environment: Environment, assumptions: Assumptions, plan: Plan | None = None) -> Subject:
    """Return what is proved of; the database is the plan's own where the plan knows it."""
    planned = planned_schema(plan) if plan is not None else None
    return Subject(environment, planned or desired(environment), assumptions)


def prove_all(subject: Subject, plan: Plan) -> list[Proof]:
    """Return every proof."""
    return [
        *(prove(subject) for prove in PROOFS.values()),
        *(prove(subject, plan) for prove in PLAN_PROOFS.values()),
    ]
