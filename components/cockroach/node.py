"""One CockroachDB node on Kubernetes: its StatefulSet, its own service and its certificate."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.apps.v1 import (
    StatefulSet,
    StatefulSetPersistentVolumeClaimRetentionPolicyArgs,
    StatefulSetSpecArgs,
    StatefulSetUpdateStrategyArgs,
)
from pulumi_kubernetes.core.v1 import (
    PersistentVolumeClaimArgs,
    PersistentVolumeClaimSpecArgs,
    PodTemplateSpecArgs,
    Secret,
    Service,
    ServicePortArgs,
    ServiceSpecArgs,
    VolumeResourceRequirementsArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs

from components.cockroach.certificate import Certificate
from components.cockroach.google import GoogleSignIn
from components.cockroach.pod import APP, PodArgs, pod_spec
from meridian.model.clusters import NodePool
from meridian.model.database import Database
from meridian.model.topology import Node

SKIP_AWAIT = {"pulumi.com/skipAwait": "true"}
"""A node is ready only after `cockroach init`, which the data unit runs when the platforms are up."""


@dataclass(frozen=True, kw_only=True)
class NodeArgs:
    """A node, the database it belongs to, and what its cluster gives it."""

    node: Node
    database: Database
    pool: NodePool
    advertise: str
    join: Sequence[str]
    resolver: str
    namespace: pulumi.Input[str]
    service_account: pulumi.Input[str]
    storage_class: str
    priority_class: str
    config_map: pulumi.Input[str]
    config: str
    """The mounted configuration's text: a change of it marks the pod as waiting for its restart."""
    key_secret: pulumi.Input[str]
    authority: pulumi.Input[str]
    """Every trusted authority's certificate, PEM."""
    certificate: Certificate
    google: GoogleSignIn | None
    protect: bool


class DatabaseNode(pulumi.ComponentResource):
    """A StatefulSet of one pod, since locality, zone and certificate are the node's own; never restarts a pod by itself."""

    name: pulumi.Output[str]

    def __init__(self, name: str, args: NodeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:cockroach:DatabaseNode", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        key, database = args.node.key, args.database
        labels = {**APP, "app.kubernetes.io/instance": key}
        certificate = Secret(
            f"{name}-certificate",
            metadata=ObjectMetaArgs(name=f"{key}-certificate", namespace=args.namespace, labels=labels),
            string_data={
                "ca.crt": args.authority,
                "node.crt": args.certificate.certificate,
                "node.key": args.certificate.key,
            },
            opts=child,
        )
        service = Service(
            f"{name}-service",
            metadata=ObjectMetaArgs(
                name=key, namespace=args.namespace, labels=labels, annotations=SKIP_AWAIT
            ),
            spec=ServiceSpecArgs(
                cluster_ip="None",
                # Nodes find each other before they are ready, and while they drain.
                publish_not_ready_addresses=True,
                selector=labels,
                ports=[
                    ServicePortArgs(name="sql", port=database.sql_port, target_port="sql"),
                    ServicePortArgs(name="http", port=database.http_port, target_port="http"),
                ],
            ),
            opts=child,
        )
        spec = pod_spec(
            PodArgs(
                node=args.node,
                database=database,
                pool=args.pool,
                advertise=args.advertise,
                join=args.join,
                resolver=args.resolver,
                config_map=args.config_map,
                certificate_secret=certificate.metadata.name,
                key_secret=args.key_secret,
                service_account=args.service_account,
                priority_class=args.priority_class,
                google=args.google,
            )
        )
        made = StatefulSet(
            name,
            metadata=ObjectMetaArgs(
                name=key, namespace=args.namespace, labels=labels, annotations=SKIP_AWAIT
            ),
            spec=StatefulSetSpecArgs(
                replicas=1,
                service_name=service.metadata.name,
                selector=LabelSelectorArgs(match_labels=labels),
                # Nine sets in six clusters share no disruption budget: a rolling update of all at once would take the
                # system ranges' quorum. The runbook deletes one pod after another.
                update_strategy=StatefulSetUpdateStrategyArgs(type="OnDelete"),
                persistent_volume_claim_retention_policy=StatefulSetPersistentVolumeClaimRetentionPolicyArgs(
                    when_deleted="Retain" if args.protect else "Delete", when_scaled="Retain"
                ),
                template=PodTemplateSpecArgs(
                    metadata=ObjectMetaArgs(
                        labels=labels,
                        annotations={"meridian.dev/config": _digest(args.config), **_metrics(database)},
                    ),
                    spec=spec,
                ),
                volume_claim_templates=[
                    PersistentVolumeClaimArgs(
                        metadata=ObjectMetaArgs(name="data", labels=labels),
                        spec=PersistentVolumeClaimSpecArgs(
                            access_modes=["ReadWriteOnce"],
                            storage_class_name=args.storage_class,
                            volume_mode="Filesystem",
                            resources=VolumeResourceRequirementsArgs(
                                requests={"storage": f"{database.storage_gib}Gi"}
                            ),
                        ),
                    )
                ],
            ),
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        self.name = made.metadata.name.apply(lambda given: given or key)
        self.register_outputs({"name": self.name})


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _metrics(database: Database) -> dict[str, str]:
    """Tell the Datadog agent where the node's metrics are (Datadog docs, "CockroachDB integration", autodiscovery)."""
    instance = {
        "openmetrics_endpoint": f"https://%%host%%:{database.http_port}/_status/vars",
        # The agent has no way to trust the database's own authority; metrics are read inside the cluster only.
        "tls_verify": False,
    }
    checks = {"cockroachdb": {"init_config": {}, "instances": [instance]}}
    return {"ad.datadoghq.com/cockroachdb.checks": json.dumps(checks, sort_keys=True)}
