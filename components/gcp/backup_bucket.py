"""The bucket of a region's backups, or of an archive: it cannot be read by the public nor emptied early."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_gcp import storage

from meridian.model.regions import Backup


@dataclass(frozen=True, kw_only=True)
class BackupBucketArgs:
    """A bucket's name, place, key and how long it keeps what it holds."""

    bucket: str
    location: str
    backup: Backup
    key_id: pulumi.Input[str]
    protect: bool


class BackupBucket(pulumi.ComponentResource):
    """A versioned, encrypted bucket with a retention policy; grants nobody access itself."""

    bucket_name: pulumi.Output[str]
    url: pulumi.Output[str]

    def __init__(self, name: str, args: BackupBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:gcp:BackupBucket", name, None, opts)
        days = args.backup.retention_days
        bucket = storage.Bucket(
            f"{name}-bucket",
            name=args.bucket,
            location=args.location,
            storage_class="STANDARD",
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            force_destroy=False,
            versioning=storage.BucketVersioningArgs(enabled=True),
            encryption=storage.BucketEncryptionArgs(default_kms_key_name=args.key_id),
            retention_policy=storage.BucketRetentionPolicyArgs(
                # A lock is irreversible, so a disposable environment (protect off) is never locked.
                is_locked=args.backup.locked and args.protect,
                retention_period=str(days * 86400),
            ),
            soft_delete_policy=storage.BucketSoftDeletePolicyArgs(retention_duration_seconds=7 * 86400),
            lifecycle_rules=[
                storage.BucketLifecycleRuleArgs(
                    action=storage.BucketLifecycleRuleActionArgs(
                        type="SetStorageClass", storage_class="NEARLINE"
                    ),
                    condition=storage.BucketLifecycleRuleConditionArgs(age=30, with_state="ANY"),
                ),
                storage.BucketLifecycleRuleArgs(
                    action=storage.BucketLifecycleRuleActionArgs(type="Delete"),
                    condition=storage.BucketLifecycleRuleConditionArgs(age=days + 1, with_state="ARCHIVED"),
                ),
            ],
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect, retain_on_delete=args.protect),
        )
        self.bucket_name = bucket.name
        self.url = bucket.url
        self.register_outputs({"bucket_name": self.bucket_name, "url": self.url})
