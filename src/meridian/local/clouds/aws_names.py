"""AWS's ids and ARNs, in the shapes of its services."""

from __future__ import annotations

import re
import uuid

from meridian.local.clouds.context import Context, hexadecimal

_PREFIXES = {
    "Vpc": "vpc", "Subnet": "subnet", "RouteTable": "rtb", "InternetGateway": "igw", "NatGateway": "nat", "Eip": "eipalloc",
    "SecurityGroup": "sg", "DefaultSecurityGroup": "sg", "VpcEndpoint": "vpce", "LaunchTemplate": "lt", "FlowLog": "fl",
    "TransitGateway": "tgw", "VpcAttachment": "tgw-attach", "PeeringAttachment": "tgw-attach", "RouteTableAssociation": "rtbassoc",
    "VpnConnection": "vpn", "CustomerGateway": "cgw", "VpnGateway": "vgw", "VpcDhcpOptions": "dopt", "NetworkAcl": "acl",
    "DefaultRouteTable": "rtb", "DefaultNetworkAcl": "acl", "SecurityGroupIngressRule": "sgr", "SecurityGroupEgressRule": "sgr",
    "ResolverEndpoint": "rslvr-in", "ResolverRule": "rslvr-rr",
}  # fmt: skip
_SERVICES = {
    "eks/cluster": "cluster/{name}", "eks/nodeGroup": "nodegroup/{cluster}/{name}/{uuid}", "eks/addon": "addon/{cluster}/{addon}/{uuid}",
    "eks/accessEntry": "access-entry/{cluster}/role/{account}/{uuid}", "kms/key": "key/{id}", "kms/alias": "{name}",
    "iam/role": "role/{name}", "iam/policy": "policy/{name}", "iam/instanceProfile": "instance-profile/{name}",
    "iam/openIdConnectProvider": "oidc-provider/{host}", "sns/topic": "{name}", "cloudwatch/logGroup": "log-group:{name}",
    "cloudtrail/trail": "trail/{name}", "s3/bucket": "{name}", "budgets/budget": "budget/{name}", "route53/zone": "hostedzone/{id}",
    "eks/podIdentityAssociation": "podidentityassociation/{cluster}/{id}",
}  # fmt: skip
_NAMESPACE = {"cloudwatch": "logs", "ec2transitgateway": "ec2"}
GLOBAL = frozenset({"iam", "route53", "budgets", "s3"})
# Their id is their ARN.
_ARN_IDS = frozenset({"iam/policy", "iam/openIdConnectProvider", "sns/topic", "cloudtrail/trail"})
# Their id is their name, or another input.
_NAME_IDS = {
    "eks/cluster": "name", "iam/role": "name", "iam/instanceProfile": "name", "cloudwatch/logGroup": "name", "kms/alias": "name",
    "s3/bucket": "bucket", "eks/addon": "{clusterName}:{addonName}", "eks/nodeGroup": "{clusterName}:{name}",
    "eks/accessEntry": "{clusterName}:{principalArn}", "eks/podIdentityAssociation": "{association}",
    "iam/rolePolicy": "{role}:{name}", "iam/rolePolicyAttachment": "{role}/{policyArn}", "budgets/budget": "{account}:{name}",
    "ec2/route": "r-{routeTableId}{destinationCidrBlock}", "eks/accessPolicyAssociation": "{clusterName}#{principalArn}#{policyArn}",
    "eks/identityProviderConfig": "{clusterName}:oidc",
}  # fmt: skip


def identify(context: Context) -> str:
    """Return a new id of the service's shape, or the one that its inputs give it."""
    key, kind = key_of(context), context.kind
    if key in _ARN_IDS:
        return arn(context, "")
    if key == "ec2transitgateway/peeringAttachmentAccepter":
        return str(context.inputs.get("transitGatewayAttachmentId", ""))
    if key == "ec2transitgateway/route":
        return f"{context.inputs.get('transitGatewayRouteTableId', '')}_{context.inputs.get('destinationCidrBlock', '')}"
    if key == "ec2transitgateway/routeTable":
        return f"tgw-rtb-{hexadecimal(17)}"
    if key == "kms/key":
        return str(uuid.uuid4())
    if key == "route53/zone":
        return f"Z{hexadecimal(13).upper()}"
    if key in _NAME_IDS:
        pattern = _NAME_IDS[key]
        return _text(context, pattern) if "{" in pattern else str(context.inputs.get(pattern) or context.name)
    if context.module == "s3":
        return str(context.inputs.get("bucket", context.name))
    if kind in _PREFIXES:
        return f"{_PREFIXES[kind]}-{hexadecimal(17)}"
    return f"{context.name}-{hexadecimal(8)}"


def key_of(context: Context) -> str:
    """Return the type without cloud and class, such as `ec2/vpc`."""
    return context.token.split(":")[1]


def region_of(context: Context) -> str:
    """Return the resource's region, by default its provider's."""
    return str(context.inputs.get("region") or context.settings["region"])


def arn(context: Context, identifier: str) -> str:
    """Return the resource's ARN; it names neither region nor account where the service's own does not."""
    key = key_of(context)
    service = _NAMESPACE.get(context.module, context.module)
    region = "" if context.module in GLOBAL else region_of(context)
    account = "" if context.module in {"s3", "route53"} else context.settings["account"]
    inputs = context.inputs
    kind = re.sub(r"(?<!^)([A-Z])", r"-\1", context.kind).lower()
    pattern = _SERVICES.get(key, f"{kind}/{{id}}")
    values = {
        "name": inputs.get("bucket") or inputs.get("nodeGroupName") or context.name,
        "id": identifier,
        "cluster": inputs.get("clusterName", ""),
        "addon": inputs.get("addonName", ""),
        "account": account,
        "uuid": str(uuid.uuid5(uuid.NAMESPACE_OID, identifier or context.name)),
        "host": str(inputs.get("url", "")).removeprefix("https://"),
    }
    return f"arn:aws:{service}:{region}:{account}:{pattern.format_map(values)}"


def _text(context: Context, pattern: str) -> str:
    inputs = context.inputs
    values = {
        key: str(inputs.get(key, ""))
        for key in (
            "clusterName",
            "addonName",
            "principalArn",
            "role",
            "policyArn",
            "routeTableId",
            "destinationCidrBlock",
        )
    }
    association = f"a-{hexadecimal(17)}"
    return pattern.format_map(
        {**values, "name": context.name, "account": context.settings["account"], "association": association}
    )
