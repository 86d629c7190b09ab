"""When an object of each kind is ready: pure judgements on what the cluster says (the official provider's rules)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from meridian.local.kubernetes.objects import Kind

Object = Mapping[str, Any]


@dataclass(frozen=True)
class Judgement:
    """Ready, or why not; `final` when waiting longer cannot help."""

    ready: bool
    reason: str = ""
    final: bool = False


class Look(Protocol):
    """What a judgement may look at beside the object itself."""

    def get(self, api_version: str, kind: str, namespace: str | None, name: str) -> dict[str, Any] | None:
        """Return one object or None."""

    def find(
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        labels: Mapping[str, str] | None = None,
        fields: str | None = None,
    ) -> list[dict[str, Any]]:
        """Return objects of a kind."""

    def events(self, live: Object) -> list[dict[str, Any]]:
        """Return what was said of an object, oldest first."""


READY = Judgement(True)


def judge(kind: Kind, live: Object, look: Look) -> Judgement:
    """Return whether an object is ready; kinds without a rule are ready once they exist."""
    alone = _ALONE.get((kind.group, kind.kind))
    with_others = _WITH_OTHERS.get((kind.group, kind.kind))
    return alone(live) if alone else with_others(live, look) if with_others else READY


def condition(live: Object, name: str) -> Mapping[str, Any]:
    """Return a condition of an object's status; empty when it is not there."""
    conditions = (live.get("status") or {}).get("conditions") or ()
    return next((each for each in conditions if each.get("type") == name), {})


def _said(found: Mapping[str, Any]) -> str:
    return ": ".join(str(found[key]) for key in ("reason", "message") if found.get(key))


def _observed(live: Object) -> bool:
    generation = live["metadata"].get("generation", 0)
    return int((live.get("status") or {}).get("observedGeneration") or 0) >= int(generation)


def _counts(live: Object, ready: str, wanted: int) -> Judgement:
    have = int((live.get("status") or {}).get(ready) or 0)
    if _observed(live) and have >= wanted:
        return READY
    return Judgement(False, f"{have} of {wanted} pods are ready")


def _deployment(live: Object) -> Judgement:
    status, wanted = live.get("status") or {}, int(live["spec"].get("replicas", 1))
    progress = condition(live, "Progressing")
    if _observed(live) and progress.get("reason") == "ProgressDeadlineExceeded":
        return Judgement(False, _said(progress), final=True)
    if _observed(live) and live["spec"].get("paused"):
        return READY
    updated, available = int(status.get("updatedReplicas") or 0), int(status.get("availableReplicas") or 0)
    old = int(status.get("replicas") or 0) - updated
    if _observed(live) and updated >= wanted and available >= wanted and old <= 0:
        return READY
    failing = _said(condition(live, "ReplicaFailure"))
    told = f"{available} of {wanted} pods are available, {updated} of the new revision"
    return Judgement(False, f"{told}; {failing}" if failing else told)


def _stateful_set(live: Object) -> Judgement:
    status, spec = live.get("status") or {}, live["spec"]
    wanted = int(spec.get("replicas", 1))
    counted = _counts(live, "readyReplicas", wanted)
    strategy = spec.get("updateStrategy") or {}
    if not counted.ready or strategy.get("type") == "OnDelete":
        return counted
    partition = int((strategy.get("rollingUpdate") or {}).get("partition") or 0)
    updated, expected = int(status.get("updatedReplicas") or 0), max(wanted - partition, 0)
    if status.get("currentRevision") == status.get("updateRevision") or updated >= expected:
        return READY
    return Judgement(False, f"{updated} of {expected} pods are of the new revision")


def _daemon_set(live: Object) -> Judgement:
    status = live.get("status") or {}
    wanted, updated = (
        int(status.get("desiredNumberScheduled") or 0),
        int(status.get("updatedNumberScheduled") or 0),
    )
    counted = _counts(live, "numberReady", wanted)
    on_delete = (live["spec"].get("updateStrategy") or {}).get("type") == "OnDelete"
    if not counted.ready or on_delete or updated >= wanted:
        return counted
    return Judgement(False, f"{updated} of {wanted} pods are of the new revision")


def _replica_set(live: Object) -> Judgement:
    return _counts(live, "availableReplicas", int(live["spec"].get("replicas", 1)))


def _pod(live: Object) -> Judgement:
    status = live.get("status") or {}
    if status.get("phase") == "Succeeded" or condition(live, "Ready").get("status") == "True":
        return READY
    final = status.get("phase") == "Failed"
    return Judgement(False, f"the pod is {status.get('phase') or 'not seen by the scheduler yet'}", final)


