"""How much of a month visitors are served: the providers' agreements, our redundancy, and what fails together."""

from __future__ import annotations

from meridian.model.assumptions import AvailabilityAssumptions
from meridian.model.environment import Environment
from meridian.model.steering import failover_order, pools
from meridian.proofs.failover import failover
from meridian.proofs.ranges import ranges
from meridian.proofs.result import Finding, Proof, Verdict
from meridian.proofs.spread import Tree
from meridian.sql import Desired

_ASSUMPTIONS = (
    "an agreement's percentage is taken as the availability itself, though it only promises money back",
    "outages of different clouds and regions are independent but for the correlated parts named here",
    "every outage of a cluster costs its visitors one failover, at its worst length",
    "data of one region is available when a majority of its voters' sites is; a site fails as its machines do",
)


def availability(environment: Environment, desired: Desired, known: AvailabilityAssumptions) -> Proof:
    """Prove the target for each region's visitors, with the error budget and the worst contributor."""
    minutes = known.days * 24 * 60
    budget = (100 - known.target_percent) / 100 * minutes
    rows, found = [], []
    for region in environment.regions:
        parts = _parts(environment, desired, region, known)
        lost = sum(parts.values())
        worst = max(parts, key=lambda name: parts[name])
        percent = 100 * (1 - lost)
        met = percent >= known.target_percent
        rows.append({"region": region, **{name: round(value * minutes, 3) for name, value in parts.items()}})
        found.append(
            Finding(
                f"visitors of {region}",
                "are served as much as the target asks",
                Verdict.HOLDS if met else Verdict.FAILS,
                value=f"{percent:.4f} %: {lost * minutes:.2f} of {budget:.2f} minutes, mostly {worst}",
                bound=f"{known.target_percent} %",
                counterexample="" if met else f"{worst} alone takes {parts[worst] * minutes:.2f} minutes",
            )
        )
    agreements = {name: agreement.percent for name, agreement in known.agreements.items()}
    return Proof(
        "availability",
        "1 - sum of the unavailabilities in series; sites that stand in for each other multiply, plus the part that "
        "fails together; majority of voters by enumeration",
        {"target_percent": known.target_percent, "days": known.days, "agreements": agreements},
        tuple(found),
        (*_ASSUMPTIONS, known.correlated_source, *(f"{name}: {own.why}" for name, own in known.own.items())),
        tuple(agreement.source for agreement in known.agreements.values()),
        {f"minutes lost in {known.days} days": rows},
    )


def _site(cloud: str, known: AvailabilityAssumptions) -> float:
    """Return how much of the time a cluster cannot serve: its machines fail; a control plane's outage stops nothing that runs."""
    machines = known.agreements["gcp_machines" if cloud == "gcp" else "aws_machines"]
    return 1 - machines.percent / 100


def _parts(
    environment: Environment, desired: Desired, region: str, known: AvailabilityAssumptions
) -> dict[str, float]:
    listed = [pools(environment)[key] for key in failover_order(environment, region)]
    alone = [_site(pool.cloud, known) for pool in listed]
    independent = 1.0
    for unavailable in alone:
        independent *= unavailable
    together = max(alone) * (
        known.correlated.between_clouds
        if len({pool.cloud for pool in listed}) > 1
        else known.correlated.within_cloud
    )
    seconds = float(failover(environment).findings[0].value.split("worst ")[1].split(" s")[0])
    # An outage of the primary as long as half an hour on average: so many failovers, each of these seconds.
    failovers = alone[0] * seconds / 1800
    return {
        "the edge": 1 - known.own["edge"].percent / 100,
        "all clusters at once": independent + together,
        "failing over": failovers,
        "the database's quorum": _quorum(desired, region, known),
        "releases": 1 - known.own["deployments"].percent / 100,
    }


def _quorum(desired: Desired, region: str, known: AvailabilityAssumptions) -> float:
    """Return how much of the time the region's own rows lack a majority, their voters' sites failing as a whole."""
    group = next((each for each in ranges(desired) if each.home == region and each.personal), None)
    placed = Tree(desired.localities).worst(group.demand, ()) if group else None
    if group is None or placed is None:
        return 0.0
    sites: dict[tuple[str, str], int] = {}
    for name in placed.nodes:
        tiers = dict(tier.split("=", 1) for tier in desired.localities[name])
        site = (tiers["region"], tiers["cloud"])
        sites[site] = sites.get(site, 0) + 1
    lost = 0.0
    ordered = sorted(sites)
    for mask in range(1, 2 ** len(ordered)):
        down = [site for number, site in enumerate(ordered) if mask >> number & 1]
        if sum(sites[site] for site in down) <= group.demand.spare:
            continue
        probability = 1.0
        for site in ordered:
            unavailable = _site(site[1], known)
            probability *= unavailable if site in down else 1 - unavailable
        lost += probability
    return lost
