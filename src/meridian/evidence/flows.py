"""Which way personal data goes, from the model: places, and flows between them with how each is protected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from meridian.model.datadog import SITES
from meridian.model.edge import PLANS
from meridian.model.environment import Environment
from meridian.model.steering import visitors
from meridian.plan import Plan

ROWS = ("visitors", "edge", "clusters", "database", "backups", "request logs", "telemetry", "archive")
_BUCKETS = ("gcp:storage/bucket:Bucket", "aws:s3/bucket:Bucket")


@dataclass(frozen=True)
class Place:
    """Where data is or passes."""

    key: str
    region: str
    """The estate's region in whose column it is drawn."""
    row: str
    title: str
    detail: str
    residency: str


@dataclass(frozen=True)
class Flow:
    """A way that data goes."""

    source: str
    target: str
    data: str
    protection: str
    crosses: bool
    """True when it leaves its jurisdiction."""
    when: str = ""
    """Empty for always."""


@dataclass(frozen=True)
class Map:
    """All places and flows of an environment."""

    regions: dict[str, str]
    """Residency by region."""
    places: tuple[Place, ...]
    flows: tuple[Flow, ...]


def archives(plan: Plan) -> tuple[str, ...]:
    """Return where the plan puts the buckets of audit logs."""
    return tuple(
        sorted(
            {
                f"{each.type.split(':', 1)[0]} {plan.region(each)}"
                for each in plan.of(*_BUCKETS)
                if each.unit == "foundation" and "audit" in each.name
            }
        )
    )


def flow_map(environment: Environment, plan: Plan) -> Map:
    """Return the map; what of an archive the plan does not tell is left out."""
    regions = {key: region.residency for key, region in environment.regions.items()}
    places = {each.key: each for each in _places(environment, plan)}
    flows = [
        Flow(source, target, data, how, places[source].residency != places[target].residency, when)
        for source, target, data, how, when in _flows(environment)
        if source in places and target in places
    ]
    return Map(dict(regions), tuple(places.values()), tuple(flows))


def _places(environment: Environment, plan: Plan) -> Iterator[Place]:
    edge, sites = environment.edge, environment.platform.datadog.sites
    for key, region in environment.regions.items():
        stays = region.residency
        host = edge.eu_hostname if key in edge.eu_regions else edge.hostname
        nodes = ", ".join(region.database)
        yield Place(
            f"visitors-{key}",
            key,
            "visitors",
            "Visitors",
            f"of {len(visitors(environment, key))} countries",
            stays,
        )
        yield Place(f"edge-{key}", key, "edge", "Cloudflare edge", host, stays)
        clusters = f"GKE {region.gcp.region}, EKS {region.aws.region}"
        yield Place(f"clusters-{key}", key, "clusters", "Portal on the clusters", clusters, stays)
        yield Place(f"database-{key}", key, "database", "Database rows", f"nodes {nodes}", stays)
        kept = f"{region.backup.retention_days} days, {region.gcp.region} and {region.aws.region}"
        yield Place(f"backups-{key}", key, "backups", "Backup buckets", kept, stays)
        yield Place(
            f"requests-{key}",
            key,
            "request logs",
            "Request logs",
            f"bucket, {edge.logs.retention_days} days",
            stays,
        )
        if site := sites.get(stays):
            yield Place(f"telemetry-{key}", key, "telemetry", "Datadog", site, SITES[site])
    home = next((key for key, region in environment.regions.items() if region.residency == "eu"), None)
    if home and (where := archives(plan)):
        yield Place("archive", home, "archive", "Audit archive of both clouds", ", ".join(where), "eu")


def _flows(environment: Environment) -> Iterator[tuple[str, str, str, str, str]]:
    edge = environment.edge
    regional = PLANS[edge.plan].regional_services
    tls = f"TLS {edge.protection.tls.minimum} or newer"
    for key in environment.regions:
        ends = (
            "ends in the EU" if regional and key in edge.eu_regions else "ends at the nearest place, wherever"
        )
        yield f"visitors-{key}", f"edge-{key}", "requests", f"{tls}; {ends}", ""
        yield f"edge-{key}", f"clusters-{key}", "requests", "TLS, both sides authenticated", ""
        for other in edge.fallback.get(key, ()):
            yield (
                f"edge-{key}",
                f"clusters-{other}",
                "requests",
                "TLS, both sides authenticated",
                f"when both clusters of {key} are lost",
            )
        yield f"clusters-{key}", f"database-{key}", "rows of a person", "mutual TLS", ""
        yield f"database-{key}", f"backups-{key}", "rows", "TLS, encrypted with the region's key", ""
        yield f"edge-{key}", f"requests-{edge.logs.destination(key)}", "addresses, requests", "TLS", ""
        yield f"clusters-{key}", f"telemetry-{key}", "logs, traces, metrics", "TLS", ""
        yield (
            f"clusters-{key}",
            "archive",
            "who of the teams did what",
            "TLS, encrypted with a key in the EU",
            "",
        )
