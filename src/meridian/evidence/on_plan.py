"""Observations on a plan: what each rule found and how much it had to look at, and what each proof says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime

from meridian.compliance.controls import Control
from meridian.compliance.evaluate import Policies, Report
from meridian.compliance.rule import Rule, Scene
from meridian.evidence.model import Method, Observation, Outcome
from meridian.plan import Plan, PlannedResource
from meridian.proofs.result import Proof
from meridian.wording import counted

OF_REGISTERS = {"reviews-in-date": "policies/reviews.yaml"}
"""Rules over what people keep, with its file: they judge whatever the plan holds."""


@dataclass(frozen=True)
class Watched(Plan):
    """A plan that notes which of its resources it was asked for."""

    seen: set[str] = field(default_factory=set)

    @classmethod
    def over(cls, plan: Plan) -> Watched:
        """Return the plan, watched."""
        watched = cls(**{each.name: getattr(plan, each.name) for each in fields(Plan)})
        # What a plan looks up for itself is no look of a rule.
        _ = (watched._typed, watched.by_urn, watched._regions)
        watched.seen.clear()
        return watched

    def __iter__(self) -> Iterator[PlannedResource]:
        """Yield every resource and note it."""
        for each in super().__iter__():
            self._note(each)
            yield each

    def of(self, *types: str) -> Iterator[PlannedResource]:
        """Yield what stays of these types and note it."""
        for each in super().of(*types):
            self._note(each)
            yield each

    def _note(self, resource: PlannedResource) -> None:
        if resource.op != "read":  # as plans count themselves
            self.seen.add(resource.urn)


def looked(rules: Iterable[Rule], plan: Plan, policies: Policies, today: date) -> dict[str, int]:
    """Return how many resources each rule looked at."""
    watched = Watched.over(plan)
    scene = Scene(watched, policies.registers, today)
    counts = {}
    for rule in rules:
        watched.seen.clear()
        for _ in rule.check(scene):
            pass
        counts[rule.id] = len(watched.seen)
    return counts


def of_rules(
    policies: Policies, plan: Plan, report: Report, controls: Mapping[str, Control], at: datetime
) -> Iterator[Observation]:
    """Yield what each rule that a control names says of the plan."""
    named = {rule for control in controls.values() for rule in control.rules}
    rules = [each for each in policies.rules if each.id in named]
    counts = looked((each for each in rules if each.id in report.rules), plan, policies, report.on)
    for rule in rules:
        open_ = [each for each in report.findings if each.rule == rule.id]
        excepted = sum(each.finding.rule == rule.id for each in report.excepted)
        count = counts.get(rule.id, 0)
        if rule.id not in report.rules:
            outcome, seen = Outcome.NOT_DONE, "it needs the plan of all units, and this plan holds only some"
        elif open_:
            outcome, seen = (
                Outcome.FINDING,
                f"{counted(len(open_), 'finding')}, the first: {open_[0].message}",
            )
        elif excepted:
            outcome, seen = Outcome.EXCEPTED, f"{counted(excepted, 'finding')} under an exception"
        elif count or rule.id in OF_REGISTERS:
            outcome, seen = Outcome.NONE, "no finding"
        else:
            outcome, seen = Outcome.NOTHING, "the plan holds nothing that this rule judges"
        yield Observation(
            method=Method.RULE,
            name=rule.id,
            title=rule.title,
            subject=OF_REGISTERS.get(rule.id, f"{count:,} of {counted(report.resources, 'resource')}"),
            outcome=outcome,
            did=f"judged the merged plan; level {rule.level(plan.environment)}, severity {rule.severity}",
            expected=rule.title,
            seen=seen,
            at=at,
            source=f"plan sha256:{report.plan}",
            controls=frozenset(key for key, control in controls.items() if rule.id in control.rules),
        )


def of_proofs(
    proofs: Iterable[Proof], plan: Plan, controls: Mapping[str, Control], at: datetime
) -> Iterator[Observation]:
    """Yield what each proof that a control names says."""
    for proof in proofs:
        naming = frozenset(key for key, control in controls.items() if proof.name in control.proofs)
        if not naming:
            continue
        demanded = sum(each.required for each in proof.findings)
        broken = "; ".join(f"{each.subject}: {each.claim}: {each.verdict}" for each in proof.broken[:3])
        seen = f"{demanded - len(proof.broken)} of {demanded} demanded claims hold"
        if not demanded:
            seen = "the data demands nothing of it: its figures are for the reader"
        elif broken:
            seen = f"{seen}; {broken}"
        assumes = f"; assumes: {'; '.join(proof.assumptions)}" if proof.assumptions else ""
        yield Observation(
            method=Method.PROOF,
            name=proof.name,
            title=f"Proof: {proof.name}",
            subject=plan.environment,
            outcome=Outcome.FINDING if proof.broken else Outcome.NONE if demanded else Outcome.NOTHING,
            did=proof.method + assumes,
            expected="every claim that the data demands holds",
            seen=seen,
            at=at,
            source=f"plan sha256:{plan.digest()}",
            controls=naming,
        )
