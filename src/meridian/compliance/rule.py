"""What a rule is: a plain function over planned resources, with what a reader of its finding must know."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from meridian.compliance.registers import Registers
from meridian.plan import Plan, PlannedResource


class Severity(StrEnum):
    """How bad it is when the rule is broken; the names of the policy SDK."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Level(StrEnum):
    """What a finding does: mandatory stops, advisory is shown; the names of the engine."""

    MANDATORY = "mandatory"
    ADVISORY = "advisory"


class Scope(StrEnum):
    """How much a rule must see to judge."""

    RESOURCE = "resource"
    """One resource and the region of its provider."""
    STACK = "stack"
    """The resources of one unit: things that belong together stand in one unit."""
    ESTATE = "estate"
    """The merged plan of all units: something must exist somewhere."""


@dataclass(frozen=True)
class Scene:
    """What a rule may look at."""

    plan: Plan
    registers: Registers
    today: date


@dataclass(frozen=True)
class Problem:
    """One violation: what was found, in which resource (None: it is missing), and what is demanded of it."""

    resource: PlannedResource | None
    value: str
    demand: str


Check = Callable[[Scene], Iterator[Problem]]
ResourceCheck = Callable[[PlannedResource, Scene], Iterator[Problem]]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule; which controls it enforces is said once, in controls.yaml."""

    id: str
    title: str
    severity: Severity
    fix: str
    scope: Scope
    check: Check
    types: tuple[str, ...] = ()
    """The types that a resource rule looks at; empty for the other scopes."""
    advisory_in: tuple[str, ...] = ()
    """Environments in which it only advises, because there the thing cannot be."""

    def level(self, environment: str) -> Level:
        """Return what a finding does in an environment."""
        return Level.ADVISORY if environment in self.advisory_in else Level.MANDATORY


def resource_rule(
    id: str,
    title: str,
    severity: Severity,
    fix: str,
    *types: str,
    advisory_in: tuple[str, ...] = (),
) -> Callable[[ResourceCheck], Rule]:
    """Make a rule of a function that judges one resource by itself."""

    def made(function: ResourceCheck) -> Rule:
        def check(scene: Scene) -> Iterator[Problem]:
            for resource in scene.plan.of(*types):
                yield from function(resource, scene)

        return Rule(
            id=id,
            title=title,
            severity=severity,
            fix=fix,
            scope=Scope.RESOURCE,
            check=check,
            types=types,
            advisory_in=advisory_in,
        )

    return made


def stack_rule(
    id: str,
    title: str,
    severity: Severity,
    fix: str,
    *,
    scope: Scope = Scope.STACK,
    advisory_in: tuple[str, ...] = (),
) -> Callable[[Check], Rule]:
    """Make a rule of a function that judges how resources belong together."""

    def made(function: Check) -> Rule:
        return Rule(
            id=id,
            title=title,
            severity=severity,
            fix=fix,
            scope=scope,
            check=function,
            advisory_in=advisory_in,
        )

    return made
