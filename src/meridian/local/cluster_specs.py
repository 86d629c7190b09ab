"""Turns GKE and EKS resources into what their local control planes and simulated nodes need."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from meridian.local.inventory import Record
from meridian.local.machines import machine
from meridian.protocol.values import plain

if TYPE_CHECKING:
    from meridian.local.controlplane import ControlPlaneSpec, NodePoolSpec, OidcSpec

GKE, GKE_POOL = "gcp:container/cluster:Cluster", "gcp:container/nodePool:NodePool"
EKS, EKS_POOL = "aws:eks/cluster:Cluster", "aws:eks/nodeGroup:NodeGroup"
EKS_OIDC = "aws:eks/identityProviderConfig:IdentityProviderConfig"
CLUSTERS, POOLS = (GKE, EKS), (GKE_POOL, EKS_POOL)
Find = Callable[[str], Record | None]
_TLS = {"1-2": "1.2", "1-3": "1.3", "1.2": "1.2", "1.3": "1.3"}
_EFFECTS = {"NO_SCHEDULE": "NoSchedule", "PREFER_NO_SCHEDULE": "PreferNoSchedule", "NO_EXECUTE": "NoExecute"}
# What a pod range is when a cluster leaves it to GKE (its documented default) or EKS (addresses of the VPC).
_DEFAULT_PODS, _DEFAULT_SERVICES = "10.244.0.0/14", {"gcp": "34.118.224.0/20", "aws": "172.20.0.0/16"}


def plane_id(record: Record) -> str:
    """Return the control plane's own id, unique in this checkout."""
    return f"{record.environment}-{record.cloud}-{record.name}"


def _first(value: Any) -> Mapping[str, Any]:
    if isinstance(value, list):
        value = value[0] if value else {}
    return value if isinstance(value, Mapping) else {}


def region_of(record: Record) -> str:
    """Return the region, also of a zonal cluster."""
    outputs = plain(record.outputs)
    place = str(outputs.get("location") or outputs.get("region") or "")
    return place.rsplit("-", 1)[0] if record.cloud == "gcp" and place.count("-") == 2 else place


def api_server(record: Record) -> tuple[str, str]:
    """Return the address and the authority (PEM) of a running cluster's API server."""
    outputs = plain(record.outputs)
    kept = _first(outputs.get("masterAuth")).get("clusterCaCertificate") or _first(
        outputs.get("certificateAuthority")
    ).get("data")
    return str(outputs.get("$url") or ""), base64.b64decode(kept or "").decode()


def unit_of(record: Record) -> str:
    """Return the part of the estate that a cluster says it belongs to by its label `unit`; empty without one."""
    inputs = plain(record.inputs)
    labels = inputs.get("resourceLabels") or inputs.get("tags") or {}
    return str(labels.get("unit") or "")


def control_plane(
    record: Record, find: Find, oidc: OidcSpec | None = None, audit_policy: str | None = None
) -> ControlPlaneSpec:
    """Return a cluster's control plane; `find` looks an id, ARN or link up in the inventory.

    Neither GKE nor EKS takes an audit policy: `audit_policy` is what a control plane here logs by, where logs are asked for.
    """
    from meridian.local.controlplane import ControlPlaneSpec

    inputs, outputs = plain(record.inputs), plain(record.outputs)
    if record.cloud == "gcp":
        tags = inputs.get("resourceLabels") or {}
        services, pods = _gke_ranges(inputs, find)
        encryption = _first(inputs.get("databaseEncryption"))
        key = encryption.get("keyName") if encryption.get("state") == "ENCRYPTED" else None
        audit = "APISERVER" in (_first(inputs.get("loggingConfig")).get("enableComponents") or ())
        version, provider = str(outputs.get("masterVersion") or ""), None
    else:
        tags = inputs.get("tags") or {}
        network = _first(inputs.get("kubernetesNetworkConfig"))
        services = network.get("serviceIpv4Cidr") or _DEFAULT_SERVICES["aws"]
        pods = _vpc_range(inputs, find)
        key = _first(_first(inputs.get("encryptionConfig")).get("provider")).get("keyArn")
        audit = "audit" in (inputs.get("enabledClusterLogTypes") or ())
        version, provider = str(outputs.get("version") or ""), oidc
    return ControlPlaneSpec(
        id=plane_id(record),
        name=record.name,
        cloud=record.cloud,
        region=region_of(record),
        version=version,
        service_cidr=services,
        pod_cidr=pods,
        encryption_key=key_material(find(key)) if key else None,
        audit_policy=audit_policy if audit else None,
        tls_minimum=_TLS.get(str(tags.get("meridian-tls-minimum")), "1.2"),
        oidc=provider,
    )


