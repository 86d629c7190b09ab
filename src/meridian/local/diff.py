"""The difference of two sets of inputs, property by property."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi.runtime.proto import provider_pb2

from meridian.local.schema import ResourceType
from meridian.protocol.differences import KIND, kind, walk

_NOT_COMPARED = frozenset({"__defaults"})


def compare(
    resource: ResourceType,
    olds: Mapping[str, Any],
    news: Mapping[str, Any],
    fixed: frozenset[str],
    ignored: set[str],
) -> Any:
    """Return the engine's answer; a change of a fixed property means a replacement."""
    detailed: dict[str, Any] = {}
    replaces: list[str] = []
    diffs: list[str] = []
    old_inputs = {
        name: value for name, value in olds.items() if name in resource.inputs and name not in _NOT_COMPARED
    }
    for name in sorted({*old_inputs, *(name for name in news if name not in _NOT_COMPARED)}):
        if name in ignored:
            continue
        changes = list(walk(name, old_inputs.get(name), news.get(name)))
        if not changes:
            continue
        field = resource.inputs.get(name)
        replace = name in fixed or (field is not None and field.force_new)
        diffs.append(name)
        if replace:
            replaces.append(name)
        for path, change in changes:
            detailed[path] = KIND(kind=kind(change, replace), inputDiff=True)
    state = provider_pb2.DiffResponse.DIFF_SOME if diffs else provider_pb2.DiffResponse.DIFF_NONE
    named = news.get("name") if news.get("name") is not None else news.get("bucket")
    # Where the name stays, the old one must go first: the cloud takes a name once.
    first = bool(replaces) and named is not None and named in (olds.get("name"), olds.get("bucket"))
    return provider_pb2.DiffResponse(
        changes=state,
        replaces=replaces,
        diffs=diffs,
        detailedDiff=detailed,
        hasDetailedDiff=True,
        deleteBeforeReplace=first,
    )
