"""The bucket of a region's edge logs: Cloudflare writes there, and nothing is kept longer than the model says."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_gcp import storage

LOGPUSH = "serviceAccount:logpush@cloudflare-data.iam.gserviceaccount.com"
"""Who writes for Cloudflare (its Logpush docs for Google Cloud Storage, 2026-11)."""


@dataclass(frozen=True, kw_only=True)
class EdgeLogsArgs:
    """A bucket's name, place, key and for how many days it keeps."""

    bucket: str
    location: str
    key_id: pulumi.Input[str]
    retention_days: int
    protect: bool


class EdgeLogs(pulumi.ComponentResource):
    """A private, encrypted bucket that one writer may write to; request logs name persons, so they end."""

    bucket_name: pulumi.Output[str]
    """Resolves only after Cloudflare may write."""

    def __init__(self, name: str, args: EdgeLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:gcp:EdgeLogs", name, None, opts)
        bucket = storage.Bucket(
            f"{name}-bucket",
            name=args.bucket,
            location=args.location,
            storage_class="STANDARD",
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            force_destroy=False,
            encryption=storage.BucketEncryptionArgs(default_kms_key_name=args.key_id),
            lifecycle_rules=[
                storage.BucketLifecycleRuleArgs(
                    action=storage.BucketLifecycleRuleActionArgs(type="Delete"),
                    condition=storage.BucketLifecycleRuleConditionArgs(
                        age=args.retention_days, with_state="ANY"
                    ),
                )
            ],
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect, retain_on_delete=args.protect),
        )
        grant = storage.BucketIAMMember(
            f"{name}-writer",
            bucket=bucket.name,
            role="roles/storage.objectAdmin",
            member=LOGPUSH,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.bucket_name = pulumi.Output.all(bucket.name, grant.id).apply(lambda made: str(made[0]))
        self.register_outputs({"bucket_name": self.bucket_name})
