"""What the engine is told of an object: before it exists, and as it lives in the cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meridian.local.kubernetes.objects import Kind, metadata
from meridian.protocol.values import UNKNOWN


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
