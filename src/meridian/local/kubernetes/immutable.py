"""Which changes of an object need a new one: what the API server, or the real provider, does not change in place.

The lists follow the API's own validation (Kubernetes v1.34) and pulumi-kubernetes 4.x. ConfigMaps and Secrets are
replaced when their data changes, so that what refers to their (auto)name rolls out anew, unless the provider is told
that they are mutable.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meridian.local.kubernetes.objects import Kind
from meridian.local.kubernetes.settings import Settings
from meridian.protocol.differences import Path

_ALWAYS = ("kind", "metadata.name", "metadata.namespace")
_VOLUME_SOURCES = [
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "csi",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "glusterfs",
    "hostPath",
    "iscsi",
    "local",
    "nfs",
    "photonPersistentDisk",
    "portworxVolume",
    "quobyte",
    "rbd",
    "scaleIO",
    "storageos",
    "vsphereVolume",
]
_POD = [
    "affinity",
    "automountServiceAccountToken",
    "dnsConfig",
    "dnsPolicy",
    "enableServiceLinks",
    "hostAliases",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostname",
    "imagePullSecrets",
    "nodeName",
    "nodeSelector",
    "overhead",
    "preemptionPolicy",
    "priority",
    "priorityClassName",
    "readinessGates",
    "restartPolicy",
    "runtimeClassName",
    "schedulerName",
    "securityContext",
    "serviceAccount",
    "serviceAccountName",
    "shareProcessNamespace",
    "subdomain",
    "terminationGracePeriodSeconds",
    "volumes",
    "containers",
    "initContainers",
]
_RULES: dict[tuple[str, str], tuple[str, ...]] = {
    ("apps", "DaemonSet"): ("spec.selector",),
    ("apps", "Deployment"): ("spec.selector",),
    ("apps", "ReplicaSet"): ("spec.selector",),
    ("apps", "StatefulSet"): (
        "spec.podManagementPolicy",
        "spec.revisionHistoryLimit",
        "spec.selector",
        "spec.serviceName",
        "spec.volumeClaimTemplates",
    ),
    ("batch", "Job"): ("spec.completions", "spec.parallelism", "spec.selector", "spec.template"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): ("roleRef",),
    ("rbac.authorization.k8s.io", "RoleBinding"): ("roleRef",),
    ("storage.k8s.io", "StorageClass"): (
        "parameters",
        "provisioner",
        "reclaimPolicy",
        "volumeBindingMode",
    ),
    ("scheduling.k8s.io", "PriorityClass"): ("value", "preemptionPolicy"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): ("spec.scope", "spec.group"),
    ("", "PersistentVolume"): tuple(f"spec.{source}" for source in _VOLUME_SOURCES),
    ("", "PersistentVolumeClaim"): (
        "spec.accessModes",
        "spec.selector",
        "spec.storageClassName",
        "spec.volumeName",
    ),
    ("", "Pod"): tuple(f"spec.{field}" for field in _POD),
    ("", "ResourceQuota"): ("spec.scopes",),
    ("", "Secret"): ("type",),
    ("", "Service"): ("spec.clusterIP",),
}


def rules(kind: Kind, inputs: Mapping[str, Any], settings: Settings) -> tuple[str, ...]:
    """Return the dotted paths whose change, or a change below them, needs a new object."""
    found = (*_ALWAYS, *_RULES.get((kind.group, kind.kind), ()))
    frozen = inputs.get("immutable") is True
    if kind.group == "" and kind.kind == "Secret" and (frozen or not settings.secret_mutable):
        found = (*found, "data", "stringData")
    if kind.group == "" and kind.kind == "ConfigMap" and (frozen or not settings.config_map_mutable):
        found = (*found, "data", "binaryData")
    return found


def needs_new(path: Path, fixed: tuple[str, ...]) -> bool:
    """True when a change at this path cannot be made in place."""
    steps = tuple(step for step in path if isinstance(step, str))
    # A change above a rule's place, such as the whole spec coming or going, touches what is below it too.
    return any(
        steps[: len(rule)] == rule or rule[: len(steps)] == steps
        for rule in (tuple(each.split(".")) for each in fixed)
    )
