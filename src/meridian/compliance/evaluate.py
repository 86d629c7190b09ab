"""Runs rules over a plan: findings with resource, value, rule, controls and fix, exceptions taken into account."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from meridian.compliance.controls import Controls
from meridian.compliance.exceptions import Exemption
from meridian.compliance.registers import Registers
from meridian.compliance.rule import Level, Problem, Rule, Scene, Scope, Severity
from meridian.plan import Plan

EXPIRED = "exception-in-date"
UNUSED = "exception-is-used"


@dataclass(frozen=True)
class Finding:
    """One broken rule at one resource."""

    rule: str
    title: str
    severity: Severity
    level: Level
    unit: str
    """Empty when something is missing from the whole estate."""
    resource: str
    """Type and logical name; empty when something is missing."""
    urn: str
    value: str
    demand: str
    controls: tuple[str, ...]
    fix: str

    @property
    def message(self) -> str:
        """Return the finding in one line, without its rule's id and its resource."""
        controls = f" ({', '.join(self.controls)})" if self.controls else ""
        return f"{self.value}: {self.demand}{controls}; fix: {self.fix}"

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {**vars(self), "controls": list(self.controls)}


@dataclass(frozen=True)
class Excepted:
    """A finding that an exception covers."""

    finding: Finding
    exception: Exemption

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {**self.finding.to_json(), "exception": self.exception.model_dump(mode="json")}


@dataclass(frozen=True)
class Report:
    """What the rules say of a plan: what evidence is made of."""

    environment: str
    plan: str
    """The plan's digest."""
    on: date
    rules: tuple[str, ...]
    """The rules that ran; those that need the whole estate are missing when only some units were planned."""
    resources: int
    findings: tuple[Finding, ...]
    excepted: tuple[Excepted, ...]
    skipped: tuple[str, ...] = ()
    """The rules that did not run: they need the whole estate."""

    @property
    def mandatory(self) -> tuple[Finding, ...]:
        """Return what stops."""
        return tuple(each for each in self.findings if each.level is Level.MANDATORY)

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain data."""
        return {
            "environment": self.environment,
            "plan": self.plan,
            "on": self.on.isoformat(),
            "rules": list(self.rules),
            "skipped": list(self.skipped),
            "resources": self.resources,
            "mandatory": len(self.mandatory),
            "findings": [each.to_json() for each in self.findings],
            "exceptions": [each.to_json() for each in self.excepted],
        }


@dataclass(frozen=True)
class Policies:
    """Rules with all that is needed to judge."""

    rules: tuple[Rule, ...]
    controls: Controls
    registers: Registers
    exceptions: tuple[Exemption, ...]

    def run(
        self, plan: Plan, today: date, *, whole: bool = True, cut: Container[str] = frozenset()
    ) -> Report:
        """Judge a plan; `whole` says that it holds all units of the environment.

        Of a unit that was cut off while it was planned each resource is judged by itself: what seems to be missing
        beside it may only not have been reached.
        """
        scene = Scene(plan, self.registers, today)
        rules = [each for each in self.rules if whole or each.scope is not Scope.ESTATE]
        found = [
            finding_of(rule, problem, plan.environment, self.controls)
            for rule in rules
            for problem in rule.check(scene)
            if rule.scope is Scope.RESOURCE or problem.resource is None or problem.resource.unit not in cut
        ]
        open_, excepted = _excepted(found, self.exceptions, plan.environment, today)
        if whole:
            open_ += _of_exceptions(self.exceptions, found, plan.environment, today)
        return Report(
            plan.environment,
            plan.digest(),
            today,
            tuple(rule.id for rule in rules),
            plan.count,
            tuple(open_),
            tuple(excepted),
            tuple(each.id for each in self.rules if each not in rules),
        )


def finding_of(rule: Rule, problem: Problem, environment: str, controls: Controls) -> Finding:
    """Return what a reader must know of a problem."""
    resource = problem.resource
    return Finding(
        rule.id,
        rule.title,
        rule.severity,
        rule.level(environment),
        resource.unit if resource else "",
        f"{resource.type} {resource.name}" if resource else "",
        resource.urn if resource else "",
        problem.value,
        problem.demand,
        controls.of_rule(rule.id),
        rule.fix,
    )


def path_of(finding: Finding) -> str:
    """Return what an exception's pattern is held against: unit/type/name."""
    return f"{finding.unit}/{finding.resource.replace(' ', '/', 1)}"


def _excepted(
    findings: Sequence[Finding], exceptions: Iterable[Exemption], environment: str, today: date
) -> tuple[list[Finding], list[Excepted]]:
    live = [each for each in exceptions if not each.expired(today)]
    open_: list[Finding] = []
    excepted: list[Excepted] = []
    for finding in findings:
        cover = next((each for each in live if excuses(each, finding, environment)), None)
        if cover:
            excepted.append(Excepted(finding, cover))
        else:
            open_.append(finding)
    return open_, excepted


def _of_exceptions(
    exceptions: Iterable[Exemption], found: Sequence[Finding], environment: str, today: date
) -> Iterator[Finding]:
    for each in exceptions:
        if environment not in each.environments:
            continue
        if each.expired(today):
            yield _about(
                each,
                EXPIRED,
                Level.MANDATORY,
                f"ended on {each.expires}",
                "an exception holds until its day only",
                f"mend the resource, or let {each.owner} decide anew with a new day",
            )
            continue
        covered = {other.value for other in found if excuses(each, other, environment)}
        unused = [each.resource] if not covered else [value for value in each.values if value not in covered]
        for value in unused:
            yield _about(
                each,
                UNUSED,
                Level.ADVISORY,
                value,
                "an exception that matches nothing hides what comes later",
                "remove it from policies/exceptions.yaml",
            )


def excuses(exemption: Exemption, finding: Finding, environment: str) -> bool:
    """True when an exception speaks of a finding; says nothing about its day."""
    return exemption.covers(finding.rule, environment, path_of(finding), finding.value)


def _about(exemption: Exemption, rule: str, level: Level, value: str, demand: str, fix: str) -> Finding:
    return Finding(
        rule,
        f"exception from {exemption.rule} for {exemption.resource}",
        Severity.HIGH if level is Level.MANDATORY else Severity.LOW,
        level,
        "",
        f"exception {exemption.rule}",
        "",
        value,
        demand,
        (),
        fix,
    )
