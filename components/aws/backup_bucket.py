"""The bucket that keeps a region's backups in the region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import s3

from components.aws import policies


@dataclass(frozen=True, kw_only=True)
class LockedBucketArgs:
    """`locked` means compliance mode: nobody, the account's root included, can then shorten the retention."""

    bucket: str
    key: pulumi.Input[str]
    retention_days: int
    locked: bool
    protect: bool
    statements: tuple[dict[str, Any], ...] = ()
    """More statements of the bucket's policy; `BUCKET` in a resource stands for the bucket's ARN."""


class BackupBucket(pulumi.ComponentResource):
    """A versioned, locked bucket under the region's key that takes TLS only; grants access to nobody by itself."""

    name: pulumi.Output[str]
    policy: s3.BucketPolicy

    def __init__(self, name: str, args: LockedBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:aws:BackupBucket", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        bucket = s3.Bucket(
            name,
            bucket=args.bucket,
            object_lock_enabled=True,
            force_destroy=False,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect, retain_on_delete=args.protect),
        )
        blocked = s3.BucketPublicAccessBlock(
            name,
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        s3.BucketOwnershipControls(
            name,
            bucket=bucket.id,
            rule=s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=child,
        )
        versions = s3.BucketVersioning(
            name,
            bucket=bucket.id,
            versioning_configuration=s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=child,
        )
        s3.BucketServerSideEncryptionConfiguration(
            name,
            bucket=bucket.id,
            rules=[
                s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    bucket_key_enabled=True,
                    apply_server_side_encryption_by_default=s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
                        sse_algorithm="aws:kms", kms_master_key_id=args.key
                    ),
                )
            ],
            opts=child,
        )
        after_versions = pulumi.ResourceOptions(parent=self, depends_on=[versions])
        s3.BucketObjectLockConfiguration(
            name,
            bucket=bucket.id,
            rule=s3.BucketObjectLockConfigurationRuleArgs(
                default_retention=s3.BucketObjectLockConfigurationRuleDefaultRetentionArgs(
                    mode="COMPLIANCE" if args.locked else "GOVERNANCE", days=args.retention_days
                )
            ),
            opts=after_versions,
        )
        s3.BucketLifecycleConfiguration(
            name,
            bucket=bucket.id,
            rules=[
                s3.BucketLifecycleConfigurationRuleArgs(
                    id="expire-old-versions",
                    status="Enabled",
                    filter=s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
                    noncurrent_version_expiration=s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                        noncurrent_days=args.retention_days * 2
                    ),
                )
            ],
            opts=after_versions,
        )
        arn = f"arn:aws:s3:::{args.bucket}"
        tls_only = policies.statement(
            ["s3:*"],
            [arn, f"{arn}/*"],
            effect="Deny",
            sid="TlsOnly",
            Principal="*",
            Condition={"Bool": {"aws:SecureTransport": "false"}},
        )
        more = [
            {**each, "Resource": [resource.replace("BUCKET", arn) for resource in each["Resource"]]}
            for each in args.statements
        ]
        self.policy = s3.BucketPolicy(
            name,
            bucket=bucket.id,
            policy=policies.document(tls_only, *more),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[blocked]),
        )
        self.name = bucket.bucket
        self.register_outputs({"name": self.name})
