"""No secret in plain text: not in a container's settings, not in any input that the state would keep."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from meridian.compliance.rule import Problem, Scene, Severity, stack_rule
from meridian.plan import UNKNOWN, PlannedResource
from policies.rules.kubernetes import PODS, containers
from policies.rules.reading import SECRET_MARK, listed, secret

_SHAPES = {
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    "an AWS access key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a GitHub token": re.compile(r"\b(?:ghp|gho|ghs|github_pat)_[A-Za-z0-9_]{22,}"),
    "a Google API key": re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b"),
    "a Slack token": re.compile(r"\bxox[abprs]-[0-9A-Za-z-]{10,}"),
    "a password in a URL": re.compile(r"[a-z]+://[^/\s:@]+:[^/\s:@$*{]{3,}@[^\s]"),
}
_ANY_SHAPE = re.compile("|".join(shape.pattern for shape in _SHAPES.values()))
_Steps = tuple[Any, ...]
"""The steps before, and the last one: a key or an index; none at the root."""
_NAMES = re.compile(r"(?i)(password|passwd|secret|token|api_?key|access_?key|private_?key|credential)s?$")


@stack_rule(
    "no-secret-in-plain-config",
    "No secret stands in plain text in the plan",
    Severity.CRITICAL,
    "pass it as a secret of Pulumi, or by reference: ExternalSecret, secretKeyRef",
)
def no_secret_in_plain_config(scene: Scene) -> Iterator[Problem]:
    """The finding never repeats what it found."""
    for resource in scene.plan:
        if not resource.stays or resource.type.startswith("pulumi:"):
            continue
        for steps, text in _suspect(resource.inputs, (), []):
            kind = next(name for name, shape in _SHAPES.items() if shape.search(text))
            yield Problem(
                resource, f"{_path(steps)}: {kind}", "state, logs and plans hold no secret in plain text"
            )
        yield from _plain(resource)


def _suspect(node: Any, steps: _Steps, found: list[tuple[_Steps, str]]) -> list[tuple[_Steps, str]]:
    # A plan has a hundred thousand texts: one list for all, one expression for all shapes, and a path only for what is found.
    if isinstance(node, str):
        if _ANY_SHAPE.search(node):
            found.append((steps, node))
    elif isinstance(node, dict):
        if SECRET_MARK not in node:
            for key, value in node.items():
                _suspect(value, (steps, key), found)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            _suspect(value, (steps, index), found)
    return found


def _path(steps: _Steps) -> str:
    if not steps:
        return ""
    before, last = _path(steps[0]), steps[1]
    if isinstance(last, int):
        return f"{before}[{last}]"
    return f"{before}.{last}" if before else str(last)


def _plain(resource: PlannedResource) -> Iterator[Problem]:
    if resource.type == "kubernetes:core/v1:Secret":
        for field in ("data", "stringData"):
            content = resource.get(field)
            if isinstance(content, Mapping) and not secret(content):
                for key, value in content.items():
                    if isinstance(value, str) and value not in ("", "[secret]", UNKNOWN):
                        yield Problem(
                            resource,
                            f"{field}.{key} in plain text",
                            "a Secret's data is a secret of Pulumi too",
                        )
    elif resource.type == "kubernetes:core/v1:ConfigMap":
        content = resource.get("data")
        for key, value in content.items() if isinstance(content, Mapping) and not secret(content) else ():
            if _NAMES.search(str(key)) and isinstance(value, str) and value not in ("", UNKNOWN):
                yield Problem(
                    resource, f"data.{key}", "a ConfigMap is readable by everybody in the namespace"
                )
    elif resource.type in PODS:
        for container in containers(resource):
            for variable in listed(container.get("env")):
                value = variable.get("value") if isinstance(variable, Mapping) else None
                if (
                    isinstance(value, str)
                    and value not in ("", "[secret]", UNKNOWN)
                    and not value.startswith(("/", "$("))
                    and _NAMES.search(str(variable.get("name")))
                ):
                    yield Problem(resource, f"env {variable.get('name')}", "a secret comes by secretKeyRef")
