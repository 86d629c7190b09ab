"""Reads a unit's plan from the engine's event log (shapes: `sdk/go/common/apitype/events.go`)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from meridian.plan.resource import PlannedResource

_STACK = "pulumi:pulumi:Stack"
# A replacement comes as halves around the logical step, which says all that a reader needs.
_HALVES = frozenset({"create-replacement", "delete-replaced", "discard-replaced", "remove-pending-replace"})
_NAMES = {"read-replacement": "read", "import-replacement": "import", "refresh": "same"}


def read_unit(unit: str, lines: Iterable[bytes | str]) -> tuple[PlannedResource, ...]:
    """Return every resource of a preview's event log in order of URN; the stack's own root is left out."""
    found: dict[str, PlannedResource] = {}
    for line in lines:
        marker = b"resourcePreEvent" if isinstance(line, bytes) else "resourcePreEvent"
        if marker not in line:  # type: ignore[operator]
            continue
        event: dict[str, Any] = json.loads(line)
        metadata = event.get("resourcePreEvent", {}).get("metadata")
        if not metadata or metadata.get("type") == _STACK or metadata.get("op") in _HALVES:
            continue
        found[metadata["urn"]] = _resource(unit, metadata)
    return tuple(found[urn] for urn in sorted(found))


def _resource(unit: str, metadata: Mapping[str, Any]) -> PlannedResource:
    old, new = metadata.get("old") or {}, metadata.get("new") or {}
    state = new or old
    urn, operation = str(metadata["urn"]), str(metadata["op"])
    inputs = state.get("inputs") or {}
    return PlannedResource(
        unit=unit,
        urn=urn,
        op=_NAMES.get(operation, operation),
        inputs=_without_chance(inputs, urn) if operation in ("create", "replace") else inputs,
        old_inputs=(old.get("inputs") or {}) if new else {},
        changed=tuple(sorted(metadata.get("detailedDiff") or metadata.get("diffs") or ())),
        protect=bool(state.get("protect")),
        retain=bool(state.get("retainOnDelete")),
        custom=bool(state.get("custom")),
        provider=_provider(str(metadata.get("provider") or state.get("provider") or "")),
        parent=str(state.get("parent") or ""),
    )


def _provider(reference: str) -> str:
    """Return a provider's logical name: a reference is its URN, two colons, its id."""
    parts = reference.split("::")
    return parts[-2] if len(parts) > 4 else ""


def _without_chance(inputs: Mapping[str, Any], urn: str) -> Mapping[str, Any]:
    """Return inputs with the random end of a name that a provider made up: two previews of one plan must be equal."""
    made_up = re.compile(re.escape(urn.rsplit("::", 1)[-1].lower()) + r"-[0-9a-f]{7,8}")
    named: dict[str, Any] = {
        key: f"{value[: value.rindex('-')]}-*"
        for key, value in inputs.items()
        if key in ("name", "bucket") and isinstance(value, str) and made_up.fullmatch(value)
    }
    metadata = inputs.get("metadata")
    if isinstance(metadata, Mapping) and made_up.fullmatch(str(metadata.get("name", ""))):
        named["metadata"] = {**metadata, "name": f"{str(metadata['name']).rsplit('-', 1)[0]}-*"}
    return {**inputs, **named}
