"""What holds for every load balancer, every health and every visitor."""

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from meridian.local.router import steering
from meridian.local.router.resources import REGIONS, LoadBalancer
from meridian.local.router.steering import World
from meridian.local.router.visitor import Visitor

from .world import balancer, pool, world

NAMES = "abcdef"
EU = frozenset("ab")
policies = st.sampled_from(
    [
        "off",
        "geo",
        "random",
        "dynamic_latency",
        "proximity",
        "least_outstanding_requests",
        "least_connections",
    ]
)
visitors = st.builds(
    Visitor,
    region=st.sampled_from(["", *REGIONS]),
    country=st.sampled_from(["", "DE", "US", "SG"]),
    ip=st.ip_addresses(v=4).map(str),
)
lists = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True)


@st.composite
def balancers(draw: Any, names: str = NAMES) -> LoadBalancer:
    some = st.lists(st.sampled_from(names), min_size=1, max_size=4, unique=True)
    return balancer(
        "".join(draw(some)),
        draw(st.sampled_from(names)),
        steeringPolicy=draw(policies),
        regionPools=draw(st.dictionaries(st.sampled_from(REGIONS), some, max_size=3)),
        countryPools=draw(st.dictionaries(st.sampled_from(["DE", "US"]), some, max_size=2)),
        randomSteering={"poolWeights": draw(st.dictionaries(st.sampled_from(names), st.floats(0.01, 1)))},
        adaptiveRouting={"failoverAcrossPools": draw(st.booleans())},
    )


@st.composite
def worlds(draw: Any) -> World:
    pools = [
        pool(name, draw(st.integers(1, 3)), minimumOrigins=draw(st.integers(1, 2)), latitude=10.0 * n, longitude=5.0 * n)
        for n, name in enumerate(NAMES)
    ]  # fmt: skip
    origins = [origin.name for each in pools for origin in each.origins]
    down = draw(st.sets(st.sampled_from(origins)))
    return world(pools, down, rtt=draw(st.dictionaries(st.sampled_from(origins), st.floats(0.001, 1))))


@given(balancers(), worlds(), visitors, st.integers())
def test_nobody_is_sent_to_an_unhealthy_pool_while_a_healthy_one_is_listed(
    lb: LoadBalancer, seen: World, visitor: Visitor, seed: int
) -> None:
    names, _ = steering.listed(lb, visitor)
    healthy = {name for name in names if seen.health.healthy(seen.pools[name])}
    choice = steering.choose(lb, visitor, seen, random.Random(seed).random)
    assert choice is not None
    if healthy:
        assert choice.pool.id in healthy
        assert seen.health.usable(choice.pool, choice.origin)
    else:
        assert choice.pool.id == lb.fallback_pool


@given(balancers("ab"), worlds(), visitors, st.integers())
def test_lists_of_the_eu_never_leave_the_eu(
    lb: LoadBalancer, seen: World, visitor: Visitor, seed: int
) -> None:
    draw = random.Random(seed).random
    choice = steering.choose(lb, visitor, seen, draw)
    assert choice is not None
    assert choice.pool.name in EU
    again = steering.again(lb, visitor, seen, draw, choice)
    assert again is None or again.pool.name in EU
    for foreign in "cdef":
        assert steering.pinned(lb, visitor, seen, (foreign, f"{foreign}1")) is None


@given(balancers(), worlds(), visitors, st.integers())
def test_the_same_chance_makes_the_same_choice(
    lb: LoadBalancer, seen: World, visitor: Visitor, seed: int
) -> None:
    one, other = (steering.choose(lb, visitor, seen, random.Random(seed).random) for _ in range(2))
    assert one == other


@given(balancers(), worlds(), visitors, st.integers())
def test_a_second_try_never_goes_where_the_first_failed(
    lb: LoadBalancer, seen: World, visitor: Visitor, seed: int
) -> None:
    draw = random.Random(seed).random
    choice = steering.choose(lb, visitor, seen, draw)
    assert choice is not None
    again = steering.again(lb, visitor, seen, draw, choice)
    assert again is None or again.target != choice.target
    if again is not None and not lb.failover_across_pools:
        assert again.pool == choice.pool


@given(balancers(), worlds(), visitors)
def test_a_session_stays_exactly_while_its_origin_and_its_pool_are_healthy(
    lb: LoadBalancer, seen: World, visitor: Visitor
) -> None:
    for each in seen.pools.values():
        for origin in each.origins:
            kept = steering.pinned(lb, visitor, seen, (each.id, origin.name))
            wanted = (
                each.id in lb.all_pools() and seen.health.healthy(each) and seen.health.usable(each, origin)
            )
            assert (kept is not None) == wanted


@given(st.lists(st.floats(0.05, 1), min_size=2, max_size=5), st.integers())
def test_pools_share_by_weight(weights: list[float], seed: int) -> None:
    names = NAMES[: len(weights)]
    lb = balancer(
        names,
        steeringPolicy="random",
        randomSteering={"poolWeights": dict(zip(names, weights, strict=True))},
    )
    seen, draw, count = world([pool(name) for name in names]), random.Random(seed).random, 1500
    found = [steering.choose(lb, Visitor(), seen, draw) for _ in range(count)]
    for name, weight in zip(names, weights, strict=True):
        share = weight / sum(weights)
        got = sum(choice is not None and choice.pool.name == name for choice in found) / count
        # Six standard deviations: wrong once in a thousand million.
        assert abs(got - share) < 6 * (share * (1 - share) / count) ** 0.5 + 1 / count
