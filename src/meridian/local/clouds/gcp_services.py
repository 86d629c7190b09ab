"""What Google Cloud's services tell of a resource once it exists."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

from meridian.local.clouds.context import Context, hexadecimal
from meridian.local.clouds.gcp_names import COMPUTE
from meridian.local.errors import CloudError

_VERSIONS = {"1.34": "1.34.0-gke.1582000"}


def special(context: Context, identifier: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a kind of resource tells beyond what all have; raises CloudError."""
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
            return {"address": inputs.get("address") or f"34.120.{zlib.crc32(identifier.encode()) % 250}.7"}
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
            return _cluster(context, identifier)
        case "gcp:container/nodePool:NodePool":
            groups = [
                f"{COMPUTE}projects/{project}/zones/{zone}/instanceGroups/{context.name}"
                for zone in inputs.get("nodeLocations") or ()
            ]
            return {"managedInstanceGroupUrls": groups, "instanceGroupUrls": groups, "operation": ""}
        case "gcp:dns/managedZone:ManagedZone":
            return {
                "nameServers": [f"ns-gcp-private-{n}.googledomains.com." for n in (1, 2)],
                "managedZoneId": str(values["number"]),
            }
    return {}


def _cluster(context: Context, identifier: str) -> dict[str, Any]:
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
