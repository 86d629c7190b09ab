"""Judgements on recorded objects: ready, or why not."""

from collections.abc import Mapping
from typing import Any

import pytest

from meridian.local.kubernetes.causes import causes
from meridian.local.kubernetes.objects import kind_of
from meridian.local.kubernetes.readiness import Judgement, judge
from meridian.local.kubernetes.waiting import limit

Object = dict[str, Any]


class Recorded:
    """A cluster that holds what it is given."""

    def __init__(self, *objects: Object, events: list[Object] | None = None) -> None:
        self._objects, self._events = objects, events or []

    def get(self, api_version: str, kind: str, namespace: str | None, name: str) -> Object | None:
        return next(
            iter(each for each in self.find(api_version, kind) if each["metadata"]["name"] == name), None
        )

    def find(
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        labels: Mapping[str, str] | None = None,
        fields: str | None = None,
    ) -> list[Object]:
        wanted = dict(labels or {}).items()
        return [
            each
            for each in self._objects
            if each["kind"] == kind and wanted <= (each["metadata"].get("labels") or {}).items()
        ]

    def events(self, live: Mapping[str, Any]) -> list[Object]:
        return [each for each in self._events if each["of"] == live["metadata"]["name"]]


def look(token: str, live: Object, *others: Object) -> Judgement:
    return judge(kind_of(f"kubernetes:{token}", True), live, Recorded(*others))


def made(spec: Object | None = None, status: Object | None = None, **metadata: Any) -> Object:
    named = {"name": "a", "namespace": "default", "generation": 2, **metadata}
    return {"metadata": named, "spec": spec or {}, "status": status or {}}


def deployment(**status: Any) -> Object:
    counts = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}
    return made({"replicas": 2, "selector": {"matchLabels": {"app": "a"}}}, {**counts, **status})


def test_a_deployment_is_ready_when_all_pods_of_the_new_revision_are_available_and_none_of_the_old_is_left() -> (
    None
):
    token = "apps/v1:Deployment"
    assert look(token, deployment()).ready
    assert not look(token, deployment(observedGeneration=1)).ready
    assert "1 of 2 pods are available" in look(token, deployment(availableReplicas=1)).reason
    assert not look(token, deployment(replicas=3)).ready
    stuck = {"type": "Progressing", "reason": "ProgressDeadlineExceeded", "message": "timed out"}
    found = look(token, deployment(availableReplicas=0, conditions=[stuck]))
    assert found.final
    refused = {"type": "ReplicaFailure", "reason": "FailedCreate", "message": "exceeded quota"}
    assert "exceeded quota" in look(token, deployment(availableReplicas=0, conditions=[refused])).reason


def test_a_stateful_set_is_ready_when_its_pods_are_and_are_of_the_new_revision() -> None:
    token = "apps/v1:StatefulSet"
    status = {"observedGeneration": 2, "readyReplicas": 3, "currentRevision": "x", "updateRevision": "x"}
    assert look(token, made({"replicas": 3}, status)).ready
    assert "2 of 3" in look(token, made({"replicas": 3}, {**status, "readyReplicas": 2})).reason
    rolling = {**status, "updateRevision": "y", "updatedReplicas": 1}
    assert "1 of 3 pods are of the new revision" in look(token, made({"replicas": 3}, rolling)).reason
    partition = {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}
    assert look(token, made({"replicas": 3, "updateStrategy": partition}, rolling)).ready
    assert look(token, made({"replicas": 3, "updateStrategy": {"type": "OnDelete"}}, rolling)).ready


def test_a_daemon_set_is_ready_when_every_node_has_its_pod() -> None:
    token = "apps/v1:DaemonSet"
    status = {
        "observedGeneration": 2,
        "desiredNumberScheduled": 2,
        "numberReady": 2,
        "updatedNumberScheduled": 2,
    }
    assert look(token, made({}, status)).ready
    assert not look(token, made({}, {**status, "numberReady": 1})).ready
    assert "new revision" in look(token, made({}, {**status, "updatedNumberScheduled": 1})).reason


def test_a_pod_is_ready_when_it_is_or_has_done_its_work() -> None:
    ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    assert look("core/v1:Pod", made({}, ready)).ready
    assert look("core/v1:Pod", made({}, {"phase": "Succeeded"})).ready
    assert look("core/v1:Pod", made({}, {"phase": "Failed"})).final
    assert look("core/v1:Pod", made({}, {"phase": "Pending"})) == Judgement(False, "the pod is Pending")


def test_a_job_is_ready_when_it_is_complete_and_failed_for_good_when_it_failed() -> None:
    done = {"conditions": [{"type": "Complete", "status": "True"}]}
    assert look("batch/v1:Job", made({}, done)).ready
    assert look("batch/v1:Job", made({"suspend": True})).ready
    failed = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "too often"}
    found = look("batch/v1:Job", made({}, {"conditions": [failed]}))
    assert found.final
    assert "BackoffLimitExceeded" in found.reason
    assert "0 of 3" in look("batch/v1:Job", made({"completions": 3})).reason


def endpoints(*ready: bool) -> Object:
    listed = [
        {"addresses": ["10.0.0.1"], "conditions": {"ready": each}, "targetRef": {"name": f"pod-{index}"}}
        for index, each in enumerate(ready)
    ]
    labels = {"kubernetes.io/service-name": "a"}
    return {"kind": "EndpointSlice", "metadata": {"name": "a-x", "labels": labels}, "endpoints": listed}


