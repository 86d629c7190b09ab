"""Changes made behind the estate's back, as a person at the cloud's console would."""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from dataclasses import replace
from typing import Any

from meridian.local.errors import LocalError, UnknownNameError
from meridian.local.inventory import Inventory, Record
from meridian.protocol.values import Secret


def find(inventory: Inventory, wanted: str, environment: str | None = None) -> Record:
    """Return the one resource whose id, name or URN this is; raises UnknownNameError for none and for several."""
    records = inventory.all(environment=environment)
    found = [record for record in records if wanted in (record.id, record.name, record.urn)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise UnknownNameError(
            wanted,
            "nothing in the inventory has this id, name or URN",
            "`meridian local inventory` lists what exists",
        )
    # A bucket and its settings share one id: then only the URN tells them apart.
    ids = Counter(record.id for record in records)
    several = "".join(f"\n  {r.token}  {r.id if ids[r.id] == 1 else r.urn}" for r in found)
    raise UnknownNameError(
        wanted,
        f"{len(found)} resources answer to it, and only one can be meant",
        f"name one as it is written here:{several}",
    )


def change(inventory: Inventory, record: Record, path: str, value: str) -> tuple[Any, Any]:
    """Set one property of a resource; return the old and the new value. A value that is JSON is taken as JSON."""
    outputs = copy.deepcopy(record.outputs)
    *parents, last = re.findall(r"[^.\[\]]+", path)
    node: Any = outputs
    if len(parents) == 1 and re.search("(tags|labels)$", parents[0], re.IGNORECASE):
        outputs[parents[0]] = outputs.get(parents[0]) or {}  # anybody may label what has no label yet
    try:
        for step in parents:
            node = node[int(step) if isinstance(node, list) else step]
        key: Any = int(last) if isinstance(node, list) else last
        old = node.get(key) if isinstance(node, dict) else node[key]
    except (KeyError, IndexError, ValueError, TypeError):
        known = ", ".join(sorted(name for name in record.outputs if not name.startswith("$")))
        raise LocalError(path, f"{record.id} has no such property", f"choose of {known}") from None
    if isinstance(old, Secret):
        raise LocalError(path, "is a secret", "change a property that is none")
    new = _parsed(value)
    node[key] = new
    inputs = {name: outputs.get(name, each) for name, each in record.inputs.items()}
    if parents and parents[0] not in inputs:
        inputs[parents[0]] = outputs[parents[0]]
    inventory.replace(replace(record, inputs=inputs, outputs=outputs), *inventory.links(record.row))
    return old, new


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
