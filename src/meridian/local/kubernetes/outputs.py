"""What the engine is told of an object: before it exists, and as it lives in the cluster."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from meridian.local.kubernetes.objects import LAST_APPLIED, Kind, metadata
from meridian.protocol.values import UNKNOWN, Secret

MANAGER = "__fieldManager"
"""State's note of who applied an object: the name must stay when the resource's own name changes."""


def planned(kind: Kind, inputs: Mapping[str, Any], olds: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the inputs with what only the cluster can tell: unknown for a new object, as it was for one that changes."""
    found = dict(inputs)
    found.setdefault("status", (olds or {}).get("status", UNKNOWN))
    if kind.group == "" and kind.kind == "Service" and not olds and isinstance(found.get("spec"), Mapping):
        found["spec"] = {"clusterIP": UNKNOWN, "clusterIPs": UNKNOWN, **found["spec"]}
    named = metadata(inputs)
    if named.get("generateName") and not named.get("name"):
        found["metadata"] = {**named, "name": UNKNOWN}
    if olds and "metadata" in olds and inputs.get("metadata") is not UNKNOWN:
        kept = {key: metadata(olds)[key] for key in ("uid", "creationTimestamp") if key in metadata(olds)}
        found["metadata"] = {**kept, **named}
    return found


def living(
    kind: Kind, live: Mapping[str, Any], inputs: Mapping[str, Any], manager: str = ""
) -> dict[str, Any]:
    """Return a live object for the state: without book-keeping, secret where its inputs or its kind are secret."""
    found = copy.deepcopy(dict(live))
    named = found.get("metadata") or {}
    named.pop("managedFields", None)
    annotations = named.get("annotations")
    if isinstance(annotations, dict) and annotations.pop(LAST_APPLIED, None) is not None and not annotations:
        del named["annotations"]
    found = hidden(found, inputs)
    if kind.group == "" and kind.kind == "Secret":
        for part in ("data", "stringData"):
            if part in found and not isinstance(found[part], Secret):
                found[part] = Secret(found[part])
    return {**found, MANAGER: manager} if manager else found


def hidden(value: Any, like: Any) -> Any:
    """Return a value with secrets wherever the other one has them."""
    if isinstance(like, Secret):
        return value if isinstance(value, Secret) else Secret(value)
    if isinstance(value, Mapping) and isinstance(like, Mapping):
        return {key: hidden(each, like.get(key)) for key, each in value.items()}
    if isinstance(value, list) and isinstance(like, list):
        if len(value) != len(like):
            # Which item is which cannot be told any more: all are hidden when one is.
            return [Secret(each) for each in value] if _any_secret(like) else value
        return [hidden(each, other) for each, other in zip(value, like, strict=True)]
    return value


def _any_secret(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_any_secret(each) for each in value.values())
    return isinstance(value, Secret) or (isinstance(value, list) and any(_any_secret(each) for each in value))
