"""One node pool of a GKE cluster."""

from __future__ import annotations

import pulumi
from pulumi_gcp import container, serviceaccount

from meridian.model.clusters import NodePool
from meridian.model.regions import GcpSite

_EFFECTS = {"NoSchedule": "NO_SCHEDULE", "PreferNoSchedule": "PREFER_NO_SCHEDULE", "NoExecute": "NO_EXECUTE"}


def node_pool(
    name: str,
    key: str,
    pool: NodePool,
    site: GcpSite,
    cluster: container.Cluster,
    account: serviceaccount.Account,
    disk_key: pulumi.Input[str],
    parent: pulumi.Resource,
) -> container.NodePool:
    """Make a pool whose limits are totals of the cluster: `min_node_count` would count per zone, three times as much."""
    return container.NodePool(
        name,
        name=key,
        cluster=cluster.name,
        location=site.region,
        node_locations=list(site.zones),
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
            disk_size_gb=pool.disk_gib,
            disk_type="pd-balanced",
            boot_disk_kms_key=disk_key,
            image_type="COS_CONTAINERD",
            service_account=account.email,
            oauth_scopes=["https://www.googleapis.com/auth/cloud-platform"],
            labels={"meridian.dev/pool": key, **pool.labels},
            taints=[
                container.NodePoolNodeConfigTaintArgs(
                    key=taint.key, value=taint.value, effect=_EFFECTS[taint.effect]
                )
                for taint in pool.taints
            ],
            metadata={"disable-legacy-endpoints": "true"},
            shielded_instance_config=container.NodePoolNodeConfigShieldedInstanceConfigArgs(
                enable_secure_boot=True, enable_integrity_monitoring=True
            ),
            workload_metadata_config=container.NodePoolNodeConfigWorkloadMetadataConfigArgs(
                mode="GKE_METADATA"
            ),
        ),
        # The autoscaler moves the count; taking it back at every update would fight it.
        opts=pulumi.ResourceOptions(parent=parent, ignore_changes=["nodeCount", "initialNodeCount"]),
    )
