"""Cases of Cloudflare's documentation; each names the page of developers.cloudflare.com/load-balancing that it comes from."""

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from meridian.local.router import steering
from meridian.local.router.resources import LoadBalancer, Pool
from meridian.local.router.steering import World
from meridian.local.router.visitor import Visitor

from .world import balancer, draws, pool, world

STEERING = "understand-basics/traffic-steering/steering-policies"
HEALTH = "understand-basics/health-details"
GEO: dict[str, Any] = {
    "steeringPolicy": "geo",
    "regionPools": {"WEU": ["b", "c"], "ENAM": ["c"]},
    "countryPools": {"DE": ["d"], "FR": ["e", "d"]},
    "popPools": {"FRA": ["e"]},
}
NOBODY = Visitor()
POOLS = [pool(name) for name in "abcdez"]


@dataclass(frozen=True)
class Case:
    """Where a visitor is sent: the pool's name, None for error 530."""

    source: str
    rule: str
    lb: LoadBalancer
    pools: list[Pool]
    expected: str | None
    visitor: Visitor = NOBODY
    down: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    draw: tuple[float, ...] = (0.0,)
    rest: dict[str, Any] = field(default_factory=dict)


CASES = [
    Case(f"{STEERING}/standard-options", "off: the first pool while it is healthy", balancer("ab"), POOLS, "a"),
    Case(f"{STEERING}/standard-options", "off: the next healthy pool", balancer("ab"), POOLS, "b", down=("a",)),
    Case(f"{STEERING}/standard-options", "off: all unhealthy go to the fallback", balancer("ab"), POOLS, "z", down=("a", "b")),
    Case(HEALTH + "#fallback-pools", "the fallback's health does not count", balancer("ab"), POOLS, "z", down=("a", "b", "z")),
    Case(HEALTH + "#traffic-distribution", "off: an unhealthy standby changes nothing", balancer("ab"), POOLS, "a", down=("b",)),
    Case(
        f"{STEERING}/standard-options", "without monitors the first pool gets all",
        balancer("ab"), [pool("a", monitor=None), pool("b", monitor=None), pool("z", monitor=None)], "a", down=("a",),
    ),
    Case(HEALTH + " (note 2)", "an unknown origin counts as down", balancer("ab"), POOLS, "b", unknown=("a",)),
    Case(
        HEALTH + "#how-a-load-balancer-becomes-unhealthy", "the fallback pool is disabled: 530, error 1016",
        balancer("a"), [pool("a"), pool("z", enabled=False)], None, down=("a",),
    ),
    Case("pools (enabled)", "a disabled pool is passed over", balancer("ab"), [pool("a", enabled=False), pool("b")], "b"),
    Case(f"{STEERING}/geo-steering#pop-steering", "a data centre goes before its country", balancer("a", **GEO), POOLS, "e", Visitor("WEU", "DE", "FRA")),
    Case(f"{STEERING}/geo-steering#country-steering", "a country goes before its region", balancer("a", **GEO), POOLS, "d", Visitor("WEU", "DE", "MUC")),
    Case(f"{STEERING}/geo-steering#country-steering", "an unlisted country takes its region", balancer("a", **GEO), POOLS, "b", Visitor("WEU", "ES")),
    Case(f"{STEERING}/geo-steering#region-steering", "an unlisted region takes the default pools", balancer("a", **GEO), POOLS, "a", Visitor("SEAS", "SG")),
    Case(f"{STEERING}/geo-steering#failover-behavior", "several pools of a region: in order", balancer("a", **GEO), POOLS, "c", Visitor("WEU"), ("b",)),
    Case(f"{STEERING}/geo-steering#failover-behavior", "the only pool of a region is down: the fallback, not the default pools", balancer("a", **GEO), POOLS, "z", Visitor("ENAM"), ("c",)),
    Case(f"{STEERING}/geo-steering#failover-behavior", "a country's pools are down: the fallback, not the region's", balancer("a", **GEO), POOLS, "z", Visitor("WEU", "DE"), ("d",)),
    Case("SDK 6.23, steering_policy", "an empty policy with region pools means geo", balancer("a", regionPools={"WEU": ["b"]}), POOLS, "b", Visitor("WEU")),
    Case("SDK 6.23, steering_policy", "off ignores region pools", balancer("a", steeringPolicy="off", regionPools={"WEU": ["b"]}), POOLS, "a", Visitor("WEU")),
    Case(f"{STEERING}/standard-options#random-steering", "random: by chance, low", balancer("ab", steeringPolicy="random"), POOLS, "a", draw=(0.49,)),
    Case(f"{STEERING}/standard-options#random-steering", "random: by chance, high", balancer("ab", steeringPolicy="random"), POOLS, "b", draw=(0.51,)),
    Case(f"{STEERING}/standard-options#random-steering", "random: healthy pools only", balancer("ab", steeringPolicy="random"), POOLS, "b", down=("a",)),
    Case(
        "SDK 6.23, random_steering", "random: weights",
        balancer("ab", steeringPolicy="random", randomSteering={"defaultWeight": 1, "poolWeights": {"a": 0.2}}), POOLS, "b", draw=(0.2,),
    ),
    Case(
        f"{STEERING}/dynamic-steering", "dynamic: the lowest round trip",
        balancer("abc", steeringPolicy="dynamic_latency"), POOLS, "b", rest={"rtt": {"a1": 0.09, "b1": 0.01, "c1": 0.05}},
    ),
    Case(
        f"{STEERING}/dynamic-steering", "dynamic: no data of a pool, failover order",
        balancer("abc", steeringPolicy="dynamic_latency"), POOLS, "a", rest={"rtt": {"b1": 0.01, "c1": 0.05}},
    ),
    Case(
        f"{STEERING}/proximity-steering", "proximity: the closest data centre",
        balancer("ab", steeringPolicy="proximity"),
        [pool("a", latitude=41.9, longitude=-93.0), pool("b", latitude=50.5, longitude=3.8)], "b", Visitor("WEU"),
    ),
    Case(
        f"{STEERING}/least-outstanding-requests", "least outstanding: pending requests weigh less (1/2 to 1/10)",
        balancer("ab", steeringPolicy="least_outstanding_requests"), POOLS, "b", draw=(0.2,), rest={"pending": {("a", "a1"): 9, ("b", "b1"): 1}},
    ),
    Case(
        f"{STEERING}/least-outstanding-requests", "least outstanding: without pending requests only the weights count",
        balancer("ab", steeringPolicy="least_outstanding_requests"), POOLS, "a", draw=(0.2,),
    ),
    Case("SDK 6.23, minimum_origins", "below the threshold a pool is critical", balancer("ab"), [pool("a", 3, minimumOrigins=2), pool("b")], "b", down=("a1", "a2")),
    Case("SDK 6.23, minimum_origins", "at the threshold it is degraded and serves", balancer("ab"), [pool("a", 3, minimumOrigins=2), pool("b")], "a", down=("a1",)),
    Case("additional-options/load-shedding", "a shed request goes to the next pool", balancer("ab"), [pool("a", loadShedding={"defaultPercent": 30}), pool("b")], "b", draw=(0.29,)),
    Case("additional-options/load-shedding", "the others stay", balancer("ab"), [pool("a", loadShedding={"defaultPercent": 30}), pool("b")], "a", draw=(0.31,)),
    Case(
        "additional-options/load-shedding#fallback-pools", "all pools shed: some traffic reaches the fallback",
        balancer("a"), [pool("a", loadShedding={"defaultPercent": 30}), pool("z")], "z", draw=(0.1,),
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.source}: {case.rule}")
def test_a_visitor_is_sent_where_the_documentation_says(case: Case) -> None:
    seen = world(case.pools, case.down, case.unknown, **case.rest)
    choice = steering.choose(case.lb, case.visitor, seen, draws(*case.draw))
    assert (choice.pool.name if choice else None) == case.expected


def shares(lb: LoadBalancer, seen: World, count: int = 20_000) -> dict[str, float]:
    draw, found = random.Random(7).random, Counter[str]()
    for number in range(count):
        choice = steering.choose(lb, Visitor(ip=f"10.0.{number >> 8 & 255}.{number & 255}"), seen, draw)
        assert choice is not None
        found[choice.origin.name] += 1
    return {name: number / count for name, number in sorted(found.items())}


WEIGHTED = [{"name": n, "address": f"{n}.example.com", "weight": w} for n, w in (("A", 0.25), ("B", 0.25), ("C", 0.5))]  # fmt: skip


def test_origins_share_by_weight_as_in_the_documented_example() -> None:
    # The page traffic-steering/origin-level-steering says 25 %, 25 %, 50 %.
    found = shares(balancer("a"), world([pool("a", WEIGHTED)]))
    assert found == pytest.approx({"A": 0.25, "B": 0.25, "C": 0.5}, abs=0.02)


def test_the_others_share_what_an_unhealthy_origin_leaves_as_in_the_documented_example() -> None:
    # The same page: with C unhealthy A and B get 50 % each.
    found = shares(balancer("a"), world([pool("a", WEIGHTED)], down=("C",)))
    assert found == pytest.approx({"A": 0.5, "B": 0.5}, abs=0.02)


def test_hash_steering_keeps_an_address_and_shares_roughly_by_weight() -> None:
    # origin-level-steering/hash-origin-steering: the same address hits the same endpoint.
    seen = world([pool("a", WEIGHTED, originSteering={"policy": "hash"})])
    lb, visitor = balancer("a"), Visitor(ip="192.0.2.7")
    found = {steering.choose(lb, visitor, seen, random.Random(n).random).origin.name for n in range(50)}  # type: ignore[union-attr]
    assert len(found) == 1
    assert shares(lb, seen) == pytest.approx({"A": 0.25, "B": 0.25, "C": 0.5}, abs=0.03)


def test_an_origin_of_weight_zero_gets_nothing() -> None:
    # The page origin-level-steering says "should not receive any traffic".
    origins = [{"name": "A", "address": "a", "weight": 0}, {"name": "B", "address": "b"}]
    assert shares(balancer("a"), world([pool("a", origins)]), 500) == {"B": 1.0}


def test_least_outstanding_requests_inside_a_pool_prefers_the_idle_origin() -> None:
    # origin-level-steering/least-outstanding-requests-pools: 1/10 against 1.
    seen = world(
        [pool("a", 2, originSteering={"policy": "least_outstanding_requests"})], pending={("a", "a1"): 9}
    )
    assert shares(balancer("a"), seen)["a2"] == pytest.approx(10 / 11, abs=0.02)


def fails_over(lb: LoadBalancer, seen: World, visitor: Visitor = NOBODY) -> str | None:
    first = steering.choose(lb, visitor, seen, draws(0.0))
    assert first is not None
    again = steering.again(lb, visitor, seen, draws(0.0), first)
    return again.origin.name if again else None


ACROSS: dict[str, Any] = {"adaptiveRouting": {"failoverAcrossPools": True}}


def test_a_failed_request_goes_to_another_healthy_origin_of_its_pool() -> None:
    # understand-basics/adaptive-routing.
    assert fails_over(balancer("ab"), world([pool("a", 2), pool("b")])) == "a2"


def test_without_failover_across_pools_a_lonely_origin_has_no_second_try() -> None:
    # understand-basics/adaptive-routing: only if there is another healthy endpoint in the pool.
    assert fails_over(balancer("ab"), world([pool("a"), pool("b")])) is None
    assert fails_over(balancer("ab"), world([pool("a", 2), pool("b")], down=("a2",))) is None


def test_failover_across_pools_takes_the_next_healthy_pool() -> None:
    # understand-basics/adaptive-routing#failover-across-pools.
    assert fails_over(balancer("abc", **ACROSS), world([pool(n) for n in "abc"], down=("b",))) == "c1"


def test_failover_across_pools_stays_in_the_visitors_list_and_then_takes_the_fallback() -> None:
    # understand-basics/adaptive-routing, "Geo-steering limitation".
    lb = balancer("a", steeringPolicy="geo", regionPools={"WEU": ["b"]}, **ACROSS)
    assert fails_over(lb, world([pool(n) for n in "abz"]), Visitor("WEU")) == "z1"
