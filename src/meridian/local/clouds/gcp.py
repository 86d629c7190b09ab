"""Google Cloud: its providers' settings, where names are unique, what never changes, its data sources."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from meridian.local.clouds.context import Context, hexadecimal
from meridian.local.clouds.gcp_names import COMPUTE, GRANT, is_reference, number, path, values
from meridian.local.clouds.gcp_services import special
from meridian.local.errors import CloudError, LocalError

_GLOBAL_NAMES = frozenset({"gcp:storage/bucket:Bucket"})
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
            "number": number(str(given["project"])),
        }

    def scope(self, context: Context) -> str:
        """Return project and place, or the whole world for buckets."""
        if context.token in _GLOBAL_NAMES:
            return "world"
        if GRANT.search(context.kind):
            # A grant is the triple itself: a bucket takes as many as there are roles and members.
            return self.identify(context)
        found = values(context)
        parents = [
            str(context.inputs.get(key, ""))
            for key in ("keyRing", "cluster", "router", "network", "managedZone", "bucket", "type")
        ]
        own = "" if context.module == "compute" and context.kind == "Network" else "/".join(parents)
        return f"{found['project']}/{found['location']}/{own}"

    def identify(self, context: Context) -> str:
        """Return the resource's path."""
        return path(context)

    def computed(self, context: Context, identifier: str) -> dict[str, Any]:
        """Return what every resource has, and what its kind has beyond that."""
        found = values(context)
        link = (
            f"{COMPUTE}{identifier}"
            if context.module == "compute"
            else f"https://{context.module}.googleapis.com/v1/{identifier}"
        )
        labels = dict(context.inputs.get("labels") or context.inputs.get("resourceLabels") or {})
        common = {
            "selfLink": link,
            "project": found["project"],
            "region": found["region"],
            "location": found["location"],
            "creationTimestamp": _now(),
            "createTime": _now(),
            "effectiveLabels": labels,
            "pulumiLabels": labels,
            "etag": hexadecimal(12),
            "fingerprint": hexadecimal(12),
            "name": context.name,
            "numericId": str(found["number"]),
        }
        common |= special(context, identifier, found)
        return {name: value for name, value in common.items() if name in context.resource.outputs}

    def force_new(self, token: str) -> frozenset[str]:
        """Return what Google marks as immutable."""
        return frozenset(_FIXED.get(token, ())) | {"project"}

    def reference(self, text: str) -> bool:
        """True for paths and links of networks, keys, service accounts and the like."""
        return is_reference(text)

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


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
