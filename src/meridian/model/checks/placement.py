"""Where rows may lie: constraints that match nodes, values of the EU that stay there, replicas that fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from meridian.model.environment import Environment
from meridian.model.placement import Placement, placement
from meridian.model.problems import Problem

REGION_SURVIVAL_REGIONS = 3
"""Region survival needs three regions (CockroachDB v26.2 docs, "Multi-region survival goals")."""


def constraints(place: Placement) -> Iterator[Problem]:
    """A constraint is spelled exactly as some node's locality; otherwise the cluster refuses or ignores it."""
    known = sorted({tier.split("=", 1)[1] for tiers in place.localities.values() for tier in tiers[:1]})
    for value, partition in place.partitions.items():
        if not place.nodes_in(partition.constraint):
            yield Problem(
                ("database", "partitions", value, "constraint"),
                partition.constraint,
                f"no node is started with region={partition.constraint}; a constraint matches only what is spelled the same",
                f"choose one of {', '.join(known)}",
            )


def residency(place: Placement) -> Iterator[Problem]:
    """Rows of the EU are constrained to a region of the EU (GDPR art. 44)."""
    for value, partition in place.partitions.items():
        where = place.residencies.get(partition.constraint)
        if value == "eu" and where is not None and where != "eu":
            yield Problem(
                ("database", "partitions", value, "constraint"),
                partition.constraint,
                f"rows of eu would lie in {where}",
                "constrain them to a region of the EU",
            )


def replicas(place: Placement) -> Iterator[Problem]:
    """As many nodes match a constraint as replicas are asked for; otherwise ranges stay under-replicated."""
    for value, partition in place.partitions.items():
        nodes = place.nodes_in(partition.constraint)
        if nodes and len(nodes) < place.replication_factor:
            yield Problem(
                ("database", "replication_factor"),
                place.replication_factor,
                f"rows of {value} are constrained to region={partition.constraint}, which {len(nodes)} node(s) match",
                f"place {place.replication_factor} nodes there or lower replication_factor",
            )


def leases(place: Placement) -> Iterator[Problem]:
    """A lease preference names nodes inside the partition's own region; elsewhere no replica could hold the lease."""
    for value, partition in place.partitions.items():
        tiers = {tier for each in place.nodes_in(partition.constraint).values() for tier in each}
        for index, tier in enumerate(partition.lease_preferences):
            if tiers and tier not in tiers:
                yield Problem(
                    ("database", "partitions", value, "lease_preferences", index),
                    tier,
                    f"no node of region={partition.constraint} is started with {tier}",
                    f"choose of {', '.join(sorted(tiers))}",
                )


def primary_region(place: Placement) -> Iterator[Problem]:
    """The primary region has nodes."""
    if not place.nodes_in(place.primary_region):
        yield Problem(
            ("database", "primary_region"),
            place.primary_region,
            "no node is started in this region",
            f"choose one of {', '.join(place.residencies)}",
        )


def super_regions(place: Placement) -> Iterator[Problem]:
    """Super regions are disjoint, of one jurisdiction, and large enough for the survival goal."""
    owner: dict[str, str] = {}
    for name, members in place.super_regions.items():
        for index, region in enumerate(members):
            path = ("database", "super_regions", name, index)
            if not place.nodes_in(region):
                yield Problem(
                    path,
                    region,
                    "no node is started in this region",
                    f"choose of {', '.join(place.residencies)}",
                )
            elif place.residencies.get(region) != place.residencies.get(members[0]):
                yield Problem(
                    path,
                    region,
                    f"lies in {place.residencies.get(region)}, {members[0]} in {place.residencies.get(members[0])}; "
                    "rows would be copied from one to the other",
                    "keep a super region inside one jurisdiction",
                )
            if owner.setdefault(region, name) != name:
                yield Problem(
                    path,
                    region,
                    f"super region {owner[region]} holds it already",
                    "a region belongs to one super region",
                )
        if place.survival == "region" and len(members) < REGION_SURVIVAL_REGIONS:
            yield Problem(
                ("database", "super_regions", name),
                list(members),
                f"survival `region` needs {REGION_SURVIVAL_REGIONS} regions inside every super region",
                "add regions of the jurisdiction, or keep survival: zone (residency costs region survival)",
            )


def copies_abroad(place: Placement) -> Iterator[Problem]:
    """Non-voting replicas of the EU's rows stay in the EU too (regional-by-row copies them everywhere by default)."""
    held = {region for members in place.super_regions.values() for region in members}
    for value, partition in place.partitions.items():
        if value != "eu" or partition.constraint in held:
            continue
        if place.super_regions or place.survival == "region":
            yield Problem(
                ("database", "super_regions"),
                sorted(held),
                f"no super region holds region {partition.constraint}: rows of eu would be copied to every region",
                f"add `eu: [{partition.constraint}]`",
            )


def survival(place: Placement) -> Iterator[Problem]:
    """Region survival needs enough regions in the database."""
    if place.survival == "region" and len(place.regions()) < REGION_SURVIVAL_REGIONS:
        yield Problem(
            ("database", "survival"),
            place.survival,
            f"needs {REGION_SURVIVAL_REGIONS} regions; the database has {len(place.regions())}",
            "add a region or choose zone",
        )


def values_of_the_form(place: Placement) -> Iterator[Problem]:
    """In the regional-by-row form a row's region is the region itself: a value cannot be called otherwise."""
    if place.form != "regional-by-row":
        return
    for value, partition in place.partitions.items():
        if value != partition.constraint:
            yield Problem(
                ("database", "partitions", value, "constraint"),
                partition.constraint,
                f"regional-by-row has no partitions: the value {value} must be the region that holds it",
                f"name the partition {partition.constraint}, or use form: partition-by-list",
            )


RULES: tuple[Callable[[Placement], Iterable[Problem]], ...] = (
    constraints,
    residency,
    replicas,
    leases,
    primary_region,
    super_regions,
    copies_abroad,
    survival,
    values_of_the_form,
)


def placement_problems(place: Placement) -> list[Problem]:
    """Return everything that is wrong with a placement."""
    return [problem for rule in RULES for problem in rule(place)]


def placements(environment: Environment) -> Iterator[Problem]:
    """The environment's placement holds every rule."""
    yield from placement_problems(placement(environment))
