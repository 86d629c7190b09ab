"""Customer-managed keys that never leave their region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import kms

from components.aws import policies

PURPOSES = ("secrets", "disks", "backups", "database", "logs")
_USE = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]


@dataclass(frozen=True, kw_only=True)
class RegionKeysArgs:
    """`rotation_days` is raised to AWS's least of 90 days where it is lower."""

    prefix: str
    account_id: str
    region: str
    rotation_days: int
    protect: bool


class RegionKeys(pulumi.ComponentResource):
    """One key per purpose, rotated, usable by the service that needs it and by whom IAM allows."""

    keys: Mapping[str, pulumi.Output[str]]
    """ARN by purpose."""

    def __init__(self, name: str, args: RegionKeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:aws:RegionKeys", name, None, opts)
        keys: dict[str, pulumi.Output[str]] = {}
        for purpose in PURPOSES:
            key = kms.Key(
                f"{name}-{purpose}",
                description=f"{args.prefix}: {purpose}",
                enable_key_rotation=True,
                rotation_period_in_days=max(90, args.rotation_days),
                deletion_window_in_days=30,
                policy=_policy(purpose, args),
                opts=pulumi.ResourceOptions(parent=self, protect=args.protect, retain_on_delete=args.protect),
            )
            kms.Alias(
                f"{name}-{purpose}",
                name=f"alias/{args.prefix}-{purpose}",
                target_key_id=key.key_id,
                opts=pulumi.ResourceOptions(parent=self),
            )
            keys[purpose] = key.arn
        self.keys = keys
        self.register_outputs({"keys": keys})


def _policy(purpose: str, args: RegionKeysArgs) -> str:
    """Give the account's IAM the say, and the one service its use; `*` in a key policy means this key only."""
    root = f"arn:aws:iam::{args.account_id}:root"
    statements: list[dict[str, Any]] = [
        policies.statement(["kms:*"], ["*"], sid="Iam", Principal={"AWS": root})
    ]
    if purpose == "logs":
        source = f"arn:aws:logs:{args.region}:{args.account_id}:log-group:*"
        statements.append(
            policies.statement(
                _USE,
                ["*"],
                sid="Logs",
                Principal={"Service": f"logs.{args.region}.amazonaws.com"},
                Condition={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": source}},
            )
        )
        trail = f"arn:aws:cloudtrail:*:{args.account_id}:trail/*"
        statements.append(
            policies.statement(
                ["kms:GenerateDataKey*", "kms:DescribeKey"],
                ["*"],
                sid="Trail",
                Principal={"Service": "cloudtrail.amazonaws.com"},
                Condition={"StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": trail}},
            )
        )
    if purpose == "disks":
        scaling = f"arn:aws:iam::{args.account_id}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
        statements.append(policies.statement(_USE, ["*"], sid="Nodes", Principal={"AWS": scaling}))
        statements.append(
            policies.statement(
                ["kms:CreateGrant"],
                ["*"],
                sid="NodesGrant",
                Principal={"AWS": scaling},
                Condition={"Bool": {"kms:GrantIsForAWSResource": "true"}},
            )
        )
    return policies.document(*statements)
