"""Survival against the facts' table, a hand-made layout and a slow search that lists every placement."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meridian.model import load_environment
from meridian.proofs.failures import failures
from meridian.proofs.result import Verdict
from meridian.proofs.spread import Demand, Locality, Tree
from meridian.proofs.survival import survival
from meridian.sql import desired

ROOT = Path(__file__).parents[2]
NINE = {
    f"{region}-{number}": (f"region={region}", f"cloud={cloud}", f"zone={region}-{number}")
    for region in ("us", "eu", "asia")
    for number, cloud in ((1, "gcp"), (2, "gcp"), (3, "aws"))
}


def diversity(nodes: tuple[str, ...], localities: dict[str, Locality]) -> int:
    total = 0
    for one, other in combinations(nodes, 2):
        pair = list(zip(localities[one], localities[other], strict=True))
        shared = next((i for i, (left, right) in enumerate(pair) if left != right), len(pair))
        total += len(pair) - shared
    return total


def slowly(localities: dict[str, Locality], demand: Demand, failed: frozenset[str]) -> tuple[int, int] | None:
    """List every placement; return the most and the least that is hit among the most diverse."""
    allowed = [n for n, t in localities.items() if demand.within is None or t[0][7:] in demand.within]
    sets = [
        chosen
        for chosen in combinations(sorted(allowed), demand.voters)
        if all(sum(f"region={r}" in localities[n] for n in chosen) >= k for r, k in demand.least)
    ]
    if not sets:
        return None
    top = max(diversity(chosen, localities) for chosen in sets)
    hits = [len(failed & set(c)) for c in sets if diversity(c, localities) == top]
    return max(hits), min(hits)


@st.composite
def estates(draw: st.DrawFn) -> tuple[dict[str, Locality], Demand, frozenset[str]]:
    places = draw(
        st.lists(st.tuples(*(st.sampled_from(v) for v in ("uea", "ga", "123"))), min_size=3, max_size=9)
    )
    nodes = {f"n{i}": (f"region={r}", f"cloud={c}", f"zone={r}{c}{z}") for i, (r, c, z) in enumerate(places)}
    voters = draw(st.sampled_from([1, 3, 5]))
    within = draw(st.none() | st.frozensets(st.sampled_from("uea"), min_size=1))
    least = draw(st.sampled_from([(), (("u", 1),), (("e", 2),)]))
    failed = draw(st.frozensets(st.sampled_from(sorted(nodes))))
    return nodes, Demand(voters, within, least), failed


@given(estates())
@settings(max_examples=300, deadline=None)
def test_the_search_over_the_tree_finds_what_listing_every_placement_finds(
    case: tuple[dict[str, Locality], Demand, frozenset[str]],
) -> None:
    nodes, demand, failed = case
    tree = Tree(nodes)
    worst, best, listed = tree.worst(demand, failed), tree.best(demand, failed), slowly(nodes, demand, failed)
    if listed is None:
        assert worst is None
        assert tree.most_taken(demand, failed) is None
    else:
        assert worst is not None and best is not None
        assert (worst.taken, best.taken) == listed
        assert (tree.most_taken(demand, failed), tree.least_taken(demand, failed)) == listed
        assert worst.taken == len(failed & set(worst.nodes))
        assert len(set(worst.nodes)) == demand.voters


@pytest.mark.parametrize(
    ("layout", "demand", "expected"),
    [
        ("three in one region", Demand(3, frozenset({"eu"})), {"node": True, "zone": True, "region": False}),
        ("three, one per region", Demand(3), {"node": True, "region": True, "region and a node": False}),
        ("five, 2+2+1", Demand(5), {"node": True, "region": True, "region and a node": False}),
    ],
)
def test_the_facts_table_of_nine_nodes_is_reproduced(
    layout: str, demand: Demand, expected: dict[str, bool]
) -> None:
    tree = Tree(NINE)
    for kind, survives in expected.items():
        hits = [tree.worst(demand, each.nodes) for each in failures(NINE) if each.kind == kind]
        assert all(hit is not None and hit.taken <= demand.spare for hit in hits) is survives, (layout, kind)


def test_two_nodes_of_one_region_break_three_replicas_that_are_pinned_there() -> None:
    tree = Tree(NINE)
    pinned, spread = Demand(3, frozenset({"eu"})), Demand(5)
    two = {"eu-1", "eu-2"}
    assert tree.worst(pinned, two).taken > pinned.spare  # type: ignore[union-attr]
    assert tree.worst(spread, two).taken <= spread.spare  # type: ignore[union-attr]


def test_prod_survives_what_its_goal_demands_and_says_what_a_region_costs() -> None:
    proof = survival(desired(load_environment(ROOT, "prod")))
    assert proof.holds
    eu = {f.claim: f for f in proof.findings if f.subject == "users/eu"}
    lost = eu["keeps its quorum under the loss of any region"]
    assert lost.verdict is Verdict.FAILS
    assert "region eu takes eu-1, eu-2, eu-3" in lost.counterexample
    assert not lost.required


def test_a_layout_with_two_of_three_replicas_in_one_zone_breaks_the_demanded_zone_survival() -> None:
    wanted = desired(load_environment(ROOT, "prod"))
    moved = {**wanted.localities, "eu-2": wanted.localities["eu-1"]}
    proof = survival(wanted.model_copy(update={"localities": moved}))
    assert not proof.holds
    assert {finding.subject for finding in proof.broken} >= {"users/eu"}
    assert "eu-1, eu-2" in proof.broken[0].counterexample


def test_region_survival_of_the_modern_form_keeps_quorum_without_a_region() -> None:
    prod = load_environment(ROOT, "prod")
    wanted = desired(prod, form="regional-by-row").model_copy(
        update={"survival": "region", "super_regions": {}}
    )
    rows = {
        f.subject: f for f in survival(wanted).findings if "any region" in f.claim and "and" not in f.claim
    }
    assert rows["users/eu"].verdict is Verdict.HOLDS


def test_five_voters_in_a_super_region_of_three_nodes_cannot_be_placed() -> None:
    wanted = desired(load_environment(ROOT, "prod"), form="regional-by-row").model_copy(
        update={"survival": "region"}
    )
    broken = survival(wanted).broken
    assert any("no 5 nodes meet the constraints" in finding.counterexample for finding in broken)


def test_ninety_nodes_are_searched_exhaustively() -> None:
    wanted = desired(load_environment(ROOT, "prod"))
    many = {
        f"{region}-{i}": (f"region={region}", f"cloud={'gcp' if i % 3 else 'aws'}", f"zone={region}-{i % 9}")
        for region in ("us", "eu", "asia")
        for i in range(30)
    }
    proof = survival(wanted.model_copy(update={"localities": many}))
    assert proof.inputs["failures"] == 90 + 27 + 6 + 3 + 2 + 180


@given(estates())
@settings(max_examples=100, deadline=None)
def test_what_was_found_for_one_failure_is_right_for_every_failure_of_its_kind(
    case: tuple[dict[str, Locality], Demand, frozenset[str]],
) -> None:
    nodes, demand, _ = case
    tree = Tree(nodes)
    for failure in failures({name: (*tiers, f"node={name}") for name, tiers in nodes.items()}):
        listed = slowly(nodes, demand, failure.nodes)
        found = tree.most_taken(demand, failure.nodes), tree.least_taken(demand, failure.nodes)
        assert found == (listed or (None, None))
