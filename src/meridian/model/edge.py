"""The edge: which regions serve whom, in which order, how a loss is found, and what guards the way in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from meridian.model.base import HostName, Key, Model
from meridian.model.edge_access import Access
from meridian.model.edge_geography import CountryCode
from meridian.model.edge_protection import Protection
from meridian.model.frontend import Frontend

CloudflareId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


@dataclass(frozen=True)
class Plan:
    """What a Cloudflare plan allows."""

    least_interval: int
    """Seconds between two health checks."""
    regional_services: bool
    """Regional Services and Logpush: TLS ends, and logs are pushed, in one jurisdiction only."""


PLANS = {"business": Plan(15, False), "enterprise": Plan(10, True)}
"""Cloudflare Load Balancing and Data Localization docs, 2026-11."""


class Monitor(Model):
    """Health checks of the load balancer, in seconds."""

    interval: Annotated[int, Field(ge=10, le=3600)] = 10
    timeout: Annotated[int, Field(ge=1, le=10)] = 5
    retries: Annotated[int, Field(ge=0, le=5)] = 1
    consecutive_down: Annotated[int, Field(ge=1, le=10)] = 2
    consecutive_up: Annotated[int, Field(ge=1, le=10)] = 2
    path: Annotated[str, Field(pattern=r"^/")] = "/health"
    """Answers 200 only when the cluster can serve: the service is up and the region's database ranges have a quorum.

    503 says that the region must not be given visitors, although the process itself runs.
    """

    def worst_detection_seconds(self) -> int:
        """Return `consecutive_down x interval + (retries + 1) x timeout` (Cloudflare Load Balancing docs, 2026-11)."""
        return self.consecutive_down * self.interval + (self.retries + 1) * self.timeout


class Affinity(Model):
    """Whether a visitor stays with an origin; a lost origin moves the session, and it stays where it went."""

    mode: Literal["none", "cookie", "ip_cookie"] = "cookie"
    seconds: Annotated[int, Field(ge=1800, le=604_800)] = 1800
    """Cloudflare's least and largest; short, so that visitors come home soon after a recovery."""
    drain_seconds: Annotated[int, Field(ge=0, le=3600)] = 60


class Logs(Model):
    """Where the edge's request logs lie; they hold addresses of persons."""

    datasets: Annotated[tuple[Literal["http_requests", "firewall_events"], ...], Field(min_length=1)] = (
        "http_requests",
        "firewall_events",
    )
    destinations: dict[Key, Key] = Field(default_factory=dict)
    """For a region's visitors the region whose bucket keeps their requests, where it is another one."""
    retention_days: Annotated[int, Field(ge=30, le=3650)] = 365

    def destination(self, region: str) -> str:
        """Return the region that keeps the requests of a region's visitors."""
        return self.destinations.get(region, region)


class Record(Model):
    """A DNS record that points away from the estate, such as the frontend's."""

    type: Literal["CNAME", "TXT", "MX"] = "CNAME"
    host: HostName
    value: str
    priority: Annotated[int, Field(ge=0, le=65535)] | None = None
    proxied: bool = False
    ttl: Annotated[int, Field(ge=60, le=86_400)] = 300


class Edge(Model):
    """Geo routing and protection of one environment's zone."""

    account_id: CloudflareId
    zone: HostName
    """A zone of this environment's own: settings of a zone shared by two environments would fight."""
    zone_id: CloudflareId | None = None
    """An existing zone is adopted by its id; none: the zone is created, and its name servers are an output."""
    plan: Literal["business", "enterprise"] = "enterprise"
    hostname: HostName
    eu_hostname: HostName
    """EU visitors' own name: its pools, fallback and TLS termination stay in the EU."""
    eu_regions: Annotated[tuple[Key, ...], Field(min_length=1)]
    """The regions behind `eu_hostname`, in failover order; all lie in the EU."""
    last_resort: Key
    """The region of `hostname`'s fallback pool. Cloudflare has one per load balancer, for visitors from everywhere:
    only a region in the EU may take everybody's traffic."""
    failover_seconds: Annotated[int, Field(ge=10, le=600)] = 60
    propagation_seconds: Annotated[int, Field(ge=0, le=60)] = 5
    monitor: Monitor = Monitor()
    fallback: dict[Key, tuple[Key, ...]]
    """For each region the regions that take over, in order; an EU region may name EU regions only."""
    codes: dict[Key, tuple[str, ...]]
    """For each region the Cloudflare region codes that it serves, the nearest first; each of the 13 codes stands once.

    The first three judge the health of the region's pools."""
    countries: dict[CountryCode, Key] = Field(default_factory=dict)
    """Countries that are served by another region than their code's."""
    affinity: Affinity = Affinity()
    protection: Protection = Protection()
    access: Access
    logs: Logs = Logs()
    records: dict[Key, Record] = Field(default_factory=dict)
    frontend: Frontend
