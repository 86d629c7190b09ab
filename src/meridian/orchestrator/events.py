"""The engine's event log (one JSON object a line) as typed events.

The shapes are those of `sdk/go/common/apitype/events.go` of the engine; an event of a kind not known here is skipped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STACK_TYPE = "pulumi:pulumi:Stack"
REFERENCE_TYPE = "pulumi:pulumi:StackReference"


@dataclass(frozen=True)
class Step:
    """One step on one resource."""

    op: str
    urn: str
    type: str
    properties: tuple[str, ...]

    @property
    def name(self) -> str:
        """The resource's logical name: the last part of its URN."""
        return self.urn.rsplit("::", 1)[-1]


@dataclass(frozen=True)
class StepPlanned:
    """The engine is about to do, or in a preview would do, the step."""

    step: Step
    at: int


@dataclass(frozen=True)
class StepDone:
    """The step is done and its outputs are known."""

    step: Step
    at: int


@dataclass(frozen=True)
class StepFailed:
    """The provider refused or lost the step."""

    step: Step
    at: int


@dataclass(frozen=True)
class Diagnostic:
    """What the engine, a provider or the program says; of information the parser keeps what a resource of ours says."""

    severity: str
    message: str
    urn: str
    at: int


@dataclass(frozen=True)
class PolicyViolation:
    """A policy's finding."""

    pack: str
    policy: str
    level: str
    message: str
    urn: str
    at: int


@dataclass(frozen=True)
class Summary:
    """The engine's own counts at the end."""

    counts: Mapping[str, int]
    seconds: int
    at: int


Event = StepPlanned | StepDone | StepFailed | Diagnostic | PolicyViolation | Summary


def _step(metadata: Mapping[str, Any]) -> Step:
    detailed = metadata.get("detailedDiff") or {}
    properties = tuple(sorted(detailed)) or tuple(metadata.get("diffs") or ())
    return Step(
        op=str(metadata.get("op", "")),
        urn=str(metadata.get("urn", "")),
        type=str(metadata.get("type", "")),
        properties=properties,
    )


def _heard(said: Mapping[str, Any]) -> bool:
    severity = said.get("severity", "")
    ours = severity.startswith("info") and kind_of(said.get("urn", "")).startswith("meridian:")
    return severity in ("error", "warning") or ours


def kind_of(urn: str) -> str:
    """Return the type token of a URN; empty when there is none."""
    return urn.split("::")[2].rsplit("$", 1)[-1] if urn.count("::") >= 3 else ""


def parse(line: str) -> Event | None:
    """Return the event of one line; None for kinds that say nothing to a person. Raises ValueError for bad JSON."""
    raw: dict[str, Any] = json.loads(line)
    at = int(raw.get("timestamp", 0))
    if "resourcePreEvent" in raw:
        return StepPlanned(_step(raw["resourcePreEvent"]["metadata"]), at)
    if "resOutputsEvent" in raw:
        return StepDone(_step(raw["resOutputsEvent"]["metadata"]), at)
    if "resOpFailedEvent" in raw:
        return StepFailed(_step(raw["resOpFailedEvent"]["metadata"]), at)
    if "diagnosticEvent" in raw:
        said = raw["diagnosticEvent"]
        if not _heard(said) or said.get("ephemeral"):
            return None
        severity = "info" if said["severity"].startswith("info") else said["severity"]
        return Diagnostic(severity, str(said.get("message", "")).strip(), said.get("urn", ""), at)
    if "policyEvent" in raw:
        found = raw["policyEvent"]
        return PolicyViolation(
            pack=found.get("policyPackName", ""),
            policy=found.get("policyName", ""),
            level=found.get("enforcementLevel", ""),
            message=str(found.get("message", "")).strip(),
            urn=found.get("resourceUrn", ""),
            at=at,
        )
    if "summaryEvent" in raw:
        closing = raw["summaryEvent"]
        return Summary(dict(closing.get("resourceChanges") or {}), int(closing.get("durationSeconds", 0)), at)
    if "errorEvent" in raw:
        return Diagnostic("error", str(raw["errorEvent"].get("error", "")).strip(), "", at)
    return None


class EventTail:
    """Reads what has been appended to an event log since the last call; a half-written last line waits."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._rest = b""

    def read(self) -> Iterator[Event]:
        """Yield the new events; nothing when the file does not exist yet."""
        try:
            with self._path.open("rb") as log:
                log.seek(self._offset)
                fresh = log.read()
        except FileNotFoundError:
            return
        self._offset += len(fresh)
        *lines, self._rest = (self._rest + fresh).split(b"\n")
        for line in lines:
            # Debug diagnostics are most of the log: skipped unparsed, they would cost more than the rest.
            if not line.strip() or b'"severity":"debug"' in line[-200:]:
                continue
            event = parse(line.decode(errors="replace"))
            if event is not None:
                yield event
