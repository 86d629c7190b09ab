"""A project's audit logs: every kind is written, and an archive keeps them where nobody can shorten it."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_gcp import logging, projects, storage

from meridian.model.settings import LogArchive

KINDS = ("ADMIN_READ", "DATA_READ", "DATA_WRITE")
FILTER = 'logName:"cloudaudit.googleapis.com"'


@dataclass(frozen=True, kw_only=True)
class ProjectAuditArgs:
    """A project, its archive's place and how long the archive keeps."""

    project: pulumi.Input[str]
    bucket: str
    location: str
    """For an estate that holds EU data this lies in the EU: audit logs name persons."""
    archive: LogArchive
    protect: bool
    key_id: pulumi.Input[str] | None = None


class ProjectAudit(pulumi.ComponentResource):
    """Audit configuration, locked archive and the sink into it; GKE's own audit policy has no input."""

    archive_bucket: pulumi.Output[str]
    sink_writer: pulumi.Output[str]

    def __init__(self, name: str, args: ProjectAuditArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:gcp:ProjectAudit", name, None, opts)
        kept = pulumi.ResourceOptions(parent=self, protect=args.protect, retain_on_delete=args.protect)
        projects.IAMAuditConfig(
            f"{name}-config",
            project=args.project,
            service="allServices",
            audit_log_configs=[projects.IAMAuditConfigAuditLogConfigArgs(log_type=kind) for kind in KINDS],
            opts=pulumi.ResourceOptions(parent=self),
        )
        bucket = storage.Bucket(
            f"{name}-archive",
            name=args.bucket,
            project=args.project,
            location=args.location,
            storage_class="COLDLINE",
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            force_destroy=False,
            encryption=storage.BucketEncryptionArgs(default_kms_key_name=args.key_id)
            if args.key_id is not None
            else None,
            retention_policy=storage.BucketRetentionPolicyArgs(
                # A lock is irreversible, so a disposable environment (protect off) is never locked.
                is_locked=args.archive.locked and args.protect,
                retention_period=str(args.archive.retention_days * 86400),
            ),
            opts=kept,
        )
        sink = logging.ProjectSink(
            f"{name}-sink",
            name=f"{args.bucket}-audit",
            project=args.project,
            destination=bucket.name.apply(lambda bucket_name: f"storage.googleapis.com/{bucket_name}"),
            filter=FILTER,
            unique_writer_identity=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        storage.BucketIAMMember(
            f"{name}-writer",
            bucket=bucket.name,
            role="roles/storage.objectCreator",
            member=sink.writer_identity,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.archive_bucket = bucket.name
        self.sink_writer = sink.writer_identity
        self.register_outputs({"archive_bucket": self.archive_bucket, "sink_writer": self.sink_writer})
