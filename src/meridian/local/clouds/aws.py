"""Amazon Web Services: what the services tell of a resource, and what they refuse."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping
from typing import Any

from meridian.local.clouds import aws_names as names
from meridian.local.clouds.context import Context, hexadecimal
from meridian.local.errors import CloudError, LocalError
from meridian.protocol.values import Secret

_FIXED = {
    "ec2/vpc": {"cidrBlock"}, "ec2/subnet": {"cidrBlock", "availabilityZone", "vpcId"}, "ec2/natGateway": {"subnetId", "allocationId"},
    "ec2/securityGroup": {"name", "description", "vpcId"}, "ec2/routeTable": {"vpcId"}, "ec2/customerGateway": {"bgpAsn", "ipAddress"},
    "ec2/vpnConnection": {"type", "tunnel1PresharedKey"}, "eks/cluster": {"name", "roleArn", "encryptionConfig", "kubernetesNetworkConfig"},
    "eks/nodeGroup": {"clusterName", "nodeGroupName", "subnetIds", "instanceTypes", "nodeRoleArn", "amiType", "capacityType"},
    "iam/role": {"name", "path"}, "iam/policy": {"name", "path", "description"}, "s3/bucket": {"bucket", "objectLockEnabled"},
    "kms/key": {"customerMasterKeySpec", "multiRegion", "keyUsage"}, "kms/alias": {"name"}, "cloudwatch/logGroup": {"name"},
    "route53/zone": {"name"}, "eks/accessEntry": {"clusterName", "principalArn"}, "cloudtrail/trail": {"name"},
}  # fmt: skip
_REGIONS = re.compile(r"^(us|eu|ap|ca|sa|me|af|il|mx)(-[a-z]+)+-\d$")
_ZONES = {"us-east-1": "abcdef", "us-west-2": "abcd", "ap-northeast-1": "acd"}
_VERSIONS = ("1.34",)


class Aws:
    """AWS's way."""

    def settings(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Take the region and the account; a region is needed, so that nothing lands in a default one."""
        region = str(given.get("region") or "")
        if not _REGIONS.match(region):
            raise LocalError(
                f"aws provider with region {region!r}",
                "every aws provider names a region that exists",
                "pass region=",
            )
        accounts = given.get("allowedAccountIds") or ["100000000000"]
        if isinstance(accounts, str):
            accounts = json.loads(accounts)
        return {"region": region, "account": str(accounts[0])}

    def scope(self, context: Context) -> str:
        """Return account and region; the whole world for buckets."""
        if names.key_of(context) == "s3/bucket":
            return "world"
        region = "" if context.module in names.GLOBAL else names.region_of(context)
        parents = [str(context.inputs.get(key, "")) for key in ("clusterName", "role", "zoneId", "vpcId")]
        return f"{context.settings['account']}/{region}/{'/'.join(parents)}"

    def identify(self, context: Context) -> str:
        """Return an id of the service's shape."""
        return names.identify(context)

    def computed(self, context: Context, identifier: str) -> dict[str, Any]:
        """Return what every resource has, and what its kind has beyond that."""
        inputs, account = context.inputs, context.settings["account"]
        common = {
            "arn": names.arn(context, identifier),
            "region": names.region_of(context),
            "tagsAll": dict(inputs.get("tags") or {}),
            "ownerId": account,
            "name": context.name,
            "accountId": account,
            "creationDate": "2026-01-01T00:00:00Z",
            "uniqueId": f"AROA{hexadecimal(17).upper()}",
        }
        common |= self._special(context, identifier)
        return {name: value for name, value in common.items() if name in context.resource.outputs}

    def _special(self, context: Context, identifier: str) -> dict[str, Any]:
        inputs, region = context.inputs, names.region_of(context)
        seed = zlib.crc32(identifier.encode()) % 200
        match names.key_of(context):
            case "eks/cluster":
                return self._cluster(context, identifier)
            case "eks/nodeGroup":
                group = inputs.get("nodeGroupName") or context.name
                return {
                    "status": "ACTIVE",
                    "nodeGroupName": group,
                    "resources": [{"autoscalingGroups": [{"name": f"eks-{group}"}]}],
                }
            case "eks/addon":
                return {
                    "addonVersion": inputs.get("addonVersion") or "v1.0.0-eksbuild.1",
                    "createdAt": "2026-01-01T00:00:00Z",
                }
            case "eks/podIdentityAssociation":
                return {"associationId": identifier, "associationArn": names.arn(context, identifier)}
            case "ec2/vpc":
                return {name: f"{prefix}-{hexadecimal(17)}" for name, prefix in (
                    ("mainRouteTableId", "rtb"), ("defaultRouteTableId", "rtb"), ("defaultSecurityGroupId", "sg"), ("defaultNetworkAclId", "acl"),
                )}  # fmt: skip
            case "ec2/eip":
                block = zlib.crc32(identifier.encode()) // 200 % 200
                return {"publicIp": f"52.{block}.{seed}.20", "allocationId": identifier, "domain": "vpc"}
            case "ec2/natGateway":
                return {
                    "publicIp": f"52.18.{seed}.20",
                    "privateIp": "10.0.0.10",
                    "networkInterfaceId": f"eni-{hexadecimal(17)}",
                }
            case "ec2/vpnConnection":
                return _vpn(identifier, seed)
            case "ec2/launchTemplate":
                return {"latestVersion": 1, "defaultVersion": inputs.get("defaultVersion") or 1}
            case "ec2/vpcEndpoint":
                return {
                    "state": "available",
                    "prefixListId": f"pl-{hexadecimal(8)}",
                    "dnsEntries": [],
                    "networkInterfaceIds": [],
                }
            case "ec2transitgateway/transitGateway":
                return {
                    "associationDefaultRouteTableId": f"tgw-rtb-{hexadecimal(17)}",
                    "propagationDefaultRouteTableId": f"tgw-rtb-{hexadecimal(17)}",
                }
            case "ec2transitgateway/peeringAttachment":
                return {"state": "pendingAcceptance"}
            case "ec2transitgateway/peeringAttachmentAccepter":
                offered = context.find(identifier) or {}
                return {
                    "peerAccountId": context.settings["account"],
                    "peerRegion": offered.get("region", ""),
                    "peerTransitGatewayId": offered.get("transitGatewayId", ""),
                    "transitGatewayId": offered.get("peerTransitGatewayId", ""),
                }
            case "route53/record":
                return {"fqdn": str(inputs.get("name", "")).rstrip(".")}
            case "eks/identityProviderConfig":
                return {"status": "ACTIVE"}
            case "kms/key":
                return {"keyId": identifier}
            case "kms/alias":
                return {
                    "targetKeyArn": f"arn:aws:kms:{region}:{context.settings['account']}:key/{inputs.get('targetKeyId')}"
                }
            case "s3/bucket":
                name = inputs.get("bucket") or context.name
                return {"bucket": name, "bucketDomainName": f"{name}.s3.amazonaws.com", "bucketRegion": region, "hostedZoneId": "Z3AQBSTGFYJSTF",
                        "bucketRegionalDomainName": f"{name}.s3.{region}.amazonaws.com"}  # fmt: skip
            case "route53/zone":
                return {
                    "zoneId": identifier,
                    "nameServers": [f"ns-{n}.awsdns-0{n}.com" for n in range(4)],
                    "primaryNameServer": "ns-0.awsdns-00.com",
                }
            case "iam/policy":
                return {"policyId": f"ANPA{hexadecimal(17).upper()}", "attachmentCount": 0}
            case "cloudtrail/trail":
                return {"homeRegion": region}
        return {}

    def _cluster(self, context: Context, identifier: str) -> dict[str, Any]:
        version = str(context.inputs.get("version") or _VERSIONS[-1])
        if version not in _VERSIONS:
            raise CloudError(
                "InvalidParameterException",
                f"unsupported Kubernetes version {version}; supported: {', '.join(_VERSIONS)}",
            )
        region, issuer = names.region_of(context), hexadecimal(32).upper()
        return {
            "endpoint": f"https://{issuer}.gr7.{region}.eks.amazonaws.com",
            "certificateAuthority": {"data": ""},
            "certificateAuthorities": [{"data": ""}],
            "identities": [{"oidcs": [{"issuer": f"https://oidc.eks.{region}.amazonaws.com/id/{issuer}"}]}],
            "status": "ACTIVE",
            "version": version,
            "platformVersion": "eks.1",
            "createdAt": "2026-01-01T00:00:00Z",
            "clusterId": identifier,
        }

    def force_new(self, token: str) -> frozenset[str]:
        """Return what the services cannot change in place."""
        return frozenset(_FIXED.get(token.split(":")[1], ())) | {"region"}

    def reference(self, text: str) -> bool:
        """True for ids with a service's prefix."""
        return bool(
            re.fullmatch(
                r"(vpc|subnet|rtb|igw|nat|eipalloc|lt|tgw|vpn|cgw|tgw-attach|tgw-rtb|vpce)-[0-9a-f]{17}", text
            )
        )

    def invoke(self, token: str, arguments: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
        """Answer the account's own data."""
        region, account = settings["region"], settings["account"]
        match token:
            case "aws:index/getCallerIdentity:getCallerIdentity":
                return {
                    "id": account,
                    "accountId": account,
                    "arn": f"arn:aws:iam::{account}:role/deployer",
                    "userId": "AROALOCAL:deployer",
                }
            case "aws:index/getRegion:getRegion":
                return {
                    "id": region,
                    "name": region,
                    "region": region,
                    "description": region,
                    "endpoint": f"ec2.{region}.amazonaws.com",
                }
            case "aws:index/getPartition:getPartition":
                return {
                    "id": "aws",
                    "partition": "aws",
                    "dnsSuffix": "amazonaws.com",
                    "reverseDnsPrefix": "com.amazonaws",
                }
            case "aws:index/getAvailabilityZones:getAvailabilityZones":
                return {
                    "id": region,
                    "names": [f"{region}{zone}" for zone in _ZONES.get(region, "abc")],
                    "zoneIds": [],
                    "groupNames": [region],
                }
        raise CloudError("NotImplemented", f"the embedded AWS knows no data source {token}")


def _vpn(identifier: str, seed: int) -> dict[str, Any]:
    outputs: dict[str, Any] = {}
    for number in (1, 2):
        # AWS assigns a /30 of 169.254.0.0/16 to each tunnel; the first address is its own side.
        block = (zlib.crc32(f"{identifier}{number}".encode()) % 60) * 4
        outputs |= {
            f"tunnel{number}Address": f"3.120.{seed}.{number + 10}",
            f"tunnel{number}VgwInsideAddress": f"169.254.{seed}.{block + 1}",
            f"tunnel{number}CgwInsideAddress": f"169.254.{seed}.{block + 2}",
            f"tunnel{number}PresharedKey": Secret(hexadecimal(32)),
            f"tunnel{number}BgpAsn": "64512",
            f"tunnel{number}InsideCidr": f"169.254.{seed}.{block}/30",
        }
    return {
        **outputs,
        "transitGatewayAttachmentId": f"tgw-attach-{hexadecimal(17)}",
        "customerGatewayConfiguration": Secret(""),
    }
