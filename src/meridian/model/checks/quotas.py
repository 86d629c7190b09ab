"""Quotas fit on the clusters, and what must run fits into its namespace's quota."""

from __future__ import annotations

from collections.abc import Iterator

from meridian.model.environment import Environment
from meridian.model.machines import MACHINES
from meridian.model.problems import Path, Problem
from meridian.model.regions import AwsSite, Cloud, GcpSite

_USABLE = 0.85
"""Part of a node that is left for pods beside the system's own reservations and DaemonSets (our assumption)."""


def fit_on_clusters(environment: Environment) -> Iterator[Problem]:
    """All quotas together fit on every cluster at its largest: a promise that cannot be kept is none."""
    quotas = [namespace.quota for namespace in environment.platform.namespaces.values()]
    cpu, memory = sum(quota.cpu for quota in quotas), sum(quota.memory_gib for quota in quotas)
    for region in environment.regions.values():
        for cloud, site in region.sites().items():
            most_cpu, most_memory = _capacity(cloud, site)
            if cpu > most_cpu or memory > most_memory:
                yield Problem(
                    ("platform", "namespaces"),
                    f"{cpu} cores and {memory} GiB",
                    f"the quotas together exceed what {site.cluster.name} has at its largest: "
                    f"{most_cpu:.0f} cores and {most_memory:.0f} GiB",
                    "lower quotas or raise max_nodes",
                )
                return


def hold_their_workloads(environment: Environment) -> Iterator[Problem]:
    """The database's nodes of a cluster, the portal at its largest and one agent per node fit their quotas."""
    namespaces, portal = environment.platform.namespaces, environment.platform.portal
    database = environment.database
    if own := namespaces.get("database"):
        nodes = _most_database_nodes(environment)
        path: Path = ("platform", "namespaces", "database", "quota")
        for field, need, have in (
            ("cpu", nodes * database.cpu, own.quota.cpu),
            ("memory_gib", nodes * database.memory_gib, own.quota.memory_gib),
            ("storage_gib", nodes * database.storage_gib, own.quota.storage_gib),
            ("volumes", nodes, own.quota.volumes),
        ):
            if need > have:
                yield Problem(
                    (*path, field), have, f"{nodes} database nodes of a cluster need {need}", "raise it"
                )
        most = own.containers
        if most.max_cpu < database.cpu or most.max_memory_gib < database.memory_gib:
            yield Problem(
                ("platform", "namespaces", "database", "containers"),
                f"{most.max_cpu} cores and {most.max_memory_gib} GiB",
                f"a database node asks for {database.cpu} cores and {database.memory_gib} GiB",
                "raise max_cpu and max_memory_gib",
            )
    if portal.min_replicas > portal.max_replicas:
        yield Problem(
            ("platform", "portal", "min_replicas"),
            portal.min_replicas,
            f"is above max_replicas {portal.max_replicas}",
            "lower it or raise max_replicas",
        )
    if own := namespaces.get("portal"):
        cores = portal.max_replicas * portal.cpu_milli / 1000
        if cores > own.quota.cpu or portal.max_replicas > own.quota.pods:
            yield Problem(
                ("platform", "namespaces", "portal", "quota", "cpu" if cores > own.quota.cpu else "pods"),
                own.quota.cpu if cores > own.quota.cpu else own.quota.pods,
                f"the portal at its largest is {portal.max_replicas} pods that ask for {cores:g} cores",
                "raise the quota or lower portal.max_replicas",
            )
    if own := namespaces.get("datadog"):
        nodes = max(
            sum(pool.max_nodes for pool in site.cluster.pools.values())
            for region in environment.regions.values()
            for site in region.sites().values()
        )
        if own.quota.pods < nodes + 4:
            yield Problem(
                ("platform", "namespaces", "datadog", "quota", "pods"),
                own.quota.pods,
                f"a cluster may grow to {nodes} nodes with an agent each, and 4 more pods watch the cluster",
                "raise it",
            )


def _capacity(cloud: Cloud, site: GcpSite | AwsSite) -> tuple[float, float]:
    cpu = memory = 0.0
    for pool in site.cluster.pools.values():
        machine = MACHINES[cloud].get(pool.machine_type)
        if machine:
            cpu += machine.cpu * pool.max_nodes * _USABLE
            memory += machine.memory_gib * pool.max_nodes * _USABLE
    return cpu, memory


def _most_database_nodes(environment: Environment) -> int:
    return max(
        sum(node.cloud == cloud for node in region.database.values())
        for region in environment.regions.values()
        for cloud in region.sites()
    )
