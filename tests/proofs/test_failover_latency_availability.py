"""Failover, latency and availability against figures worked out by hand."""

from __future__ import annotations

import shutil
from math import exp, log
from pathlib import Path

import pytest

from meridian.model import ModelErrors, load_environment
from meridian.model.assumptions import Assumptions, Spread, load_assumptions
from meridian.model.environment import Environment
from meridian.proofs.availability import availability
from meridian.proofs.distribution import quantile, sampled, total
from meridian.proofs.failover import failover
from meridian.proofs.latency import latency
from meridian.proofs.result import Proof, Verdict
from meridian.sql import desired

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def prod() -> Environment:
    return load_environment(ROOT, "prod")


@pytest.fixture(scope="module")
def known(prod: Environment) -> Assumptions:
    return load_assumptions(ROOT, prod)


def with_monitor(environment: Environment, **changes: int) -> Environment:
    monitor = environment.edge.monitor.model_copy(update=changes)
    return environment.model_copy(update={"edge": environment.edge.model_copy(update={"monitor": monitor})})


@pytest.mark.parametrize(
    ("interval", "timeout", "retries", "down", "seconds", "verdict"),
    [
        (10, 5, 1, 2, 35, Verdict.HOLDS),  # enterprise: 20 + 10 + 5
        (15, 5, 1, 2, 45, Verdict.HOLDS),  # business: 30 + 10 + 5
        (60, 5, 2, 1, 80, Verdict.FAILS),  # Cloudflare's defaults: 60 + 15 + 5
    ],
)
def test_the_worst_case_of_a_failover_follows_the_monitor(
    prod: Environment, interval: int, timeout: int, retries: int, down: int, seconds: int, verdict: Verdict
) -> None:
    changed = with_monitor(prod, interval=interval, timeout=timeout, retries=retries, consecutive_down=down)
    for finding in failover(changed).findings:
        assert finding.value.startswith(f"worst {seconds} s")
        assert finding.verdict is verdict
        assert finding.broken is (verdict is Verdict.FAILS)


def test_a_sample_has_the_points_that_it_was_made_from() -> None:
    values = sampled(Spread(p50=10, p95=40), "x")
    assert quantile(values, 0.5) == pytest.approx(10, rel=0.01)
    assert quantile(values, 0.95) == pytest.approx(40, rel=0.01)
    assert sampled(Spread(p50=10, p95=40), "x") == values


def test_the_median_of_a_sum_of_two_equal_log_normals_is_that_of_their_exact_convolution() -> None:
    spread = Spread(p50=10, p95=20)
    summed = quantile(total([sampled(spread, "a"), sampled(spread, "b")], 5), 0.5)
    # By numeric convolution on a grid of 0.01 in the logarithm.
    sigma = log(2) / 1.6448536269514722
    grid = [exp(log(10) + sigma * z / 100) for z in range(-400, 401)]
    weight = [exp(-((z / 100) ** 2) / 2) for z in range(-400, 401)]
    low, high, half = 10.0, 60.0, sum(weight) ** 2 / 2
    for _ in range(30):
        middle = (low + high) / 2
        below = [
            sum(w for g, w in zip(grid[::8], weight[::8], strict=True) if g <= middle - one)
            for one in grid[::8]
        ]
        mass = sum(w * b for w, b in zip(weight[::8], below, strict=True)) * 64
        low, high = (middle, high) if mass < half else (low, middle)
    assert summed == pytest.approx(low + 5, abs=0.3)


def row(proof: Proof, population: str, requests: str) -> dict[str, float]:
    rows = proof.tables["by population, ms"]
    return next(each for each in rows if (each["population"], each["requests"]) == (population, requests))


def test_writes_wait_for_the_nearest_majority_and_reads_do_not(prod: Environment, known: Assumptions) -> None:
    here = latency(prod, desired(prod), known.latency)
    eu = prod.regions["eu"]
    # Two of three voters on AWS: the leaseholder stays on Google, its majority now lies across the sea.
    moved = {**eu.database, "eu-2": eu.database["eu-3"].model_copy(update={"zone": "eu-west-1b"})}
    regions = {**prod.regions, "eu": eu.model_copy(update={"database": moved})}
    there_environment = prod.model_copy(update={"regions": regions})
    there = latency(there_environment, desired(there_environment), known.latency)
    assert (
        row(there, "eu", "write")["to the quorum"] == known.latency.round_trip("europe-west1", "eu-west-1").ms
    )  # type: ignore[union-attr]
    assert row(there, "eu", "write")["p50"] > row(here, "eu", "write")["p50"] + 10
    assert row(there, "eu", "read")["p50"] == row(here, "eu", "read")["p50"]


def test_a_population_that_misses_the_target_is_told_what_would_change_it(
    prod: Environment, known: Assumptions
) -> None:
    findings = {finding.subject: finding for finding in latency(prod, desired(prod), known.latency).findings}
    assert findings["all visitors, reads"].verdict is Verdict.HOLDS
    missed = findings["asia, reads"]
    assert missed.verdict is Verdict.FAILS
    assert "edge to region" in missed.counterexample
    assert "cache" in missed.counterexample


def test_availability_names_the_budget_and_the_worst_contributor(
    prod: Environment, known: Assumptions
) -> None:
    eu = next(f for f in availability(prod, desired(prod), known.availability).findings if "eu" in f.subject)
    # 0.01 % of 30 days is 4.32 minutes; two of three voters share one cloud's region, whose SLA alone is that much.
    assert "of 4.32 minutes" in eu.value
    assert "quorum" in eu.value
    assert eu.verdict is Verdict.FAILS


def test_availability_of_machines_that_never_fail_is_that_of_what_remains(
    prod: Environment, known: Assumptions
) -> None:
    perfect = {
        name: agreement.model_copy(update={"percent": 100.0})
        for name, agreement in known.availability.agreements.items()
    }
    better = known.availability.model_copy(update={"agreements": perfect})
    eu = next(f for f in availability(prod, desired(prod), better).findings if "eu" in f.subject)
    assert eu.value.startswith("99.9970 %")  # 0.002 % of the edge and 0.001 % of releases
    assert eu.verdict is Verdict.HOLDS


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("latency", "[europe-west1, eu-west-1]", "[europe-west1, eu-west-9]", "no round trip between them"),
        ("latency", "share: 0.45", "share: 0.55", "the shares add up to 1"),
        ("latency", "  asia: {share", "  oceania: {share", "region asia of prod has no population"),
        ("latency", "ms: 25,", "ms: -25,", "latency.round_trips[0].ms"),
        ("availability", "percent: 99.95", "percent: 100.5", "less than or equal to 100"),
        ("availability", "target_percent", "target", "there is no such setting here"),
        ("load", "usable: 0.8", "usable: 1.8", "usable"),
    ],
)
def test_a_wrong_assumption_is_refused_at_its_place(
    tmp_path: Path, prod: Environment, file: str, old: str, new: str, said: str
) -> None:
    shutil.copytree(ROOT / "stacks/assumptions", tmp_path / "stacks/assumptions")
    changed = tmp_path / f"stacks/assumptions/{file}.yaml"
    text = changed.read_text()
    assert old in text
    changed.write_text(text.replace(old, new, 1))
    with pytest.raises(ModelErrors) as raised:
        load_assumptions(tmp_path, prod)
    assert said in str(raised.value)
    assert f"stacks/assumptions/{file}.yaml:" in str(raised.value)
