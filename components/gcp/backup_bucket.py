"""The bucket that keeps a region's backups in the region."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_gcp import storage

_DAY_SECONDS = 86_400


@dataclass(frozen=True, kw_only=True)
class LockedBucketArgs:
    """`locked` is irreversible: nobody, Google included, can then shorten the retention."""

    bucket: str
    location: str
    key: pulumi.Input[str]
    retention_days: int
    locked: bool
    protect: bool


class BackupBucket(pulumi.ComponentResource):
    """A versioned bucket under the region's key that nobody outside can read; grants access to nobody."""

    name: pulumi.Output[str]

    def __init__(self, name: str, args: LockedBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:gcp:BackupBucket", name, None, opts)
        bucket = storage.Bucket(
            name,
            name=args.bucket,
            location=args.location.upper(),
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            versioning=storage.BucketVersioningArgs(enabled=True),
            encryption=storage.BucketEncryptionArgs(default_kms_key_name=args.key),
            retention_policy=storage.BucketRetentionPolicyArgs(
                retention_period=str(args.retention_days * _DAY_SECONDS), is_locked=args.locked
            ),
            lifecycle_rules=[
                storage.BucketLifecycleRuleArgs(
                    action=storage.BucketLifecycleRuleActionArgs(type="Delete"),
                    condition=storage.BucketLifecycleRuleConditionArgs(
                        age=args.retention_days * 2, with_state="ARCHIVED"
                    ),
                )
            ],
            force_destroy=False,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect, retain_on_delete=args.protect),
        )
        self.name = bucket.name
        self.register_outputs({"name": self.name})
