"""How Google Cloud names what it has: resource paths, self links, project numbers."""

from __future__ import annotations

import re
import zlib
from typing import Any

from meridian.local.clouds.context import Context, hexadecimal

COMPUTE = "https://www.googleapis.com/compute/v1/"
GRANT = re.compile(r"IAM(Member|Binding|Policy)$", re.IGNORECASE)
# Resource paths that do not follow `projects/P/<global|regions/R|locations/L>/<collection>/<name>`.
_PATHS = {
    "gcp:compute/globalAddress:GlobalAddress": "projects/{project}/global/addresses/{name}",
    "gcp:projects/serviceIdentity:ServiceIdentity": "projects/{project}/services/{service}",
    "gcp:networkconnectivity/hub:Hub": "projects/{project}/locations/global/hubs/{name}",
    "gcp:certificateauthority/authority:Authority": (
        "projects/{project}/locations/{location}/caPools/{pool}/certificateAuthorities/{certificateAuthorityId}"
    ),
    "gcp:logging/projectBucketConfig:ProjectBucketConfig": "projects/{project}/locations/{location}/buckets/{bucketId}",
    "gcp:storage/bucket:Bucket": "{name}",
    "gcp:compute/network:Network": "projects/{project}/global/networks/{name}",
    "gcp:compute/firewall:Firewall": "projects/{project}/global/firewalls/{name}",
    "gcp:compute/route:Route": "projects/{project}/global/routes/{name}",
    "gcp:compute/externalVpnGateway:ExternalVpnGateway": "projects/{project}/global/externalVpnGateways/{name}",
    "gcp:compute/haVpnGateway:HaVpnGateway": "projects/{project}/regions/{region}/vpnGateways/{name}",
    "gcp:compute/vPNTunnel:VPNTunnel": "projects/{project}/regions/{region}/vpnTunnels/{name}",
    "gcp:compute/routerNat:RouterNat": "{project}/{region}/{router}/{name}",
    "gcp:compute/routerInterface:RouterInterface": "{region}/{router}/{name}",
    "gcp:compute/routerPeer:RouterPeer": "projects/{project}/regions/{region}/routers/{router}/{name}",
    "gcp:compute/networkPeering:NetworkPeering": "{network}/{name}",
    "gcp:container/nodePool:NodePool": "projects/{project}/locations/{location}/clusters/{cluster}/nodePools/{name}",
    "gcp:kms/cryptoKey:CryptoKey": "{keyRing}/cryptoKeys/{name}",
    "gcp:serviceaccount/account:Account": "projects/{project}/serviceAccounts/{accountId}@{project}.iam.gserviceaccount.com",
    "gcp:projects/service:Service": "{project}/{service}",
    "gcp:projects/iAMMember:IAMMember": "{project}/{role}/{member}",
    "gcp:projects/iAMAuditConfig:IAMAuditConfig": "{project}/audit_config/{service}",
    "gcp:dns/managedZone:ManagedZone": "projects/{project}/managedZones/{name}",
    "gcp:dns/recordSet:RecordSet": "projects/{project}/managedZones/{managedZone}/rrsets/{name}/{type}",
    "gcp:logging/projectSink:ProjectSink": "projects/{project}/sinks/{name}",
    "gcp:monitoring/notificationChannel:NotificationChannel": "projects/{project}/notificationChannels/{number}",
    "gcp:billing/budget:Budget": "billingAccounts/{billingAccount}/budgets/{uuid}",
    "gcp:iam/workloadIdentityPool:WorkloadIdentityPool": "projects/{project}/locations/global/workloadIdentityPools/{workloadIdentityPoolId}",
    "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider": (
        "projects/{project}/locations/global/workloadIdentityPools/{workloadIdentityPoolId}/providers/{workloadIdentityPoolProviderId}"
    ),
}

_REFERENCE = re.compile(
    r"projects/[^/]+/(global|regions|locations)(/[^/]+)?/(networks|subnetworks|routers|vpnGateways|keyRings)/[^{}]+"
)


def path(context: Context) -> str:
    """Return the path of a resource, which is its id."""
    found = values(context)
    pattern = _PATHS.get(context.token)
    if context.kind == "NodePool" and str(found["cluster"]).startswith("projects/"):
        pattern = "{cluster}/nodePools/{name}"
    if pattern is None and GRANT.search(context.kind):
        first = next(
            (
                str(context.inputs[key])
                for key in context.inputs
                if key not in ("role", "member", "members", "condition")
            ),
            "",
        )
        return f"{first}/{context.inputs.get('role', '')}/{context.inputs.get('member', '')}"
    if pattern is None:
        kind = context.token.split(":")[1].split("/")[1]
        collection = (
            f"{kind}es"
            if kind.endswith(("s", "ss"))
            else f"{kind[:-1]}ies"
            if kind.endswith("y")
            else f"{kind}s"
        )
        place = f"{'regions' if context.module == 'compute' else 'locations'}/{found['location']}"
        if context.module == "compute" and not context.inputs.get("region") and not found["region"]:
            place = "global"
        pattern = f"projects/{{project}}/{place}/{collection}/{{name}}"
    return pattern.format_map(found)


def is_reference(text: str) -> bool:
    """True for paths and links of networks, keys, service accounts and the like."""
    return bool(_REFERENCE.fullmatch(text.removeprefix(COMPUTE)))


def values(context: Context) -> dict[str, Any]:
    """Return what a path is made of."""
    inputs, project = context.inputs, context.inputs.get("project") or context.settings["project"]
    region = inputs.get("region") or context.settings.get("region") or ""
    location = inputs.get("location") or inputs.get("zone") or region or "global"
    if inputs.get("keyRing"):
        location = (
            str(inputs["keyRing"]).split("/")[3] if str(inputs["keyRing"]).count("/") >= 3 else location
        )
    seed = zlib.crc32(f"{context.token}{context.name}{project}".encode())
    extra = {
        key: value
        for key, value in inputs.items()
        if isinstance(value, (str, int)) and not isinstance(value, bool)
    }
    absent = {
        "member": "", "role": "", "type": "", "router": "", "service": "", "billingAccount": "", "managedZone": "",
        "workloadIdentityPoolId": "", "workloadIdentityPoolProviderId": "", "cluster": "", "network": "", "accountId": "",
    }  # fmt: skip
    return {
        **absent,
        **extra,
        "project": project,
        "project_number": context.settings["number"],
        "region": region,
        "location": location,
        "name": context.name,
        "number": f"1{seed:018d}",
        "uuid": f"{seed:08x}-{hexadecimal(4)}-{hexadecimal(4)}-{hexadecimal(4)}-{hexadecimal(12)}",
        "cluster": str(extra.get("cluster", "")).rsplit("/", 1)[-1],
        "router": str(extra.get("router", "")).rsplit("/", 1)[-1],
    }


def number(project: str) -> str:
    """Return a project's number."""
    return f"{100000000000 + zlib.crc32(project.encode()) % 899999999999}"
