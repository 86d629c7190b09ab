"""What the design promises to each population during a loss: worked out from the model alone, never from the router."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meridian.drills.target import Target
from meridian.model.edge_geography import CODES, EU_COUNTRIES
from meridian.model.environment import Environment
from meridian.model.steering import Balancer, balancers, pools, region_of
from meridian.model.topology import nodes


@dataclass(frozen=True)
class Population:
    """Visitors of one region to one host name; `code` and `country` are where the edge takes them to be."""

    name: str
    hostname: str
    code: str
    country: str
    stays: tuple[str, ...]
    """The clusters that may serve them by residency; empty: any."""


@dataclass(frozen=True)
class Promise:
    """What a population gets while a loss lasts; nobody in `serves` means an honest refusal."""

    population: Population
    home: str
    """The cluster that serves them before and after."""
    serves: str | None
    why: str
    """Why nobody serves them; empty when somebody does."""
    answers: bool
    """Whether the edge still finds a process to answer, such as a cluster that says 503."""


@dataclass(frozen=True)
class Promises:
    """A loss and what follows from it by the design."""

    target: Target
    populations: tuple[Promise, ...]
    unhealthy: tuple[str, ...]
    """Clusters whose pools must be found critical: the lost ones, and those whose region has no quorum left."""
    without_quorum: tuple[str, ...]
    """A sentence for each region that loses its database's quorum."""


def populations(environment: Environment) -> tuple[Population, ...]:
    """Return each region's visitors on everybody's name, and those of each region behind the EU's own name."""
    edge = environment.edge
    inside = tuple(c for c, (region, _, _) in environment.clusters().items() if region.residency == "eu")
    found = []
    for key, region in environment.regions.items():
        code, country = _place(environment, key)
        stays = inside if region.residency == "eu" else ()
        found.append(Population(key, edge.hostname, code, country, stays))
        if key in edge.eu_regions:
            found.append(Population(f"{key}, own name", edge.eu_hostname, code, country, inside))
    return tuple(found)


def promises(environment: Environment, target: Target) -> Promises:
    """Return what each population is promised while the target is lost."""
    lost = {key: reason for key in environment.regions if (reason := _no_quorum(environment, key, target))}
    regions = {name: region.key for name, (region, _, _) in environment.clusters().items()}
    unhealthy = tuple(name for name in regions if name in target.clusters or regions[name] in lost)
    found = tuple(_promise(environment, each, target, unhealthy, lost) for each in populations(environment))
    return Promises(target, found, unhealthy, tuple(lost.values()))


def _promise(
    environment: Environment,
    population: Population,
    target: Target,
    unhealthy: Sequence[str],
    lost: dict[str, str],
) -> Promise:
    known = pools(environment)
    balancer = next(b for b in balancers(environment).values() if b.hostname == population.hostname)
    listed = [known[key].cluster.name for key in _list(balancer, population)]
    fallback = known[balancer.fallback_pool].cluster.name
    serves = next((name for name in listed if name not in unhealthy), None)
    if serves is None and fallback not in unhealthy:
        serves = fallback
    reasons = [
        reason
        for key, reason in lost.items()
        if any(known[k].region == key for k in known if known[k].cluster.name in listed)
    ]
    why = (
        "" if serves else "; ".join(reasons) or f"{', '.join(listed)} are lost and nobody else may serve them"
    )
    return Promise(population, listed[0], serves, why, answers=fallback not in target.clusters)


def _list(balancer: Balancer, population: Population) -> Sequence[str]:
    """Return the pools of a visitor: the country's list goes before the code's, and both before the default pools."""
    if balancer.policy != "geo":
        return balancer.default_pools
    return (
        balancer.country_pools.get(population.country)
        or balancer.region_pools.get(population.code)
        or balancer.default_pools
    )


def _no_quorum(environment: Environment, region: str, target: Target) -> str:
    """Return why a region's database has no majority of its nodes left; empty when it has one."""
    here = [node.key for node in nodes(environment) if node.region == region]
    down = [key for key in here if key in target.nodes]
    if not here or len(here) - len(down) >= len(here) // 2 + 1:
        return ""
    return (
        f"{region} has no quorum: {', '.join(down)} of {', '.join(here)} are lost, "
        f"and {len(here) // 2 + 1} of {len(here)} are needed"
    )


def _place(environment: Environment, region: str) -> tuple[str, str]:
    """Return a code and a country of a region's visitors; of an EU region one that the GDPR protects."""
    inside = environment.regions[region].residency == "eu"
    for code in environment.edge.codes.get(region, ()):
        for country in sorted(CODES[code][1]):
            if region_of(environment, country) == region and (country in EU_COUNTRIES or not inside):
                return code, country
    return next(iter(environment.edge.codes.get(region, ())), ""), ""
