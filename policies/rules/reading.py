"""How rules read a plan: unknown values judge nobody, and parts find the thing that they belong to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from meridian.plan import UNKNOWN, Plan, PlannedResource

SECRET_MARK = "4dabf18193072939515e22adb298388d"  # noqa: S105 - the engine's mark of a secret value, no secret


def unknown(value: Any) -> bool:
    """True for what is only known after an upstream was made, or is a secret that nobody shows."""
    return value == UNKNOWN or secret(value)


def secret(value: Any) -> bool:
    """True for a value that the engine keeps as a secret."""
    return isinstance(value, Mapping) and SECRET_MARK in value


def is_(value: Any, wanted: Any) -> bool:
    """True when the value is the wanted one, written as such or as text, or is not known yet."""
    return unknown(value) or value == wanted or str(value).lower() == str(wanted).lower()


def listed(value: Any) -> list[Any]:
    """Return a list as it is, one thing as a list of it, nothing for none and unknown."""
    if value is None or unknown(value):
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def number(value: Any) -> float | None:
    """Return a number, also of text such as 7776000s; None where there is none or it is not known."""
    if isinstance(value, str):
        value = value.removesuffix("s")
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def shown(value: Any) -> str:
    """Return a value as a finding shows it."""
    if value is None:
        return "not set"
    if unknown(value):
        return "known after apply"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text[:120]


def document(text: Any) -> list[dict[str, Any]]:
    """Return the statements of an IAM policy document; none while it is not known."""
    if unknown(text) or not isinstance(text, (str, Mapping)):
        return []
    try:
        content = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return []
    return [each for each in listed(content.get("Statement")) if isinstance(each, dict)]


def parts(plan: Plan, whole: PlannedResource, kind: str, key: str) -> Iterator[PlannedResource]:
    """Yield the resources of a kind that name `whole` in `key`; what an id or nothing yet names is found beside it.

    A plan holds no ids: a name decides where it is one, otherwise the component and the logical name do.
    """
    named = {name: each.urn for each in plan.of(whole.type) for name in _names(each)}
    for part in plan.of(kind):
        value = part.get(key)
        owner = named.get(value) if isinstance(value, str) else None
        if (owner or (part.unit == whole.unit and _nearest(plan, part, whole))) == whole.urn:
            yield part


def _names(resource: PlannedResource) -> Iterator[str]:
    yield from (
        name for key in ("bucket", "name") if isinstance(name := resource.get(key), str) and not unknown(name)
    )


def _nearest(plan: Plan, part: PlannedResource, whole: PlannedResource) -> str:
    """Return the URN of the sibling of `whole`'s kind whose name the part's name continues; the only one always is."""
    siblings = [e for e in plan.of(whole.type) if e.unit == part.unit and e.parent == part.parent]
    fitting = [e for e in siblings if part.name.startswith(e.name)]
    if fitting:
        return max(fitting, key=lambda e: len(e.name)).urn
    return siblings[0].urn if len(siblings) == 1 else ""


def labels(resource: PlannedResource) -> Mapping[str, Any]:
    """Return labels, tags or Kubernetes labels; empty for none."""
    for path in (("labels",), ("tags",), ("resourceLabels",), ("metadata", "labels")):
        found = resource.get(*path)
        if isinstance(found, Mapping) and not secret(found):
            return found
    return {}


def residency(resource: PlannedResource) -> str:
    """Return the residency that a resource's labels claim; empty for none."""
    found = labels(resource)
    return str(found.get("residency") or found.get("meridian.dev/residency") or "")
