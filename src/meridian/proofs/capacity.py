"""Whether the clusters that are left carry the load when others are lost, at their largest number of nodes."""

from __future__ import annotations

from collections.abc import Iterator

from meridian.model.assumptions import Assumptions
from meridian.model.environment import Environment
from meridian.model.steering import Pool, failover_order, pools
from meridian.proofs.result import Finding, Proof, Verdict


def capacity(environment: Environment, known: Assumptions) -> Proof:
    """Prove that every cluster's share of the peak fits it: with all clusters, and without each cluster, region and cloud."""
    behind = pools(environment)
    rows, found = [], []
    for name, lost in _losses(behind):
        load, unserved = _load(environment, behind, lost, known)
        for key, requests in sorted(load.items()):
            room = _room(behind[key], known)
            rows.append(
                {
                    "lost": name,
                    "cluster": behind[key].cluster.name,
                    "requests/s": round(requests),
                    "room": round(room),
                }
            )
        over = {key: requests for key, requests in load.items() if requests > _room(behind[key], known)}
        found.append(
            Finding(
                name,
                "what is left carries the peak",
                Verdict.FAILS if over or unserved else Verdict.HOLDS,
                value=", ".join(
                    f"{behind[key].cluster.name} {requests:.0f}/s" for key, requests in sorted(load.items())
                ),
                counterexample="; ".join(
                    [
                        *(f"nobody serves the visitors of {region}" for region in unserved),
                        *(
                            f"{behind[key].cluster.name} would get {requests:.0f}/s and has room for "
                            f"{_room(behind[key], known):.0f}/s"
                            for key, requests in sorted(over.items())
                        ),
                    ]
                ),
                required=name == "nothing" or name.startswith("cluster"),
            )
        )
    return Proof(
        "capacity",
        "each region's share of the peak goes to the first cluster that is left in its failover order; room = "
        "max_nodes x requests per node x usable part",
        known.load.model_dump(),
        tuple(found),
        (
            known.load.source,
            known.latency.population_source,
            "the autoscaler has had its time: nodes at their maximum",
        ),
        (),
        {"peak by cluster": rows},
    )


def _losses(behind: dict[str, Pool]) -> Iterator[tuple[str, frozenset[str]]]:
    yield "nothing", frozenset()
    for key, pool in behind.items():
        yield f"cluster {pool.cluster.name}", frozenset({key})
    for region in sorted({pool.region for pool in behind.values()}):
        yield f"region {region}", frozenset(key for key, pool in behind.items() if pool.region == region)
    for cloud in sorted({pool.cloud for pool in behind.values()}):
        yield f"cloud {cloud}", frozenset(key for key, pool in behind.items() if pool.cloud == cloud)


def _load(
    environment: Environment, behind: dict[str, Pool], lost: frozenset[str], known: Assumptions
) -> tuple[dict[str, float], list[str]]:
    load = {key: 0.0 for key in behind if key not in lost}
    unserved = []
    for region in environment.regions:
        taker = next((key for key in failover_order(environment, region) if key not in lost), None)
        if taker is None:
            unserved.append(region)
        else:
            share = known.latency.populations[region].share
            load[taker] += share * known.load.peak(environment.environment)
    return load, unserved


def _room(pool: Pool, known: Assumptions) -> float:
    nodes = sum(each.max_nodes for each in pool.cluster.pools.values() if not each.taints)
    return nodes * known.load.requests_per_second_per_node * known.load.usable
