"""The failures that are examined: each class with every set of nodes that it can take, all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from meridian.proofs.spread import Locality

CLASSES = ("node", "zone", "cluster", "region", "cloud", "region and a node")


@dataclass(frozen=True)
class Failure:
    """One set of nodes that fail together."""

    kind: str
    name: str
    nodes: frozenset[str]


def failures(localities: Mapping[str, Locality]) -> tuple[Failure, ...]:
    """Return every failure of every class, by class."""
    one = [Failure("node", name, frozenset({name})) for name in sorted(localities)]
    regions = _grouped("region", localities, ("region",))
    both = [
        Failure("region and a node", f"{region.name} and {name}", region.nodes | {name})
        for region in regions
        for name in sorted(localities)
        if name not in region.nodes
    ]
    return (
        *one,
        *_grouped("zone", localities, ("cloud", "zone")),
        *_grouped("cluster", localities, ("region", "cloud")),
        *regions,
        *_grouped("cloud", localities, ("cloud",)),
        *both,
    )


def _grouped(kind: str, localities: Mapping[str, Locality], tiers: Iterable[str]) -> list[Failure]:
    groups: dict[str, set[str]] = {}
    for name, locality in localities.items():
        known = dict(tier.split("=", 1) for tier in locality)
        groups.setdefault(" ".join(known.get(tier, "") for tier in tiers), set()).add(name)
    return [Failure(kind, name, frozenset(nodes)) for name, nodes in sorted(groups.items())]
