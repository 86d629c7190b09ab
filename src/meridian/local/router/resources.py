"""Load balancers, pools and monitors as the embedded cloud stores them (the pulumi-cloudflare 6 SDK's inputs)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

REGIONS = ("EEU", "ENAM", "ME", "NAF", "NEAS", "NSAM", "OC", "SAF", "SAS", "SEAS", "SSAM", "WEU", "WNAM")
"""Cloudflare's 13 load balancer regions (Cloudflare docs, load-balancing/reference/region-mapping-api)."""

# SDK 6.23: 23 hours for cookies, 1800 s for headers.
_COOKIE_SECONDS, _HEADER_SECONDS = 82_800.0, 1_800.0
_DNS_SECONDS = 30.0


@dataclass(frozen=True)
class Monitor:
    """What a health check asks and how often; durations in seconds, defaults of the SDK."""

    id: str
    type: str = "http"
    method: str = "GET"
    path: str = "/"
    port: int = 0
    interval: float = 60.0
    timeout: float = 5.0
    retries: int = 2
    consecutive_up: int = 1
    consecutive_down: int = 1
    expected_codes: str = "200"
    expected_body: str = ""
    follow_redirects: bool = False
    allow_insecure: bool = False
    header: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def read(cls, identifier: str, inputs: Mapping[str, Any]) -> Monitor:
        """Return the monitor of stored inputs."""
        return cls(
            id=identifier,
            type=str(inputs.get("type") or "http").lower(),
            method=str(inputs.get("method") or "GET").upper(),
            path=str(inputs.get("path") or "/"),
            port=int(inputs.get("port") or 0),
            interval=float(inputs.get("interval") or 60),
            timeout=float(inputs.get("timeout") or 5),
            retries=int(_or(inputs.get("retries"), 2)),
            consecutive_up=max(1, int(inputs.get("consecutiveUp") or 1)),
            consecutive_down=max(1, int(inputs.get("consecutiveDown") or 1)),
            expected_codes=str(inputs.get("expectedCodes") or "200"),
            expected_body=str(inputs.get("expectedBody") or ""),
            follow_redirects=bool(inputs.get("followRedirects")),
            allow_insecure=bool(inputs.get("allowInsecure")),
            header={str(k): tuple(map(str, v)) for k, v in (inputs.get("header") or {}).items()},
        )


@dataclass(frozen=True)
class Origin:
    """One endpoint of a pool; a port of 0 is the protocol's own."""

    name: str
    address: str
    port: int = 0
    weight: float = 1.0
    enabled: bool = True
    host: str = ""

    @classmethod
    def read(cls, inputs: Mapping[str, Any]) -> Origin:
        """Return the origin of stored inputs."""
        hosts = (inputs.get("header") or {}).get("hosts") or ()
        return cls(
            name=str(inputs.get("name") or inputs.get("address") or ""),
            address=str(inputs.get("address") or ""),
            port=int(inputs.get("port") or 0),
            weight=float(_or(inputs.get("weight"), 1)),
            enabled=inputs.get("enabled") is not False,
            host=str(hosts[0]) if hosts else "",
        )


@dataclass(frozen=True)
class Shedding:
    """Which percentage of a pool's traffic goes elsewhere."""

    default_percent: float = 0.0
    default_policy: str = "random"
    session_percent: float = 0.0


@dataclass(frozen=True)
class Pool:
    """Origins that share a monitor."""

    id: str
    name: str
    origins: tuple[Origin, ...]
    monitor: str | None = None
    minimum_origins: int = 1
    enabled: bool = True
    origin_steering: str = "random"
    latitude: float | None = None
    longitude: float | None = None
    shedding: Shedding = Shedding()

    @classmethod
    def read(cls, identifier: str, inputs: Mapping[str, Any]) -> Pool:
        """Return the pool of stored inputs."""
        shedding = inputs.get("loadShedding") or {}
        return cls(
            id=identifier,
            name=str(inputs.get("name") or identifier),
            origins=tuple(Origin.read(each) for each in inputs.get("origins") or ()),
            monitor=inputs.get("monitor") or None,
            minimum_origins=max(1, int(_or(inputs.get("minimumOrigins"), 1))),
            enabled=inputs.get("enabled") is not False,
            origin_steering=str((inputs.get("originSteering") or {}).get("policy") or "random"),
            latitude=inputs.get("latitude"),
            longitude=inputs.get("longitude"),
            shedding=Shedding(
                float(shedding.get("defaultPercent") or 0),
                str(shedding.get("defaultPolicy") or "random"),
                float(shedding.get("sessionPercent") or 0),
            ),
        )