def key_material(key: Record | None) -> bytes | None:
    """Return the 32 bytes of a simulated key, which the local key service keeps encrypted at rest."""
    if key is None:
        return None
    kept = plain(key.outputs).get("$material")
    return base64.b64decode(kept) if kept else None


def _gke_ranges(inputs: Mapping[str, Any], find: Find) -> tuple[str, str]:
    policy = _first(inputs.get("ipAllocationPolicy"))
    subnet = find(str(inputs.get("subnetwork") or ""))
    ranges = plain(subnet.inputs).get("secondaryIpRanges") or () if subnet else ()
    named = {each.get("rangeName"): each.get("ipCidrRange") for each in ranges}
    services = policy.get("servicesIpv4CidrBlock") or named.get(policy.get("servicesSecondaryRangeName"))
    pods = policy.get("clusterIpv4CidrBlock") or named.get(policy.get("clusterSecondaryRangeName"))
    return services or _DEFAULT_SERVICES["gcp"], pods or inputs.get("clusterIpv4Cidr") or _DEFAULT_PODS


def _vpc_range(inputs: Mapping[str, Any], find: Find) -> str:
    subnets = _first(inputs.get("vpcConfig")).get("subnetIds") or ()
    subnet = find(subnets[0]) if subnets else None
    vpc = find(str(plain(subnet.inputs).get("vpcId"))) if subnet else None
    return str(plain(vpc.inputs).get("cidrBlock") or _DEFAULT_PODS) if vpc else _DEFAULT_PODS


def sign_on(record: Record) -> OidcSpec:
    """Return whose tokens an EKS cluster takes."""
    from meridian.local.controlplane import OidcSpec

    given = _first(plain(record.inputs).get("oidc"))
    return OidcSpec(
        issuer_url=str(given["issuerUrl"]),
        client_id=str(given["clientId"]),
        username_claim=given.get("usernameClaim") or "sub",
        groups_claim=given.get("groupsClaim"),
        username_prefix=given.get("usernamePrefix"),
        groups_prefix=given.get("groupsPrefix"),
    )


def node_pool(record: Record, cluster: Record, find: Find) -> NodePoolSpec:
    """Return a pool's simulated nodes; the count is the total over its zones."""
    from meridian.local.controlplane import NodePoolSpec, Taint

    inputs, region = plain(record.inputs), region_of(cluster)
    zones: tuple[str, ...]
    if record.cloud == "gcp":
        given = inputs.get("nodeLocations") or plain(cluster.inputs).get("nodeLocations")
        location = str(plain(cluster.outputs).get("location") or region)
        zones = tuple(
            given
            or ([location] if location != region else [f"{region}-{letter}" for letter in _letters(region)])
        )
        config, scaling = _first(inputs.get("nodeConfig")), _first(inputs.get("autoscaling"))
        kind = str(config.get("machineType") or "e2-medium")
        each = inputs.get("nodeCount") or inputs.get("initialNodeCount") or scaling.get("minNodeCount") or 1
        count = int(scaling.get("totalMinNodeCount") or int(each) * len(zones))
        pods = int(inputs.get("maxPodsPerNode") or 110)
        labels = {**(config.get("labels") or {}), "cloud.google.com/gke-nodepool": record.name}
        taints = config.get("taints") or ()
    else:
        placed = [find(subnet) for subnet in inputs.get("subnetIds") or ()]
        found = {str(plain(subnet.inputs).get("availabilityZone") or "") for subnet in placed if subnet}
        zones = tuple(sorted(found - {""})) or (f"{region}a",)
        kind = str((inputs.get("instanceTypes") or [_template_type(inputs, find)])[0])
        scaling = _first(inputs.get("scalingConfig"))
        count = int(scaling.get("desiredSize") or scaling.get("minSize") or 1)
        pods = 110
        labels = {**(inputs.get("labels") or {}), "eks.amazonaws.com/nodegroup": record.name}
        taints = inputs.get("taints") or ()
    capacity = machine(kind)
    return NodePoolSpec(
        name=record.name,
        zones=zones,
        count=count,
        machine_type=kind,
        cpu=capacity.cpu,
        memory_gib=capacity.memory_gib,
        pods=pods,
        labels={str(key): str(value) for key, value in labels.items()},
        taints=tuple(
            Taint(
                str(taint["key"]),
                str(taint.get("value") or ""),
                _EFFECTS.get(taint["effect"], str(taint["effect"])),
            )
            for taint in taints
        ),
    )


def _letters(region: str) -> str:
    # europe-west1 and us-east1 have no zone a.
    return "bcd" if region in ("europe-west1", "us-east1") else "abc"


def _template_type(inputs: Mapping[str, Any], find: Find) -> str:
    template = find(str(_first(inputs.get("launchTemplate")).get("id") or ""))
    return str((plain(template.inputs).get("instanceType") if template else None) or "t3.large")
