"""Claims are bound in the zone of their pod, volumes go by their class's policy, load balancers get an address."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from kubernetes_driving import Instance, Plane

from meridian.local.controlplane import addresses, volumes

CLASS: dict[str, Any] = {
    "metadata": {"name": "encrypted"},
    "provisioner": "pd.csi.storage.gke.io",
    "volumeBindingMode": "WaitForFirstConsumer",
    "allowVolumeExpansion": True,
}
CLAIM: dict[str, Any] = {
    "metadata": {"name": "data", "namespace": "db", "uid": "u-1"},
    "spec": {"resources": {"requests": {"storage": "10Gi"}}, "accessModes": ["ReadWriteOnce"]},
    "status": {"phase": "Pending"},
}


def on_node(claim: dict[str, Any]) -> dict[str, Any]:
    annotations = {volumes.SELECTED_NODE: "n1"}
    return {**claim, "metadata": {**claim["metadata"], "annotations": annotations}}


def test_a_claim_that_waits_for_its_pod_gets_no_volume_before_the_scheduler_chose_a_node() -> None:
    assert not volumes.wants_volume(CLAIM, CLASS)
    assert volumes.wants_volume(on_node(CLAIM), CLASS)
    assert volumes.wants_volume(CLAIM, {**CLASS, "volumeBindingMode": "Immediate"})
    assert not volumes.wants_volume(on_node(CLAIM), {**CLASS, "provisioner": "example.org/other"})


def test_a_volume_is_bound_to_the_zone_of_the_node() -> None:
    node = {"metadata": {"labels": {volumes.ZONE: "us-central1-b"}}}
    zone = volumes.zone_of(CLASS, node, ["us-central1-a"])
    made = volumes.volume(on_node(CLAIM), CLASS, zone)
    terms = made["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]
    assert terms == [
        {"matchExpressions": [{"key": volumes.ZONE, "operator": "In", "values": ["us-central1-b"]}]}
    ]
    assert made["spec"]["claimRef"]["uid"] == "u-1"
    assert made["spec"]["csi"]["volumeHandle"].endswith("/zones/us-central1-b/disks/pvc-u-1")


def test_without_a_node_the_first_zone_that_the_class_allows_is_taken() -> None:
    topology = [{"matchLabelExpressions": [{"key": volumes.ZONE, "values": ["z3", "z4"]}]}]
    assert volumes.zone_of({**CLASS, "allowedTopologies": topology}, None, ["z1"]) == "z3"
    assert volumes.zone_of(CLASS, None, ["z1"]) == "z1"


def test_only_released_volumes_of_a_cloud_driver_are_deleted_and_only_by_policy() -> None:
    made = {**volumes.volume(CLAIM, CLASS, "z"), "status": {"phase": "Released"}}
    assert volumes.to_delete(made)
    assert not volumes.to_delete({**made, "status": {"phase": "Bound"}})
    kept = volumes.volume(CLAIM, {**CLASS, "reclaimPolicy": "Retain"}, "z")
    assert not volumes.to_delete({**kept, "status": {"phase": "Released"}})
    foreign = {**made, "metadata": {"name": "x", "annotations": {}}}
    assert not volumes.to_delete(foreign)


def test_a_claim_grows_but_never_shrinks() -> None:
    bound = {**CLAIM, "status": {"phase": "Bound", "capacity": {"storage": "5Gi"}}}
    assert volumes.grown(bound, CLASS) == "10Gi"
    assert (
        volumes.grown({**bound, "status": {"phase": "Bound", "capacity": {"storage": "10240Mi"}}}, CLASS)
        is None
    )
    assert volumes.grown(bound, {**CLASS, "allowVolumeExpansion": False}) is None


def test_load_balancers_get_addresses_that_belong_to_nobody() -> None:
    named = {"name": "web", "namespace": "shop", "uid": "u-2"}
    service: dict[str, Any] = {"kind": "Service", "metadata": named, "spec": {"type": "LoadBalancer"}}
    assert addresses.needs_address(service)
    assert addresses.address(service, "gcp", "us-central1")["ip"].startswith("203.0.113.")
    name = addresses.address(service, "aws", "us-east-1")["hostname"]
    assert name.endswith(".elb.us-east-1.meridian.invalid")
    internal = {**named, "annotations": {"networking.gke.io/load-balancer-type": "Internal"}}
    assert addresses.address({**service, "metadata": internal}, "gcp", "r")["ip"].startswith("192.0.2.")
    given = {**service, "status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.9"}]}}}
    assert not addresses.needs_address(given)
    assert addresses.lost_address({**given, "spec": {"type": "ClusterIP"}})
    assert not addresses.needs_address({**service, "spec": {"type": "ClusterIP"}})


def until(check: Callable[[], Any], seconds: float = 30) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = check()
        if found:
            return found
        time.sleep(0.2)
    pytest.fail("it never came to be")


@pytest.mark.e2e
@pytest.mark.controlplane
def test_a_stateful_set_gets_its_volume_in_its_zone_and_loses_it_with_its_claim(
    provider: Instance, plane: Plane
) -> None:
    storage = {key: value for key, value in CLASS.items() if key != "metadata"}
    made_class = {"metadata": {"name": "encrypted"}, **storage}
    provider.create("kubernetes:storage.k8s.io/v1:StorageClass", made_class)
    labels = {"app": "db"}
    claim = {"metadata": {"name": "data"}, "spec": CLAIM["spec"] | {"storageClassName": "encrypted"}}
    pod = {
        "nodeSelector": {volumes.ZONE: "us-central1-b"},
        "containers": [
            {
                "name": "db",
                "image": "registry.example/db:1",
                "volumeMounts": [{"name": "data", "mountPath": "/data"}],
            }
        ],
    }
    spec = {
        "serviceName": "db",
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
        "volumeClaimTemplates": [claim],
    }
    token = "kubernetes:apps/v1:StatefulSet"
    made, outputs = provider.create(token, {"metadata": {"name": "db", "namespace": "default"}, "spec": spec})
    assert outputs["status"]["readyReplicas"] == 1
    found = plane.cluster.get("v1", "PersistentVolumeClaim", "default", "data-db-0")
    assert found is not None
    volume = plane.cluster.get("v1", "PersistentVolume", None, found["spec"]["volumeName"])
    assert volume is not None
    terms = volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]
    assert terms[0]["matchExpressions"][0]["values"] == ["us-central1-b"]
    provider.delete(token, made, outputs)
    provider.delete("kubernetes:core/v1:PersistentVolumeClaim", "default/data-db-0")
    until(lambda: plane.cluster.get("v1", "PersistentVolume", None, volume["metadata"]["name"]) is None)


@pytest.mark.e2e
@pytest.mark.controlplane
def test_a_load_balancer_and_an_ingress_become_ready(provider: Instance) -> None:
    labels = {"app": "edge"}
    pod = {"containers": [{"name": "main", "image": "registry.example/main:1"}]}
    named = {"name": "edge", "namespace": "default"}
    spec = {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}
    provider.create("kubernetes:apps/v1:Deployment", {"metadata": named, "spec": spec})
    service = {"type": "LoadBalancer", "selector": labels, "ports": [{"port": 80}]}
    _, outputs = provider.create("kubernetes:core/v1:Service", {"metadata": named, "spec": service})
    assert outputs["status"]["loadBalancer"]["ingress"][0]["ip"].startswith("203.0.113.")
    backend = {"service": {"name": "edge", "port": {"number": 80}}}
    _, outputs = provider.create(
        "kubernetes:networking.k8s.io/v1:Ingress", {"metadata": named, "spec": {"defaultBackend": backend}}
    )
    assert outputs["status"]["loadBalancer"]["ingress"]
