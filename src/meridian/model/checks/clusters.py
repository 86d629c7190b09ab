"""Clusters: names, sizes, machine types that exist, ranges that hold the nodes, room for the database."""

from __future__ import annotations

from collections.abc import Iterator

from meridian.model.clusters import NodePool
from meridian.model.environment import Environment
from meridian.model.machines import MACHINES
from meridian.model.problems import Path, Problem, dotted
from meridian.model.regions import Cloud, GcpSite

PODS_PER_NODE = 110
"""GKE's default; it reserves a /24 of the pod range per node (GKE docs, "Flexible Pod CIDR", 2026-11)."""


def names(environment: Environment) -> Iterator[Problem]:
    """Cluster names differ over both clouds: they are tags, contexts and file names."""
    seen: dict[str, Path] = {}
    for name, region in environment.regions.items():
        for cloud, site in region.sites().items():
            path: Path = ("regions", name, cloud, "cluster", "name")
            other = seen.setdefault(site.cluster.name, path)
            if other != path:
                yield Problem(
                    path,
                    site.cluster.name,
                    f"{dotted(other)} has this name already",
                    "give each cluster its own name",
                )


def node_limits(environment: Environment) -> Iterator[Problem]:
    """The least number of nodes is not above the largest."""
    for path, pool, _ in _pools(environment):
        if pool.min_nodes > pool.max_nodes:
            yield Problem(
                (*path, "min_nodes"),
                pool.min_nodes,
                f"is above max_nodes {pool.max_nodes}",
                "lower min_nodes or raise max_nodes",
            )


def machine_types(environment: Environment) -> Iterator[Problem]:
    """A machine type is one of its cloud's that we know the size of."""
    for path, pool, cloud in _pools(environment):
        if pool.machine_type not in MACHINES[cloud]:
            owner = next((other for other in MACHINES if pool.machine_type in MACHINES[other]), None)
            rule = (
                f"is a machine type of {owner}, not of {cloud}"
                if owner
                else f"{cloud} has no such machine type in our table"
            )
            yield Problem(
                (*path, "machine_type"),
                pool.machine_type,
                rule,
                f"choose one of {', '.join(MACHINES[cloud])}",
            )


def capacity_of_ranges(environment: Environment) -> Iterator[Problem]:
    """The ranges hold the largest number of nodes and their pods."""
    for name, region in environment.regions.items():
        for cloud, site in region.sites().items():
            nodes = sum(pool.max_nodes for pool in site.cluster.pools.values())
            path: Path = ("regions", name, cloud, "network")
            if isinstance(site, GcpSite):
                holds = 2 ** max(0, 24 - site.network.pods.prefixlen)
                if holds < nodes:
                    yield Problem(
                        (*path, "pods"),
                        site.network.pods,
                        f"holds {holds} nodes of {PODS_PER_NODE} pods (a /24 each), but the pools may grow to {nodes}",
                        "choose a shorter prefix or a smaller max_nodes",
                    )
                if site.network.nodes.num_addresses - 4 < nodes:
                    yield Problem(
                        (*path, "nodes"),
                        site.network.nodes,
                        f"holds fewer than {nodes} nodes",
                        "choose a shorter prefix",
                    )
            else:
                # Four times m5.2xlarge's pods would be wasteful: the VPC CNI takes an address per pod and per node.
                needed = nodes * (PODS_PER_NODE // 2)
                holds = sum(cidr.num_addresses - 5 for cidr in site.network.private)
                if holds < needed:
                    yield Problem(
                        (*path, "private"),
                        [str(cidr) for cidr in site.network.private],
                        f"hold {holds} addresses, but {nodes} nodes with {PODS_PER_NODE // 2} pods each need {needed}",
                        "choose shorter prefixes or a smaller max_nodes",
                    )


def database_pool(environment: Environment) -> Iterator[Problem]:
    """A cluster that holds database nodes has a pool kept for them, large enough."""
    for name, region in environment.regions.items():
        for cloud, site in region.sites().items():
            wanted = sum(node.cloud == cloud for node in region.database.values())
            pool = site.cluster.pools.get("database")
            path: Path = ("regions", name, cloud, "cluster", "pools")
            if wanted and pool is None:
                yield Problem(
                    path,
                    "no pool `database`",
                    f"{wanted} database node(s) are placed on {cloud}",
                    "add a pool `database` with its taint",
                )
            elif wanted and pool and pool.max_nodes < wanted:
                yield Problem(
                    (*path, "database", "max_nodes"),
                    pool.max_nodes,
                    f"{wanted} database nodes are placed here, one per machine",
                    f"raise it to {wanted}",
                )
            if pool and not any(taint.key == "meridian.dev/database" for taint in pool.taints):
                yield Problem(
                    (*path, "database", "taints"),
                    [taint.key for taint in pool.taints],
                    "the database's machines carry the taint meridian.dev/database, so that nothing else lands there",
                    "add {key: meridian.dev/database, value: 'true', effect: NoSchedule}",
                )


def versions_agree(environment: Environment) -> Iterator[Problem]:
    """All clusters run one minor version: what is tested on one holds on all."""
    first: tuple[str, str] | None = None
    for name, (region, cloud, cluster) in environment.clusters().items():
        first = first or (name, cluster.version)
        if cluster.version != first[1]:
            yield Problem(
                ("regions", region.key, cloud, "cluster", "version"),
                cluster.version,
                f"cluster {first[0]} runs {first[1]}",
                "use one minor version in an environment; stage an upgrade by environment",
            )


def maintenance_windows(environment: Environment) -> Iterator[Problem]:
    """The two clusters of a region are never upgraded on the same day: one carries the region meanwhile."""
    for name, region in environment.regions.items():
        primary, failover = region.gcp.cluster.maintenance, region.aws.cluster.maintenance
        if primary.day == failover.day:
            yield Problem(
                ("regions", name, "aws", "cluster", "maintenance", "day"),
                failover.day,
                "the region's other cluster is upgraded on the same day",
                "choose another day for one of them",
            )


def _pools(environment: Environment) -> Iterator[tuple[Path, NodePool, Cloud]]:
    for name, region in environment.regions.items():
        for cloud, site in region.sites().items():
            for key, pool in site.cluster.pools.items():
                yield ("regions", name, cloud, "cluster", "pools", key), pool, cloud
