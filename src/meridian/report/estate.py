"""What a map shows, taken from the plan: regions with their clusters, database nodes, paths, and what changes there."""

from __future__ import annotations

from dataclasses import dataclass, field

from meridian.model.units import definitions_of, platform_of, region_of
from meridian.plan import Plan, PlannedResource
from meridian.wording import counted

_CLUSTERS = {"gcp:container/cluster:Cluster": ("gcp", "GKE"), "aws:eks/cluster:Cluster": ("aws", "EKS")}
_BALANCER = "cloudflare:index/loadBalancer:LoadBalancer"
_EDGE = "edge"
_HOLDS = {
    "mesh": "{peerings}, one hub, private names",
    "data": "the database's schema, roles, placement and backups",
    "foundation": "services, audit, log archive, CI's identities, budgets",
}
"""What the units of no region hold, in the order in which they are drawn."""


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
class Shared:
    """A unit that belongs to no region and is not the edge, or to a region of which no cluster stays."""

    unit: str
    holds: str
    changed: int


@dataclass
class Estate:
    """The whole map: every unit has a place on it, so its numbers of changes add up to the plan's."""

    areas: list[Area]
    hostnames: list[str]
    edge_changed: int
    shared: list[Shared]


def estate(plan: Plan) -> Estate:
    """Return the map of a plan; what is deleted is no longer on it, but counts among the changes."""
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
    edge = plan.units.get(_EDGE, ())
    keys = {area.key for area in areas}
    return Estate(
        areas,
        sorted(
            str(each.get("name", default=each.name)) for each in edge if each.type == _BALANCER and each.stays
        ),
        len(plan.changing(_EDGE)),
        [
            Shared(unit, _holds(plan, unit), len(plan.changing(unit)))
            for unit in sorted(plan.units, key=_place)
            if unit != _EDGE and region_of(unit) not in keys and plan.held(unit)
        ],
    )


def _place(unit: str) -> tuple[int, str]:
    return (list(_HOLDS).index(unit) if unit in _HOLDS else len(_HOLDS), unit)


def _holds(plan: Plan, unit: str) -> str:
    staying = [each for each in plan.held(unit) if each.stays]
    if not staying:
        return "nothing of it stays"
    peerings = sum("peeringAttachment:PeeringAttachment" in each.type for each in staying)
    return _HOLDS.get(unit, "{resources}").format(
        peerings=counted(peerings, "transit gateway peering"), resources=counted(len(staying), "resource")
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
    """Add what stands on the region's clusters: its providers are named after the clusters' kinds."""
    for unit in (platform_of(area.key), definitions_of(area.key)):
        for each in plan.held(unit):
            kind = "EKS" if "eks" in f"{each.provider} {each.name}" else "GKE"
            site = next((site for site in area.sites if site.product == kind), None)
            (site or area).changed += each.changes
            if site and each.type == "kubernetes:apps/v1:StatefulSet" and each.stays:
                site.nodes.append(str(each.get("metadata", "name", default=each.name)))
