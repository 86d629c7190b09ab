"""What the load balancing API refuses: monitors, pools and load balancers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from meridian.local.clouds.cloudflare_refusals import invalid, refused, zone_name, zone_plan
from meridian.local.clouds.context import Context

_MONITOR = "cloudflare:index/loadBalancerMonitor:LoadBalancerMonitor"
_POOL = "cloudflare:index/loadBalancerPool:LoadBalancerPool"
_BALANCER = "cloudflare:index/loadBalancer:LoadBalancer"
_ZONE = "cloudflare:index/zone:Zone"
REGIONS = frozenset(
    ("EEU", "ENAM", "ME", "NAF", "NEAS", "NSAM", "OC", "SAF", "SAS", "SEAS", "SSAM", "WEU", "WNAM")
)
_INTERVALS = {"free": 60, "pro": 60, "business": 15, "enterprise": 10}
_TYPES = frozenset({"http", "https", "tcp", "udp_icmp", "icmp_ping", "smtp"})
_POLICIES = frozenset(
    {
        "",
        "off",
        "random",
        "dynamic_latency",
        "proximity",
        "least_outstanding_requests",
        "least_connections",
        "geo",
    }
)
_SESSIONS = {"cookie": (1800, 604_800), "ip_cookie": (1800, 604_800), "header": (30, 3600)}


def monitor(context: Context) -> None:
    """Judge a monitor by its plan's limits; values that are left out have the API's defaults."""
    inputs = context.inputs
    kind = str(inputs.get("type", "http"))
    if kind not in _TYPES:
        raise invalid(f"type {kind} is not supported")
    interval = _within(inputs, "interval", 60, _INTERVALS[zone_plan(context)], 3600)
    timeout = _within(inputs, "timeout", 5, 1, 10)
    _within(inputs, "retries", 2, 0, 5)
    _within(inputs, "consecutiveDown", 0, 0, 10)
    _within(inputs, "consecutiveUp", 0, 0, 10)
    if timeout >= interval:
        raise invalid(f"timeout {timeout} must be less than interval {interval}")
    if kind.startswith("http"):
        if not inputs.get("expectedCodes"):
            raise invalid("expected_codes is required for HTTP and HTTPS monitors")
        if not str(inputs.get("path", "/")).startswith("/"):
            raise invalid("path must begin with /")
    elif not inputs.get("port"):
        raise invalid(f"port is required for {kind} monitors")


def pool(context: Context) -> None:
    """Judge a pool by its origins, its monitor and the account's other pools and zones."""
    inputs = context.inputs
    if not re.fullmatch(r"[A-Za-z0-9_-]+", str(inputs["name"])):
        raise invalid("name may contain alphanumeric characters, hyphens and underscores only")
    if any(
        (other.outputs["name"], other.outputs["accountId"]) == (inputs["name"], inputs["accountId"])
        for other in context.others(_POOL)
    ):
        raise refused("1003", "value not unique")
    if not inputs.get("origins"):
        raise invalid("origins must not be empty")
    if int(inputs.get("minimumOrigins", 1)) > len(inputs["origins"]):
        raise invalid("minimum_origins must not be above the number of origins")
    for code in inputs.get("checkRegions") or ():
        if code not in REGIONS | {"ALL_REGIONS"}:
            raise invalid(f"check_regions: {code} is not a region")
    named = inputs.get("monitor")
    if named and not any(
        other.id == named and other.outputs["accountId"] == inputs["accountId"]
        for other in context.others(_MONITOR)
    ):
        raise invalid(f"monitor {named} does not exist in this account")
    _origins(context)


def _origins(context: Context) -> None:
    zones = [other.outputs["name"] for other in context.others(_ZONE)]
    seen: set[str] = set()
    for origin in context.inputs["origins"]:
        name = str(origin.get("name"))
        if name in seen:
            raise invalid(f"origins: the name {name} is not unique")
        seen.add(name)
        if not origin.get("address"):
            raise invalid(f"origins: {name} has no address")
        if not 0 <= float(origin.get("weight", 1)) <= 1:
            raise invalid(f"origins: weight of {name} must be between 0 and 1")
        for host in (origin.get("header") or {}).get("hosts") or ():
            if not any(host == zone or host.endswith(f".{zone}") for zone in zones):
                raise invalid(f"origins: the host header {host} belongs to no zone of this account")


def balancer(context: Context) -> None:
    """Judge a load balancer by its zone, its pools and its steering."""
    inputs, zone = context.inputs, zone_name(context)
    name = str(inputs["name"])
    if name != zone and not name.endswith(f".{zone}"):
        raise invalid(f"name {name} must be in the zone {zone}")
    if any(other.outputs["name"] == name for other in context.others(_BALANCER)):
        raise refused("1003", f"value not unique: {name} has a load balancer already")
    policy = str(inputs.get("steeringPolicy", ""))
    if policy not in _POLICIES:
        raise invalid(f"steering_policy {policy} is not supported")
    if not inputs["defaultPools"]:
        raise invalid("default_pools must not be empty")
    if inputs.get("popPools") and zone_plan(context) != "enterprise":
        raise invalid("pop_pools are for Enterprise zones")
    if policy == "geo" and inputs.get("rules"):
        raise invalid("rules do not work with geo steering")
    for code in inputs.get("regionPools") or {}:
        if code not in REGIONS:
            raise invalid(f"region_pools: {code} is not a region")
    for code in inputs.get("countryPools") or {}:
        if not re.fullmatch("[A-Z]{2}", code):
            raise invalid(f"country_pools: {code} is not a country")
    known = {other.id for other in context.others(_POOL)}
    for field in ("regionPools", "countryPools", "popPools"):
        for key, listed in (inputs.get(field) or {}).items():
            _exist(known, f"{field}.{key}", listed)
    _exist(known, "default_pools", inputs["defaultPools"])
    _exist(known, "fallback_pool", [inputs["fallbackPool"]])
    _session(inputs)


def _exist(known: set[str], field: str, pools: list[str]) -> None:
    for each in pools:
        if each not in known:
            raise invalid(f"{field}: pool {each} does not exist")
    if not pools:
        raise invalid(f"{field} must not be empty")


def _session(inputs: Mapping[str, Any]) -> None:
    affinity, seconds = str(inputs.get("sessionAffinity", "none")), inputs.get("sessionAffinityTtl")
    if affinity in ("", "none"):
        return
    if affinity not in _SESSIONS:
        raise invalid(f"session_affinity {affinity} is not supported")
    least, most = _SESSIONS[affinity]
    if seconds is not None and not least <= seconds <= most:
        raise invalid(f"session_affinity_ttl is not in range [{least}, {most}]")


def _within(inputs: Mapping[str, Any], field: str, default: int, least: int, most: int) -> int:
    value = int(inputs.get(field, default))
    if not least <= value <= most:
        raise invalid(f"{field} is not in range [{least}, {most}]")
    return value
