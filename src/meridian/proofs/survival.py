"""Which failures each range survives: exhaustive over the failures, exact over the places its replicas may lie."""

from __future__ import annotations

from functools import cache

from meridian.proofs.failures import CLASSES, Failure, failures
from meridian.proofs.ranges import ranges
from meridian.proofs.result import Finding, Proof, Verdict
from meridian.proofs.spread import Demand, Tree
from meridian.sql import Desired

DEMANDED = {"zone": frozenset({"node", "zone"}), "region": frozenset({"node", "zone", "cluster", "region"})}
"""What each survival goal of the model promises; every further class is stated, not demanded."""
_ASSUMPTIONS = (
    "all nodes of a failure are lost at once, before any range can be healed",
    "the allocator has settled: replicas lie in a most diverse set of the nodes that the constraints allow",
    "a majority of voters (n // 2 + 1) keeps a range available; non-voters do not count",
)
_SOURCES = (
    "CockroachDB v26.2 docs: Replication layer; Configure replication zones; Multi-region survival goals",
    "Ongaro and Ousterhout, In Search of an Understandable Consensus Algorithm, 2014",
)


def survival(desired: Desired) -> Proof:
    """Prove which classes of failure every range survives, with the smallest set of nodes that breaks it."""
    tree = Tree(desired.localities)
    sets = failures(desired.localities)
    goal = DEMANDED["zone" if desired.form == "partition-by-list" else desired.survival]

    @cache
    def judged(demand: Demand) -> dict[str, tuple[Verdict, str]]:
        return {kind: _judge(tree, demand, [each for each in sets if each.kind == kind]) for kind in CLASSES}

    found = []
    table = []
    for group in ranges(desired):
        verdicts = judged(group.demand)
        table.append(
            {
                "ranges": group.name,
                "voters": group.demand.voters,
                **{kind: verdict.value for kind, (verdict, _) in verdicts.items()},
                "smallest set that breaks it": smallest(tree, group.demand),
            }
        )
        for kind, (verdict, example) in verdicts.items():
            found.append(
                Finding(
                    group.name,
                    f"keeps its quorum under the loss of any {kind}",
                    verdict,
                    counterexample=example,
                    required=kind in goal,
                )
            )
    return Proof(
        "survival",
        "for every failure: the most diverse placement of which most replicas are hit, by an exact search over the "
        "tree of localities; the range survives when at most voters - (voters // 2 + 1) are hit",
        {"form": desired.form, "nodes": len(desired.localities), "failures": len(sets), "goal": sorted(goal)},
        tuple(found),
        _ASSUMPTIONS,
        _SOURCES,
        {"by range": table},
    )


def smallest(tree: Tree, demand: Demand) -> str:
    """Return the smallest set of nodes whose loss breaks the quorum: one replica more than can be spared."""
    placed = tree.worst(demand, ())
    return ", ".join(placed.nodes[: demand.spare + 1]) if placed else "cannot be placed"


def _judge(tree: Tree, demand: Demand, sets: list[Failure]) -> tuple[Verdict, str]:
    worst_verdict, example = Verdict.HOLDS, ""
    for failure in sets:
        most = tree.most_taken(demand, failure.nodes)
        if most is None:
            return Verdict.FAILS, f"no {demand.voters} nodes meet the constraints"
        if most <= demand.spare:
            continue
        least = tree.least_taken(demand, failure.nodes)
        assert least is not None
        if least > demand.spare:
            return Verdict.FAILS, _told(tree, demand, failure)
        if worst_verdict is Verdict.HOLDS:
            worst_verdict, example = (
                Verdict.DEPENDS,
                f"{_told(tree, demand, failure)}; another placement survives it",
            )
    return worst_verdict, example


def _told(tree: Tree, demand: Demand, failure: Failure) -> str:
    worst = tree.worst(demand, failure.nodes)
    assert worst is not None
    lost = sorted(set(worst.nodes) & failure.nodes)
    return f"{failure.kind} {failure.name} takes {', '.join(lost)} of {', '.join(sorted(worst.nodes))}"
