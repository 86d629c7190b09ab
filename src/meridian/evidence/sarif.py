"""What was found as SARIF 2.1.0 (OASIS), which code hosts show beside the code."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Iterator
from typing import Any

from meridian.compliance.evaluate import Finding
from meridian.compliance.exceptions import Exemption
from meridian.compliance.rule import Level
from meridian.evidence.model import Evidence, Method, Observation, Outcome
from meridian.model.units import region_of

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Level.MANDATORY: "error", Level.ADVISORY: "warning"}


def render(evidence: Evidence) -> str:
    """Return the log; findings under an exception are in it, suppressed, with the exception's reason."""
    ours = {each.id for each in evidence.controls}
    report = evidence.report
    seen = [
        each
        for each in evidence.observations
        if each.outcome is Outcome.FINDING and each.method is not Method.RULE
    ]
    results = [
        *(_of_rule(each, None, evidence) for each in report.findings if _concerns(each, ours)),
        *(
            _of_rule(each.finding, each.exception, evidence)
            for each in report.excepted
            if _concerns(each.finding, ours)
        ),
        *(_of_observation(each, evidence) for each in seen),
    ]
    log = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "meridian",
                        "version": importlib.metadata.version("meridian"),
                        "rules": list(_rules(evidence, results)),
                    }
                },
                "automationDetails": {"id": f"meridian-evidence/{evidence.environment}/{evidence.framework}"},
                "invocations": [
                    {
                        "executionSuccessful": True,
                        "endTimeUtc": evidence.made.strftime("%Y-%m-%dT%H:%M:%SZ"),
                    }
                ],
                "properties": {
                    "environment": evidence.environment,
                    "plan": f"sha256:{report.plan}",
                    "madeAgainst": evidence.made_against,
                },
                "results": results,
            }
        ],
    }
    return json.dumps(log, indent=1) + "\n"


def _concerns(finding: Finding, ours: set[str]) -> bool:
    """True for findings of these controls, and for faults of exceptions, which concern all."""
    return not finding.controls or bool(ours & set(finding.controls))


def _rules(evidence: Evidence, results: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield every rule that judged, found or not; a reader sees by it what was looked for."""
    known = {each.name: each for each in evidence.observations if each.method is Method.RULE}
    for name, each in known.items():
        yield {
            "id": name,
            "shortDescription": {"text": each.title},
            "properties": {"controls": sorted(each.controls), "outcome": each.outcome.value},
        }
    for name in sorted({str(each["ruleId"]) for each in results} - set(known)):
        yield {"id": name, "shortDescription": {"text": name}}


def _of_rule(finding: Finding, exception: Exemption | None, evidence: Evidence) -> dict[str, Any]:
    found = _result(
        finding.rule,
        _LEVELS[finding.level],
        finding.message,
        _file(evidence, finding.unit),
        finding.urn or finding.resource,
        (finding.rule, finding.urn or finding.resource, finding.value),
    )
    if exception:
        found["suppressions"] = [
            {
                "kind": "external",
                "status": "accepted",
                "justification": f"{exception.reason.strip()} ({exception.owner}, until {exception.expires})",
            }
        ]
    return found


def _of_observation(each: Observation, evidence: Evidence) -> dict[str, Any]:
    text = f"{each.subject}: {each.seen}; expected: {each.expected}"
    name = f"{each.method.replace(' ', '-')}/{each.name}"
    return _result(name, "error", text, _file(evidence, ""), each.subject, (name, each.subject))


def _result(
    rule: str, level: str, text: str, file: str, place: str, print_of: tuple[str, ...]
) -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": {"uri": file}, "region": {"startLine": 1}}
    }
    if place:
        location["logicalLocations"] = [{"fullyQualifiedName": place, "kind": "resource"}]
    return {
        "ruleId": rule,
        "level": level,
        "message": {"text": text},
        "locations": [location],
        "partialFingerprints": {"meridian/v1": hashlib.sha256("\0".join(print_of).encode()).hexdigest()},
    }


def _file(evidence: Evidence, unit: str) -> str:
    """Return the data file that a unit is made from: a plan knows no line of it, and code hosts ask for a file."""
    name = f"stacks/{evidence.environment}/{region_of(unit)}.yaml"
    return name if name in evidence.plan.inputs else f"stacks/{evidence.environment}/estate.yaml"
