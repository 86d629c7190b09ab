"""Evidence of the policies' baseline: a plan in which every rule finds nothing, or what a test has changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from meridian.compliance.controls import Framework
from meridian.compliance.evaluate import Policies
from meridian.evidence.assess import Basis, assess
from meridian.evidence.model import ControlEvidence, Evidence
from meridian.model import load_environment
from meridian.paths import Checkout
from meridian.plan import PlannedResource
from meridian.proofs.result import Finding, Proof, Verdict
from policies.load import load
from policies.mutants.baseline import plan_of, resources
from policies.mutants.cases import CASES
from policies.mutants.run import DAY

ROOT = Path(__file__).parents[2]
PROD = load_environment(ROOT, "prod")
AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)


def policies() -> Policies:
    """Return the rules without exceptions: the baseline needs none."""
    return replace(load(), exceptions=())


def mutant(rule: str) -> list[PlannedResource]:
    """Return the baseline with the first change that breaks a rule."""
    return next(each for each in CASES if each.rule == rule).edit(resources())


def proof(name: str, verdict: Verdict = Verdict.HOLDS) -> Proof:
    """Return a proof of one demanded claim."""
    return Proof(name, "by hand", {}, (Finding("eu", "stays", verdict, required=True),), ("a premise",))


def basis(
    folder: Path,
    found: list[PlannedResource] | None = None,
    *,
    rules: Policies | None = None,
    whole: bool = True,
    proofs: Sequence[Proof] = (),
) -> Basis:
    """Return what evidence is made from; kept results lie in the folder."""
    used, plan = rules or policies(), plan_of(resources() if found is None else found)
    return Basis(
        checkout=Checkout(folder),
        plan=plan,
        policies=used,
        report=used.run(plan, DAY, whole=whole),
        proofs=proofs,
        planned=AT,
    )


def evidence(
    folder: Path, framework: Framework = "gdpr", found: list[PlannedResource] | None = None
) -> Evidence:
    """Return the evidence of a framework."""
    return assess(basis(folder, found), framework, LATER)


def control(evidence: Evidence, key: str) -> ControlEvidence:
    """Return one control."""
    return next(each for each in evidence.controls if each.id == key)
