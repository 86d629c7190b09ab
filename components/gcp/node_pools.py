"""One GKE node pool from one pool of the model."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_gcp import container

from meridian.model.clusters import NodePool

_EFFECTS = {
    "NoSchedule": "NO_SCHEDULE",
    "PreferNoSchedule": "PREFER_NO_SCHEDULE",
    "NoExecute": "NO_EXECUTE",
}


@dataclass(frozen=True, kw_only=True)
class NodePoolArgs:
    """A pool and where it runs."""

    key: str
    pool: NodePool
    region: str
    zones: tuple[str, ...]
    cluster: pulumi.Input[str]
    service_account: pulumi.Input[str]
    disks_key_id: pulumi.Input[str]


def add_node_pool(name: str, args: NodePoolArgs, opts: pulumi.ResourceOptions) -> container.NodePool:
    """Add the pool; its limits are totals of the cluster, since GKE's other pair counts per zone."""
    pool = args.pool
    return container.NodePool(
        name,
        name=args.key,
        cluster=args.cluster,
        location=args.region,
        node_locations=list(args.zones),
        # The autoscaler starts from here: rounded up, so that the least number is there from the start.
        initial_node_count=-(-pool.min_nodes // len(args.zones)),
        autoscaling=container.NodePoolAutoscalingArgs(
            total_min_node_count=pool.min_nodes,
            total_max_node_count=pool.max_nodes,
            location_policy="BALANCED",
        ),
        management=container.NodePoolManagementArgs(auto_repair=True, auto_upgrade=True),
        upgrade_settings=container.NodePoolUpgradeSettingsArgs(
            strategy="SURGE", max_surge=1, max_unavailable=0
        ),
        node_config=container.NodePoolNodeConfigArgs(
            machine_type=pool.machine_type,
            image_type="COS_CONTAINERD",
            disk_type="pd-balanced",
            disk_size_gb=pool.disk_gib,
            boot_disk_kms_key=args.disks_key_id,
            service_account=args.service_account,
            oauth_scopes=["https://www.googleapis.com/auth/cloud-platform"],
            metadata={"disable-legacy-endpoints": "true"},
            labels=dict(pool.labels),
            taints=[
                container.NodePoolNodeConfigTaintArgs(
                    key=taint.key, value=taint.value, effect=_EFFECTS[taint.effect]
                )
                for taint in pool.taints
            ],
            shielded_instance_config=container.NodePoolNodeConfigShieldedInstanceConfigArgs(
                enable_secure_boot=True, enable_integrity_monitoring=True
            ),
            workload_metadata_config=container.NodePoolNodeConfigWorkloadMetadataConfigArgs(
                mode="GKE_METADATA"
            ),
        ),
        opts=pulumi.ResourceOptions.merge(
            opts,
            pulumi.ResourceOptions(
                # A change of the initial count replaces the pool (pulumi-gcp 88); the autoscaler owns the count.
                ignore_changes=["initialNodeCount", "nodeCount"],
                custom_timeouts=pulumi.CustomTimeouts(create="60m", update="90m", delete="60m"),
            ),
        ),
    )
