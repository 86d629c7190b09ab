"""The difference of two sets of inputs of one object, with what needs a new object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pulumi.runtime.proto import provider_pb2

from meridian.local.kubernetes import immutable
from meridian.local.kubernetes.lifecycle import Effect
from meridian.local.kubernetes.objects import AUTONAMED, Kind, annotation, is_true, metadata, pruned
from meridian.local.kubernetes.settings import Settings
from meridian.protocol.differences import KIND, Path, text, walk_steps
from meridian.protocol.differences import kind as change_kind
from meridian.protocol.values import UNKNOWN

_ANSWER = provider_pb2.DiffResponse
_BOOKKEEPING = {("metadata", name) for name in ("generation", "resourceVersion", "uid", "creationTimestamp")}


def compare(
    kind: Kind,
    olds: Mapping[str, Any],
    news: Mapping[str, Any],
    settings: Settings,
    namespaced: bool | None = None,
    ignored: Iterable[str] = (),
    unready: bool = False,
) -> Any:
    """Return the engine's answer; `unready` says that the object failed and asks for a new one."""
    before, after = _normal(olds, settings, namespaced), _normal(news, settings, namespaced)
    fixed = (
        immutable.rules(kind, after, settings) if not kind.patch else immutable.rules(kind, {}, settings)[:3]
    )
    detailed: dict[str, Any] = {}
    replaces: set[str] = set()
    diffs: set[str] = set()
    skipped = tuple(ignored)
    for path, change in _changes(before, after):
        said = text(path)
        if any(said == each or said.startswith((f"{each}.", f"{each}[")) for each in skipped):
            continue
        anew = immutable.needs_new(path, fixed)
        diffs.add(str(path[0]))
        if anew:
            replaces.add(str(path[0]))
        detailed[said] = KIND(kind=change_kind(change, anew), inputDiff=True)
    if unready:
        replaces.add("status")
        diffs.add("status")
        detailed["status"] = KIND(kind=KIND.UPDATE_REPLACE, inputDiff=False)
    return _ANSWER(
        changes=_ANSWER.DIFF_SOME if diffs else _ANSWER.DIFF_NONE,
        replaces=sorted(replaces),
        diffs=sorted(diffs),
        detailedDiff=detailed,
        hasDetailedDiff=True,
        deleteBeforeReplace=bool(replaces) and _same_place(before, after),
    )


def add_effect(answer: Any, effect: Effect, olds: Mapping[str, Any], news: Mapping[str, Any]) -> None:
    """Add what the API server says of a change: that it needs a new object, or what else changes along with it."""
    if effect.replaces:
        answer.replaces[:] = answer.diffs
        for each in answer.detailedDiff.values():
            each.kind = {KIND.ADD: KIND.ADD_REPLACE, KIND.DELETE: KIND.DELETE_REPLACE}.get(
                each.kind, KIND.UPDATE_REPLACE
            )
        answer.deleteBeforeReplace = _same_place(olds, news)
        return
    for path, change in _changes(effect.now, effect.then):
        said = text(path)
        covered = any(said.startswith(each) or each.startswith(said) for each in list(answer.detailedDiff))
        if covered or path[0] == "status" or path[:2] in _BOOKKEEPING:
            continue
        answer.detailedDiff[said].kind = change
        if path[0] not in answer.diffs:
            answer.diffs.append(str(path[0]))


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterable[tuple[Path, int]]:
    for name in sorted({*before, *after}):
        yield from walk_steps((name,), before.get(name), after.get(name))


def _normal(inputs: Mapping[str, Any], settings: Settings, namespaced: bool | None) -> dict[str, Any]:
    """Return inputs in which a namespace that is not given is the default one, and none where there is none."""
    found: dict[str, Any] = pruned(dict(inputs))
    if found.get("metadata") is UNKNOWN:
        return found
    named = metadata(found)
    if namespaced is False:
        named.pop("namespace", None)
    elif not named.get("namespace"):
        named["namespace"] = settings.namespace
    return {**found, "metadata": named}


def _same_place(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """True when the new object would take the old one's name: then the old one must go first."""
    if is_true(annotation(after, AUTONAMED)):
        return False
    then, now = metadata(before), metadata(after)
    return all(then.get(key) == now.get(key) for key in ("name", "namespace"))
