"""Rules over several objects of an environment; each is a pure function that yields problems."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from meridian.model.checks import (
    addresses,
    clusters,
    data,
    database,
    edge,
    edge_geography,
    edge_settings,
    frontend,
    persons,
    placement,
    places,
    platform,
    quotas,
    tables,
)
from meridian.model.environment import Environment
from meridian.model.problems import Problem

Check = Callable[[Environment], Iterable[Problem]]

CHECKS: tuple[Check, ...] = (
    places.region_keys,
    places.clouds_regions,
    places.zones,
    places.roles,
    places.bucket_names,
    addresses.overlaps,
    addresses.subnets_inside_vpc,
    addresses.sizes,
    addresses.private_space,
    addresses.autonomous_systems,
    clusters.names,
    clusters.node_limits,
    clusters.machine_types,
    clusters.capacity_of_ranges,
    clusters.database_pool,
    clusters.versions_agree,
    clusters.maintenance_windows,
    data.node_count,
    data.node_placement,
    data.quorum,
    placement.placements,
    tables.schema,
    tables.recovery_window,
    persons.clients,
    data.memory,
    data.storage,
    database.machines,
    database.memory_rule,
    database.volume_rule,
    database.join_list,
    database.authorities,
    database.renewal,
    database.clients,
    database.names,
    database.account,
    database.upgrades_apart,
    edge.fallbacks,
    edge.residency,
    edge.hostnames,
    edge.failover_time,
    edge_geography.codes,
    edge_geography.countries,
    edge_geography.eu_name,
    edge_geography.logs,
    edge_settings.plan,
    edge_settings.monitor,
    edge_settings.names,
    edge_settings.records,
    edge_settings.certificates,
    frontend.names,
    frontend.policy,
    platform.namespaces,
    platform.flows,
    platform.groups,
    platform.storage_classes,
    platform.priority_classes,
    platform.identities,
    platform.telemetry,
    quotas.fit_on_clusters,
    quotas.hold_their_workloads,
    data.budget,
    data.budget_alerts,
)


def check_environment(environment: Environment, folder: str) -> list[Problem]:
    """Return all problems of an environment that lies in `stacks/<folder>`."""
    problems = [problem for check in CHECKS for problem in check(environment)]
    if environment.environment != folder:
        problems.append(
            Problem(
                ("environment",),
                environment.environment,
                f"the environment is named as its folder, {folder}",
                f"write `environment: {folder}` or rename the folder",
            )
        )
    return problems
