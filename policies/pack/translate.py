"""Hands the policy SDK's resources to the rules as planned resources, and their problems back as violations."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyProviderResource,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy import Severity as SdkSeverity
from pulumi_policy.proxy import UnknownValueError

from meridian.compliance.evaluate import Policies, excuses, finding_of
from meridian.compliance.rule import Rule, Scene, Scope
from meridian.plan import UNKNOWN, Plan, PlannedResource

ENVIRONMENT = "MERIDIAN_POLICY_ENVIRONMENT"
LEVEL = "MERIDIAN_POLICY_LEVEL"


def environment_of(environ: Mapping[str, str]) -> str:
    """Return the environment that levels and exceptions are looked up for: the variable's, else the stack name's first word."""
    stack = environ.get("PULUMI_STACK", "").rsplit("/", 1)[-1]
    return environ.get(ENVIRONMENT) or stack.partition("-")[0] or "prod"


def policies_of(policies: Policies, environment: str, environ: Mapping[str, str]) -> list[Policy]:
    """Return the SDK's policies; rules over the whole estate are left to `meridian`, which sees all units."""
    return [
        _policy(policies, rule, environment, environ.get(LEVEL, ""))
        for rule in policies.rules
        if rule.scope is not Scope.ESTATE
    ]


def _policy(policies: Policies, rule: Rule, environment: str, wish: str) -> Policy:
    controls = ", ".join(policies.controls.of_rule(rule.id))
    common: dict[str, Any] = {
        "name": rule.id,
        "description": f"{rule.title} ({controls})",
        "enforcement_level": EnforcementLevel(wish or rule.level(environment).value),
        "severity": SdkSeverity(rule.severity.value),
        "remediation_steps": rule.fix,
    }

    def judge(plan: Plan, report: ReportViolation) -> None:
        today = datetime.now(UTC).date()
        for problem in rule.check(Scene(plan, policies.registers, today)):
            finding = finding_of(rule, problem, environment, policies.controls)
            if not any(
                excuses(each, finding, environment) and not each.expired(today)
                for each in policies.exceptions
            ):
                report(f"{finding.resource}: {finding.message}", finding.urn or None)

    if rule.scope is Scope.RESOURCE:

        def resource(args: ResourceValidationArgs, report: ReportViolation) -> None:
            if args.resource_type in rule.types:
                judge(_plan(environment, [args]), report)

        return ResourceValidationPolicy(validate=resource, **common)

    def stack(args: StackValidationArgs, report: ReportViolation) -> None:
        judge(_plan(environment, args.resources), report)

    return StackValidationPolicy(validate=stack, **common)


def _plan(environment: str, resources: Sequence[ResourceValidationArgs | PolicyResource]) -> Plan:
    unit = unit_of(os.environ.get("PULUMI_STACK", "stack"))
    providers = {each.provider.urn: each.provider for each in resources if each.provider}
    found = [planned(each, unit) for each in resources if each.resource_type != "pulumi:pulumi:Stack"]
    known = {each.urn for each in found}
    found += [_provider(each, unit) for urn, each in providers.items() if urn not in known]
    return Plan(environment, "engine", "", {}, {unit: tuple(found)})


def unit_of(stack: str) -> str:
    """Return a stack's unit: what follows its first hyphen, else its whole name."""
    name = stack.rsplit("/", 1)[-1]
    return name.partition("-")[2] or name


def planned(resource: ResourceValidationArgs | PolicyResource, unit: str) -> PlannedResource:
    """Return a resource of the SDK as the rules know resources."""
    parent = resource.opts.parent or ""
    if isinstance(resource, PolicyResource) and resource.parent:
        parent = resource.parent.urn
    return PlannedResource(
        unit=unit,
        urn=resource.urn,
        op="same",
        inputs=plain(resource.props),
        protect=bool(resource.opts.protect),
        provider=resource.provider.name if resource.provider else "",
        parent=parent,
    )


def _provider(provider: PolicyProviderResource, unit: str) -> PlannedResource:
    return PlannedResource(unit=unit, urn=provider.urn, op="same", inputs=plain(provider.props))


def plain(node: Any) -> Any:
    """Return plain data with UNKNOWN where the SDK's proxy would raise."""
    if isinstance(node, Mapping):
        return {str(key): _at(node, key) for key in node}
    if isinstance(node, Sequence) and not isinstance(node, (str, bytes)):
        return [_at(node, index) for index in range(len(node))]
    return node


def _at(node: Any, key: Any) -> Any:
    try:
        return plain(node[key])
    except UnknownValueError:
        return UNKNOWN
