"""What each placement of one region's voters buys: which failures it survives, and how long its writes wait."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from meridian.model.assumptions import Latency
from meridian.model.environment import Environment
from meridian.proofs.failures import failures
from meridian.proofs.result import Finding, Proof, Verdict
from meridian.proofs.spread import Demand, Locality, Tree

VOTERS = (3, 5, 7)
Split = tuple[tuple[str, str, int], ...]
"""Voters by region and cloud."""


def explore(environment: Environment, region: str, known: Latency) -> Proof:
    """Search every split of 3, 5 and 7 voters of a region's rows, at home and over all regions."""
    rows = [_row(environment, region, split, known) for split in _splits(environment, region)]
    rows.sort(key=lambda row: (not row["stays"], row["voters"], row["write waits, ms"]))
    at_home = [row for row in rows if row["stays"]]
    both = [row for row in rows if {"cloud aws", "cloud gcp"} <= set(row["survives"])]
    found = (
        Finding(
            f"rows of {region}",
            "some placement survives the loss of either cloud",
            Verdict.HOLDS if both else Verdict.FAILS,
            value=f"{len(rows)} placements searched",
            counterexample=""
            if both
            else "an odd number of voters over two clouds leaves a majority in one of them; its loss takes the quorum",
        ),
        Finding(
            f"rows of {region}",
            "some placement within its region survives the loss of that region",
            Verdict.HOLDS if any(f"region {region}" in row["survives"] for row in at_home) else Verdict.FAILS,
            counterexample="all voters lie in the region: keeping data there and surviving its loss exclude each other",
        ),
    )
    shown = [
        {**row, "stays": "yes" if row["stays"] else "no", "survives": ", ".join(row["survives"])}
        for row in rows
    ]
    return Proof(
        "explore",
        "every split of the voters over the sites of the region, and over all regions, at most one voter a zone; "
        "survival by the same search as the survival proof, writes by the distance to the nearest majority",
        {"region": region, "voters": list(VOTERS)},
        found,
        ("the leaseholder lies in the region's primary cloud wherever a voter is there",),
        (),
        {f"placements of {region}": shown},
    )


def _splits(environment: Environment, region: str) -> Iterator[Split]:
    home = environment.regions[region]
    for voters in VOTERS:
        for first in range(voters + 1):
            counts = {"gcp": first, "aws": voters - first}
            if all(count <= len(home.sites()[cloud].zones) for cloud, count in counts.items()):  # type: ignore[index]
                yield tuple((region, cloud, count) for cloud, count in sorted(counts.items()) if count)
    others = [key for key in environment.regions if key != region]
    sites = [(key, cloud) for key in (region, *others) for cloud in ("gcp", "aws")]
    # Abroad: one voter in each region (3), and two at home (5), over every choice of clouds.
    if len(others) >= 2:
        for mask in range(8):
            clouds = ["gcp" if mask >> bit & 1 else "aws" for bit in range(3)]
            yield tuple((key, cloud, 1) for key, cloud in zip((region, *others[:2]), clouds, strict=True))
        five = [site for site in sites if site[0] in (region, *others[:2])]
        for skipped in five:
            yield tuple((key, cloud, 1) for key, cloud in five if (key, cloud) != skipped)


def _row(environment: Environment, region: str, split: Split, known: Latency) -> dict[str, Any]:
    localities: dict[str, Locality] = {}
    for key, cloud, count in split:
        for number in range(count):
            zone = environment.regions[key].sites()[cloud].zones[number]  # type: ignore[index]
            localities[f"{key}-{cloud}-{number}"] = (f"region={key}", f"cloud={cloud}", f"zone={zone}")
    voters = len(localities)
    tree, demand = Tree(localities), Demand(voters)
    survived: dict[str, bool] = {}
    for failure in failures(localities):
        hit = tree.worst(demand, failure.nodes)
        alive = hit is not None and hit.taken <= demand.spare
        label = (
            f"{failure.kind} {failure.name}" if failure.kind in ("cloud", "region") else f"any {failure.kind}"
        )
        survived[label] = survived.get(label, True) and alive
    return {
        "placement": " + ".join(f"{count} {cloud} {key}" for key, cloud, count in split),
        "voters": voters,
        "stays": all(key == region for key, _, _ in split),
        "survives": [label for label, alive in survived.items() if alive],
        "write waits, ms": _write_ms(environment, region, split, known),
    }


def _write_ms(environment: Environment, region: str, split: Split, known: Latency) -> float:
    """Return the distance from the leaseholder to its nearest majority."""
    sites = [(key, cloud) for key, cloud, count in split for _ in range(count)]
    roles = environment.regions[region].sites()
    at_home = [site for site in sites if site[0] == region]
    # The primary's cloud first, then any at home, then anywhere.
    holder = min(at_home or sites, key=lambda site: roles[site[1]].role != "primary")  # type: ignore[index]
    others = list(sites)
    others.remove(holder)
    waits = sorted(_site_ms(environment, holder, other, known) for other in others)
    return waits[len(sites) // 2 - 1]


def _site_ms(environment: Environment, one: tuple[str, str], other: tuple[str, str], known: Latency) -> float:
    if one == other:
        return known.same_region_ms
    here, there = (environment.regions[key].sites()[cloud].region for key, cloud in (one, other))  # type: ignore[index]
    trip = known.round_trip(here, there)
    assert trip is not None, "load_assumptions refuses a file without this pair"
    return trip.ms
