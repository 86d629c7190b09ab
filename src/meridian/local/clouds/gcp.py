"""Google Cloud: resource paths, self links, service agents."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from meridian.local.clouds.context import Context, hexadecimal
from meridian.local.errors import CloudError, LocalError

_COMPUTE = "https://www.googleapis.com/compute/v1/"
_GRANT = re.compile(r"IAM(Member|Binding|Policy)$", re.IGNORECASE)
_GLOBAL_NAMES = frozenset({"gcp:storage/bucket:Bucket"})
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
# Google's API documentation marks these as immutable; the SDK's text does not always say so.
_FIXED = {
    "gcp:compute/network:Network": {"name", "autoCreateSubnetworks"},
    "gcp:compute/subnetwork:Subnetwork": {"name", "network", "region"},
    "gcp:compute/router:Router": {"name", "network", "region"},
    "gcp:compute/haVpnGateway:HaVpnGateway": {"name", "network", "region"},
    "gcp:compute/vPNTunnel:VPNTunnel": {
        "name",
        "peerExternalGateway",
        "vpnGateway",
        "sharedSecret",
        "ikeVersion",
        "router",
    },
    "gcp:container/cluster:Cluster": {
        "name",
        "location",
        "network",
        "subnetwork",
        "privateClusterConfig",
        "ipAllocationPolicy",
    },
    "gcp:container/nodePool:NodePool": {"name", "cluster", "location", "nodeLocations", "initialNodeCount"},
    "gcp:kms/keyRing:KeyRing": {"name", "location"},
    "gcp:kms/cryptoKey:CryptoKey": {"name", "keyRing", "purpose"},
    "gcp:storage/bucket:Bucket": {"name", "location"},
    "gcp:serviceaccount/account:Account": {"accountId"},
    "gcp:dns/managedZone:ManagedZone": {"name", "dnsName", "visibility"},
}
_VERSIONS = {"1.34": "1.34.0-gke.1582000"}


class Gcp:
    """Google Cloud's way."""

    def settings(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Take project and region; a project is needed."""
        if not given.get("project"):
            raise LocalError(
                "gcp provider without project", "every gcp provider names its project", "pass project="
            )
        return {
            "project": given["project"],
            "region": given.get("region", ""),
            "number": _number(str(given["project"])),
        }

    def scope(self, context: Context) -> str:
        """Return project and place, or the whole world for buckets."""
        if context.token in _GLOBAL_NAMES:
            return "world"
        if _GRANT.search(context.kind):
            # A grant is the triple itself: a bucket takes as many as there are roles and members.
            return self.identify(context)
        values = _values(context)
        parents = [
            str(context.inputs.get(key, ""))
            for key in ("keyRing", "cluster", "router", "network", "managedZone", "bucket", "type")
        ]
        own = "" if context.module == "compute" and context.kind == "Network" else "/".join(parents)
        return f"{values['project']}/{values['location']}/{own}"

    def identify(self, context: Context) -> str:
        """Return the resource's path."""
        values = _values(context)
        pattern = _PATHS.get(context.token)
        if context.kind == "NodePool" and str(values["cluster"]).startswith("projects/"):
            pattern = "{cluster}/nodePools/{name}"
        if pattern is None and _GRANT.search(context.kind):
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
            place = f"{'regions' if context.module == 'compute' else 'locations'}/{values['location']}"
            if context.module == "compute" and not context.inputs.get("region") and not values["region"]:
                place = "global"
            pattern = f"projects/{{project}}/{place}/{collection}/{{name}}"
        return pattern.format_map(values)

    def computed(self, context: Context, identifier: str) -> dict[str, Any]:
        """Return what every resource has, and what its kind has beyond that."""
        values = _values(context)
        link = (
            f"{_COMPUTE}{identifier}"
            if context.module == "compute"
            else f"https://{context.module}.googleapis.com/v1/{identifier}"
        )
        labels = dict(context.inputs.get("labels") or context.inputs.get("resourceLabels") or {})
        common = {
            "selfLink": link,
            "project": values["project"],
            "region": values["region"],
            "location": values["location"],
            "creationTimestamp": _now(),
            "createTime": _now(),
            "effectiveLabels": labels,
            "pulumiLabels": labels,
            "etag": hexadecimal(12),
            "fingerprint": hexadecimal(12),
            "name": context.name,
            "numericId": str(values["number"]),
        }
        common |= self._special(context, identifier, values)
        return {name: value for name, value in common.items() if name in context.resource.outputs}

    def _special(self, context: Context, identifier: str, values: Mapping[str, Any]) -> dict[str, Any]:
        inputs, project = context.inputs, values["project"]
        match context.token:
            case "gcp:serviceaccount/account:Account":
                email = f"{inputs.get('accountId')}@{project}.iam.gserviceaccount.com"
                return {
                    "email": email,
                    "member": f"serviceAccount:{email}",
                    "uniqueId": str(values["number"]),
                    "name": identifier,
                }
            case "gcp:storage/bucket:Bucket":
                return {
                    "url": f"gs://{context.name}",
                    "selfLink": f"https://www.googleapis.com/storage/v1/b/{context.name}",
                }
            case "gcp:logging/projectSink:ProjectSink":
                return {
                    "writerIdentity": f"serviceAccount:service-{values['project_number']}@gcp-sa-logging.iam.gserviceaccount.com"
                }
            case "gcp:projects/serviceIdentity:ServiceIdentity":
                agent = str(inputs.get("service", "")).split(".")[0]
                email = f"service-{values['project_number']}@gcp-sa-{agent}.iam.gserviceaccount.com"
                return {"email": email, "member": f"serviceAccount:{email}"}
            case "gcp:compute/haVpnGateway:HaVpnGateway":
                base = zlib.crc32(identifier.encode()) % 250
                return {"vpnInterfaces": [{"id": n, "ipAddress": f"35.242.{base}.{10 + n}"} for n in (0, 1)]}
            case "gcp:compute/network:Network":
                return {"networkId": str(values["number"]), "gatewayIpv4": ""}
            case "gcp:compute/subnetwork:Subnetwork":
                network = str(inputs.get("ipCidrRange", "10.0.0.0/8")).split("/")[0]
                return {"gatewayAddress": network.rsplit(".", 1)[0] + ".1"}
            case "gcp:compute/vPNTunnel:VPNTunnel":
                return {
                    "detailedStatus": "Tunnel is up and running.",
                    "tunnelId": str(values["number"]),
                    "sharedSecretHash": hexadecimal(24),
                }
            case "gcp:compute/address:Address" | "gcp:compute/globalAddress:GlobalAddress":
                return {
                    "address": inputs.get("address") or f"34.120.{zlib.crc32(identifier.encode()) % 250}.7"
                }
            case "gcp:kms/cryptoKey:CryptoKey":
                return {"primaries": [{"name": f"{identifier}/cryptoKeyVersions/1", "state": "ENABLED"}]}
            case (
                "gcp:iam/workloadIdentityPool:WorkloadIdentityPool"
                | "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider"
            ):
                return {
                    "name": identifier.replace(project, str(values["project_number"]), 1),
                    "state": "ACTIVE",
                }
            case "gcp:container/cluster:Cluster":
                return self._cluster(context, identifier, values)
            case "gcp:container/nodePool:NodePool":
                groups = [
                    f"{_COMPUTE}projects/{project}/zones/{zone}/instanceGroups/{context.name}"
                    for zone in inputs.get("nodeLocations") or ()
                ]
                return {"managedInstanceGroupUrls": groups, "instanceGroupUrls": groups, "operation": ""}
            case "gcp:dns/managedZone:ManagedZone":
                return {
                    "nameServers": [f"ns-gcp-private-{n}.googledomains.com." for n in (1, 2)],
                    "managedZoneId": str(values["number"]),
                }
        return {}

    def _cluster(self, context: Context, identifier: str, values: Mapping[str, Any]) -> dict[str, Any]:
        wanted = str(context.inputs.get("minMasterVersion") or "1.34")
        minor = ".".join(wanted.split(".")[:2])
        if minor not in _VERSIONS:
            raise CloudError(
                "INVALID_ARGUMENT",
                f"master version {wanted!r} is unsupported; supported: {', '.join(_VERSIONS.values())}",
            )
        return {
            "masterVersion": _VERSIONS[minor],
            "endpoint": "172.16.0.2",
            "masterAuth": {
                "clusterCaCertificate": "",
                "clientCertificateConfig": {"issueClientCertificate": False},
            },
            "selfLink": f"https://container.googleapis.com/v1/{identifier}",
            "servicesIpv4Cidr": "",
            "tpuIpv4CidrBlock": "",
            "operation": "",
            "labelFingerprint": hexadecimal(8),
        }

    def force_new(self, token: str) -> frozenset[str]:
        """Return what Google marks as immutable."""
        return frozenset(_FIXED.get(token, ())) | {"project"}

    def reference(self, text: str) -> bool:
        """True for paths and links of networks, keys, service accounts and the like."""
        path = text.removeprefix(_COMPUTE)
        return bool(
            re.fullmatch(
                r"projects/[^/]+/(global|regions|locations)(/[^/]+)?/(networks|subnetworks|routers|vpnGateways|keyRings)/[^{}]+",
                path,
            )
        )

    def invoke(self, token: str, arguments: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
        """Answer the project's own data."""
        if token == "gcp:organizations/getProject:getProject":  # noqa: S105 - a type token
            project = arguments.get("projectId") or settings["project"]
            return {
                "id": f"projects/{project}",
                "projectId": project,
                "number": settings["number"],
                "name": project,
            }
        if token == "gcp:organizations/getClientConfig:getClientConfig":  # noqa: S105 - a type token
            return {"id": "client", "project": settings["project"], "region": settings["region"], "zone": ""}
        if token == "gcp:storage/getBucketObjectContent:getBucketObjectContent":  # noqa: S105 - a type token
            name = f"{arguments['bucket']}/{arguments['name']}"
            # Objects are not kept; what a service wrote there is a text that follows from where it wrote.
            return {**arguments, "id": name, "content": hashlib.sha256(name.encode()).hexdigest()}
        raise CloudError("NotImplemented", f"the embedded Google Cloud knows no data source {token}")


def _values(context: Context) -> dict[str, Any]:
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
    values = {
        "member": "", "role": "", "type": "", "router": "", "service": "", "billingAccount": "", "managedZone": "",
        "workloadIdentityPoolId": "", "workloadIdentityPoolProviderId": "", "cluster": "", "network": "", "accountId": "",
    }  # fmt: skip
    return {
        **values,
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


def _number(project: str) -> str:
    return f"{100000000000 + zlib.crc32(project.encode()) % 899999999999}"


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
