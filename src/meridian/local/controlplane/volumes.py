"""Simulated volumes: what a cloud's CSI driver would make of claims, as plain objects."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from kubernetes.utils.quantity import parse_quantity

DRIVERS = ("pd.csi.storage.gke.io", "ebs.csi.aws.com")
ZONE = "topology.kubernetes.io/zone"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
_FS_TYPE = "csi.storage.k8s.io/fstype"
Object = Mapping[str, Any]


def wants_volume(claim: Object, storage_class: Object) -> bool:
    """True when a driver would make a volume for a claim now; one that waits for a pod waits for the scheduler's node."""
    if storage_class.get("provisioner") not in DRIVERS or claim["spec"].get("volumeName"):
        return False
    if claim["metadata"].get("deletionTimestamp") or (claim.get("status") or {}).get("phase") != "Pending":
        return False
    waits = storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"
    return not waits or bool(selected_node(claim))


def selected_node(claim: Object) -> str | None:
    """Return the node that the scheduler chose for the claim's first pod."""
    return (claim["metadata"].get("annotations") or {}).get(SELECTED_NODE)


def zone_of(storage_class: Object, node: Object | None, zones: list[str]) -> str:
    """Return where the volume lies: where its pod's node is, else in the first zone that the class allows."""
    if node is not None:
        return str((node["metadata"].get("labels") or {}).get(ZONE) or "")
    allowed = [
        value
        for term in storage_class.get("allowedTopologies") or ()
        for match in term.get("matchLabelExpressions") or ()
        if str(match.get("key")).endswith("/zone")
        for value in match.get("values") or ()
    ]
    return str(next(iter(allowed or zones), ""))


def volume(claim: Object, storage_class: Object, zone: str) -> dict[str, Any]:
    """Return the PersistentVolume for a claim, bound to its zone; there is no disk behind it."""
    named, spec = claim["metadata"], claim["spec"]
    name, driver = f"pvc-{named['uid']}", str(storage_class["provisioner"])
    in_zone = [{"key": ZONE, "operator": "In", "values": [zone]}]
    parameters = storage_class.get("parameters") or {}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {PROVISIONED_BY: driver}},
        "spec": {
            "accessModes": spec.get("accessModes") or ["ReadWriteOnce"],
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                **{key: named[key] for key in ("name", "namespace", "uid")},
            },
            "csi": {
                "driver": driver,
                "volumeHandle": _handle(driver, name, zone),
                **({"fsType": parameters[_FS_TYPE]} if _FS_TYPE in parameters else {}),
            },
            "mountOptions": storage_class.get("mountOptions") or [],
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": in_zone}]}},
            "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy") or "Delete",
            "storageClassName": storage_class["metadata"]["name"],
            "volumeMode": spec.get("volumeMode") or "Filesystem",
        },
    }


def to_delete(found: Object) -> bool:
    """True when a driver would delete a volume: its claim is gone and its class does not keep it."""
    by = (found["metadata"].get("annotations") or {}).get(PROVISIONED_BY)
    released = (found.get("status") or {}).get("phase") == "Released"
    deletes = found["spec"].get("persistentVolumeReclaimPolicy") == "Delete"
    return by in DRIVERS and released and deletes and not found["metadata"].get("deletionTimestamp")


def grown(claim: Object, storage_class: Object) -> str | None:
    """Return the size to which a bound claim was enlarged, or None."""
    if storage_class.get("provisioner") not in DRIVERS or not storage_class.get("allowVolumeExpansion"):
        return None
    status = claim.get("status") or {}
    wanted = claim["spec"]["resources"]["requests"]["storage"]
    have = (status.get("capacity") or {}).get("storage")
    if status.get("phase") != "Bound" or have is None or parse_quantity(wanted) <= parse_quantity(have):
        return None
    return str(wanted)


def _handle(driver: str, name: str, zone: str) -> str:
    if driver == "ebs.csi.aws.com":
        return f"vol-{hashlib.sha256(name.encode()).hexdigest()[:17]}"
    return f"projects/meridian-simulated/zones/{zone}/disks/{name}"
