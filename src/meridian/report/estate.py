"""What a map shows, taken from the plan: regions with their clusters, database nodes, paths, and what changes there."""

from __future__ import annotations

from dataclasses import dataclass, field

from meridian.model.units import platform_of
from meridian.plan import Plan, PlannedResource

_CLUSTERS = {"gcp:container/cluster:Cluster": ("gcp", "GKE"), "aws:eks/cluster:Cluster": ("aws", "EKS")}
_BALANCER = "cloudflare:index/loadBalancer:LoadBalancer"


@dataclass
class Site:
    """One cluster."""

    cloud: str
    product: str
    name: str
    region: str
    nodes: list[str] = field(default_factory=list)
    """Database nodes by name."""
    changed: int = 0
    """Resources of this cluster that the plan changes."""


@dataclass
class Area:
    """One region of the estate."""

    key: str
    residency: str
    sites: list[Site] = field(default_factory=list)
    tunnels: int = 0
    backups: int = 0
    changed: int = 0


@dataclass
class Estate:
    """The whole map."""

    areas: list[Area]
    hostnames: list[str]
    edge_changed: int
    peerings: int


def estate(plan: Plan) -> Estate:
    """Return the map of a plan; what is deleted is no longer on it."""
    areas = []
    for unit, found in plan.units.items():
        sites = [_site(plan, each) for each in found if each.type in _CLUSTERS and each.stays]
        if not sites:
            continue
        staying = [each for each in found if each.stays]
        area = Area(
            unit,
            _residency(staying),
            sorted(sites, key=lambda site: site.cloud != "gcp"),
            tunnels=sum(each.type == "gcp:compute/vPNTunnel:VPNTunnel" for each in staying),
            backups=sum(
                each.type in ("aws:s3/bucket:Bucket", "gcp:storage/bucket:Bucket") and "backups" in each.name
                for each in staying
            ),
            changed=len(plan.changing(unit)),
        )
        _furnish(plan, area)
        areas.append(area)
    edge = plan.units.get("edge", ())
    return Estate(
        areas,
        sorted(
            str(each.get("name", default=each.name)) for each in edge if each.type == _BALANCER and each.stays
        ),
        len(plan.changing("edge")),
        sum("peeringAttachment:PeeringAttachment" in each.type and each.stays for each in plan),
    )


def _site(plan: Plan, cluster: PlannedResource) -> Site:
    cloud, product = _CLUSTERS[cluster.type]
    return Site(cloud, product, str(cluster.get("name", default=cluster.name)), plan.region(cluster))


def _residency(resources: list[PlannedResource]) -> str:
    for each in resources:
        labels = each.get("tags") or each.get("labels") or each.get("resourceLabels") or {}
        if isinstance(labels, dict) and labels.get("residency"):
            return str(labels["residency"])
    return "global"


def _furnish(plan: Plan, area: Area) -> None:
    """Add what the region's platform runs: its providers are named after the clusters' kinds."""
    for each in plan.units.get(platform_of(area.key), ()):
        kind = "EKS" if "eks" in f"{each.provider} {each.name}" else "GKE"
        site = next((site for site in area.sites if site.product == kind), None)
        if site is None:
            continue
        site.changed += each.changes
        if each.type == "kubernetes:apps/v1:StatefulSet" and each.stays:
            site.nodes.append(str(each.get("metadata", "name", default=each.name)))
