"""The node pools of an EKS cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_aws import ec2, eks, iam

from components.aws import policies
from meridian.model.clusters import NodePool
from meridian.model.regions import AwsSite

_EFFECTS = {"NoSchedule": "NO_SCHEDULE", "PreferNoSchedule": "PREFER_NO_SCHEDULE", "NoExecute": "NO_EXECUTE"}
_NODE_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly", "AmazonEKS_CNI_Policy")


class NodePools:
    """Every pool of one cluster, under one node role."""

    def __init__(
        self,
        name: str,
        site: AwsSite,
        cluster: eks.Cluster,
        subnets: Mapping[str, pulumi.Input[str]],
        database_zones: Sequence[str],
        database_security_group: pulumi.Input[str],
        disk_key: pulumi.Input[str],
        parent: pulumi.Resource,
    ) -> None:
        child = pulumi.ResourceOptions(parent=parent)
        role = iam.Role(
            f"{name}-nodes",
            name=f"{site.cluster.name}-nodes",
            assume_role_policy=policies.trust("ec2.amazonaws.com"),
            opts=child,
        )
        grants = [
            iam.RolePolicyAttachment(
                f"{name}-nodes-{policy.lower().replace('_', '-')}",
                role=role.name,
                policy_arn=f"arn:aws:iam::aws:policy/{policy}",
                opts=child,
            )
            for policy in _NODE_POLICIES
        ]
        self.groups: list[pulumi.Resource] = [
            self._group(
                f"{name}-{key}",
                key,
                pool,
                cluster,
                role,
                grants,
                # An autoscaling group over more zones would grow in a zone where no node may run.
                {zone: subnets[zone] for zone in database_zones}
                if key == "database" and database_zones
                else subnets,
                database_security_group,
                disk_key,
                child,
            )
            for key, pool in site.cluster.pools.items()
        ]

    @staticmethod
    def _group(
        name: str,
        key: str,
        pool: NodePool,
        cluster: eks.Cluster,
        role: iam.Role,
        grants: list[iam.RolePolicyAttachment],
        subnets: Mapping[str, pulumi.Input[str]],
        database_security_group: pulumi.Input[str],
        disk_key: pulumi.Input[str],
        child: pulumi.ResourceOptions,
    ) -> eks.NodeGroup:
        own_group = cluster.vpc_config.apply(lambda config: config.cluster_security_group_id or "")
        template = ec2.LaunchTemplate(
            name,
            update_default_version=True,
            metadata_options=ec2.LaunchTemplateMetadataOptionsArgs(
                # IMDSv2 only, and not beyond the node: a pod cannot take the node's identity.
                http_endpoint="enabled",
                http_tokens="required",
                http_put_response_hop_limit=1,
            ),
            block_device_mappings=[
                ec2.LaunchTemplateBlockDeviceMappingArgs(
                    device_name="/dev/xvda",
                    ebs=ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
                        volume_size=pool.disk_gib,
                        volume_type="gp3",
                        encrypted="true",
                        kms_key_id=disk_key,
                        delete_on_termination="true",
                    ),
                )
            ],
            vpc_security_group_ids=[own_group, database_security_group] if key == "database" else None,
            opts=child,
        )
        return eks.NodeGroup(
            name,
            cluster_name=cluster.name,
            node_group_name=key,
            node_role_arn=role.arn,
            subnet_ids=[subnets[zone] for zone in sorted(subnets)],
            ami_type="AL2023_x86_64_STANDARD",
            instance_types=[pool.machine_type],
            scaling_config=eks.NodeGroupScalingConfigArgs(
                min_size=pool.min_nodes, max_size=pool.max_nodes, desired_size=pool.min_nodes
            ),
            update_config=eks.NodeGroupUpdateConfigArgs(max_unavailable=1),
            launch_template=eks.NodeGroupLaunchTemplateArgs(
                id=template.id, version=template.latest_version.apply(lambda number: str(number))
            ),
            labels={"meridian.dev/pool": key, **pool.labels},
            taints=[
                eks.NodeGroupTaintArgs(key=taint.key, value=taint.value, effect=_EFFECTS[taint.effect])
                for taint in pool.taints
            ],
            # The autoscaler moves the size; taking it back at every update would fight it (pulumi-eks 709).
            opts=pulumi.ResourceOptions.merge(
                child, pulumi.ResourceOptions(depends_on=grants, ignore_changes=["scalingConfig.desiredSize"])
            ),
        )
