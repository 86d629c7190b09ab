"""Puts together for each control what was observed, what is excepted and what was not checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from meridian.audit.actions import journals
from meridian.compliance.controls import Control, Framework
from meridian.compliance.evaluate import Policies, Report
from meridian.evidence.kept import of_drills, of_live_checks
from meridian.evidence.model import ControlEvidence, Evidence, Method, Observation, Outcome, State
from meridian.evidence.on_plan import of_proofs, of_rules
from meridian.paths import Checkout
from meridian.plan import Plan
from meridian.proofs.result import Proof


@dataclass(frozen=True, kw_only=True)
class Basis:
    """What evidence is made from."""

    checkout: Checkout
    """Where kept results and journals are read."""
    plan: Plan
    policies: Policies
    report: Report
    proofs: Sequence[Proof]
    planned: datetime
    """When the plan was judged."""


def assess(basis: Basis, framework: Framework, now: datetime) -> Evidence:
    """Return the evidence for a framework; reads kept results, changes nothing."""
    controls = dict(basis.policies.controls.of(framework))
    environment = basis.plan.environment
    live = list(of_live_checks(basis.checkout, environment, controls))
    held = list(of_drills(basis.checkout, environment, controls))
    observations = [
        *of_rules(basis.policies, basis.plan, basis.report, controls, basis.planned),
        *of_proofs(basis.proofs, basis.plan, controls, basis.planned),
        *live,
        *held,
    ]
    return Evidence(
        framework=framework,
        made=now,
        plan=basis.plan,
        report=basis.report,
        registers=basis.policies.registers,
        controls=tuple(_control(key, each, observations, basis.report) for key, each in controls.items()),
        observations=tuple(each for each in observations if each.controls),
        aside=tuple(each for each in live if not each.controls),
        journals={chain.name: str(chain.head()) for chain in journals(basis.checkout) if chain.head()},
        missing=tuple(_missing(environment, bool(live), bool(held), basis.checkout)),
    )


def _missing(environment: str, live: bool, held: bool, checkout: Checkout) -> Iterator[str]:
    if not live:
        yield f"no live check of {environment} is kept here: nothing says what runs, only what is planned"
    if not held:
        yield f"no drill of {environment} is kept here"
    for chain in journals(checkout):
        for problem in chain.problems()[:1]:
            yield f"the audit journal {chain.name} is not whole, entry {problem.entry}: {problem.reason}"


def _control(
    key: str, control: Control, observations: Sequence[Observation], report: Report
) -> ControlEvidence:
    own = tuple(each for each in observations if key in each.controls)
    return ControlEvidence(
        id=key,
        control=control,
        state=_state(control, own),
        observations=own,
        findings=tuple(each for each in report.findings if key in each.controls),
        excepted=tuple(each for each in report.excepted if key in each.finding.controls),
        not_checked=tuple(_unchecked(control, own)),
    )


def _state(control: Control, own: Sequence[Observation]) -> State:
    outcomes = {each.outcome for each in own}
    if Outcome.FINDING in outcomes:
        return State.FINDING
    if Outcome.EXCEPTED in outcomes:
        return State.EXCEPTED
    if Outcome.NONE not in outcomes:
        return State.PEOPLE if "people" in control.answers and not control.rules else State.NOT_CHECKED
    made = {each.name for each in own}
    whole = outcomes == {Outcome.NONE} and control.answers == ("code",) and not control.gap
    whole = whole and made >= {*control.rules, *control.proofs, *control.drills}
    return State.CHECKED if whole else State.PART


def _unchecked(control: Control, own: Sequence[Observation]) -> Iterator[str]:
    if not own:
        yield "no rule, proof, live check or drill answers to this control"
    if "people" in control.answers:
        yield "what people do for it: their records are named, not read"
    if "provider" in control.answers:
        yield "what the provider does for it: its reports are asked for under contract and not kept here"
    for each in own:
        if each.outcome in (Outcome.NOTHING, Outcome.NOT_DONE):
            yield f"{each.method} {each.name}, {each.subject}: {each.seen}"
    if own and not any(each.method is Method.LIVE for each in own):
        yield "anything that runs: no result of a live check is kept for this control, only the plan was judged"
    if control.drills and not any(each.method is Method.DRILL for each in own):
        yield f"the way back in practice: no result of drill {', '.join(control.drills)} is kept here"
