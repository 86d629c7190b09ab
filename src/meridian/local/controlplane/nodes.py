"""Simulated nodes: real Node objects, kept alive by kwok."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from meridian.local.controlplane.spec import ControlPlaneSpec, Endpoint, NodePoolSpec

POOL_LABEL = "meridian.dev/local-pool"
_DRIVER_ZONE = {"gcp": "topology.gke.io/zone", "aws": "topology.ebs.csi.aws.com/zone"}
"""The label that each cloud's volume driver puts on its nodes; classes name it to say where volumes may be made."""
# What kubelet, runtime and system take of a machine before pods get the rest (GKE docs, "Node sizing", 2026-11, rounded).
_RESERVED_CPU_MILLI = 100
_RESERVED_MEMORY = 0.1


def sync(spec: ControlPlaneSpec, endpoint: Endpoint, pool: NodePoolSpec) -> None:
    """Make the cluster's nodes of one pool what the pool says: as many, in these zones, with these labels."""
    core = _core(endpoint)
    wanted = {body["metadata"]["name"]: body for body in _nodes(spec, pool)}
    existing = {
        node.metadata.name for node in core.list_node(label_selector=f"{POOL_LABEL}={pool.name}").items
    }
    for name in existing - set(wanted):
        _delete(core, name)
    for name, body in wanted.items():
        status = body.pop("status")
        if name in existing:
            core.patch_node(
                name,
                {
                    "metadata": {"labels": body["metadata"]["labels"]},
                    "spec": {"taints": body["spec"]["taints"]},
                },
            )
        else:
            core.create_node(body)
        core.patch_node_status(name, {"status": status})


def remove(endpoint: Endpoint, pool: str) -> None:
    """Delete all nodes of a pool."""
    core = _core(endpoint)
    for node in core.list_node(label_selector=f"{POOL_LABEL}={pool}").items:
        _delete(core, node.metadata.name)


def count(endpoint: Endpoint) -> int:
    """Return how many nodes the cluster has."""
    return len(_core(endpoint).list_node().items)


def _core(endpoint: Endpoint) -> Any:
    return client.CoreV1Api(config.new_client_from_config(str(endpoint.kubeconfig)))


def _delete(core: Any, name: str) -> None:
    try:
        core.delete_node(name)
    except ApiException as error:
        if error.status != 404:
            raise


def _nodes(spec: ControlPlaneSpec, pool: NodePoolSpec) -> Iterator[dict[str, Any]]:
    for index in range(pool.count):
        zone = pool.zones[index % len(pool.zones)]
        name = f"{spec.name}-{pool.name}-{index + 1}"
        memory = int(pool.memory_gib * 1024)
        capacity = {
            "cpu": str(pool.cpu),
            "memory": f"{memory}Mi",
            "pods": str(pool.pods),
            "ephemeral-storage": "100Gi",
        }
        allocatable = {
            **capacity,
            "cpu": f"{pool.cpu * 1000 - _RESERVED_CPU_MILLI}m",
            "memory": f"{int(memory * (1 - _RESERVED_MEMORY))}Mi",
        }
        labels = {
            **pool.labels,
            POOL_LABEL: pool.name,
            "kubernetes.io/arch": "amd64",
            "kubernetes.io/hostname": name,
            "kubernetes.io/os": "linux",
            "node.kubernetes.io/instance-type": pool.machine_type,
            "topology.kubernetes.io/region": spec.region,
            "topology.kubernetes.io/zone": zone,
            _DRIVER_ZONE[spec.cloud]: zone,
        }
        yield {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": name, "labels": labels, "annotations": {"kwok.x-k8s.io/node": "fake"}},
            "spec": {
                "providerID": f"meridian://{spec.cloud}/{zone}/{name}",
                "taints": [
                    {"key": taint.key, "value": taint.value, "effect": taint.effect} for taint in pool.taints
                ],
            },
            "status": {"capacity": capacity, "allocatable": allocatable},
        }
