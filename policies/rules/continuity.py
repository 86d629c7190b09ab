"""What must not be lost: protected from deletion, backed up, and the backups locked."""

from __future__ import annotations

from collections.abc import Iterator

from meridian.compliance.rule import Problem, Scene, Severity, resource_rule, stack_rule
from meridian.plan import PlannedResource
from policies.rules.reading import is_, labels, number, parts, shown

_PROTECTED = (
    "aws:s3/bucket:Bucket",
    "gcp:storage/bucket:Bucket",
    "aws:kms/key:Key",
    "gcp:kms/cryptoKey:CryptoKey",
    "gcp:kms/keyRing:KeyRing",
    "aws:eks/cluster:Cluster",
    "gcp:container/cluster:Cluster",
    "kubernetes:apps/v1:StatefulSet",
    "kubernetes:core/v1:PersistentVolumeClaim",
    "meridian:sql:Schema",
    "cloudflare:index/zone:Zone",
    "random:index/randomBytes:RandomBytes",
)
_SWITCHED = ("aws:eks/cluster:Cluster", "gcp:container/cluster:Cluster")


@resource_rule(
    "stateful-protected",
    "What holds data cannot be deleted by mistake",
    Severity.HIGH,
    "protect=True; deletionProtection on clusters; forceDestroy false on buckets",
    *_PROTECTED,
    advisory_in=("local", "staging"),
)
def stateful_protected(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """The engine refuses to delete what is protected; the cloud refuses it a second time."""
    if not resource.protect:
        yield Problem(resource, "protect false", "the engine refuses to delete it")
    if resource.type in _SWITCHED and not is_(resource.get("deletionProtection"), True):
        yield Problem(
            resource,
            f"deletionProtection {shown(resource.get('deletionProtection'))}",
            "the cloud refuses to delete it",
        )
    if resource.type.endswith("Bucket") and resource.get("forceDestroy") is True:
        yield Problem(resource, "forceDestroy true", "a bucket with objects is not deleted")


def _is_backup(bucket: PlannedResource) -> bool:
    text = f"{bucket.name} {bucket.get('bucket')} {bucket.get('name')} {labels(bucket).get('purpose', '')}"
    return "backup" in text


@stack_rule(
    "backups-locked",
    "Backups are kept for a week at least, and nobody can delete them before",
    Severity.CRITICAL,
    "Google: retentionPolicy isLocked; S3: object lock COMPLIANCE with a default retention, and versioning",
    advisory_in=("local", "staging"),
)
def backups_locked(scene: Scene) -> Iterator[Problem]:
    """Whoever takes over an account must not be able to take the backups with it."""
    for bucket in scene.plan.of("gcp:storage/bucket:Bucket"):
        if not _is_backup(bucket):
            continue
        seconds = number(bucket.get("retentionPolicy", "retentionPeriod")) or 0
        if not is_(bucket.get("retentionPolicy", "isLocked"), True):
            yield Problem(bucket, "retention not locked", "a backup cannot be deleted early")
        if seconds < 7 * 86_400:
            yield Problem(bucket, f"kept {seconds / 86_400:.0f} days", "at least 7 days")
    for bucket in scene.plan.of("aws:s3/bucket:Bucket"):
        if not _is_backup(bucket):
            continue
        kind = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
        locks = list(parts(scene.plan, bucket, kind, "bucket"))
        if not locks:
            yield Problem(bucket, "no object lock", "a backup cannot be deleted early")
        for lock in locks:
            mode, days = (lock.get("rule", "defaultRetention", key) for key in ("mode", "days"))
            if not is_(mode, "COMPLIANCE"):
                yield Problem(lock, f"mode {shown(mode)}", "COMPLIANCE: no right lifts it")
            if (number(days) or 7) < 7:
                yield Problem(lock, f"{days} days", "at least 7 days")
        versions = list(parts(scene.plan, bucket, "aws:s3/bucketVersioning:BucketVersioning", "bucket"))
        if not any(is_(each.get("versioningConfiguration", "status"), "Enabled") for each in versions):
            yield Problem(bucket, "no versioning", "an overwritten backup can be read still")
