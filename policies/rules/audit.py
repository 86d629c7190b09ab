"""Audit logs of the clouds: on, complete, kept, locked."""

from __future__ import annotations

from collections.abc import Iterator

from meridian.compliance.rule import Problem, Scene, Scope, Severity, resource_rule, stack_rule
from meridian.plan import PlannedResource
from policies.rules.reading import is_, listed, number, parts, shown, unknown

_TYPES = ("ADMIN_READ", "DATA_READ", "DATA_WRITE")
TRAIL = "aws:cloudtrail/trail:Trail"
CONFIG = "gcp:projects/iAMAuditConfig:IAMAuditConfig"
SINK = "gcp:logging/projectSink:ProjectSink"
YEAR = 365


@resource_rule(
    "audit-log-complete",
    "Audit logs hold every region, every service, and reads of data",
    Severity.HIGH,
    "Trail: isMultiRegionTrail, includeGlobalServiceEvents, enableLogFileValidation, kmsKeyId; Google: all three types for allServices",
    TRAIL,
    CONFIG,
)
def audit_log_complete(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """A digest file beside each log file shows whether somebody changed it."""
    if resource.type == TRAIL:
        for name in ("isMultiRegionTrail", "includeGlobalServiceEvents", "enableLogFileValidation"):
            if not is_(resource.get(name), True):
                yield Problem(
                    resource, f"{name} {shown(resource.get(name))}", "the trail is whole and shows tampering"
                )
        if not is_(resource.get("enableLogging", default=True), True):
            yield Problem(resource, "enableLogging false", "the trail is on")
        if not resource.get("kmsKeyId"):
            yield Problem(resource, "no kmsKeyId", "log files lie under a key of ours")
        return
    have = {each.get("logType") for each in listed(resource.get("auditLogConfigs")) if isinstance(each, dict)}
    missing = [each for each in _TYPES if each not in have]
    if missing and resource.get("service") == "allServices":
        yield Problem(resource, f"without {', '.join(missing)}", "reads of data are on record too")
    exempted = [
        e for e in listed(resource.get("auditLogConfigs")) if isinstance(e, dict) and e.get("exemptedMembers")
    ]
    if exempted:
        yield Problem(resource, "exemptedMembers", "nobody works off the record")


@stack_rule(
    "audit-log-exists",
    "Each cloud of the estate has an audit log",
    Severity.CRITICAL,
    "AccountAudit and ProjectAudit in the foundation unit",
    scope=Scope.ESTATE,
)
def audit_log_exists(scene: Scene) -> Iterator[Problem]:
    """Asked of a cloud only when the plan makes something there."""
    used = {each.type.split(":", 1)[0] for each in scene.plan if each.custom and each.stays}
    for package, kind, name in (
        ("aws", TRAIL, "a CloudTrail trail"),
        ("gcp", CONFIG, "an audit configuration"),
        ("gcp", SINK, "a sink into an archive"),
    ):
        if package in used and not any(scene.plan.of(kind)):
            yield Problem(None, f"no {name}", f"what happens on {package} is on record")


@stack_rule(
    "audit-archive-locked",
    "The archive of audit logs cannot be shortened, for six years",
    Severity.CRITICAL,
    "Google: retentionPolicy isLocked; S3: object lock COMPLIANCE; 2190 days or more",
    scope=Scope.ESTATE,
    advisory_in=("local", "staging"),
)
def audit_archive_locked(scene: Scene) -> Iterator[Problem]:
    """Six years: HIPAA 164.316(b)(2)(i). A trail's bucket and a sink's destination are the archives."""
    trails = {str(each.get("s3BucketName")) for each in scene.plan.of(TRAIL)}
    for bucket in scene.plan.of("aws:s3/bucket:Bucket"):
        if bucket.get("bucket") in trails:
            yield from _held(bucket, *_s3_lock(scene, bucket))
    sinks = {
        str(each.get("destination")).removeprefix("storage.googleapis.com/") for each in scene.plan.of(SINK)
    }
    for bucket in scene.plan.of("gcp:storage/bucket:Bucket"):
        if bucket.get("name") in sinks:
            seconds = number(bucket.get("retentionPolicy", "retentionPeriod"))
            locked = is_(bucket.get("retentionPolicy", "isLocked"), True)
            yield from _held(bucket, locked, seconds / 86_400 if seconds else 0)


def _s3_lock(scene: Scene, bucket: PlannedResource) -> tuple[bool, float]:
    kind = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
    for lock in parts(scene.plan, bucket, kind, "bucket"):
        retention = lock.get("rule", "defaultRetention", default={})
        if unknown(retention):
            return True, 6 * YEAR
        days = number(retention.get("days")) or YEAR * (number(retention.get("years")) or 0)
        return retention.get("mode") == "COMPLIANCE", days
    return False, 0


def _held(bucket: PlannedResource, locked: bool, days: float) -> Iterator[Problem]:
    if not locked:
        yield Problem(bucket, "not locked", "nobody, an administrator included, can delete a log early")
    if days < 6 * YEAR:
        yield Problem(bucket, f"kept {days:.0f} days", "kept six years (2190 days)")


@resource_rule(
    "log-group-kept",
    "Log groups keep a year of logs under our own key",
    Severity.MEDIUM,
    "retentionInDays 365 or more, kmsKeyId of the region",
    "aws:cloudwatch/logGroup:LogGroup",
    advisory_in=("local",),
)
def log_group_kept(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """0 means forever; not set means forever too, which GDPR art. 5(1)(e) does not want."""
    days = resource.get("retentionInDays")
    if not unknown(days) and (number(days) or 0) < YEAR:
        yield Problem(
            resource, f"retentionInDays {shown(days)}", "a year, so that an incident can be traced back"
        )
    if not resource.get("kmsKeyId"):
        yield Problem(resource, "no kmsKeyId", "logs lie under a key of ours")
