"""Which part of a live object is whose: inputs are rebuilt from managed fields, or from the inputs of before."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from kubernetes.utils.quantity import parse_quantity

from meridian.local.kubernetes.objects import LAST_APPLIED

_IDENTITY = ("apiVersion", "kind")
# What names an item of a list where the schema says so (associative lists of the API).
_KEYS = ("name", "key", "mountPath", "containerPort", "port", "ip", "type", "topologyKey", "uid")


def managed_by(live: Mapping[str, Any], prefix: str) -> dict[str, Any] | None:
    """Return what managers with this prefix applied, or None when there are none."""
    return _selected(
        live, lambda entry: entry.get("operation") == "Apply" and str(entry.get("manager")).startswith(prefix)
    )


def written(live: Mapping[str, Any]) -> dict[str, Any]:
    """Return what anybody but the cluster's own controllers wrote: the inputs of an object that is imported."""
    return _selected(live, lambda entry: not entry.get("subresource")) or dict(live)


def managers(live: Mapping[str, Any]) -> list[str]:
    """Return who applied or wrote the object, without status writers."""
    entries = live["metadata"].get("managedFields") or ()
    return sorted({str(entry.get("manager")) for entry in entries if not entry.get("subresource")})


def _selected(live: Mapping[str, Any], wanted: Any) -> dict[str, Any] | None:
    entries = [e for e in live["metadata"].get("managedFields") or () if wanted(e)]
    if not entries:
        return None
    tree: dict[str, Any] = {}
    for entry in entries:
        _merge(tree, entry.get("fieldsV1") or {})
    found = select(live, tree)
    named = {key: live["metadata"][key] for key in ("name", "namespace") if live["metadata"].get(key)}
    annotations = (found.get("metadata") or {}).get("annotations") or {}
    annotations.pop(LAST_APPLIED, None)
    kept = {key: value for key, value in (found.get("metadata") or {}).items() if value not in ({}, [])}
    found.pop("status", None)
    return {**{key: live[key] for key in _IDENTITY}, **found, "metadata": {**kept, **named}}


def _merge(tree: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, Mapping):
            _merge(tree.setdefault(key, {}), value)


def select(value: Any, owned: Mapping[str, Any]) -> Any:
    """Return the part of a value that a `fieldsV1` tree names; a leaf of the tree is the whole value."""
    below = {key: each for key, each in owned.items() if key != "."}
    if not below:
        return value
    if isinstance(value, Mapping):
        return {
            key[2:]: select(value[key[2:]], each)
            for key, each in below.items()
            if key.startswith("f:") and key[2:] in value
        }
    if isinstance(value, list):
        found = []
        for item in value:
            for key, each in below.items():
                if key.startswith("k:") and isinstance(item, Mapping):
                    wanted = json.loads(key[2:])
                    if all(item.get(name) == said for name, said in wanted.items()):
                        found.append(select(item, each) if each else item)
                        break
                elif key.startswith("v:") and json.loads(key[2:]) == item:
                    found.append(item)
                    break
        return found
    return value


def overlaid(inputs: Any, live: Any) -> Any:
    """Return plain inputs with the values that the live object has now; what is gone from it is left out.

    A value that only reads otherwise, such as 1000m for 1, stays as it was written; so does an empty one that the API
    server does not tell, such as `globalDefault: false`.
    """
    if isinstance(inputs, Mapping) and isinstance(live, Mapping):
        return {
            key: overlaid(each, live[key]) if key in live else each
            for key, each in inputs.items()
            if key in live or each in (False, 0, "", [], {})
        }
    if isinstance(inputs, list) and isinstance(live, list):
        return _items(inputs, live)
    return inputs if same(inputs, live) else live


def same(written: Any, read: Any) -> bool:
    """True when two values mean the same to the API server."""
    if written == read:
        return True
    if isinstance(written, (str, int, float)) and isinstance(read, (str, int, float)):
        try:
            return bool(parse_quantity(written) == parse_quantity(read))
        except (ValueError, ArithmeticError):
            return False
    return False


def opaque(inputs: Mapping[str, Any], live: Mapping[str, Any]) -> dict[str, Any]:
    """Return a Secret's `stringData` of now: what was written there is read back from `data`."""
    data = live.get("data") or {}
    return {
        key: base64.b64decode(data[key]).decode(errors="replace")
        for key in inputs["stringData"]
        if key in data
    }


def _items(inputs: list[Any], live: list[Any]) -> list[Any]:
    if not all(isinstance(each, Mapping) for each in (*inputs, *live)):
        equal = len(inputs) == len(live) and all(same(a, b) for a, b in zip(inputs, live, strict=True))
        return inputs if equal else live
    key = next((name for name in _KEYS if all(name in each for each in (*inputs, *live))), None)
    if key is None or len({str(each[key]) for each in live}) < len(live):
        return [overlaid(a, b) for a, b in zip(inputs, live, strict=False)] + live[len(inputs) :]
    now = {str(each[key]): each for each in live}
    # What somebody else added, such as an injected sidecar, is theirs: server-side apply leaves it alone.
    return [overlaid(each, now[str(each[key])]) for each in inputs if str(each[key]) in now]