@dataclass(frozen=True)
class Affinity:
    """How a visitor stays at one origin; durations in seconds."""

    kind: str = "none"
    ttl: float = _COOKIE_SECONDS
    drain: float = 0.0
    failover: str = "none"
    samesite: str = "Lax"
    secure: bool = True
    headers: tuple[str, ...] = ()
    require_all: bool = False

    @classmethod
    def read(cls, inputs: Mapping[str, Any]) -> Affinity:
        """Return the session affinity of a load balancer's stored inputs."""
        kind = str(inputs.get("sessionAffinity") or "none")
        given = inputs.get("sessionAffinityAttributes") or {}
        samesite = str(given.get("samesite") or "Auto")
        return cls(
            kind=kind,
            ttl=float(
                inputs.get("sessionAffinityTtl") or (_HEADER_SECONDS if kind == "header" else _COOKIE_SECONDS)
            ),
            drain=float(given.get("drainDuration") or 0),
            failover=str(given.get("zeroDowntimeFailover") or "none"),
            # "Auto" follows Always Use HTTPS; the router only speaks HTTPS.
            samesite="None" if samesite == "Auto" else samesite,
            secure=str(given.get("secure") or "Auto") != "Never",
            headers=tuple(map(str, given.get("headers") or ())),
            require_all=bool(given.get("requireAllHeaders")),
        )


@dataclass(frozen=True)
class LoadBalancer:
    """One host name with the pools that serve it, as ids in failover order."""

    id: str
    hostname: str
    default_pools: tuple[str, ...]
    fallback_pool: str
    policy: str = "off"
    region_pools: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    country_pools: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pop_pools: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    default_weight: float = 1.0
    pool_weights: Mapping[str, float] = field(default_factory=dict)
    affinity: Affinity = Affinity()
    failover_across_pools: bool = False
    proxied: bool = False
    enabled: bool = True
    ttl: float = _DNS_SECONDS

    @classmethod
    def read(cls, identifier: str, inputs: Mapping[str, Any]) -> LoadBalancer:
        """Return the load balancer of stored inputs."""
        geo = [_lists(inputs.get(name)) for name in ("regionPools", "countryPools", "popPools")]
        # "" maps to geo when region, country or pop pools are given, else to off (SDK, steering_policy).
        policy = str(inputs.get("steeringPolicy") or ("geo" if any(geo) else "off"))
        weights = inputs.get("randomSteering") or {}
        return cls(
            id=identifier,
            hostname=str(inputs.get("name") or "").lower(),
            default_pools=tuple(map(str, inputs.get("defaultPools") or ())),
            fallback_pool=str(inputs.get("fallbackPool") or ""),
            policy=policy,
            region_pools=geo[0],
            country_pools=geo[1],
            pop_pools=geo[2],
            default_weight=float(_or(weights.get("defaultWeight"), 1)),
            pool_weights={str(k): float(v) for k, v in (weights.get("poolWeights") or {}).items()},
            affinity=Affinity.read(inputs),
            failover_across_pools=bool((inputs.get("adaptiveRouting") or {}).get("failoverAcrossPools")),
            proxied=bool(inputs.get("proxied")),
            enabled=inputs.get("enabled") is not False,
            ttl=float(inputs.get("ttl") or _DNS_SECONDS),
        )

    def weight(self, pool: str) -> float:
        """Return a pool's weight relative to the others."""
        return self.pool_weights.get(pool, self.default_weight)

    def all_pools(self) -> frozenset[str]:
        """Return every pool that this load balancer may use."""
        maps = (self.region_pools, self.country_pools, self.pop_pools)
        listed = [pool for each in maps for pools in each.values() for pool in pools]
        return frozenset((*self.default_pools, self.fallback_pool, *listed))


@dataclass(frozen=True)
class Resources:
    """All that a router follows; load balancers by host name, the rest by id."""

    balancers: Mapping[str, LoadBalancer] = field(default_factory=dict)
    pools: Mapping[str, Pool] = field(default_factory=dict)
    monitors: Mapping[str, Monitor] = field(default_factory=dict)

    @classmethod
    def read(cls, given: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Resources:
        """Return the resources of `{"balancers": {id: inputs}, "pools": ..., "monitors": ...}`."""
        balancers = [LoadBalancer.read(i, inputs) for i, inputs in given.get("balancers", {}).items()]
        return cls(
            {each.hostname: each for each in balancers},
            {i: Pool.read(i, inputs) for i, inputs in given.get("pools", {}).items()},
            {i: Monitor.read(i, inputs) for i, inputs in given.get("monitors", {}).items()},
        )


def _or(value: Any, default: Any) -> Any:
    return default if value is None else value


def _lists(value: Any) -> dict[str, tuple[str, ...]]:
    return {str(key).upper(): tuple(map(str, pools)) for key, pools in (value or {}).items()}
