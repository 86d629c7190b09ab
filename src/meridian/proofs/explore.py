"""What each placement of one region's voters buys: which failures it survives, and how long its writes wait."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from meridian.model.assumptions import Latency
from meridian.model.environment import Environment
from meridian.proofs.failures import failures
from meridian.proofs.result import Finding, Proof, Verdict
from meridian.proofs.spread import Demand, Locality, Tree
from meridian.wording import counted

VOTERS = (3, 5, 7)
Split = tuple[tuple[str, str, int], ...]
"""Voters by region and cloud."""
_ANY = ("node", "zone", "cluster")
"""Kinds of failure of which a placement survives any one, the smallest first: each holds those before it."""


@dataclass(frozen=True)
class _Row:
    """One placement, and the losses that it survives."""

    split: Split
    stays: bool
    survives: frozenset[tuple[str, str]]
    """Kind and name; the name is empty for a kind of which any one may be lost."""
    write_ms: float

    @property
    def voters(self) -> int:
        return sum(count for _, _, count in self.split)

    def of(self, kind: str) -> list[str]:
        """Return which of a kind may be lost."""
        return sorted(name for lost, name in self.survives if lost == kind)

    def to_json(self) -> dict[str, Any]:
        """Return a line that fits a terminal of 80 columns."""
        places = groupby(self.split, key=lambda part: part[0])
        return {
            "placement": ", ".join(
                " ".join(
                    (
                        region,
                        "+".join(cloud if count == 1 else f"{count} {cloud}" for _, cloud, count in parts),
                    )
                )
                for region, parts in places
            ),
            "voters": self.voters,
            "any one": next((kind for kind in reversed(_ANY) if (kind, "") in self.survives), "none"),
            "regions": " ".join(self.of("region")),
            "clouds": " ".join(self.of("cloud")),
            "write ms": self.write_ms,
        }


def explore(environment: Environment, region: str, known: Latency) -> Proof:
    """Search every split of 3, 5 and 7 voters of a region's rows, at home and over all regions."""
    rows = [_row(environment, region, split, known) for split in _splits(environment, region)]
    rows.sort(key=lambda row: (row.voters, row.write_ms))
    at_home = [row for row in rows if row.stays]
    both = [row for row in rows if {"aws", "gcp"} <= set(row.of("cloud"))]
    found = (
        Finding(
            f"rows of {region}",
            "some placement survives the loss of either cloud",
            Verdict.HOLDS if both else Verdict.FAILS,
            value=f"{counted(len(rows), 'placement')} searched",
            counterexample=""
            if both
            else "an odd number of voters over two clouds leaves a majority in one of them; its loss takes the quorum",
        ),
        Finding(
            f"rows of {region}",
            "some placement within its region survives the loss of that region",
            Verdict.HOLDS if any(region in row.of("region") for row in at_home) else Verdict.FAILS,
            counterexample="all voters lie in the region: keeping data there and surviving its loss exclude each other",
        ),
    )
    return Proof(
        "explore",
        "every split of the voters over the sites of the region, and over all regions, at most one voter a zone; "
        "survival by the same search as the survival proof, writes by the distance to the nearest majority",
        {"region": region, "voters": list(VOTERS)},
        found,
        ("the leaseholder lies in the region's primary cloud wherever a voter is there",),
        (),
        {
            f"rows of {region} that stay there, and what may be lost": [row.to_json() for row in at_home],
            f"rows of {region} over all regions": [row.to_json() for row in rows if not row.stays],
        },
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


def _row(environment: Environment, region: str, split: Split, known: Latency) -> _Row:
    localities: dict[str, Locality] = {}
    for key, cloud, count in split:
        for number in range(count):
            zone = environment.regions[key].sites()[cloud].zones[number]  # type: ignore[index]
            localities[f"{key}-{cloud}-{number}"] = (f"region={key}", f"cloud={cloud}", f"zone={zone}")
    tree, demand = Tree(localities), Demand(len(localities))
    survived: dict[tuple[str, str], bool] = {}
    for failure in failures(localities):
        hit = tree.worst(demand, failure.nodes)
        alive = hit is not None and hit.taken <= demand.spare
        label = (failure.kind, "" if failure.kind in _ANY else failure.name)
        survived[label] = survived.get(label, True) and alive
    return _Row(
        split,
        all(key == region for key, _, _ in split),
        frozenset(label for label, alive in survived.items() if alive),
        _write_ms(environment, region, split, known),
    )


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
