"""A cluster's storage and priority classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import core, scheduling, storage

from components.kubernetes.metadata import metadata
from meridian.model.database import Volume
from meridian.model.platform import PriorityClass, StorageClass

_DEFAULT = "storageclass.kubernetes.io/is-default-class"
_PROVISIONER = {"gcp": "pd.csi.storage.gke.io", "aws": "ebs.csi.aws.com"}
ZONE_LABEL = {"gcp": "topology.gke.io/zone", "aws": "topology.ebs.csi.aws.com/zone"}
"""The node label by which each cloud's CSI driver tells zones apart (drivers' docs, 2026-11)."""


@dataclass(frozen=True, kw_only=True)
class ClassesArgs:
    """The model's classes, the site's zones and the region's keys by purpose."""

    storage: Mapping[str, StorageClass]
    priority: Mapping[str, PriorityClass]
    cloud: str
    zones: Sequence[str]
    volume: Volume
    """What a volume under the database's key must deliver."""
    keys: Mapping[str, pulumi.Input[str]]
    """Key id (Google Cloud) or ARN (AWS) by purpose."""
    labels: Mapping[str, str]


class Classes(pulumi.ComponentResource):
    """Classes only: no volume is made and no pod is given a priority here."""

    def __init__(self, name: str, args: ClassesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:kubernetes:Classes", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        for key, model in args.storage.items():
            storage.v1.StorageClass(
                f"{name}-{key}",
                metadata=metadata(key, args.labels, annotations={_DEFAULT: str(model.default).lower()}),
                provisioner=_PROVISIONER[args.cloud],
                parameters=parameters(
                    args.cloud, args.keys[model.key], args.volume if model.key == "database" else None
                ),
                # The volume is made where the pod was put, never the pod where the volume happens to be.
                volume_binding_mode="WaitForFirstConsumer",
                allow_volume_expansion=True,
                reclaim_policy="Retain" if model.retain else "Delete",
                allowed_topologies=[
                    core.v1.TopologySelectorTermArgs(
                        match_label_expressions=[
                            core.v1.TopologySelectorLabelRequirementArgs(
                                key=ZONE_LABEL[args.cloud], values=list(args.zones)
                            )
                        ]
                    )
                ],
                opts=child,
            )
        for key, priority in args.priority.items():
            scheduling.v1.PriorityClass(
                f"{name}-{key}",
                metadata=metadata(f"meridian-{key}", args.labels),
                value=priority.value,
                preemption_policy="PreemptLowerPriority" if priority.preempts else "Never",
                global_default=False,
                description=priority.why,
                opts=child,
            )
        self.register_outputs({})


def parameters(cloud: str, key: pulumi.Input[str], volume: Volume | None) -> dict[str, pulumi.Input[str]]:
    """Return the driver's parameters; without `volume` gp3's own speed, and pd-ssd's follows its size everywhere."""
    if cloud == "gcp":
        return {"type": "pd-ssd", "disk-encryption-kms-key": key, "csi.storage.k8s.io/fstype": "ext4"}
    speed = {"iops": str(volume.iops), "throughput": str(volume.throughput_mib)} if volume else {}
    return {
        "type": "gp3",
        "encrypted": "true",
        "kmsKeyId": key,
        **speed,
        "csi.storage.k8s.io/fstype": "ext4",
    }
