"""Which pool and origin serve a visitor: pure functions, chance comes in as `draw`.

Sources: Cloudflare docs, load-balancing (2026-07), named by page where a rule is applied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from meridian.local.router.health import HealthView
from meridian.local.router.resources import LoadBalancer, Origin, Pool
from meridian.local.router.visitor import Visitor, kilometres

Draw = Callable[[], float]
"""Returns a number of [0, 1)."""
Target = tuple[str, str]
"""A pool's id and an origin's name."""


@dataclass(frozen=True)
class Choice:
    """Where a request goes and why."""

    pool: Pool
    origin: Origin
    reason: str

    @property
    def target(self) -> Target:
        """The pool's id and the origin's name."""
        return self.pool.id, self.origin.name


@dataclass(frozen=True)
class World:
    """All that steering looks at besides the load balancer and the visitor."""

    pools: Mapping[str, Pool]
    health: HealthView
    pending: Mapping[Target, int] = field(default_factory=dict)
    """Requests in flight to each origin."""
    draining: frozenset[Target] = frozenset()
    """Disabled origins that still serve the sessions that they have (planned-maintenance, "Gradual rotation")."""

    def outstanding(self, pool: str) -> int:
        """Return the requests in flight to a pool."""
        return sum(count for (owner, _), count in self.pending.items() if owner == pool)


def listed(balancer: LoadBalancer, visitor: Visitor) -> tuple[tuple[str, ...], str]:
    """Return the pools for a visitor in failover order, and where they are listed.

    Geo steering looks for the data centre, then the country, then the region, then takes the default pools (geo-steering);
    every other policy uses the default pools (SDK, `steering_policy`). For what is not proxied the country comes from the
    resolver or the client's subnet (`location_strategy`); here both are the visitor's.
    """
    if balancer.policy == "geo":
        for kind, key, pools in (
            ("pop", visitor.pop, balancer.pop_pools),
            ("country", visitor.country, balancer.country_pools),
            ("region", visitor.region, balancer.region_pools),
        ):
            if key and key in pools:
                return pools[key], f"{kind} {key}"
    return balancer.default_pools, "default"


def choose(
    balancer: LoadBalancer,
    visitor: Visitor,
    world: World,
    draw: Draw,
    tried: Sequence[Target] = (),
) -> Choice | None:
    """Return where a new session goes; None when nothing is left (530, error 1016).

    Healthy pools in the policy's order, then the fallback pool whatever its health (fallback-pools). With `tried`, the
    targets that failed just now, it is a zero-downtime failover: see `again`.
    """
    for pool, place in ordered(balancer, visitor, world, draw):
        if _sheds(pool, visitor, draw):
            continue
        origin = _origin(pool, world, visitor, draw, tried)
        if origin is not None:
            return Choice(pool, origin, f"{balancer.policy}: {place}")
    return _fallback(balancer, visitor, world, draw, tried)


def again(
    balancer: LoadBalancer, visitor: Visitor, world: World, draw: Draw, failed: Choice
) -> Choice | None:
    """Return where a request goes whose origin did not answer; None when it must not be tried again.

    Another healthy origin of the same pool; with `failover_across_pools` also of other pools, in the same list only
    (adaptive-routing, "Geo-steering limitation"), and at last the fallback pool.
    """
    tried = (failed.target,)
    origin = _origin(failed.pool, world, visitor, draw, tried) if world.health.healthy(failed.pool) else None
    if origin is not None:
        return Choice(failed.pool, origin, "zero-downtime failover in the pool")
    if not balancer.failover_across_pools:
        return None
    for pool, _ in ordered(balancer, visitor, world, draw):
        origin = None if pool.id == failed.pool.id else _origin(pool, world, visitor, draw, tried)
        if origin is not None:
            return Choice(pool, origin, "zero-downtime failover across pools")
    found = _fallback(balancer, visitor, world, draw, tried)
    return Choice(found.pool, found.origin, "zero-downtime failover to the fallback pool") if found else None


def pinned(balancer: LoadBalancer, visitor: Visitor, world: World, target: Target) -> Choice | None:
    """Return the origin of a session while it may serve it, else None (session-affinity).

    It must be healthy, its pool in use by this load balancer; a pool that sheds sessions gives up a part of them by address.
    """
    pool = world.pools.get(target[0])
    if pool is None or pool.id not in balancer.all_pools():
        return None
    if target not in world.draining and not world.health.healthy(pool):
        return None
    origin = next((each for each in pool.origins if each.name == target[1]), None)
    if origin is None or not (world.health.usable(pool, origin) or target in world.draining):
        return None
    if _hashed(visitor.ip, pool.id) * 100 < pool.shedding.session_percent:
        return None
    return Choice(pool, origin, f"session affinity: {balancer.affinity.kind}")


def ordered(balancer: LoadBalancer, visitor: Visitor, world: World, draw: Draw) -> Iterator[tuple[Pool, str]]:
    """Yield the healthy pools in the order of the steering policy, with the list that they come from."""
    names, place = listed(balancer, visitor)
    pools = [pool for name in names if (pool := world.pools.get(name)) and world.health.healthy(pool)]
    match balancer.policy:
        case "random":
            pools = _shuffled(pools, [balancer.weight(pool.id) for pool in pools], draw)
        case "least_outstanding_requests" | "least_connections":
            # "Pools with more pending requests are weighted proportionately less" (least-outstanding-requests).
            weights = [balancer.weight(pool.id) / (1 + world.outstanding(pool.id)) for pool in pools]
            pools = _shuffled(pools, weights, draw)
        case "dynamic_latency":
            # Without round-trip data of a pool, failover order (dynamic-steering): sorting is stable.
            rtts = {pool.id: world.health.rtt(pool) for pool in pools}
            if all(rtt is not None for rtt in rtts.values()):
                pools = sorted(pools, key=lambda pool: rtts[pool.id] or 0.0)
        case "proximity":
            pools = sorted(pools, key=lambda pool: _distance(visitor, pool))
        case _:
            pass
    for pool in pools:
        yield pool, place


def _fallback(
    balancer: LoadBalancer, visitor: Visitor, world: World, draw: Draw, tried: Sequence[Target]
) -> Choice | None:
    pool = world.pools.get(balancer.fallback_pool)
    if pool is None or not pool.enabled:
        return None
    # The pool's health does not count; inside it an origin that is known to be up goes before one that is not.
    origin = _origin(pool, world, visitor, draw, tried)
    if origin is None:
        enabled = [each for each in pool.origins if each.enabled and (pool.id, each.name) not in tried]
        origin = _weighted(enabled, [each.weight for each in enabled], draw)
    return Choice(pool, origin, "fallback pool: no healthy pool is left") if origin else None


def _origin(pool: Pool, world: World, visitor: Visitor, draw: Draw, tried: Sequence[Target]) -> Origin | None:
    """Return an origin of a pool by its endpoint steering (origin-level-steering); None when none may be used."""
    origins = [
        each for each in pool.origins if world.health.usable(pool, each) and (pool.id, each.name) not in tried
    ]
    weights = [each.weight for each in origins]
    match pool.origin_steering:
        case "hash":
            return _weighted(origins, weights, lambda: _hashed(visitor.ip, pool.id))
        case "least_outstanding_requests" | "least_connections":
            pending = [world.pending.get((pool.id, each.name), 0) for each in origins]
            weights = [weight / (1 + count) for weight, count in zip(weights, pending, strict=True)]
    return _weighted(origins, weights, draw)


def _weighted(origins: list[Origin], weights: list[float], draw: Draw) -> Origin | None:
    """Return one by weight; a weight of 0 gets no traffic (origin-steering-weights)."""
    total = sum(weights)
    if total <= 0:
        return None
    left = draw() * total
    for origin, weight in zip(origins, weights, strict=True):
        left -= weight
        if weight > 0 and left < 0:
            return origin
    return next(each for each, weight in reversed(list(zip(origins, weights, strict=True))) if weight > 0)


def _shuffled(pools: list[Pool], weights: list[float], draw: Draw) -> list[Pool]:
    """Return the pools in random order by weight, without those of weight 0."""
    left = [(pool, weight) for pool, weight in zip(pools, weights, strict=True) if weight > 0]
    order = []
    while left:
        point = draw() * sum(weight for _, weight in left)
        index = 0
        while index < len(left) - 1 and point >= left[index][1]:
            point -= left[index][1]
            index += 1
        order.append(left.pop(index)[0])
    return order


def _sheds(pool: Pool, visitor: Visitor, draw: Draw) -> bool:
    percent = pool.shedding.default_percent
    if percent <= 0:
        return False
    point = _hashed(visitor.ip, pool.id) if pool.shedding.default_policy == "hash" else draw()
    return point * 100 < percent


def _hashed(ip: str, salt: str) -> float:
    """Return an address's own number of [0, 1)."""
    return int.from_bytes(sha256(f"{salt}|{ip}".encode()).digest()[:7]) / 2**56


def _distance(visitor: Visitor, pool: Pool) -> float:
    if visitor.place is None or pool.latitude is None or pool.longitude is None:
        # Without coordinates a pool comes last, in failover order.
        return float("inf")
    return kilometres(visitor.place, (pool.latitude, pool.longitude))
