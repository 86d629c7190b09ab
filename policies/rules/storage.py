"""Buckets: closed to the public, encrypted with our own keys, reached by TLS only."""

from __future__ import annotations

from collections.abc import Iterator

from meridian.compliance.rule import Problem, Scene, Severity, resource_rule, stack_rule
from meridian.plan import PlannedResource
from policies.rules.reading import document, is_, listed, parts, shown, unknown

S3 = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
GCS = "gcp:storage/bucket:Bucket"
_OPEN = frozenset({"allUsers", "allAuthenticatedUsers"})
_BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


@resource_rule(
    "bucket-not-public",
    "No bucket is open to the public",
    Severity.CRITICAL,
    "name the accounts that need it; serve the public through the edge",
    *S3,
    GCS,
    "aws:s3/bucketAcl:BucketAcl",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "gcp:storage/bucketIAMMember:BucketIAMMember",
    "gcp:storage/bucketIAMBinding:BucketIAMBinding",
    "gcp:storage/bucketAccessControl:BucketAccessControl",
    "gcp:storage/defaultObjectAccessControl:DefaultObjectAccessControl",
)
def bucket_not_public(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """Judge whatever can open a bucket by itself."""
    acl = resource.get("acl")
    if isinstance(acl, str) and ("public" in acl or acl == "authenticated-read"):
        yield Problem(resource, f"acl {acl}", "a bucket's list of rights names nobody but its owner")
    for who in (
        *listed(resource.get("member")),
        *listed(resource.get("members")),
        *listed(resource.get("entity")),
    ):
        if who in _OPEN:
            yield Problem(resource, f"member {who}", "everybody is no member of a bucket")
    for statement in document(resource.get("policy")):
        if (
            statement.get("Effect") == "Allow"
            and statement.get("Principal") in ("*", {"AWS": "*"})
            and not statement.get("Condition")
        ):
            yield Problem(resource, "Principal *", "a policy allows named principals only")
    if resource.type == GCS and not is_(resource.get("publicAccessPrevention"), "enforced"):
        value = shown(resource.get("publicAccessPrevention"))
        yield Problem(resource, f"publicAccessPrevention {value}", "it is enforced on every bucket")
    if resource.type.endswith("BucketPublicAccessBlock"):
        for name in _BLOCKS:
            if not is_(resource.get(name), True):
                yield Problem(resource, f"{name} {shown(resource.get(name))}", "all four blocks are on")


@stack_rule(
    "bucket-public-access-blocked",
    "Every S3 bucket has a block of public access",
    Severity.CRITICAL,
    "add a BucketPublicAccessBlock with all four blocks (components/aws/backup_bucket.py does)",
)
def bucket_public_access_blocked(scene: Scene) -> Iterator[Problem]:
    """S3 keeps the block in a resource of its own."""
    for bucket in scene.plan.of(*S3):
        if not any(
            parts(scene.plan, bucket, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "bucket")
        ):
            yield Problem(bucket, "no block", "a bucket without a block becomes public with one statement")


@resource_rule(
    "bucket-encrypted-with-own-key",
    "Buckets on Google Cloud are encrypted with our own key",
    Severity.HIGH,
    "set encryption.defaultKmsKeyName to a key of the region (RegionKeys)",
    GCS,
)
def bucket_encrypted_with_own_key(resource: PlannedResource, _: Scene) -> Iterator[Problem]:
    """Google's own key encrypts anyhow, but nobody here could take it away."""
    if not resource.get("encryption", "defaultKmsKeyName"):
        yield Problem(resource, "the provider's key", "data at rest lies under a key that we can revoke")


@stack_rule(
    "s3-encrypted-with-own-key",
    "S3 buckets are encrypted with our own key",
    Severity.HIGH,
    "add a BucketServerSideEncryptionConfiguration with aws:kms and a key of the region",
)
def s3_encrypted_with_own_key(scene: Scene) -> Iterator[Problem]:
    """S3 keeps encryption in a resource of its own."""
    kind = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    for bucket in scene.plan.of(*S3):
        found = list(parts(scene.plan, bucket, kind, "bucket"))
        if not found:
            yield Problem(
                bucket, "no encryption of our own", "data at rest lies under a key that we can revoke"
            )
        for each in found:
            for rule in listed(each.get("rules")):
                default = rule.get("applyServerSideEncryptionByDefault") or {}
                if isinstance(default, list):
                    default = default[0]
                if not str(default.get("sseAlgorithm", "")).startswith("aws:kms") or not default.get(
                    "kmsMasterKeyId"
                ):
                    yield Problem(
                        each,
                        f"algorithm {shown(default.get('sseAlgorithm'))}",
                        "aws:kms with a key that we name",
                    )


@stack_rule(
    "bucket-tls-only",
    "S3 buckets refuse requests without TLS",
    Severity.HIGH,
    "add a BucketPolicy that denies s3:* where aws:SecureTransport is false",
)
def bucket_tls_only(scene: Scene) -> Iterator[Problem]:
    """Google's buckets have no way in without TLS; S3's do until a policy denies it."""
    for bucket in scene.plan.of(*S3):
        policies = [
            each.get("policy")
            for each in parts(scene.plan, bucket, "aws:s3/bucketPolicy:BucketPolicy", "bucket")
        ]
        if not any(unknown(policy) or _denies_plain(policy) for policy in policies):
            yield Problem(bucket, "plain HTTP is served", "every request comes over TLS")


def _denies_plain(policy: object) -> bool:
    return any(
        statement.get("Effect") == "Deny" and "aws:SecureTransport" in str(statement.get("Condition"))
        for statement in document(policy)
    )
