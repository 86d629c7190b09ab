"""The evidence as OSCAL assessment results (NIST OSCAL 1.2.1), for tools of auditors.

A finding is written only where something was found, with the status `not-satisfied`. `satisfied` is never written: OSCAL
means by it that an objective is completely satisfied, which no check here can say. What was checked without a finding
stands as an observation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from meridian.evidence.model import STATEMENT, ControlEvidence, Evidence, Method, Observation, State
from meridian.wording import counted

VERSION = "1.2.1"
_SPACE = UUID("6f1d6a3e-5a0c-5d7e-9c55-0d6c1f2f9a10")
_NAMESPACE = "urn:meridian:evidence"
_METHODS = {Method.RULE: "EXAMINE", Method.PROOF: "EXAMINE", Method.LIVE: "TEST", Method.DRILL: "TEST"}


def render(evidence: Evidence) -> str:
    """Return the document; the same evidence gives the same text."""
    return json.dumps(document(evidence), indent=1) + "\n"


def document(evidence: Evidence) -> dict[str, Any]:
    """Return the document as plain data."""
    ids = _Ids(evidence)
    made = evidence.made.isoformat(timespec="seconds")
    title = f"{evidence.environment}: {evidence.title}"
    observed = [*evidence.observations, *evidence.aside]
    findings = [_finding(each, ids) for each in evidence.controls if each.state is State.FINDING]
    result: dict[str, Any] = {
        "uuid": ids.of("result"),
        "title": title,
        "description": f"{STATEMENT} {evidence.made_against}",
        "start": min([each.at for each in observed] + [evidence.made]).isoformat(timespec="seconds"),
        "end": made,
        "props": _props(
            {
                "environment": evidence.environment,
                "framework": evidence.framework,
                "plan-sha256": evidence.report.plan,
                "plan-revision": evidence.plan.revision,
                "plan-providers": evidence.plan.providers,
            }
        ),
        "reviewed-controls": {
            "control-selections": [{"include-controls": [{"control-id": e.id} for e in evidence.controls]}]
        },
        "observations": [
            *(_observation(each, ids) for each in observed),
            *(_state(each, evidence, ids) for each in evidence.controls),
        ],
        "remarks": "\n\n".join((STATEMENT, evidence.made_against, *evidence.missing)),
    }
    if findings:
        result["findings"] = findings
    plan = ids.of("assessment-plan")
    return {
        "assessment-results": {
            "uuid": ids.of("document"),
            "metadata": {
                "title": title,
                "last-modified": made,
                "version": made,
                "oscal-version": VERSION,
            },
            "import-ap": {
                "href": f"#{plan}",
                "remarks": "No OSCAL assessment plan exists; the register of controls says what is assessed and by what.",
            },
            "results": [result],
            "back-matter": {
                "resources": [
                    {
                        "uuid": plan,
                        "title": "Register of controls with their rules, proofs, drills and gaps",
                        "rlinks": [{"href": "policies/controls.yaml", "media-type": "application/yaml"}],
                    }
                ]
            },
        }
    }


class _Ids:
    """UUIDs that follow from what they name and from when the package was made."""

    def __init__(self, evidence: Evidence) -> None:
        self._base = uuid5(
            _SPACE,
            "/".join(
                (
                    evidence.environment,
                    evidence.framework,
                    evidence.report.plan,
                    evidence.made.isoformat(),
                )
            ),
        )

    def of(self, *name: str) -> str:
        return str(uuid5(self._base, "\0".join(name)))


def _observation(each: Observation, ids: _Ids) -> dict[str, Any]:
    found: dict[str, Any] = {
        "uuid": ids.of("observation", each.key),
        "title": _line(each.title),
        "description": f"{each.did}. Expected: {each.expected or 'nothing'}. Seen: {each.seen}",
        "props": _props(
            {
                "method": each.method,
                "name": each.name,
                "subject": each.subject,
                "outcome": each.outcome,
                **{f"control-{number}": key for number, key in enumerate(sorted(each.controls), 1)},
            }
        ),
        "methods": [_METHODS[each.method]],
        "types": ["finding" if each.outcome == "finding" else "control-objective"],
        "relevant-evidence": [{"description": each.source}],
        "collected": each.at.isoformat(timespec="seconds"),
    }
    if each.note:
        found["remarks"] = each.note
    return found


def _state(each: ControlEvidence, evidence: Evidence, ids: _Ids) -> dict[str, Any]:
    exceptions = [
        f"exception from {by.rule} until {by.expires} ({by.owner}): {by.reason.strip()}; {counted(count, 'finding')}"
        for by, count in each.exceptions
    ]
    told = [*(f"not checked: {text}" for text in each.not_checked), *exceptions]
    if each.control.gap:
        told.append(f"gap: {each.control.gap}")
    found: dict[str, Any] = {
        "uuid": ids.of("state", each.id),
        "title": _line(f"{each.id}: {each.control.title}"),
        "description": f"{each.control.text} Source: {each.control.source}. State: {each.state}.",
        "props": _props({"control-1": each.id, "state": each.state}),
        "methods": ["EXAMINE"],
        "types": ["control-objective"],
        "collected": evidence.made.isoformat(timespec="seconds"),
    }
    if told:
        found["remarks"] = "\n\n".join(told)
    return found


def _finding(each: ControlEvidence, ids: _Ids) -> dict[str, Any]:
    own = [one for one in each.observations if one.outcome == "finding"]
    return {
        "uuid": ids.of("finding", each.id),
        "title": _line(f"{each.id}: {each.control.title}"),
        "description": "\n\n".join(f"{one.method} {one.name}, {one.subject}: {one.seen}" for one in own),
        "target": {
            "type": "objective-id",
            "target-id": each.id,
            "status": {"state": "not-satisfied", "reason": "fail"},
        },
        "related-observations": [{"observation-uuid": ids.of("observation", one.key)} for one in own],
    }


def _props(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [
        {"name": name, "ns": _NAMESPACE, "value": _line(value)}
        for name, value in values.items()
        if value.strip()
    ]


def _line(text: str) -> str:
    return " ".join(str(text).split())
