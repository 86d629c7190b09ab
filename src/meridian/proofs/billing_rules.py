"""What each kind of resource is billed for, as rules that write the lines of a bill."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from meridian.model.prices import Category, Usage
from meridian.model.units import region_of
from meridian.plan import Plan, PlannedResource
from meridian.proofs.bill import Bill, Line, Rule, Triple, steady, times

EDGE_PLAN = "cloudflare"
"""The price of the zone's plan; which plan that is stands in the environment's data."""


def _flat(category: Category, price: str, *, hourly: bool = True, count: float = 1) -> Rule:
    def rule(resource: PlannedResource, bill: Bill, region: str) -> Iterator[Line]:
        quantity = count * (bill.hours if hourly else 1)
        yield Line(category, price, region, steady(quantity), resource.name)

    return rule


def _nodes(low: float, high: float, bill: Bill) -> Triple:
    return low, low + (high - low) * bill.usage.expected_fill, high


def _pool(
    resource: PlannedResource,
    bill: Bill,
    region: str,
    machine: str,
    nodes: Triple,
    disk: float,
    kind: str,
) -> Iterator[Line]:
    category: Category = "database" if "database" in resource.name else "compute"
    yield Line(category, machine, region, times(nodes, bill.hours), resource.name)
    yield Line(category, kind, region, times(nodes, disk), f"{resource.name} disks")
    yield Line("observability", "datadog-host", region, nodes, f"{resource.name} agents")
    yield Line(
        "observability",
        "datadog-apm",
        region,
        times(nodes, bill.usage.hosts_traced),
        f"{resource.name} traces",
    )


def _gke_pool(resource: PlannedResource, bill: Bill, region: str) -> Iterator[Line]:
    low = float(
        resource.get("autoscaling", "totalMinNodeCount", default=resource.get("nodeCount", default=1))
    )
    high = float(resource.get("autoscaling", "totalMaxNodeCount", default=low))
    machine = str(resource.get("nodeConfig", "machineType", default="?"))
    disk = float(resource.get("nodeConfig", "diskSizeGb", default=100))
    kind = str(resource.get("nodeConfig", "diskType", default="pd-balanced"))
    nodes = _nodes(low, high, bill)
    yield from _pool(resource, bill, region, machine, nodes, disk, kind)
    yield Line("compute", "gcp-nat", region, times(nodes, bill.hours), f"{resource.name} behind NAT")


def _eks_pool(resource: PlannedResource, bill: Bill, region: str) -> Iterator[Line]:
    template = _template(resource, bill.plan)
    low = float(resource.get("scalingConfig", "minSize", default=1))
    high = float(resource.get("scalingConfig", "maxSize", default=low))
    types = resource.get("instanceTypes") or [template.get("instanceType") if template else None]
    disk = float((template.get("blockDeviceMappings", "ebs", "volumeSize") if template else None) or 20)
    yield from _pool(resource, bill, region, str(types[0] or "?"), _nodes(low, high, bill), disk, "gp3")


def _template(resource: PlannedResource, plan: Plan) -> PlannedResource | None:
    """Return a node group's launch template: its id is unknown in a plan, so it is found by place and name."""
    same = [
        each
        for each in plan.of("aws:ec2/launchTemplate:LaunchTemplate")
        if each.unit == resource.unit
        and each.parent == resource.parent
        and each.name.startswith(resource.name)
    ]
    return same[0] if same else None


def _endpoint(resource: PlannedResource, bill: Bill, region: str) -> Iterator[Line]:
    if resource.get("vpcEndpointType") == "Interface":
        zones = len(resource.get("subnetIds", default=())) or 1
        hours = float(zones * bill.hours)
        yield Line("compute", "aws-interface-endpoint", region, steady(hours), resource.name)


def _shared(price: str, amount: Callable[[Usage], float], category: Category = "compute") -> Rule:
    """Spread an amount of the whole estate evenly over the resources of one type."""

    def rule(resource: PlannedResource, bill: Bill, region: str) -> Iterator[Line]:
        kinds = (
            ("aws:ec2/natGateway:NatGateway", "gcp:compute/routerNat:RouterNat")
            if "nat" in price
            else (resource.type,)
        )
        quantity = amount(bill.usage) / len(list(bill.plan.of(*kinds)))
        yield Line(category, price, region, (0, quantity, quantity * 3), f"{resource.name} traffic")

    return rule


def _both(*rules: Rule) -> Rule:
    def rule(resource: PlannedResource, bill: Bill, region: str) -> Iterator[Line]:
        for each in rules:
            yield from each(resource, bill, region)

    return rule


