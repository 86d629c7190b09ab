"""Waits until an object is ready or gone, and says why it is not."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from meridian.local.errors import LocalError
from meridian.local.kubernetes.causes import causes
from meridian.local.kubernetes.cluster import Cluster
from meridian.local.kubernetes.discovery import UnknownKindError
from meridian.local.kubernetes.objects import SKIP_AWAIT, TIMEOUT, WAIT_FOR, Kind, annotation, is_true
from meridian.local.kubernetes.readiness import READY, Judgement, condition, judge

# The official provider waits ten minutes. On simulated nodes what can become ready does so within seconds, and an object
# that waits for one that failed would only keep its unit from ending.
DEFAULT_SECONDS = 180.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0
_SAY_AFTER_SECONDS = 2.0
Say = Callable[[str], None]


def limit(inputs: Mapping[str, Any], timeout: float) -> float:
    """Return how many seconds to wait: the resource's customTimeouts, else its annotation, else three minutes."""
    said = annotation(inputs, TIMEOUT)
    if timeout > 0:
        return timeout
    try:
        return float(said) if said else DEFAULT_SECONDS
    except ValueError:
        raise LocalError(f"{TIMEOUT}: {said!r}", "it is a number of seconds", 'write it as "300"') from None


def judged(cluster: Cluster, kind: Kind, live: Mapping[str, Any]) -> Judgement:
    """Return whether an object is ready now; one that asks not to be waited for is."""
    if is_true(annotation(live, SKIP_AWAIT)):
        return READY
    found = judge(kind, live, cluster)
    return _wanted(live) if found.ready else found


def until_ready(
    cluster: Cluster, kind: Kind, live: dict[str, Any], seconds: float, say: Say
) -> tuple[dict[str, Any], list[str]]:
    """Return the object as it is now, and why it is not ready; no reasons mean that it is."""
    started, pause, told = time.monotonic(), _FIRST_PAUSE, ""
    while True:
        found = judged(cluster, kind, live)
        passed = time.monotonic() - started
        if found.ready:
            return live, []
        if found.final or passed >= seconds:
            when = "it failed" if found.final else f"it was not ready within {seconds:.0f} s"
            return live, [f"{when}: {found.reason}", *causes(kind, live, cluster)]
        if passed >= _SAY_AFTER_SECONDS and found.reason != told:
            told = found.reason
            say(f"waiting: {told}")
        time.sleep(min(pause, max(seconds - passed, 0)))
        pause = min(pause * 1.5, _LONGEST_PAUSE)
        now = read(cluster, kind, live)
        if now is None:
            return live, ["it was deleted while it was waited for"]
        live = now


def until_gone(cluster: Cluster, kind: Kind, live: dict[str, Any], seconds: float, say: Say) -> list[str]:
    """Return nothing once the object is gone, else what holds it."""
    started, pause, told = time.monotonic(), _FIRST_PAUSE, False
    while True:
        now = read(cluster, kind, live)
        if now is None or now["metadata"]["uid"] != live["metadata"]["uid"]:
            return []
        passed = time.monotonic() - started
        if passed >= seconds:
            return [f"it was not gone within {seconds:.0f} s", *_held(now), *causes(kind, now, cluster)]
        if passed >= _SAY_AFTER_SECONDS and not told:
            told = True
            say("; ".join(["waiting until it is gone", *_held(now)]))
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def read(cluster: Cluster, kind: Kind, live: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return an object anew."""
    named = live["metadata"]
    try:
        return cluster.get(kind.api_version, kind.kind, named.get("namespace"), named["name"])
    except UnknownKindError:
        return None  # its definition went, and every object with it


def _held(live: Mapping[str, Any]) -> list[str]:
    """Return what keeps an object that is being deleted."""
    finalizers = [
        *(live["metadata"].get("finalizers") or ()),
        *((live.get("spec") or {}).get("finalizers") or ()),
    ]
    held = [f"finalizers hold it: {', '.join(finalizers)}"] if finalizers else []
    for each in (live.get("status") or {}).get("conditions") or ():
        if str(each.get("type")).startswith("Namespace") and each.get("status") == "True":
            held.append(f"{each.get('type')}: {each.get('message')}")
    return held


def _wanted(live: Mapping[str, Any]) -> Judgement:
    """Judge what the annotation pulumi.com/waitFor asks for: `condition=Type[=Status]` or `jsonpath={.a.b}[=value]`."""
    said = annotation(live, WAIT_FOR)
    if not said:
        return READY
    asked = json.loads(said) if said.startswith("[") else [said]
    missing = [each for each in asked if not _holds(live, str(each))]
    return Judgement(False, f"{', '.join(missing)} does not hold yet") if missing else READY


def _holds(live: Mapping[str, Any], asked: str) -> bool:
    form, _, rest = asked.partition("=")
    if form == "condition":
        name, _, status = rest.partition("=")
        return str(condition(live, name).get("status")).lower() == (status or "True").lower()
    path, _, wanted = rest.partition("}")
    value: Any = live
    for step in path.lstrip("{.").split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value is not None and (not wanted or str(value) == wanted.lstrip("="))
