"""Types of resources that no line of a bill stands for."""

from __future__ import annotations

_FREE_PREFIXES = (
    "pulumi:",
    "tls:",
    "random:",
    "meridian:",
    "aws:iam/",
    "gcp:projects/",
    "gcp:serviceaccount/",
    "gcp:iam/",
    "gcp:kms/keyRing",
    "gcp:kms/cryptoKeyIAM",
    "gcp:storage/bucketIAM",
    "aws:s3/bucket",
    "aws:kms/",
    "aws:ec2/route",
    "aws:ec2/subnet",
    "aws:ec2/securityGroup",
    "aws:ec2/defaultSecurityGroup",
    "aws:ec2/internetGateway",
    "aws:ec2/vpc:",
    "aws:ec2/vpcDhcp",
    "aws:ec2/launchTemplate",
    "aws:ec2/customerGateway",
    "aws:ec2/networkAcl",
    "aws:ec2/defaultNetworkAcl",
    "aws:vpc/",
    "aws:ec2transitgateway/",
    "aws:eks/",
    "aws:route53/",
    "aws:budgets/",
    "gcp:billing/",
    "gcp:compute/firewall",
    "gcp:compute/network",
    "gcp:compute/subnetwork",
    "gcp:compute/router",
    "gcp:compute/haVpnGateway",
    "gcp:compute/externalVpnGateway",
    "gcp:compute/route",
    "gcp:networkconnectivity/",
    "gcp:monitoring/notificationChannel",
    "gcp:dns/recordSet",
    "cloudflare:",
    "kubernetes:",
)
"""Types that are not billed by themselves: rules, identities, references, or parts of something that is billed."""
# Billed by use, which the usage file counts where it arises: logs on clusters, flow and audit logs in their buckets.
_COUNTED_ELSEWHERE = (
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:ec2/flowLog:FlowLog",
    "aws:cloudtrail/trail:Trail",
    "gcp:logging/projectSink:ProjectSink",
)


def is_free(token: str) -> bool:
    """True for a type without a rule that is not billed by itself."""
    return token.startswith(_FREE_PREFIXES) or token in _COUNTED_ELSEWHERE