def _stored(price: str) -> Rule:
    def rule(resource: PlannedResource, bill: Bill, region: str) -> Iterator[Line]:
        category: Category = "database" if "backups" in resource.name else "compliance"
        yield Line(
            category, price, region, (0, bill.usage.stored_gb, bill.usage.stored_gb * 3), resource.name
        )

    return rule


def _versions(resource: PlannedResource, bill: Bill, region: str) -> Iterator[Line]:
    kept = float(bill.usage.key_versions)
    yield Line("compliance", "gcp-key-version", region, (1, kept, kept), resource.name)


def _cluster_logs(resource: PlannedResource, bill: Bill, region: str) -> Iterator[Line]:
    amount = bill.usage.cluster_log_gb
    yield Line("observability", "aws-logs", region, (0, amount, amount * 3), resource.name)


def _volumes(resource: PlannedResource, bill: Bill, _region: str) -> Iterator[Line]:
    replicas = float(resource.get("spec", "replicas", default=1))
    claims = resource.get("spec", "volumeClaimTemplates", default=()) or ()
    for claim in claims:
        size = gib(claim.get("spec", {}).get("resources", {}).get("requests", {}).get("storage", "0"))
        kind, place = _disk(resource, bill.plan)
        quantity = replicas * size
        yield Line("database", kind, place, steady(quantity), f"{resource.name} volume")


def _disk(resource: PlannedResource, plan: Plan) -> tuple[str, str]:
    """Return the kind of disk and the region of a Kubernetes object: its provider is named after its cluster."""
    cloud = "aws" if "eks" in resource.provider or "aws" in resource.provider else "gcp"
    unit = region_of(resource.unit)
    wanted = "aws:eks/cluster:Cluster" if cloud == "aws" else "gcp:container/cluster:Cluster"
    cluster = next((each for each in plan.of(wanted) if each.unit == unit), None)
    return ("gp3" if cloud == "aws" else "pd-ssd"), plan.region(cluster) if cluster else ""


def gib(quantity: str) -> float:
    """Return a Kubernetes quantity of bytes in GiB."""
    units = {"Ki": 1 / 1024**2, "Mi": 1 / 1024, "Gi": 1, "Ti": 1024, "": 1 / 1024**3}
    number = str(quantity).rstrip("KMGTi")
    return float(number or 0) * units[str(quantity)[len(number) :]]


def _key(resource: PlannedResource, bill: Bill, region: str) -> Iterator[Line]:
    kept = float(bill.usage.key_versions)
    yield Line("compliance", "aws-key", region, (1, min(kept, 3), min(kept, 3)), resource.name)


RULES: Mapping[str, Rule] = {
    "gcp:container/cluster:Cluster": _flat("compute", "gke-control-plane"),
    "gcp:container/nodePool:NodePool": _gke_pool,
    "aws:eks/cluster:Cluster": _both(_flat("compute", "eks-control-plane"), _cluster_logs),
    "aws:eks/nodeGroup:NodeGroup": _eks_pool,
    "aws:ec2/natGateway:NatGateway": _both(
        _flat("compute", "aws-nat"), _shared("aws-nat-data", lambda u: u.nat_gb)
    ),
    "gcp:compute/routerNat:RouterNat": _shared("gcp-nat-data", lambda u: u.nat_gb),
    "gcp:compute/vPNTunnel:VPNTunnel": _flat("compute", "gcp-vpn-tunnel"),
    "aws:ec2/vpnConnection:VpnConnection": _flat("compute", "aws-vpn"),
    "aws:ec2transitgateway/vpcAttachment:VpcAttachment": _flat("compute", "aws-transit-attachment"),
    "aws:ec2transitgateway/peeringAttachment:PeeringAttachment": _both(
        _flat("compute", "aws-transit-attachment"), _shared("inter-region-asia", lambda u: u.inter_region_gb)
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
    "aws:ec2/eip:Eip": _flat("compute", "aws-address"),
    "gcp:compute/address:Address": _flat("compute", "gcp-address"),
    "aws:kms/key:Key": _key,
    "gcp:kms/cryptoKey:CryptoKey": _versions,
    "aws:s3/bucket:Bucket": _stored("s3"),
    "gcp:storage/bucket:Bucket": _stored("gcs"),
    "aws:route53/zone:Zone": _flat("compute", "aws-zone", hourly=False),
    "gcp:dns/managedZone:ManagedZone": _flat("compute", "gcp-zone", hourly=False),
    "cloudflare:index/zone:Zone": _flat("cdn", EDGE_PLAN, hourly=False),
    "meridian:netlify:Site": _flat("cdn", "netlify-pro", hourly=False),
    "kubernetes:apps/v1:StatefulSet": _volumes,
    "kubernetes:datadoghq.com/v2alpha1:DatadogAgent": _shared(
        "datadog-logs", lambda u: u.log_events_millions, "observability"
    ),
}
