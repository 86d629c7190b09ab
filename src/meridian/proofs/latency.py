"""How long a visitor waits, by population, for reads and writes: from round trips, placement and the service's work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from meridian.model.assumptions import Latency
from meridian.model.environment import Environment
from meridian.model.topology import Node, nodes
from meridian.proofs.distribution import quantile, sampled, total
from meridian.proofs.ranges import Ranges, ranges
from meridian.proofs.result import Finding, Proof, Verdict
from meridian.proofs.spread import Tree
from meridian.sql import Desired

TARGET_MS = 50.0
"""The seed's success criterion: p50 below 50 ms globally."""
Kind = Literal["read", "write"]


def latency(environment: Environment, desired: Desired, known: Latency) -> Proof:
    """Prove p50 against the target for each population and for all together; p95 and p99 are stated."""
    placed = {node.key: node for node in nodes(environment)}
    by_region = {group.home: group for group in ranges(desired) if group.personal and group.home}
    rows, found, everyone = [], [], []
    for region, population in sorted(known.populations.items()):
        if region not in environment.regions:
            continue
        group = by_region.get(region)
        for kind in ("read", "write"):
            near, quorum = _database_ms(environment, region, group, desired, placed, known)
            waits = _waits(region, kind, near, quorum, known)
            cached = known.cached_share if kind == "read" else 0.0
            waits = _with_cache(waits, region, cached, known)
            figures = {f"p{int(share * 100)}": quantile(waits, share) for share in (0.5, 0.95, 0.99)}
            rows.append(
                {
                    "population": region,
                    "requests": kind,
                    **{name: round(value, 1) for name, value in figures.items()},
                    "to the leaseholder": near,
                    "to the quorum": quorum,
                }
            )
            found.append(
                _finding(f"{region}, {kind}s", figures["p50"], _advice(region, kind, near, quorum, known))
            )
            everyone.append((population.share, kind, waits))
    for kind in ("read", "write"):
        p50 = _weighted_p50([(share, waits) for share, of, waits in everyone if of == kind])
        found.append(_finding(f"all visitors, {kind}s", p50, ""))
    return Proof(
        "latency",
        "visitor to edge + edge to region + service + statements x (to the leaseholder + statement) "
        "+ writes x (leaseholder to the nearest majority + commit), as distributions",
        {
            "populations": {key: value.share for key, value in known.populations.items()},
            "target_ms": TARGET_MS,
        },
        tuple(found),
        (
            known.population_source,
            known.service_source,
            "parts of a wait are independent; a warm connection: no handshake is counted",
            "the service runs in the region's primary cluster and the lease lies where the preferences put it",
        ),
        tuple(sorted({f"{' - '.join(trip.between)}: {trip.source}" for trip in known.round_trips})),
        {"by population, ms": rows},
    )


def between(one: Node, other: Node, environment: Environment, known: Latency) -> float:
    """Return the round trip in ms between two database nodes."""
    if one.zone == other.zone:
        return known.same_zone_ms
    here = environment.regions[one.region].sites()[one.cloud].region
    there = environment.regions[other.region].sites()[other.cloud].region
    if here == there:
        return known.same_region_ms
    trip = known.round_trip(here, there)
    assert trip is not None, "load_assumptions refuses a file without this pair"
    return trip.ms


def _database_ms(
    environment: Environment,
    region: str,
    group: Ranges | None,
    desired: Desired,
    placed: Mapping[str, Node],
    known: Latency,
) -> tuple[float, float]:
    """Return the round trips service - leaseholder and leaseholder - nearest majority, for the region's own rows."""
    primary = next(c for c, site in environment.regions[region].sites().items() if site.role == "primary")
    chosen = Tree(desired.localities).worst(group.demand, ()) if group else None
    if chosen is None:
        return 0.0, 0.0
    voters = [placed[name] for name in chosen.nodes]
    at_home = [node for node in voters if node.region == region and node.cloud == primary] or voters
    holder = at_home[0]
    distances = sorted(between(holder, node, environment, known) for node in voters if node is not holder)
    majority = len(voters) // 2
    return known.same_region_ms if holder.region == region else 0.0, distances[
        majority - 1
    ] if majority else 0.0


def _waits(region: str, kind: Kind, near: float, quorum: float, known: Latency) -> list[float]:
    population, asked = known.populations[region], known.statements[kind]
    steps = asked.reads + asked.writes
    parts = [
        sampled(population.edge_ms, f"{region} edge"),
        sampled(population.origin_ms, f"{region} origin"),
        sampled(known.service_ms, "service"),
        *(sampled(known.statement_ms, f"statement {number}") for number in range(steps)),
        *(sampled(known.commit_ms, f"commit {number}") for number in range(asked.writes)),
    ]
    return total(parts, steps * near + asked.writes * quorum)


def _with_cache(waits: list[float], region: str, share: float, known: Latency) -> list[float]:
    if not share:
        return waits
    edge = sampled(known.populations[region].edge_ms, f"{region} cached")
    return [
        quick if number < share * len(waits) else slow
        for number, (quick, slow) in enumerate(zip(edge, waits, strict=True))
    ]


def _weighted_p50(parts: list[tuple[float, list[float]]]) -> float:
    weighted = sorted((value, share / len(waits)) for share, waits in parts for value in waits)
    whole, so_far = sum(weight for _, weight in weighted), 0.0
    for value, weight in weighted:
        so_far += weight
        if so_far >= whole / 2:
            return value
    return 0.0


def _finding(subject: str, p50: float, advice: str) -> Finding:
    met = p50 < TARGET_MS
    return Finding(
        subject,
        "p50 below the target",
        Verdict.HOLDS if met else Verdict.FAILS,
        value=f"{p50:.1f} ms",
        bound=f"{TARGET_MS:.0f} ms",
        counterexample="" if met else advice,
    )


def _advice(region: str, kind: Kind, near: float, quorum: float, known: Latency) -> str:
    population, asked = known.populations[region], known.statements[kind]
    parts = {
        "visitor to edge": population.edge_ms.p50,
        "edge to region": population.origin_ms.p50,
        "service": known.service_ms.p50,
        "leaseholder": near * (asked.reads + asked.writes),
        "quorum": quorum * asked.writes,
    }
    largest = max(parts, key=lambda name: parts[name])
    remedy = {
        "visitor to edge": "nothing of ours: the visitors' own networks",
        "edge to region": "a region nearer to these visitors, or a larger share answered by the edge's cache",
        "service": "less work per request",
        "leaseholder": "leases in the cluster that serves (database.partitions.*.lease_preferences)",
        "quorum": "two voters near the leaseholder (the region's `database:` placement), or zone survival",
    }[largest]
    return f"largest part: {largest}, {parts[largest]:.1f} ms; what would change it: {remedy}"
