"""The review of a plan: a verdict with its reasons, made from the plan, the proofs and the policies alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from meridian.plan import Plan, PlannedResource
from meridian.plan.kinds import area, holds_data
from meridian.proofs.cost import Costs
from meridian.proofs.result import Finding, Proof, Verdict
from meridian.proofs.summary import summary
from meridian.wording import counted


class Judgement(StrEnum):
    """The first word of a review."""

    SAFE = "safe"
    ATTENTION = "needs attention"
    REFUSED = "refused"


@dataclass(frozen=True)
class PolicyFinding:
    """What a policy says of one resource."""

    unit: str
    policy: str
    level: str
    resource: str
    message: str


@dataclass(frozen=True)
class ProofChange:
    """A claim whose verdict or figure differs from the baseline's."""

    proof: str
    finding: Finding
    before: str


@dataclass(frozen=True)
class Review:
    """Everything that a report shows, in the order in which it is read."""

    plan: Plan
    judgement: Judgement
    reasons: tuple[str, ...]
    destructive: tuple[PlannedResource, ...]
    """Replaced or deleted, those that hold data first."""
    security: tuple[PlannedResource, ...]
    proofs: tuple[Proof, ...]
    changed_proofs: tuple[ProofChange, ...]
    costs: Costs
    costs_now: Costs | None
    policies: tuple[PolicyFinding, ...]
    warnings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What the preview warned of, by message, with the units that say it; has no part in the verdict."""

    @property
    def counts(self) -> dict[str, int]:
        """Return how many resources the plan creates, updates, replaces and deletes."""
        return Counter(each.op for unit in self.plan.units for each in self.plan.changing(unit))

    @property
    def proved(self) -> str:
        """Say what the proofs found, demanded or not: a plan that is safe may still fail what nobody demands."""
        return summary(self.proofs)

    @property
    def needs_approval(self) -> tuple[str, ...]:
        """Return the URNs whose names an approval must carry: what holds data and is replaced or deleted."""
        return tuple(each.urn for each in self.destructive if holds_data(each))

    @property
    def opens(self) -> tuple[PlannedResource, ...]:
        """Return what decides anew about identity, network and keys of an estate that exists; nothing on its first day."""
        return self.security if current(self.plan) else ()


def review(
    plan: Plan,
    proofs: Sequence[Proof],
    costs: Costs,
    costs_now: Costs | None = None,
    *,
    baseline: Mapping[str, Any] | None = None,
    behind: str = "",
    policies: Sequence[PolicyFinding] = (),
    warnings: Mapping[str, tuple[str, ...]] | None = None,
) -> Review:
    """Judge a plan; `baseline` is the `proofs` part of an earlier report's JSON, `behind` why the state may be old."""
    destructive = sorted(
        (each for each in plan if each.op in ("delete", "replace") and each.custom and not _engine(each)),
        key=lambda each: (not holds_data(each), each.unit, each.urn),
    )
    security = [each for each in plan if each.changes and area(each)]
    refused = [*_broken(proofs), *_mandatory(policies)]
    attention = [
        *([behind] if behind else []),
        *_destroys(destructive),
        *(_opens(security) if current(plan) else []),
        *_advisory(policies),
    ]
    judgement = Judgement.REFUSED if refused else Judgement.ATTENTION if attention else Judgement.SAFE
    return Review(
        plan,
        judgement,
        tuple(refused + attention) or ("nothing is replaced or deleted, nothing that is demanded is broken",),
        tuple(destructive),
        tuple(security),
        tuple(proofs),
        tuple(_changed(proofs, baseline)) if baseline is not None else (),
        costs,
        costs_now,
        tuple(policies),
        warnings or {},
    )


def current(plan: Plan) -> Plan | None:
    """Return the estate as it is before the plan, read from the plan's own old inputs; None when there is nothing yet."""
    units = {
        unit: tuple(
            replace(each, op="same", inputs=each.old_inputs or each.inputs)
            for each in found
            if each.op in ("same", "update", "replace", "delete")
        )
        for unit, found in plan.units.items()
    }
    return (
        replace(plan, units=units)
        if any(each.custom and not _engine(each) for f in units.values() for each in f)
        else None
    )


def _engine(resource: PlannedResource) -> bool:
    return resource.type.startswith("pulumi:")


def _broken(proofs: Sequence[Proof]) -> list[str]:
    return [
        f"{proof.name}: {finding.subject}: {finding.claim}: {finding.verdict}"
        + (f", {finding.value}" if finding.value else "")
        + (f" ({finding.counterexample})" if finding.counterexample else "")
        for proof in proofs
        for finding in proof.broken
    ]


def _mandatory(policies: Sequence[PolicyFinding]) -> list[str]:
    return [
        f"policy {each.policy}: {each.resource}: {each.message}"
        for each in policies
        if each.level == "mandatory"
    ]


def _advisory(policies: Sequence[PolicyFinding]) -> list[str]:
    count = sum(each.level != "mandatory" for each in policies)
    return [counted(count, "advisory policy finding")] if count else []


def _destroys(destructive: Sequence[PlannedResource]) -> list[str]:
    holding = [each for each in destructive if holds_data(each)]
    said = [f"{each.op}s {each.type} {each.name} in {each.unit}, which holds data" for each in holding]
    if len(destructive) > len(holding):
        said.append(
            f"replaces or deletes {counted(len(destructive) - len(holding), 'resource')} without data"
        )
    return said


def _opens(security: Sequence[PlannedResource]) -> list[str]:
    # Of an estate that exists: on the first day everything is new.
    areas = sorted({area(each) for each in security})
    return (
        [f"makes or changes {counted(len(security), 'resource')} of {', '.join(areas)}"] if security else []
    )


def _changed(proofs: Sequence[Proof], baseline: Mapping[str, Any]) -> list[ProofChange]:
    known = {
        (name, finding["subject"], finding["claim"]): finding
        for name, proof in baseline.items()
        for finding in proof["findings"]
    }
    found = []
    for proof in proofs:
        for finding in proof.findings:
            before = known.get((proof.name, finding.subject, finding.claim))
            if before is None:
                if finding.verdict is not Verdict.HOLDS:
                    found.append(ProofChange(proof.name, finding, "not examined"))
            elif (before["verdict"], before["value"]) != (finding.verdict.value, finding.value):
                found.append(
                    ProofChange(proof.name, finding, " ".join((before["verdict"], before["value"])).strip())
                )
    return found
