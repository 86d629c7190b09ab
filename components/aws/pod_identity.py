"""AWS's side of the service accounts: a role each, associated with the cluster's Pod Identity agent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import eks, iam

from components.aws import policies
from meridian.model.platform import Identity


@dataclass(frozen=True, kw_only=True)
class PodIdentitiesArgs:
    """The cluster whose pods they are, and what they may reach."""

    identities: Mapping[str, Identity]
    account_id: str
    region: str
    cluster: str
    backups: str
    """Name of the region's backup bucket."""
    keys: Mapping[str, pulumi.Input[str]]
    """ARN by purpose."""
    secrets_prefix: str
    """Secrets whose names begin so are the region's own."""


class PodIdentities(pulumi.ComponentResource):
    """Roles, policies and associations; a role trusts the service, this account and this cluster's pods only."""

    roles: Mapping[str, pulumi.Output[str]]

    def __init__(
        self, name: str, args: PodIdentitiesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("meridian:aws:PodIdentities", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        roles: dict[str, pulumi.Output[str]] = {}
        for key, identity in args.identities.items():
            role = iam.Role(
                f"{name}-{key}",
                name=f"{args.cluster}-{key}",
                assume_role_policy=_trust(args, identity),
                opts=child,
            )
            iam.RolePolicy(
                f"{name}-{key}",
                name=identity.access,
                role=role.name,
                policy=_allowed(args, identity),
                opts=child,
            )
            association = eks.PodIdentityAssociation(
                f"{name}-{key}",
                cluster_name=args.cluster,
                namespace=identity.namespace,
                service_account=identity.service_account,
                role_arn=role.arn,
                opts=child,
            )
            roles[key] = pulumi.Output.all(role.arn, association.id).apply(lambda made: str(made[0]))
        self._volumes(name, args)
        self.roles = roles
        self.register_outputs({"roles": roles})

    def _volumes(self, name: str, args: PodIdentitiesArgs) -> None:
        """Let the cluster's EBS driver use the region's keys: AWS's own managed policy knows none of them."""
        iam.RolePolicy(
            f"{name}-volumes",
            name="region-keys",
            role=f"{args.cluster}-storage",
            policy=pulumi.Output.all(args.keys["disks"], args.keys["database"]).apply(_volume_policy),
            opts=pulumi.ResourceOptions(parent=self),
        )


def _trust(args: PodIdentitiesArgs, identity: Identity) -> str:
    return policies.document(
        {
            "Effect": "Allow",
            "Action": ["sts:AssumeRole", "sts:TagSession"],
            "Principal": {"Service": "pods.eks.amazonaws.com"},
            "Condition": {
                "StringEquals": {
                    "aws:SourceAccount": args.account_id,
                    "aws:RequestTag/kubernetes-namespace": identity.namespace,
                    "aws:RequestTag/kubernetes-service-account": identity.service_account,
                },
                "ArnEquals": {
                    "aws:SourceArn": f"arn:aws:eks:{args.region}:{args.account_id}:cluster/{args.cluster}"
                },
            },
        }
    )


def _allowed(args: PodIdentitiesArgs, identity: Identity) -> pulumi.Output[str]:
    if identity.access == "backups":
        bucket = f"arn:aws:s3:::{args.backups}"
        return pulumi.Output.from_input(args.keys["backups"]).apply(
            lambda key: policies.document(
                policies.statement(["s3:PutObject", "s3:GetObject"], [f"{bucket}/*"]),
                policies.statement(["s3:ListBucket", "s3:GetBucketLocation"], [bucket]),
                policies.statement(["kms:GenerateDataKey", "kms:Decrypt"], [str(key)]),
            )
        )
    if identity.access == "secrets":
        found = f"arn:aws:secretsmanager:{args.region}:{args.account_id}:secret:{args.secrets_prefix}*"
        return pulumi.Output.from_input(args.keys["secrets"]).apply(
            lambda key: policies.document(
                policies.statement(
                    ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"], [found]
                ),
                policies.statement(["kms:Decrypt"], [str(key)]),
            )
        )
    if identity.access == "field-encryption":
        return pulumi.Output.from_input(args.keys["database"]).apply(
            lambda key: policies.allow(["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"], [str(key)])
        )
    if identity.access == "node-groups":
        return pulumi.Output.from_input(_scaling(args.cluster))
    raise ValueError(f"{identity.access}: no policy is known for it; fix: add it here")


def _scaling(cluster: str) -> str:
    """Let the autoscaler see every group, for AWS cannot narrow that, and change this cluster's own."""
    owned = {"StringEquals": {f"aws:ResourceTag/k8s.io/cluster-autoscaler/{cluster}": "owned"}}
    return policies.document(
        policies.statement(
            [
                "autoscaling:DescribeAutoScalingGroups",
                "autoscaling:DescribeAutoScalingInstances",
                "autoscaling:DescribeLaunchConfigurations",
                "autoscaling:DescribeScalingActivities",
                "autoscaling:DescribeTags",
                "ec2:DescribeImages",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeLaunchTemplateVersions",
                "ec2:GetInstanceTypesFromInstanceRequirements",
                "eks:DescribeNodegroup",
            ],
            ["*"],
        ),
        policies.statement(
            ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"],
            ["*"],
            Condition=owned,
        ),
    )


def _volume_policy(keys: list[Any]) -> str:
    arns = [str(key) for key in keys]
    return policies.document(
        policies.statement(["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"], arns),
        policies.statement(["kms:DescribeKey"], arns),
        policies.statement(
            ["kms:CreateGrant"], arns, Condition={"Bool": {"kms:GrantIsForAWSResource": "true"}}
        ),
    )
