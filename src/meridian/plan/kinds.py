"""Which kinds of resource hold data, and which decide who may do what: by type token."""

from __future__ import annotations

from meridian.plan.resource import PlannedResource

STATEFUL = (
    "aws:s3/bucket:Bucket",
    "gcp:storage/bucket:Bucket",
    "aws:kms/key:Key",
    "gcp:kms/cryptoKey:CryptoKey",
    "gcp:kms/keyRing:KeyRing",
    "aws:eks/cluster:Cluster",
    "gcp:container/cluster:Cluster",
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:cloudtrail/trail:Trail",
    "kubernetes:apps/v1:StatefulSet",
    "kubernetes:core/v1:PersistentVolumeClaim",
    "kubernetes:core/v1:PersistentVolume",
    "kubernetes:core/v1:Namespace",
    "meridian:sql:Schema",
    "tls:index/privateKey:PrivateKey",
    "cloudflare:index/zone:Zone",
)
"""Losing one of these loses data, or what data is read with: keys, namespaces with their volumes, a zone's records."""

_AREAS: dict[str, tuple[str, ...]] = {
    "identity": (
        "aws:iam/",
        "gcp:iam/",
        "gcp:serviceaccount/",
        "gcp:projects/iAM",
        "gcp:storage/bucketIAM",
        "gcp:kms/cryptoKeyIAM",
        "aws:s3/bucketPolicy",
        "aws:eks/access",
        "aws:eks/podIdentity",
        "kubernetes:rbac",
        "kubernetes:core/v1:ServiceAccount",
        "cloudflare:index/zeroTrust",
    ),
    "network": (
        "gcp:compute/firewall",
        "aws:ec2/securityGroup",
        "aws:vpc/securityGroup",
        "aws:ec2/networkAcl",
        "aws:s3/bucketPublicAccessBlock",
        "kubernetes:networking",
        "cloudflare:index/ruleset",
        "cloudflare:index/zoneSetting",
        "cloudflare:index/loadBalancer",
    ),
    "keys": ("aws:kms/", "gcp:kms/", "tls:", "kubernetes:core/v1:Secret", "random:"),
}


def holds_data(resource: PlannedResource) -> bool:
    """True when deleting or replacing it loses data."""
    return resource.type in STATEFUL


def area(resource: PlannedResource) -> str:
    """Return identity, network or keys for what decides about access; empty for everything else."""
    return next((name for name, prefixes in _AREAS.items() if resource.type.startswith(prefixes)), "")
