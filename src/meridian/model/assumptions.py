"""What the proofs assume of the world outside the estate: round trips, agreements, load; shared by all environments."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from meridian.model.base import Key, Model
from meridian.model.environment import Environment
from meridian.model.explain import explain
from meridian.model.prices import Prices
from meridian.model.problems import LocatedProblem, ModelErrors, Problem
from meridian.model.source import Source

Ms = Annotated[float, Field(ge=0, le=10_000)]
Share = Annotated[float, Field(ge=0, le=1)]
Availability100 = Annotated[float, Field(gt=0, le=100)]


class Spread(Model):
    """A distribution of milliseconds by two of its points; between and beyond them it is log-normal."""

    p50: Annotated[float, Field(gt=0)]
    p95: Annotated[float, Field(gt=0)]


class RoundTrip(Model):
    """The round trip between two regions of the clouds."""

    between: tuple[str, str]
    ms: Ms
    source: str


class Population(Model):
    """Visitors that one region serves."""

    share: Share
    edge_ms: Spread
    """Visitor to the edge."""
    origin_ms: Spread
    """Edge to the region."""


class Statements(Model):
    """What a request asks of the database, one after the other."""

    reads: Annotated[int, Field(ge=0, le=50)]
    writes: Annotated[int, Field(ge=0, le=50)]


class Latency(Model):
    """Everything that a request waits for."""

    same_zone_ms: Ms
    same_region_ms: Ms
    round_trips: tuple[RoundTrip, ...]
    populations: dict[Key, Population]
    population_source: str
    service_ms: Spread
    service_source: str
    statements: dict[Literal["read", "write"], Statements]
    statement_ms: Spread
    """A statement at its leaseholder, without the network."""
    commit_ms: Spread
    """A write's disk and raft work at a voter, without the network."""
    cached_share: Share = 0.0
    """Part of all reads that the edge answers itself."""

    def round_trip(self, one: str, other: str) -> RoundTrip | None:
        """Return the round trip between two different regions, None when the file has none."""
        return next((trip for trip in self.round_trips if set(trip.between) == {one, other}), None)


class Agreement(Model):
    """What a provider promises."""

    percent: Availability100
    covers: str
    source: str


class Experience(Model):
    """What no agreement promises."""

    percent: Availability100
    why: str


class Correlation(Model):
    """Which part of an outage is shared."""

    within_cloud: Share
    between_clouds: Share


class AvailabilityAssumptions(Model):
    """Agreements and experience, and the target."""

    target_percent: Availability100
    days: Annotated[int, Field(ge=1, le=366)] = 30
    agreements: dict[
        Literal["gcp_cluster", "gcp_machines", "aws_cluster", "aws_machines", "edge", "path"], Agreement
    ]
    own: dict[str, Experience]
    correlated: Correlation
    correlated_source: str


class Load(Model):
    """The busiest hour."""

    peak_requests_per_second: Annotated[int, Field(gt=0)]
    requests_per_second_per_node: Annotated[int, Field(gt=0)]
    usable: Annotated[float, Field(gt=0, le=1)] = 0.8
    """Part of a node's capacity that may be used, so that queues stay short."""
    environments: dict[Key, Annotated[int, Field(gt=0)]] = Field(default_factory=dict)
    """Another peak for an environment that serves fewer people."""
    source: str

    def peak(self, environment: str) -> int:
        """Return the requests a second of an environment's busiest hour."""
        return self.environments.get(environment, self.peak_requests_per_second)


class Assumptions(Model):
    """All files of `stacks/assumptions/`."""

    latency: Latency
    availability: AvailabilityAssumptions
    load: Load
    prices: Prices


def load_assumptions(root: Path, environment: Environment) -> Assumptions:
    """Return the assumptions, checked against an environment; raises ModelErrors with every problem at once."""
    sources = {
        name: Source(root / "stacks/assumptions" / f"{name}.yaml", f"stacks/assumptions/{name}.yaml")
        for name in Assumptions.model_fields
    }
    unreadable = [source.problem for source in sources.values() if source.problem]
    if unreadable:
        raise ModelErrors("assumptions", unreadable)
    try:
        loaded = Assumptions.model_validate({name: source.data() for name, source in sources.items()})
        problems = [
            *_round_trips(loaded, environment),
            *_populations(loaded, environment),
            *_prices(loaded, environment),
        ]
    except ValidationError as error:
        problems = explain(error, Assumptions)
    if problems:
        raise ModelErrors("assumptions", [_locate(sources, problem) for problem in problems])
    return loaded


def _locate(sources: dict[str, Source], problem: Problem) -> LocatedProblem:
    return sources[str(problem.path[0])].locate(problem, problem.path[1:])


def _round_trips(loaded: Assumptions, environment: Environment) -> list[Problem]:
    places = sorted(
        {site.region for region in environment.regions.values() for site in region.sites().values()}
    )
    missing = [
        (one, other)
        for number, one in enumerate(places)
        for other in places[number + 1 :]
        if loaded.latency.round_trip(one, other) is None
    ]
    return [
        Problem(
            ("latency", "round_trips"),
            f"{one} - {other}",
            f"{environment.environment} uses both regions, and the file has no round trip between them",
            f"add `- {{between: [{one}, {other}], ms: ..., source: ...}}`",
        )
        for one, other in missing
    ]


def _populations(loaded: Assumptions, environment: Environment) -> list[Problem]:
    populations, found = loaded.latency.populations, []
    for region in environment.regions:
        if region not in populations:
            found.append(
                Problem(
                    ("latency", "populations"),
                    sorted(populations),
                    f"region {region} of {environment.environment} has no population",
                    f"add `{region}:` with share, edge_ms and origin_ms",
                )
            )
    total = sum(population.share for population in populations.values())
    if abs(total - 1) > 1e-6:
        found.append(
            Problem(
                ("latency", "populations"), round(total, 6), "the shares add up to 1", "correct the shares"
            )
        )
    return found


def _prices(loaded: Assumptions, environment: Environment) -> list[Problem]:
    """Every machine type in use has a price in each region where it is used: what most money is spent on is no guess."""
    used = {
        (pool.machine_type, site.region)
        for region in environment.regions.values()
        for site in region.sites().values()
        for pool in site.cluster.pools.values()
    }
    return [
        Problem(
            ("prices", "prices", machine) if machine in loaded.prices.prices else ("prices", "prices"),
            machine,
            f"{environment.environment} runs it in {region}, and the file has no price for it there",
            f"add `{region}: ...` to its `regions:`, with source and date",
        )
        for machine, region in sorted(used)
        if machine not in loaded.prices.prices or loaded.prices.prices[machine].at(region) is None
    ]
