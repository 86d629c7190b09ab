"""Audit logs of a project: all switched on, archived where nobody can shorten them."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_gcp import logging, projects, storage

from components.gcp.backup_bucket import BackupBucket, LockedBucketArgs


@dataclass(frozen=True, kw_only=True)
class ProjectAuditArgs:
    """`archive.location` decides where the logs lie; they can hold EU residents' data, so it lies in the EU."""

    project: str
    archive: LockedBucketArgs


class ProjectAudit(pulumi.ComponentResource):
    """Admin, data read and data write logs of every service, and the sink into the archive."""

    archive: pulumi.Output[str]

    def __init__(self, name: str, args: ProjectAuditArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:gcp:ProjectAudit", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        projects.IAMAuditConfig(
            name,
            project=args.project,
            service="allServices",
            audit_log_configs=[
                projects.IAMAuditConfigAuditLogConfigArgs(log_type=kind)
                for kind in ("ADMIN_READ", "DATA_READ", "DATA_WRITE")
            ],
            opts=child,
        )
        archive = BackupBucket(f"{name}-archive", args.archive, child)
        sink = logging.ProjectSink(
            f"{name}-sink",
            name="meridian-audit",
            project=args.project,
            destination=archive.name.apply(lambda bucket: f"storage.googleapis.com/{bucket}"),
            filter='logName:"cloudaudit.googleapis.com" OR resource.type="k8s_cluster"',
            unique_writer_identity=True,
            opts=child,
        )
        storage.BucketIAMMember(
            f"{name}-writer",
            bucket=archive.name,
            role="roles/storage.objectCreator",
            member=sink.writer_identity,
            opts=child,
        )
        self.archive = archive.name
        self.register_outputs({"archive": self.archive})