def test_a_service_is_ready_when_all_its_endpoints_are() -> None:
    token, spec = "core/v1:Service", {"selector": {"app": "a"}, "clusterIP": "10.96.0.9"}
    assert look(token, made(spec), endpoints(True, True)).ready
    assert "app=a" in look(token, made(spec)).reason
    assert "pod-1" in look(token, made(spec), endpoints(True, False)).reason


@pytest.mark.parametrize(
    "spec",
    [
        {"type": "ExternalName", "externalName": "db.example"},
        {"clusterIP": "10.96.0.9"},
        {"selector": {"app": "a"}, "clusterIP": "None"},
        {"selector": {"app": "a"}, "publishNotReadyAddresses": True},
    ],
)
def test_a_service_that_needs_no_endpoint_is_ready_without(spec: Object) -> None:
    assert look("core/v1:Service", made(spec)).ready


def test_a_load_balancer_needs_its_address() -> None:
    spec = {"type": "LoadBalancer"}
    assert "external address" in look("core/v1:Service", made(spec)).reason
    given = {"loadBalancer": {"ingress": [{"ip": "203.0.113.1"}]}}
    assert look("core/v1:Service", made(spec, given)).ready


def test_an_ingress_needs_its_services_their_endpoints_and_an_address() -> None:
    token = "networking.k8s.io/v1:Ingress"
    backend = {"service": {"name": "a", "port": {"number": 80}}}
    spec = {"rules": [{"http": {"paths": [{"path": "/", "backend": backend}]}}]}
    service = {"kind": "Service", "metadata": {"name": "a"}, "spec": {}}
    given = {"loadBalancer": {"ingress": [{"ip": "203.0.113.1"}]}}
    assert "does not exist" in look(token, made(spec, given)).reason
    assert "no endpoints" in look(token, made(spec, given), service).reason
    assert "no address" in look(token, made(spec), service, endpoints(True)).reason
    assert look(token, made(spec, given), service, endpoints(True)).ready


def test_a_claim_is_ready_when_it_is_bound_or_waits_for_its_pod() -> None:
    token, spec = "core/v1:PersistentVolumeClaim", {"storageClassName": "s"}
    waits = {"kind": "StorageClass", "metadata": {"name": "s"}, "volumeBindingMode": "WaitForFirstConsumer"}
    assert look(token, made(spec, {"phase": "Bound"})).ready
    assert look(token, made(spec, {"phase": "Pending"}), waits).ready
    assert "storage class s does not exist" in look(token, made(spec, {"phase": "Pending"})).reason
    at_once = {**waits, "volumeBindingMode": "Immediate"}
    assert look(token, made(spec, {"phase": "Pending"}), at_once).reason == "the claim is Pending"
    assert look(token, made({}, {"phase": "Lost"})).final


def test_a_definition_is_ready_when_it_is_established_and_refused_for_good_when_its_names_are_taken() -> None:
    token = "apiextensions.k8s.io/v1:CustomResourceDefinition"
    assert look(token, made({}, {"conditions": [{"type": "Established", "status": "True"}]})).ready
    taken = {"type": "NamesAccepted", "status": "False", "reason": "ListKindConflict", "message": "in use"}
    assert look(token, made({}, {"conditions": [taken]})).final
    assert not look(token, made()).ready


def test_a_namespace_is_ready_when_it_is_active_and_kinds_without_a_rule_at_once() -> None:
    assert look("core/v1:Namespace", made({}, {"phase": "Active"})).ready
    assert not look("core/v1:Namespace", made({}, {"phase": "Terminating"})).ready
    assert look("core/v1:ConfigMap", made()).ready
    assert look("example.org/v1:Widget", made()).ready


def pod(name: str, **status: Any) -> Object:
    return {
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "labels": {"app": "a"}},
        "spec": {"volumes": [{"persistentVolumeClaim": {"claimName": "data"}}]},
        "status": status,
    }


def test_the_causes_name_scheduling_images_claims_and_events() -> None:
    unscheduled = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": "0/3 nodes",
    }
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": "not found"}}
    container = {"name": "main", "image": "registry.example/x:9", "state": waiting}
    claim = {
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": "default"},
        "spec": {"storageClassName": "fast"},
        "status": {"phase": "Pending"},
    }
    event = {"of": "a", "type": "Warning", "reason": "FailedCreate", "message": "exceeded quota"}
    calm = {"of": "a", "type": "Normal", "reason": "Scaled", "message": "up"}
    cluster = Recorded(
        pod("p-0", conditions=[unscheduled]),
        pod("p-1", containerStatuses=[container]),
        claim,
        events=[event, calm],
    )
    found = "\n".join(causes(kind_of("kubernetes:apps/v1:Deployment", True), deployment(), cluster))
    assert "pod p-0: Unschedulable: 0/3 nodes" in found
    assert "ImagePullBackOff (image registry.example/x:9)" in found
    assert "claim data is Pending (fast)" in found
    assert "FailedCreate: exceeded quota" in found
    assert "Scaled" not in found


def test_many_causes_are_cut_short() -> None:
    events = [{"of": "a", "type": "Warning", "reason": "R", "message": str(each)} for each in range(20)]
    found = causes(kind_of("kubernetes:core/v1:ConfigMap", True), made(), Recorded(events=events))
    assert found[-1] == "... and 14 more"


def test_how_long_to_wait_is_the_resources_own_affair() -> None:
    said = {"metadata": {"annotations": {"pulumi.com/timeoutSeconds": "30"}}}
    assert limit(said, 0) == 30
    assert limit(said, 90) == 90
    assert limit({}, 0) == 180
    from meridian.local.errors import LocalError

    with pytest.raises(LocalError, match="number of seconds"):
        limit({"metadata": {"annotations": {"pulumi.com/timeoutSeconds": "soon"}}}, 0)
