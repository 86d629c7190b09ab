"""What the router says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from meridian.local.router.edge import Edge
from meridian.local.router.monitors import Monitors
from meridian.local.router.resolver import UnresolvedError, UnroutableError
from meridian.local.router.resources import LoadBalancer, Origin, Pool
from meridian.local.router.visitor import Visitor


def describe(edge: Edge, monitors: Monitors, populations: Sequence[str]) -> dict[str, Any]:
    """Return load balancers with whom they send where now, pools with their health, and the answers so far."""
    resources = edge.resources
    return {
        "balancers": [_balancer(edge, each, populations) for each in resources.balancers.values()],
        "pools": [
            {
                "id": pool.id,
                "name": pool.name,
                "state": monitors.view.state(pool),
                "minimum_origins": pool.minimum_origins,
                "origins": [_origin(edge, monitors, pool, origin) for origin in pool.origins],
            }
            for pool in resources.pools.values()
        ],
        "served": [
            {"hostname": host, "population": population, "origin": origin, "status": status, "count": count}
            for (host, population, origin, status), count in sorted(edge.served.items())
        ],
    }


def _balancer(edge: Edge, balancer: LoadBalancer, populations: Sequence[str]) -> dict[str, Any]:
    serving: dict[str, Any] = {}
    for name in populations:
        choice = edge.preview(balancer, Visitor("" if name == "ANY" else name))
        serving[name] = choice and {
            "pool": choice.pool.name,
            "origin": choice.origin.name,
            "reason": choice.reason,
        }
    return {
        "hostname": balancer.hostname,
        "policy": balancer.policy,
        "proxied": balancer.proxied,
        "enabled": balancer.enabled,
        "serving": serving,
    }


def _origin(edge: Edge, monitors: Monitors, pool: Pool, origin: Origin) -> dict[str, Any]:
    found = monitors.origins.get((pool.id, origin.name))
    try:
        place = edge.resolver.find(origin)
        where = f"{place.host}:{place.port}"
    except (UnresolvedError, UnroutableError):
        where = ""
    return {
        "name": origin.name,
        "address": origin.address,
        "local": where,
        "enabled": origin.enabled,
        "weight": origin.weight,
        "state": found.state if found else "unmonitored",
        "since": found.since if found else None,
        "checked": found.checked if found else None,
        "reason": found.reason if found else "",
        "rtt": found.rtt if found else None,
    }
