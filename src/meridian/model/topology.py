"""The database's nodes over the regions: their localities, names and whom they join; pure functions of the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from meridian.model.environment import Environment
from meridian.model.platform import Identity
from meridian.model.regions import AwsSite, Cloud, GcpSite, Region

NAMESPACE = "database"
"""The nodes' Kubernetes namespace, the same on every cluster: it is part of their certificates' names."""
JOIN_PER_REGION = 2
"""More than one address per region, and not every node (CockroachDB v26.2 docs, `cockroach start`, networking)."""


@dataclass(frozen=True)
class Node:
    """One CockroachDB node and where it runs."""

    key: str
    region: str
    """The estate's region, and the locality's first tier."""
    cloud: Cloud
    zone: str
    cluster: str
    """Name of the Kubernetes cluster."""

    @property
    def locality(self) -> str:
        """Return the same tiers in the same order for every node, broad to narrow, spelled as constraints name them."""
        return f"region={self.region},cloud={self.cloud},zone={self.zone}"


def nodes(environment: Environment) -> tuple[Node, ...]:
    """Return every node, by region and then by key."""
    return tuple(
        Node(key, name, node.cloud, node.zone, region.sites()[node.cloud].cluster.name)
        for name, region in sorted(environment.regions.items())
        for key, node in sorted(region.database.items())
    )


def nodes_of(environment: Environment, cluster: str) -> tuple[Node, ...]:
    """Return the nodes of one cluster."""
    return tuple(node for node in nodes(environment) if node.cluster == cluster)


def backup_identities(environment: Environment) -> dict[str, Identity]:
    """Return whoever takes backups, by key."""
    found = environment.platform.identities.items()
    return {key: identity for key, identity in found if identity.access == "backups"}


def node_identity(environment: Environment) -> str | None:
    """Return the key of the identity that the nodes run under and take backups by, or None where the data has none."""
    here = (
        key for key, identity in backup_identities(environment).items() if identity.namespace == NAMESPACE
    )
    return next(here, None)


def host(environment: Environment, key: str) -> str:
    """Return the name by which every node of the estate reaches this one."""
    return f"{key}.{database_zone(environment)}"


def database_zone(environment: Environment) -> str:
    """Return the private zone of the nodes' names."""
    return f"db.{environment.mesh.private_zone}"


def join_nodes(environment: Environment) -> tuple[Node, ...]:
    """Return whom every node joins, the same list everywhere: in each region one of each cloud first, then by key."""
    chosen: list[Node] = []
    for region in sorted(environment.regions):
        here = [node for node in nodes(environment) if node.region == region]
        firsts = [node for i, node in enumerate(here) if node.cloud not in {n.cloud for n in here[:i]}]
        others = [node for node in here if node not in firsts]
        chosen += sorted([*firsts, *others][:JOIN_PER_REGION], key=lambda node: node.key)
    return tuple(chosen)


def join_addresses(environment: Environment) -> tuple[str, ...]:
    """Return the join list as addresses with ports."""
    return tuple(
        f"{host(environment, node.key)}:{environment.database.sql_port}" for node in join_nodes(environment)
    )


def pod_ranges(site: GcpSite | AwsSite) -> tuple[IPv4Network, ...]:
    """Return the ranges that a site's pods take addresses from: GKE's pod range, EKS's private subnets (VPC CNI)."""
    return (site.network.pods,) if isinstance(site, GcpSite) else site.network.private


def database_ranges(regions: dict[str, Region]) -> tuple[IPv4Network, ...]:
    """Return the pods' ranges of every site that holds a database node, sorted."""
    found: set[IPv4Network] = set()
    for region in regions.values():
        for cloud in {node.cloud for node in region.database.values()}:
            found.update(pod_ranges(region.sites()[cloud]))
    return tuple(sorted(found))


def resolver_addresses(site: GcpSite | AwsSite) -> tuple[str, ...]:
    """Return the fixed inner addresses at which a site's database names are answered for the other sites.

    The tenth from the end of the nodes' range, and of each private subnet on AWS: far from where both clouds begin.
    """
    ranges: Sequence[IPv4Network] = (
        (site.network.nodes,) if isinstance(site, GcpSite) else site.network.private
    )
    return tuple(str(cidr[-10]) for cidr in ranges)


def resolver_reservations(site: GcpSite | AwsSite) -> tuple[IPv4Network, ...]:
    """Return the last /28 of each range that the resolver's addresses lie in, to be kept from everybody else."""
    return tuple(
        IPv4Network((int(IPv4Network(f"{address}/32").network_address) & ~15, 28))
        for address in resolver_addresses(site)
    )


def database_zones(region: Region, cloud: Cloud) -> tuple[str, ...]:
    """Return the zones of a site in which database nodes are placed, in the site's order."""
    held = {node.zone for node in region.database.values() if node.cloud == cloud}
    return tuple(zone for zone in region.sites()[cloud].zones if zone in held)


def resolver_cluster_address(site: GcpSite | AwsSite) -> str:
    """Return the resolver's address in the cluster's service range.

    The 53rd: Kubernetes hands out the upper part of the range first and keeps the lower for such choices
    (Kubernetes docs, "Service ClusterIP allocation", v1.26 and up: 16 to 256 addresses, by the range's size).
    """
    return str(site.network.services[53])
