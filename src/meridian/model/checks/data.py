"""The database's topology and the budget: enough nodes, placed where they exist, quorum possible."""

from __future__ import annotations

from collections.abc import Iterator

from meridian.model.environment import Environment
from meridian.model.machines import MACHINES
from meridian.model.problems import Path, Problem

SYSTEM_REPLICAS = 5
"""System ranges are kept five times (CockroachDB v26.2 docs, "Configure replication zones")."""


def node_count(environment: Environment) -> Iterator[Problem]:
    """The regions place as many nodes as the topology says."""
    placed = sum(len(region.database) for region in environment.regions.values())
    if placed != environment.database.nodes:
        yield Problem(
            ("database", "nodes"),
            environment.database.nodes,
            f"the regions' files place {placed} nodes",
            "place as many as are named",
        )


def node_placement(environment: Environment) -> Iterator[Problem]:
    """Each node sits in a zone of its site; a node's name is its own in the whole estate."""
    seen: dict[str, str] = {}
    for name, region in environment.regions.items():
        for key, node in region.database.items():
            path: Path = ("regions", name, "database", key)
            site = region.sites()[node.cloud]
            if node.zone not in site.zones:
                yield Problem(
                    (*path, "zone"),
                    node.zone,
                    f"is no zone of this region's {node.cloud} site",
                    f"choose of {', '.join(site.zones)}",
                )
            other = seen.setdefault(key, name)
            if other != name:
                yield Problem(
                    path, key, f"region {other} has a node of this name", "name every database node once"
                )


def quorum(environment: Environment) -> Iterator[Problem]:
    """A partition's replicas fit on different nodes of its region, in different zones."""
    database = environment.database
    if environment.database.nodes < SYSTEM_REPLICAS:
        yield Problem(
            ("database", "nodes"),
            database.nodes,
            f"system ranges are kept {SYSTEM_REPLICAS} times",
            f"use at least {SYSTEM_REPLICAS} nodes",
        )
    constrained = {partition.constraint for partition in database.partitions.values()}
    for name, region in environment.regions.items():
        path: Path = ("regions", name, "database")
        if name in constrained and len(region.database) < database.replication_factor:
            yield Problem(
                path,
                f"{len(region.database)} node(s)",
                f"rows kept in {name} need {database.replication_factor} nodes there for their replicas",
                "place more nodes here or lower replication_factor",
            )
        zones = [(node.cloud, node.zone) for node in region.database.values()]
        for key, node in region.database.items():
            if zones.count((node.cloud, node.zone)) * 2 > len(zones) and len(zones) > 1:
                yield Problem(
                    (*path, key, "zone"),
                    node.zone,
                    "most of the region's nodes sit in this one zone; losing it loses the quorum",
                    "spread the nodes over three zones",
                )


def memory(environment: Environment) -> Iterator[Problem]:
    """A database node fits on its machine beside the system's own pods."""
    database = environment.database
    for name, region in environment.regions.items():
        for cloud in {node.cloud for node in region.database.values()}:
            pool = region.sites()[cloud].cluster.pools.get("database")
            machine = MACHINES[cloud].get(pool.machine_type) if pool else None
            if machine and (machine.memory_gib * 0.85 < database.memory_gib or machine.cpu < database.cpu):
                yield Problem(
                    ("regions", name, cloud, "cluster", "pools", "database", "machine_type"),
                    pool.machine_type if pool else "",
                    f"a database node asks for {database.cpu} vCPU and {database.memory_gib} GiB; "
                    f"this machine leaves {machine.cpu} and {machine.memory_gib * 0.85:.1f}",
                    "choose a larger machine type or smaller database.cpu and memory_gib",
                )


def storage(environment: Environment) -> Iterator[Problem]:
    """At most 320 GiB per vCPU (CockroachDB v26.2 docs, "Production checklist")."""
    database = environment.database
    if database.storage_gib > 320 * database.cpu:
        yield Problem(
            ("database", "storage_gib"),
            database.storage_gib,
            f"is above 320 GiB for each of {database.cpu} vCPU",
            "add nodes or vCPUs",
        )


def budget(environment: Environment) -> Iterator[Problem]:
    """The floor lies below the ceiling."""
    if environment.budget.floor_usd >= environment.budget.ceiling_usd:
        yield Problem(
            ("budget", "floor_usd"),
            environment.budget.floor_usd,
            f"is not below ceiling_usd {environment.budget.ceiling_usd}",
            "lower the floor or raise the ceiling",
        )


def budget_alerts(environment: Environment) -> Iterator[Problem]:
    """Alerts rise, and the last comes no later than at the ceiling."""
    alerts = environment.budget.alert_at
    if list(alerts) != sorted(set(alerts)):
        yield Problem(
            ("budget", "alert_at"), list(alerts), "alerts rise from low to high, each once", "sort them"
        )
    if alerts[0] > 1:
        yield Problem(
            ("budget", "alert_at"),
            list(alerts),
            "the first alert would come after the budget is spent",
            "start below 1.0",
        )
