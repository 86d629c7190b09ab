"""Where an allocator may put the replicas of a range, and the worst that a failure can hit among those places.

CockroachDB's allocator prefers the set of nodes with the greatest diversity: the mean over all pairs of replicas of
(tiers - tiers shared from the broadest on) / tiers (CockroachDB v26.2 docs, "Replication layer", rebalancing; source:
`allocator/allocatorimpl`, `diversityScore`). Several sets tie; a claim that must hold has to hold for each of them.
So the search is over the tree of localities, maximising (diversity, replicas hit) together: exact, without listing sets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property

Locality = tuple[str, ...]
"""Tiers, broad to narrow, as `region=eu`."""


@dataclass(frozen=True)
class Demand:
    """What a range asks of its voters."""

    voters: int
    within: frozenset[str] | None = None
    """The regions that may hold them; None: all."""
    least: tuple[tuple[str, int], ...] = ()
    """For a region, how many voters lie there at least."""

    @property
    def spare(self) -> int:
        """How many voters may be lost with the quorum (voters // 2 + 1) kept."""
        return self.voters - (self.voters // 2 + 1)


@dataclass(frozen=True)
class Hit:
    """A most diverse set of nodes, and how many of them a failure takes."""

    diversity: int
    """Summed over all pairs, in tiers that the two do not share: whole numbers, so that equal sets tie exactly."""
    taken: int
    nodes: tuple[str, ...]


class Tree:
    """The nodes by their localities; every search is exact.

    Failures that hit regions of equal shape in equal places are equal: each kind is searched once, so that a hundred
    regions cost little more than three.
    """

    def __init__(self, localities: Mapping[str, Locality]) -> None:
        self.localities = dict(localities)
        self._regions: dict[str, dict[str, Locality]] = {}
        for name, tiers in self.localities.items():
            self._regions.setdefault(_region(tiers), {})[name] = tiers
        self._shapes: dict[tuple[str, frozenset[str]], int] = {}
        self._numbers: dict[Hashable, int] = {}
        self._known: dict[Hashable, int | None] = {}

    @cached_property
    def depth(self) -> int:
        """The number of tiers."""
        return max((len(tiers) for tiers in self.localities.values()), default=0)

    def most_taken(self, demand: Demand, failed: Collection[str]) -> int | None:
        """Return how many replicas the worst of the most diverse sets loses; None when no set meets the demand."""
        return self._taken(demand, frozenset(failed), 1)

    def least_taken(self, demand: Demand, failed: Collection[str]) -> int | None:
        """Return how many replicas the luckiest of the most diverse sets loses."""
        return self._taken(demand, frozenset(failed), -1)

    def worst(self, demand: Demand, failed: Collection[str]) -> Hit | None:
        """Return the most diverse set of which most is hit; None when no set of nodes meets the demand."""
        return self._search(demand, frozenset(failed), 1)

    def best(self, demand: Demand, failed: Collection[str]) -> Hit | None:
        """Return the most diverse set of which least is hit."""
        return self._search(demand, frozenset(failed), -1)

    def _taken(self, demand: Demand, failed: frozenset[str], sign: int) -> int | None:
        key = (demand, sign, self._pattern(demand, failed))
        if key not in self._known:
            found = self._search(demand, failed, sign)
            self._known[key] = None if found is None else found.taken
        return self._known[key]

    def _pattern(self, demand: Demand, failed: frozenset[str]) -> Hashable:
        """Return what a search's outcome depends on beside the demand: for each shape of region that is hit, where, how often."""
        least = dict(demand.least)
        hit: dict[str, set[str]] = {}
        for name in failed:
            hit.setdefault(_region(self.localities[name]), set()).add(name)
        return frozenset(
            Counter(
                (self._shape(region), least.get(region, 0), self._shape(region, frozenset(inside)))
                for region, inside in hit.items()
                if demand.within is None or region in demand.within
            ).items()
        )

    def _shape(self, region: str, failed: frozenset[str] = frozenset()) -> int:
        """Return a number that is equal for regions that differ in names only."""
        known = self._shapes.get((region, failed))
        if known is None:
            shape = _shape(self._regions[region], 1, failed)
            known = self._shapes[region, failed] = self._numbers.setdefault(shape, len(self._numbers))
        return known

    def _search(self, demand: Demand, failed: frozenset[str], sign: int) -> Hit | None:
        allowed = {
            name: tiers
            for name, tiers in self.localities.items()
            if demand.within is None or _region(tiers) in demand.within
        }
        least = {f"region={region}": count for region, count in demand.least}
        found = self._fill(allowed, 0, demand.voters, failed, sign, least).get(demand.voters)
        return found if found is None else Hit(found.diversity, abs(found.taken), found.nodes)

    def _fill(
        self,
        nodes: Mapping[str, Locality],
        tier: int,
        voters: int,
        failed: frozenset[str],
        sign: int,
        least: Mapping[str, int],
    ) -> dict[int, Hit]:
        """Return for each number of voters up to `voters` the best set among these nodes."""
        if tier == self.depth:
            # One locality: its nodes are alike but for having failed.
            ordered = sorted(nodes, key=lambda name: ((name in failed) != (sign > 0), name))
            return {
                count: Hit(0, sign * sum(name in failed for name in ordered[:count]), tuple(ordered[:count]))
                for count in range(min(voters, len(ordered)) + 1)
            }
        children: dict[str, dict[str, Locality]] = {}
        for name, tiers in nodes.items():
            children.setdefault(tiers[tier] if tier < len(tiers) else "", {})[name] = tiers
        if any(place not in children for place in least):
            return {}
        weight = self.depth - tier
        filled: dict[int, Hit] = {0: Hit(0, 0, ())}
        for place, inside in sorted(children.items()):
            parts = self._fill(inside, tier + 1, voters, failed, sign, {})
            grown: dict[int, Hit] = {}
            for before, so_far in filled.items():
                for count, part in parts.items():
                    if count < least.get(place, 0) or before + count > voters:
                        continue
                    candidate = Hit(
                        so_far.diversity + part.diversity + before * count * weight,
                        so_far.taken + part.taken,
                        (*so_far.nodes, *part.nodes),
                    )
                    known = grown.get(before + count)
                    if known is None or (candidate.diversity, candidate.taken) > (
                        known.diversity,
                        known.taken,
                    ):
                        grown[before + count] = candidate
            filled = grown
        return filled


def _region(tiers: Locality) -> str:
    return next((tier.removeprefix("region=") for tier in tiers if tier.startswith("region=")), "")


def _shape(nodes: Mapping[str, Locality], tier: int, failed: frozenset[str]) -> Hashable:
    """Return a form of a subtree that is equal for subtrees that differ in names only."""
    children: dict[str, dict[str, Locality]] = {}
    for name, tiers in nodes.items():
        if tier >= len(tiers):
            return len(nodes), sum(each in failed for each in nodes)
        children.setdefault(tiers[tier], {})[name] = tiers
    return tuple(sorted((_shape(inside, tier + 1, failed) for inside in children.values()), key=repr))