def _job(live: Object) -> Judgement:
    failed = condition(live, "Failed")
    if failed.get("status") == "True":
        return Judgement(False, _said(failed), final=True)
    done = condition(live, "Complete").get("status") == "True" or live["spec"].get("suspend")
    if done:
        return READY
    status = live.get("status") or {}
    wanted = live["spec"].get("completions") or 1
    return Judgement(False, f"{status.get('succeeded') or 0} of {wanted} pods have completed")


def _service(live: Object, look: Look) -> Judgement:
    spec, named = live["spec"], live["metadata"]
    if spec.get("type") == "ExternalName":
        return READY
    if spec.get("type") == "LoadBalancer" and not ((live.get("status") or {}).get("loadBalancer") or {}).get(
        "ingress"
    ):
        return Judgement(False, "no external address has been given to the load balancer")
    if not spec.get("selector"):
        return READY
    endpoints = _endpoints(look, named["namespace"], named["name"])
    if any(ready for _, ready in endpoints):
        return READY if all(ready for _, ready in endpoints) else _not_all(endpoints)
    if spec.get("clusterIP") == "None" or spec.get("publishNotReadyAddresses"):
        return READY
    chosen = ", ".join(f"{key}={value}" for key, value in spec["selector"].items())
    return Judgement(False, f"it has no ready endpoint: no ready pod has the labels {chosen}")


def _not_all(endpoints: list[tuple[str, bool]]) -> Judgement:
    waiting = ", ".join(name for name, ready in endpoints if not ready)
    return Judgement(False, f"some endpoints are not ready: {waiting}")


def _endpoints(look: Look, namespace: str, service: str) -> list[tuple[str, bool]]:
    labels = {"kubernetes.io/service-name": service}
    slices = look.find("discovery.k8s.io/v1", "EndpointSlice", namespace, labels)
    return [
        (
            str((each.get("targetRef") or {}).get("name") or ",".join(each.get("addresses") or ())),
            (each.get("conditions") or {}).get("ready") is not False,
        )
        for found in slices
        for each in found.get("endpoints") or ()
    ]


def _ingress(live: Object, look: Look) -> Judgement:
    namespace = live["metadata"]["namespace"]
    for name in sorted(_backends(live)):
        service = look.get("v1", "Service", namespace, name)
        if service is None:
            return Judgement(False, f"its backend service {name} does not exist")
        if (service.get("spec") or {}).get("type") != "ExternalName" and not _endpoints(
            look, namespace, name
        ):
            return Judgement(False, f"its backend service {name} has no endpoints")
    if not ((live.get("status") or {}).get("loadBalancer") or {}).get("ingress"):
        return Judgement(False, "no address has been given to it")
    return READY


def _backends(live: Object) -> set[str]:
    spec = live.get("spec") or {}
    paths = [path for rule in spec.get("rules") or () for path in (rule.get("http") or {}).get("paths") or ()]
    backends = [spec.get("defaultBackend") or {}, *(path.get("backend") or {} for path in paths)]
    return {str(each["service"]["name"]) for each in backends if each.get("service")}


def _claim(live: Object, look: Look) -> Judgement:
    phase = (live.get("status") or {}).get("phase")
    if phase == "Bound":
        return READY
    name = live["spec"].get("storageClassName")
    storage = look.get("storage.k8s.io/v1", "StorageClass", None, name) if name else None
    if storage is not None and storage.get("volumeBindingMode") == "WaitForFirstConsumer":
        return READY
    if name and storage is None:
        return Judgement(False, f"its storage class {name} does not exist")
    return Judgement(False, f"the claim is {phase or 'not seen yet'}", final=phase == "Lost")


def _volume(live: Object) -> Judgement:
    phase = (live.get("status") or {}).get("phase")
    return (
        READY
        if phase in ("Available", "Bound")
        else Judgement(False, f"the volume is {phase or 'not seen yet'}")
    )


def _namespace(live: Object) -> Judgement:
    phase = (live.get("status") or {}).get("phase")
    return READY if phase == "Active" else Judgement(False, f"the namespace is {phase or 'not seen yet'}")


def _definition(live: Object) -> Judgement:
    refused = condition(live, "NamesAccepted")
    if refused.get("status") == "False":
        return Judgement(False, _said(refused), final=True)
    if condition(live, "Established").get("status") == "True":
        return READY
    return Judgement(False, _said(condition(live, "Established")) or "it is not established yet")


_ALONE: dict[tuple[str, str], Callable[[Object], Judgement]] = {
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("apps", "ReplicaSet"): _replica_set,
    ("batch", "Job"): _job,
    ("", "Pod"): _pod,
    ("", "ReplicationController"): _replica_set,
    ("", "PersistentVolume"): _volume,
    ("", "Namespace"): _namespace,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
}
_WITH_OTHERS: dict[tuple[str, str], Callable[[Object, Look], Judgement]] = {
    ("", "Service"): _service,
    ("", "PersistentVolumeClaim"): _claim,
    ("networking.k8s.io", "Ingress"): _ingress,
}
