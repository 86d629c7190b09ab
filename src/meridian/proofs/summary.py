"""What all proofs say together: what is demanded and holds, and what does not hold though nobody demands it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from meridian.proofs.result import Finding, Proof, Verdict


def summary(proofs: Sequence[Proof]) -> str:
    """Return both counts in one sentence, with the proofs of the claims that do not hold."""
    findings = [(proof.name, finding) for proof in proofs for finding in proof.findings]
    broken = Counter(name for name, finding in findings if finding.broken)
    missed = Counter(
        name for name, finding in findings if not (finding.required or finding.verdict is Verdict.HOLDS)
    )
    demanded = sum(finding.required for _, finding in findings)
    told = f"{demanded - broken.total()} of {demanded} demanded claims hold"
    if broken:
        told += f", not {_named(broken)}"
    if others := len(findings) - demanded:
        told += f"; {missed.total()} of {others} claims that nobody demands do not hold"
    if missed:
        told += f": {_named(missed)}"
    return told


def failing(proof: Proof) -> list[str]:
    """Return each claim that does not surely hold, once, with the first subject and figure of which it is said."""
    groups: dict[tuple[str, Verdict], list[Finding]] = {}
    for finding in proof.findings:
        if finding.verdict is not Verdict.HOLDS:
            groups.setdefault((finding.claim, finding.verdict), []).append(finding)
    return [_told(found) for found in groups.values()]


def _told(found: Sequence[Finding]) -> str:
    first = found[0]
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return f"{first.subject}{more}: {first.claim}: {first.verdict} {first.value}".strip()


def _named(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
