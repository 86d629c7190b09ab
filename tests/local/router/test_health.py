"""When an origin counts as healthy; each rule names Cloudflare's page or the SDK's text."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meridian.local.router.health import HealthView, OriginHealth, Result
from meridian.local.router.probe import expected, retried
from meridian.local.router.resources import Monitor

from .world import pool, world

UP, DOWN = Result(True, seconds=0.01), Result(False, "HTTP 503")


def after(monitor: Monitor, *results: Result) -> OriginHealth:
    health = OriginHealth()
    for now, result in enumerate(results, 1):
        health = health.observe(monitor, result, float(now))
    return health


def monitor(**inputs: Any) -> Monitor:
    return Monitor.read("m", {"type": "http", **inputs})


def test_an_origin_is_unknown_until_the_first_check_and_that_one_decides() -> None:
    # monitors/create-monitor: "unknown until the results of the first check are available".
    patient = monitor(consecutiveUp=3, consecutiveDown=3)
    assert OriginHealth().state == "unknown"
    assert after(patient, UP).state == "healthy"
    assert after(patient, DOWN).state == "unhealthy"


def test_only_consecutive_failures_make_it_unhealthy() -> None:
    # understand-basics/health-details: consecutive_down.
    two = monitor(consecutiveDown=2)
    assert after(two, UP, DOWN).state == "healthy"
    assert after(two, UP, DOWN, UP, DOWN).state == "healthy"
    found = after(two, UP, DOWN, DOWN)
    assert (found.state, found.since, found.checked, found.reason) == ("unhealthy", 3.0, 3.0, "HTTP 503")


def test_only_consecutive_passes_make_it_healthy_again() -> None:
    # understand-basics/health-details: consecutive_up.
    two = monitor(consecutiveUp=2)
    assert after(two, DOWN, UP).state == "unhealthy"
    assert after(two, DOWN, UP, DOWN, UP).state == "unhealthy"
    assert after(two, DOWN, UP, UP).state == "healthy"


@given(st.integers(1, 5), st.integers(1, 5), st.lists(st.booleans(), min_size=1, max_size=60))
def test_a_change_needs_exactly_as_many_results_in_a_row_as_the_monitor_says(
    up: int, down: int, passes: list[bool]
) -> None:
    watched, health = monitor(consecutiveUp=up, consecutiveDown=down), OriginHealth()
    for now, passed in enumerate(passes):
        before = health
        health = health.observe(watched, UP if passed else DOWN, float(now))
        if before.state in ("unknown", health.state):
            continue
        needed = up if health.state == "healthy" else down
        assert passes[now - needed + 1 : now + 1] == [health.state == "healthy"] * needed
        assert health.since == now


@pytest.mark.parametrize(
    ("down", "unknown", "state"),
    [
        ((), (), "healthy"),
        (("a1",), (), "degraded"),
        (("a1", "a2"), (), "critical"),
        ((), ("a1", "a2", "a3"), "unknown"),
        (("a1",), ("a2",), "critical"),
    ],
)
def test_a_pool_is_called_as_the_dashboard_calls_it(
    down: tuple[str, ...], unknown: tuple[str, ...], state: str
) -> None:
    # understand-basics/health-details#how-a-pool-becomes-unhealthy, Health Threshold 2 of 3.
    three = pool("a", 3, minimumOrigins=2)
    assert world([three], down, unknown).health.state(three) == state
    assert HealthView({}).state(pool("b", enabled=False)) == "disabled"


@pytest.mark.parametrize(
    ("codes", "status", "passes"),
    [
        ("200", 200, True),
        ("200", 204, False),
        ("2xx", 204, True),
        ("2xx", 301, False),
        ("200-299", 250, True),
        ("200,301", 301, True),
        ("2xx, 404", 404, True),
        ("", 200, False),
    ],
)
def test_expected_codes_are_a_code_a_class_a_range_or_a_list(codes: str, status: int, passes: bool) -> None:
    assert expected(codes, status) is passes


@pytest.mark.parametrize(("retries", "asked"), [(0, 1), (2, 3)])
def test_only_a_timeout_is_tried_again_and_at_once(retries: int, asked: int) -> None:
    # SDK 6.23, retries: "in case of a timeout ... attempted immediately".
    calls: list[str] = []

    async def hangs() -> Result:
        calls.append("hangs")
        await asyncio.sleep(60)
        return UP

    async def refuses() -> Result:
        calls.append("refuses")
        return DOWN

    watched = monitor(retries=retries, timeout=1)
    found = asyncio.run(retried(watched, hangs, scale=0.01))
    assert (found.passed, calls) == (False, ["hangs"] * asked)
    assert f"{asked} times" in found.reason
    calls.clear()
    assert asyncio.run(retried(watched, refuses)) == DOWN
    assert calls == ["refuses"]
