"""Reviews a preview that has just run: its merged plan with all proofs and prices."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from meridian.files import write_whole
from meridian.model import load_environment
from meridian.model.assumptions import load_assumptions
from meridian.orchestrator.capture import merged_plan
from meridian.orchestrator.engine import event_log
from meridian.orchestrator.errors import OrchestratorError
from meridian.orchestrator.result import Result
from meridian.orchestrator.session import Session
from meridian.plan import Plan
from meridian.proofs.all import Subject, prove_all, subject_of
from meridian.proofs.cost import costs
from meridian.report.review import PolicyFinding, Review, current, review
from meridian.wording import unreadable


def review_of(session: Session, result: Result, baseline: Mapping[str, Any] | None = None) -> Review:
    """Return the review of a preview; `baseline` holds the proofs to compare with."""
    plan = merged_plan(session, [unit.unit for unit in result.units])
    subject = _subject(session, plan)
    environment, prices = subject.environment, subject.assumptions.prices
    now = current(plan)
    return review(
        plan,
        prove_all(subject, plan),
        costs(plan, prices, environment),
        costs(now, prices, environment) if now else None,
        baseline=baseline,
        behind=result.behind,
        warnings=result.warnings,
        policies=[
            PolicyFinding(unit.unit, found.policy, found.level, found.urn.rsplit("::", 1)[-1], found.message)
            for unit in result.units
            for found in unit.violations
        ]
        + [
            PolicyFinding(found.unit, found.rule, found.level.value, found.resource, found.message)
            for found in (result.policies.findings if result.policies else ())
        ],
    )


def _subject(session: Session, plan: Plan) -> Subject:
    """Read the environment and its assumptions, once for proofs and prices."""
    root = session.checkout.root
    environment = load_environment(root, session.environment)
    return subject_of(environment, load_assumptions(root, environment), plan)


def note_applied(session: Session, result: Result) -> None:
    """Keep the proofs of what was just applied whole: the next preview says what changes of them."""
    units = [unit.unit for unit in result.units]
    if not all(event_log(session, unit).exists() for unit in units):
        return  # somebody has cleared the logs meanwhile: the baseline of before stays
    plan = merged_plan(session, units)
    proofs = {proof.name: proof.to_json() for proof in prove_all(_subject(session, plan), plan)}
    content = {"environment": session.environment, "digest": plan.digest(), "proofs": proofs}
    write_whole(_applied(session), json.dumps(content, default=str), make_folder=True)


def _applied(session: Session) -> Path:
    return session.checkout.work / "applied" / f"{session.environment}.json"


def baseline_proofs(session: Session, given: Path | None) -> dict[str, Any] | None:
    """Return the proofs of an earlier preview.json, else of what was applied last; None when there are none."""
    path = given or _applied(session)
    try:
        proofs: dict[str, Any] = json.loads(path.read_text())["proofs"]
    except FileNotFoundError:
        if given is None:
            return None
        raise OrchestratorError(
            f"--baseline {given}", "there is no such file", "name an earlier preview.json"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        if given is None:
            return None
        why = unreadable(error) if isinstance(error, (OSError, ValueError)) else "it holds no proofs"
        raise OrchestratorError(
            f"--baseline {given}", f"it is no preview.json ({why})", "name an earlier preview.json"
        ) from None
    return proofs
