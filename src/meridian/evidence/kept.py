"""Observations from results that were kept before: live checks and drills. One that was changed since counts for nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from meridian.audit.actions import ACTIONS, DRILLS, EVIDENCE, journal
from meridian.compliance.controls import Control
from meridian.drills import evidence as drills
from meridian.evidence.model import Method, Observation, Outcome
from meridian.paths import Checkout

_CHANGING = frozenset({"up ended", "destroy ended", "recover ended"})
_OUTCOMES = {"passed": Outcome.NONE, "failed": Outcome.FINDING, "not applicable": Outcome.NOTHING}


@dataclass(frozen=True)
class _Run:
    """One kept verification."""

    at: datetime
    digest: str
    problem: str
    """Why it cannot be trusted; empty when it is what the journal noted."""
    checks: tuple[Mapping[str, Any], ...]


def runs(checkout: Checkout, environment: str) -> list[Path]:
    """Return the kept verifications, oldest first."""
    return sorted((checkout.work / "evidence" / environment / "verify").glob("*.json"))


def of_live_checks(
    checkout: Checkout, environment: str, controls: Mapping[str, Control]
) -> Iterator[Observation]:
    """Yield each live check's newest result on each subject."""
    noted = {
        str(entry["content"].get("file")): str(entry["content"].get("sha256"))
        for entry in journal(checkout, EVIDENCE).entries()
        if entry.get("kind") == "verify"
    }
    changed = last_change(checkout, environment)
    newest: dict[tuple[str, str], tuple[Path, _Run, Mapping[str, Any]]] = {}
    for file in reversed(runs(checkout, environment)):
        run = _read(file, noted.get(str(file.relative_to(checkout.work))))
        for each in run.checks:
            key = (str(each.get("check")), str(each.get("subject")))
            # A later run that could not look, such as one with another kubeconfig, hides nothing that was seen.
            if key not in newest or (
                newest[key][2].get("outcome") not in _OUTCOMES and each.get("outcome") in _OUTCOMES
            ):
                newest[key] = (file, run, each)
    for (name, subject), (file, run, each) in newest.items():
        at = _time(each.get("at")) or run.at
        yield Observation(
            method=Method.LIVE,
            name=name,
            title=name,
            subject=subject,
            outcome=Outcome.NOT_DONE
            if run.problem
            else _OUTCOMES.get(str(each.get("outcome")), Outcome.NOT_DONE),
            did=str(each.get("did", "")),
            expected=str(each.get("expected", "")),
            seen=run.problem or str(each.get("seen", "")),
            at=at,
            source=f"{file.name} sha256:{run.digest}",
            note=_since(at, changed),
            controls=frozenset(map(str, each.get("controls") or ())) & controls.keys(),
        )


def of_drills(checkout: Checkout, environment: str, controls: Mapping[str, Control]) -> Iterator[Observation]:
    """Yield the newest result of each drill."""
    problems = drills.verify(checkout, environment)
    changed = last_change(checkout, environment)
    noted = {str(entry["content"].get("digest")) for entry in journal(checkout, DRILLS).entries()}
    newest = {record.slug: record for record in drills.records(checkout, environment)}
    for slug, record in sorted(newest.items()):
        result = record.content["result"]
        name = str(result.get("drill", "failover"))
        unknown = "" if record.content["digest"] in noted else "the audit journal of drills does not know it"
        at = datetime.fromtimestamp(record.ended, UTC)
        demanded = [each for each in result.get("findings", ()) if each.get("required")]
        broken = [each for each in demanded if each.get("verdict") != "holds"]
        found = result.get("failed_over_seconds")
        seen = [f"{len(demanded) - len(broken)} of {len(demanded)} demanded claims hold"]
        seen += [f"the loss was found after {found:.2f} s"] if isinstance(found, (int, float)) else []
        seen += [f"{each['subject']}: {each['claim']}: {each.get('value', '')}" for each in broken[:3]]
        yield Observation(
            method=Method.DRILL,
            name=name,
            title=f"Drill: {name}",
            subject=slug,
            outcome=Outcome.NOT_DONE if problems else Outcome.NONE if record.held else Outcome.FINDING,
            did=f"took {slug} away under traffic and brought it back; time scale {result.get('time_scale', 1)}",
            expected="every claim that the design demands holds",
            seen=f"the chain of results is broken: {problems[0]}" if problems else "; ".join(seen),
            at=at,
            source=f"{record.file.name} sha256:{record.content['digest']}",
            note="; ".join(filter(None, (str(result.get("simulated", "")), _since(at, changed), unknown))),
            controls=frozenset(key for key, control in controls.items() if name in control.drills),
        )


def last_change(checkout: Checkout, environment: str) -> datetime | None:
    """Return when the environment was last changed from this checkout; None for never."""
    times = [
        datetime.fromisoformat(str(entry["time"]))
        for entry in journal(checkout, ACTIONS).entries()
        if entry.get("kind") in _CHANGING and entry["content"].get("environment") == environment
    ]
    return max(times, default=None)


def _since(at: datetime, changed: datetime | None) -> str:
    if changed is None or changed <= at:
        return ""
    return f"the environment was changed afterwards, at {changed:%Y-%m-%d %H:%M:%S} UTC"


def _time(text: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _read(file: Path, noted: str | None) -> _Run:
    try:
        raw = file.read_bytes()
        content = json.loads(raw)
        at, checks = datetime.fromisoformat(content["time"]), tuple(dict(each) for each in content["checks"])
    except (OSError, ValueError, KeyError, TypeError):
        return _Run(datetime.fromtimestamp(0, UTC), "", "the kept result cannot be read", ())
    digest = hashlib.sha256(raw).hexdigest()
    problem = ""
    if noted is None:
        problem = "the journal of evidence has no entry for this result"
    elif noted != digest:
        problem = "the result was changed after it was kept: its digest is not the journal's"
    return _Run(at, digest, problem, checks)
