"""What came of a run: changes by unit, counts by operation, the first cause of a failure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meridian.orchestrator.events import (
    REFERENCE_TYPE,
    STACK_TYPE,
    Diagnostic,
    Event,
    PolicyViolation,
    Step,
    StepDone,
    StepFailed,
    StepPlanned,
    Summary,
    kind_of,
)
from meridian.orchestrator.recover import CutOff
from meridian.orchestrator.units import Mark

if TYPE_CHECKING:
    # It brings the model, a quarter of a second: the rules are read while the engines run.
    from meridian.compliance.evaluate import Report

# The halves of a replacement are reported once, as `replace`.
_HALVES = frozenset({"create-replacement", "delete-replaced", "discard-replaced", "remove-pending-replace"})
_QUIET = frozenset({"same", "read", "refresh", "discard", *_HALVES})
# What the engine says after, and because of, another error.
_CASCADE = re.compile(
    r"^((update|preview|refresh|destroy) (failed|canceled)|resource monitor (has terminated|shut down)"
    r"|.*error waiting for RPCs|the connection to the engine was lost|resource registration was canceled)",
    re.IGNORECASE,
)
_TRACEBACK = "Traceback (most recent call last)"


@dataclass(frozen=True)
class Change:
    """One resource that changes; `properties` are the paths that differ (empty for a creation or deletion)."""

    op: str
    type: str
    name: str
    urn: str
    properties: tuple[str, ...]


@dataclass(frozen=True)
class Cause:
    """Why a unit failed: the resource is empty when the program itself, not a resource, is at fault."""

    unit: str
    resource: str
    type: str
    message: str


@dataclass
class UnitResult:
    """What one unit said, gathered from its events as they come."""

    unit: str
    stack: str
    mark: Mark = Mark.WAITING
    blocked_by: str = ""
    seconds: float = 0.0
    planned: int = 0
    finished: int = 0
    current: str = ""
    changes: list[Change] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    errors: list[tuple[int, Diagnostic]] = field(default_factory=list)
    warnings: list[Diagnostic] = field(default_factory=list)
    violations: list[PolicyViolation] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    details: dict[str, list[str]] = field(default_factory=dict)
    """By URN, what a resource of ours says that it would do, such as the SQL that would run."""
    output_tail: str = ""
    summed_up: bool = False
    """The engine has said its last word: what came before is all."""

    def take(self, event: Event, order: int, *, preview: bool) -> None:
        """Account for one event; `order` is its place among the events of all units."""
        match event:
            case StepPlanned(step):
                self.planned += 1
                self.current = step.name
                if preview:
                    self._changed(step)
            case StepDone(step):
                self.finished += 1
                self.current = step.name
                if not preview:
                    self._changed(step)
            case StepFailed(step):
                self.finished += 1
                self.current = step.name
            case Diagnostic(severity="error"):
                self.errors.append((order, event))
            case Diagnostic(severity="info"):
                self.details.setdefault(event.urn, []).extend(event.message.splitlines())
            case Diagnostic():
                self.warnings.append(event)
            case PolicyViolation():
                self.violations.append(event)
            case Summary():
                # The engine counts the stack's own root and both halves of a replacement; ours are counted by step.
                self.summed_up = True

    def _changed(self, step: Step) -> None:
        if step.type == STACK_TYPE or step.op in _HALVES:
            return
        if step.type == REFERENCE_TYPE:
            # A refresh calls it refreshed or updated, which only means that another stack has new outputs.
            self.counts["read"] += 1
            return
        # In an `up` the steps of one replacement are halves and, between them, the logical `replace`.
        self.counts["same" if step.op == "refresh" else step.op] += 1
        if step.op in _QUIET:
            return
        properties = step.properties if step.op in ("update", "replace") else ()
        self.changes.append(Change(step.op, step.type, step.name, step.urn, properties))

    def restart(self) -> None:
        """Forget the steps of a preparing command (a recovery's refresh), keep its notes and warnings."""
        self.planned = self.finished = 0
        self.summed_up = False
        self.changes.clear()
        self.counts.clear()
        self.errors.clear()
        self.details.clear()

    def cause(self) -> tuple[int, Cause] | None:
        """Return the first error that no other error explains, with its place in time."""
        real = [(order, said) for order, said in self.errors if not _CASCADE.match(said.message)]
        of_resources = [pair for pair in real if pair[1].urn and f"::{STACK_TYPE}::" not in pair[1].urn]
        for order, said in of_resources or real or self.errors:
            resource = said.urn.rsplit("::", 1)[-1] if (order, said) in of_resources else ""
            kind = kind_of(said.urn) if resource else ""
            return order, Cause(self.unit, resource, kind, brief(said.message))
        return None


def brief(message: str) -> str:
    """Reduce a Python traceback to its last line; other messages stay whole."""
    if _TRACEBACK not in message:
        return message
    last = [line for line in message.strip().splitlines() if line.strip()][-1]
    return last.strip()


@dataclass(frozen=True)
class Result:
    """The merged result of a run over the units of one environment."""

    environment: str
    operation: str
    providers: str
    units: Sequence[UnitResult]
    seconds: float
    phases: Mapping[str, float]
    interrupted: bool = False
    policies: Report | None = None
    """What the rules say of the plan; None when none were asked."""
    cut_off: Mapping[str, CutOff] = field(default_factory=dict)
    """The units on which an earlier run died and which this one only showed as their state has them."""

    @property
    def refused(self) -> bool:
        """True when a mandatory rule is broken: `up` does nothing then."""
        return self.policies is not None and bool(self.policies.mandatory)

    @property
    def counts(self) -> Counter[str]:
        """Resources per operation over all units, the stacks' own roots left out."""
        total: Counter[str] = Counter()
        for unit in self.units:
            total.update(unit.counts)
        return total

    @property
    def changed(self) -> int:
        """How many resources changed or would."""
        return sum(len(unit.changes) for unit in self.units)

    @property
    def warnings(self) -> dict[str, tuple[str, ...]]:
        """By message, the units that give each warning, in the order in which they are told."""
        found: dict[str, tuple[str, ...]] = {}
        for unit in self.units:
            for message in dict.fromkeys(said.message for said in unit.warnings):
                found[message] = (*found.get(message, ()), unit.unit)
        return found

    @property
    def ok(self) -> bool:
        """True when every unit is done."""
        return all(unit.mark is Mark.DONE for unit in self.units)

    @property
    def cause(self) -> Cause | None:
        """The first cause over all units."""
        causes = [found for unit in self.units if (found := unit.cause()) and unit.mark is Mark.FAILED]
        return min(causes, key=lambda pair: pair[0])[1] if causes else None

    @property
    def exit_code(self) -> int:
        """0 done, 1 failed or refused by a rule, 130 interrupted."""
        if self.interrupted:
            return 130
        return 0 if self.ok and not self.refused else 1

    @property
    def behind(self) -> str:
        """Say what may be behind the clouds because an earlier run died, and what brings it up; empty for nothing."""
        if not self.cut_off:
            return ""
        units = ", ".join(f"{unit} ({how})" for unit, how in self.cut_off.items())
        return (
            f"an earlier run was cut off in {units}: what is shown of this may be behind what the clouds hold; "
            f"fix: `meridian up {self.environment}`, which refreshes it first"
        )

    def to_json(self) -> dict[str, Any]:
        """Return the one document that `--json` prints; its keys are kept from version to version."""
        cause = self.cause
        return {
            "environment": self.environment,
            "operation": self.operation,
            "providers": self.providers,
            "ok": self.ok and not self.refused,
            "interrupted": self.interrupted,
            "seconds": round(self.seconds, 3),
            "phases": {name: round(took, 3) for name, took in self.phases.items()},
            "counts": dict(self.counts),
            "cause": vars(cause) if cause else None,
            "policies": self.policies.to_json() if self.policies else None,
            "behind": self.behind or None,
            "cut_off": {unit: how.to_json() for unit, how in self.cut_off.items()},
            "units": [_unit_json(unit) for unit in self.units],
        }


def _unit_json(unit: UnitResult) -> dict[str, Any]:
    return {
        "unit": unit.unit,
        "stack": unit.stack,
        "state": unit.mark.value,
        "blocked_by": unit.blocked_by or None,
        "seconds": round(unit.seconds, 3),
        "counts": dict(unit.counts),
        "changes": [
            {
                **vars(change),
                "properties": list(change.properties),
                "details": unit.details.get(change.urn, []),
            }
            for change in unit.changes
        ],
        "errors": [said.message for _, said in unit.errors],
        "warnings": [{"message": said.message, "urn": said.urn} for said in unit.warnings],
        "policies": [vars(found) for found in unit.violations],
        "notes": list(unit.notes),
    }
