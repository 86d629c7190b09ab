"""Who is sent where: the edge's load balancers by pool key, worked out from the model alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from meridian.model.clusters import Cluster
from meridian.model.edge_geography import CODES, COUNTRIES, EU_COUNTRIES
from meridian.model.environment import Environment
from meridian.model.regions import Cloud, Residency

_JUDGES = 3


@dataclass(frozen=True, kw_only=True)
class Pool:
    """One cluster behind the edge."""

    key: str
    """Region and cloud, such as eu-gcp."""
    region: str
    cloud: Cloud
    residency: Residency
    cluster: Cluster
    origin: str
    """The DNS-only name that leads to the cluster's ingress."""
    check_from: tuple[str, ...]
    """Codes of the regions from which the pool's health is judged; most of them must find it well."""


@dataclass(frozen=True, kw_only=True)
class Balancer:
    """One load balancer; every list holds pool keys in failover order."""

    hostname: str
    policy: str
    default_pools: tuple[str, ...]
    fallback_pool: str
    region_pools: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    country_pools: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def origin_name(environment: Environment, cluster: str) -> str:
    """Return a cluster's origin name in the zone."""
    return f"{cluster}.origin.{environment.edge.zone}"


def pools(environment: Environment) -> dict[str, Pool]:
    """Return every cluster's pool by its key, primary sites before their failovers."""
    found = {}
    for key, region in environment.regions.items():
        for cloud in _clouds(environment, key):
            cluster = region.sites()[cloud].cluster
            found[f"{key}-{cloud}"] = Pool(
                key=f"{key}-{cloud}",
                region=key,
                cloud=cloud,
                residency=region.residency,
                cluster=cluster,
                origin=origin_name(environment, cluster.name),
                check_from=_nearest(environment, key),
            )
    return found


def failover_order(environment: Environment, region: str) -> tuple[str, ...]:
    """Return a region's pools, then those of the regions that take over from it, by the model's table."""
    return _of(environment, (region, *environment.edge.fallback.get(region, ())))


def region_of(environment: Environment, country: str) -> str:
    """Return the region that serves a country: its own entry, else the EU's for EU countries, else its code's.

    A country that no table knows is served as if it were in the EU.
    """
    edge = environment.edge
    home = edge.eu_regions[0]
    if country in edge.countries:
        return edge.countries[country]
    if country in EU_COUNTRIES or country not in COUNTRIES:
        return home
    return next((region for region, codes in edge.codes.items() if COUNTRIES[country] in codes), home)


def balancers(environment: Environment) -> dict[str, Balancer]:
    """Return the load balancers: everybody's, and the EU's own.

    Everybody's steers EU countries one by one: Cyprus lies in the Middle East's code, Martinique in America's, and a
    country's list goes before its code's. Its default and fallback pools lie in the EU, for they are shared by all.
    """
    edge = environment.edge
    inside = _of(environment, edge.eu_regions)
    last = _of(environment, (edge.last_resort,))
    countries = sorted({*EU_COUNTRIES, *edge.countries})
    return {
        "app": Balancer(
            hostname=edge.hostname,
            policy="geo",
            default_pools=last,
            fallback_pool=last[-1],
            region_pools={
                code: failover_order(environment, region)
                for region, codes in edge.codes.items()
                for code in sorted(codes)
            },
            country_pools={
                country: failover_order(environment, region_of(environment, country)) for country in countries
            },
        ),
        "eu": Balancer(
            hostname=edge.eu_hostname, policy="off", default_pools=inside, fallback_pool=inside[-1]
        ),
    }


def visitors(environment: Environment, region: str) -> tuple[str, ...]:
    """Return the countries that a region serves, in order of their codes."""
    known = {country for _, countries in CODES.values() for country in countries}
    return tuple(sorted(country for country in known if region_of(environment, country) == region))


def _nearest(environment: Environment, region: str) -> tuple[str, ...]:
    """Return the first three codes of a region; one that serves no code is judged like its jurisdiction's others."""
    own = environment.edge.codes.get(region, ())
    residency = environment.regions[region].residency
    neighbours = (
        codes
        for key, codes in environment.edge.codes.items()
        if codes and key in environment.regions and environment.regions[key].residency == residency
    )
    return tuple(sorted((own or next(neighbours, ()))[:_JUDGES]))


def _of(environment: Environment, regions: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{region}-{cloud}" for region in regions for cloud in _clouds(environment, region))


def _clouds(environment: Environment, region: str) -> tuple[Cloud, ...]:
    sites = environment.regions[region].sites()
    return tuple(sorted(sites, key=lambda cloud: sites[cloud].role != "primary"))
