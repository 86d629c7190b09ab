"""What a resource tells of itself: what its inputs say, what its cloud computes, what stays once it was told."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from meridian.local.schema import ResourceType
from meridian.protocol.values import Secret

# What a cloud fills in where the inputs leave it open: told once, it stays.
_KEPT = frozenset(
    {
        "bucket",
        "tunnel1PresharedKey",
        "tunnel2PresharedKey",
        "tunnel1InsideCidr",
        "tunnel2InsideCidr",
        "address",
    }
)
# What follows the inputs and is told anew by every change.
_FOLLOWING = ("tagsAll", "effectiveLabels", "pulumiLabels")
_EMPTY: dict[str, Any] = {"string": "", "bool": False, "int": 0, "float": 0, "list": [], "map": {}}


def first(resource: ResourceType, computed: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a new resource tells."""
    return _completed(resource, {**computed, **copy.deepcopy(dict(inputs))})


def changed(
    resource: ResourceType, before: Mapping[str, Any], computed: Mapping[str, Any], inputs: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a changed resource tells: addresses, keys and the like stay as they were told once."""
    kept = {
        name: value
        for name, value in before.items()
        if name in resource.computed or name.startswith("$") or name in _KEPT
    }
    following = {name: value for name, value in computed.items() if name in _FOLLOWING}
    return _completed(resource, {**computed, **kept, **following, **copy.deepcopy(dict(inputs))})


def _completed(resource: ResourceType, outputs: dict[str, Any]) -> dict[str, Any]:
    """Return outputs with those that the SDK types as never absent, and its declared secrets wrapped."""
    full = dict(outputs)
    for name in resource.certain:
        kind = resource.outputs[name]["kind"]
        if full.get(name) is None and kind in _EMPTY:
            full[name] = copy.copy(_EMPTY[kind])
    for name in resource.secrets:
        if full.get(name) is not None and not isinstance(full[name], Secret):
            full[name] = Secret(full[name])
    return full
