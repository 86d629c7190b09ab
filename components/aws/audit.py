"""Audit logs of an account: one trail over all regions into a locked archive."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pulumi
from pulumi_aws import cloudtrail

from components.aws import policies
from components.aws.backup_bucket import BackupBucket, LockedBucketArgs


@dataclass(frozen=True, kw_only=True)
class AccountAuditArgs:
    """The archive's bucket and key lie where its provider does: in the EU."""

    account_id: str
    trail: str
    home_region: str
    archive: LockedBucketArgs


class AccountAudit(pulumi.ComponentResource):
    """A trail with log file validation and S3 data events; reads no log."""

    archive: pulumi.Output[str]

    def __init__(self, name: str, args: AccountAuditArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:aws:AccountAudit", name, None, opts)
        trail_arn = f"arn:aws:cloudtrail:{args.home_region}:{args.account_id}:trail/{args.trail}"
        trail_service = {"Service": "cloudtrail.amazonaws.com"}
        only_ours = {"aws:SourceArn": trail_arn}
        statements = (
            policies.statement(
                ["s3:GetBucketAcl"],
                ["BUCKET"],
                sid="TrailAcl",
                Principal=trail_service,
                Condition={"StringEquals": only_ours},
            ),
            policies.statement(
                ["s3:PutObject"],
                [f"BUCKET/AWSLogs/{args.account_id}/*"],
                sid="TrailWrite",
                Principal=trail_service,
                Condition={"StringEquals": {**only_ours, "s3:x-amz-acl": "bucket-owner-full-control"}},
            ),
        )
        archive = BackupBucket(
            f"{name}-archive",
            replace(args.archive, statements=statements),
            pulumi.ResourceOptions(parent=self),
        )
        cloudtrail.Trail(
            name,
            name=args.trail,
            s3_bucket_name=archive.name,
            kms_key_id=args.archive.key,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            advanced_event_selectors=[
                cloudtrail.TrailAdvancedEventSelectorArgs(
                    name="management",
                    field_selectors=[
                        cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs(
                            field="eventCategory", equals=["Management"]
                        )
                    ],
                ),
                cloudtrail.TrailAdvancedEventSelectorArgs(
                    name="objects",
                    field_selectors=[
                        cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs(
                            field="eventCategory", equals=["Data"]
                        ),
                        cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs(
                            field="resources.type", equals=["AWS::S3::Object"]
                        ),
                        # Without this the trail's own writing would be logged, and that too, for ever.
                        cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs(
                            field="resources.ARN", not_starts_withs=[f"arn:aws:s3:::{args.archive.bucket}/"]
                        ),
                    ],
                ),
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[archive.policy]),
        )
        self.archive = archive.name
        self.register_outputs({"archive": self.archive})
