"""Why something is not ready: what its pods, its claims and the cluster's events say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meridian.local.kubernetes.objects import Kind
from meridian.local.kubernetes.readiness import Look, condition

_MOST = 6  # more lines hide the cause
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job")


def causes(kind: Kind, live: Mapping[str, Any], look: Look) -> list[str]:
    """Return what stands in the way, nearest cause first, each once."""
    found = list(dict.fromkeys(_causes(kind, live, look)))
    more = len(found) - _MOST
    return [*found[:_MOST], f"... and {more} more"] if more > 0 else found


def _causes(kind: Kind, live: Mapping[str, Any], look: Look) -> Iterator[str]:
    namespace = live["metadata"].get("namespace")
    if kind.kind == "Pod":
        yield from _pod(live, look)
    elif kind.kind in _WORKLOADS:
        labels = (live["spec"].get("selector") or {}).get("matchLabels") or {}
        if kind.kind == "Deployment" and labels:
            # Its replica sets say what kept pods from being made at all: quota, pod security, a missing account.
            for each in look.find("apps/v1", "ReplicaSet", namespace, labels):
                yield from _events(each, look)
        pods = look.find("v1", "Pod", namespace, labels) if labels else []
        for pod in pods:
            if condition(pod, "Ready").get("status") != "True":
                yield from _pod(pod, look)
    yield from _events(live, look)


def _pod(pod: Mapping[str, Any], look: Look) -> Iterator[str]:
    name, status = pod["metadata"]["name"], pod.get("status") or {}
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        yield f"pod {name}: {scheduled.get('reason')}: {scheduled.get('message')}"
    for each in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        waiting = (each.get("state") or {}).get("waiting") or {}
        ended = (each.get("state") or {}).get("terminated") or {}
        image = (
            f" (image {each['image']})" if "mage" in str(waiting.get("reason")) and each.get("image") else ""
        )
        if waiting:
            yield f"pod {name}, container {each['name']}: {waiting.get('reason')}{image}: {waiting.get('message', '')}"
        elif ended and ended.get("exitCode"):
            yield f"pod {name}, container {each['name']}: ended with code {ended['exitCode']}: {ended.get('reason', '')}"
    yield from _claims(pod, look)
    yield from _events(pod, look)


def _claims(pod: Mapping[str, Any], look: Look) -> Iterator[str]:
    namespace = pod["metadata"].get("namespace")
    for volume in (pod.get("spec") or {}).get("volumes") or ():
        name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        claim = look.get("v1", "PersistentVolumeClaim", namespace, name) if name else None
        if name and claim is None:
            yield f"claim {name} does not exist"
        elif claim is not None and (claim.get("status") or {}).get("phase") != "Bound":
            storage = claim["spec"].get("storageClassName") or "no storage class"
            yield f"claim {name} is {(claim.get('status') or {}).get('phase')} ({storage})"
            yield from _events(claim, look)


def _events(live: Mapping[str, Any], look: Look) -> Iterator[str]:
    named = f"{live.get('kind') or 'object'} {live['metadata']['name']}"
    for event in reversed(look.events(live)):
        if event.get("type") == "Warning":
            yield f"{named}: {event.get('reason')}: {event.get('message')}"
