"""Load balancers, pools and health by short descriptions, for tests of steering."""

from collections.abc import Iterable, Mapping
from typing import Any

from meridian.local.router.health import HealthView, OriginHealth
from meridian.local.router.resources import LoadBalancer, Pool
from meridian.local.router.steering import World


def balancer(defaults: str, fallback: str = "z", **inputs: Any) -> LoadBalancer:
    """`balancer("ab")` has the pools a and b, in this order."""
    return LoadBalancer.read(
        "lb", {"name": "app.example.com", "defaultPools": [*defaults], "fallbackPool": fallback, **inputs}
    )


def pool(name: str, origins: Iterable[Mapping[str, Any]] | int = 1, **inputs: Any) -> Pool:
    """A monitored pool; a number makes as many equal origins, named by pool and number."""
    made = (
        [{"name": f"{name}{n}", "address": f"{name}{n}.example.com"} for n in range(1, origins + 1)]
        if isinstance(origins, int)
        else list(origins)
    )
    return Pool.read(name, {"name": name, "origins": made, "monitor": "m", **inputs})


def world(pools: Iterable[Pool], down: Iterable[str] = (), unknown: Iterable[str] = (), **rest: Any) -> World:
    """Everything is healthy but the origins named; a pool's name stands for all its origins."""
    found = {}
    for each in pools:
        for origin in each.origins:
            names = {each.name, origin.name}
            state: Any = (
                "unhealthy" if names & set(down) else "unknown" if names & set(unknown) else "healthy"
            )
            found[each.id, origin.name] = OriginHealth(state=state, rtt=rest.get("rtt", {}).get(origin.name))
    rest.pop("rtt", None)
    return World({each.id: each for each in pools}, HealthView(found), **rest)


def draws(*numbers: float) -> Any:
    """Chance that is none: these numbers over and over."""
    state = {"next": 0}

    def draw() -> float:
        state["next"] += 1
        return numbers[(state["next"] - 1) % len(numbers)]

    return draw
