"""What is left carries the load, and what a placement buys."""

from __future__ import annotations

from pathlib import Path

import pytest

from meridian.model import load_environment
from meridian.model.assumptions import Assumptions, load_assumptions
from meridian.model.environment import Environment
from meridian.proofs.capacity import capacity
from meridian.proofs.explore import explore
from meridian.proofs.result import Verdict

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def prod() -> Environment:
    return load_environment(ROOT, "prod")


@pytest.fixture(scope="module")
def known(prod: Environment) -> Assumptions:
    return load_assumptions(ROOT, prod)


def test_each_cluster_s_share_of_the_peak_is_worked_out_by_the_failover_order(
    prod: Environment, known: Assumptions
) -> None:
    found = {finding.subject: finding for finding in capacity(prod, known).findings}
    # 30,000/s: 45 % in the US, 35 % in the EU, 20 % in Asia; a cluster of 50 nodes carries 50 x 400 x 0.8 = 16,000/s.
    assert found["nothing"].value == (
        "prod-asia-eks 0/s, prod-asia-gke 6000/s, prod-eu-eks 0/s, prod-eu-gke 10500/s, "
        "prod-us-eks 0/s, prod-us-gke 13500/s"
    )
    assert found["cluster prod-us-gke"].verdict is Verdict.HOLDS
    assert "prod-us-eks 13500/s" in found["cluster prod-us-gke"].value


def test_a_lost_region_overloads_the_one_that_takes_over_and_the_eu_is_served_by_nobody(
    prod: Environment, known: Assumptions
) -> None:
    found = {finding.subject: finding for finding in capacity(prod, known).findings}
    assert "prod-asia-gke would get 19500/s and has room for 16000/s" in found["region us"].counterexample
    assert found["region eu"].counterexample == "nobody serves the visitors of eu"
    assert not found["region eu"].required


def test_too_few_nodes_break_what_is_demanded(prod: Environment, known: Assumptions) -> None:
    heavy = known.model_copy(
        update={"load": known.load.model_copy(update={"peak_requests_per_second": 60_000})}
    )
    assert "nothing" in {finding.subject for finding in capacity(prod, heavy).broken}


def test_no_placement_over_two_clouds_survives_the_loss_of_either(
    prod: Environment, known: Assumptions
) -> None:
    either, _ = explore(prod, "eu", known.latency).findings
    assert either.verdict is Verdict.FAILS
    assert "majority in one of them" in either.counterexample


def test_the_explorer_tells_what_prods_own_placement_buys_and_what_another_would(
    prod: Environment, known: Assumptions
) -> None:
    home, abroad = explore(prod, "eu", known.latency).tables.values()
    own = next(row for row in home if row["placement"] == "eu aws+2 gcp")
    assert (own["any one"], own["regions"], own["clouds"]) == ("zone", "", "aws")
    assert own["write ms"] == known.latency.same_region_ms
    spread = next(row for row in abroad if row["placement"] == "eu gcp, asia gcp, us gcp")
    assert (spread["any one"], spread["regions"], spread["clouds"]) == ("cluster", "asia eu us", "")
    assert spread["write ms"] == 100


@pytest.mark.parametrize("region", ["us", "eu", "asia"])
def test_no_line_of_the_explorer_is_broken_in_80_columns(
    prod: Environment, known: Assumptions, region: str
) -> None:
    for heading, rows in explore(prod, region, known.latency).tables.items():
        widths = {key: max(len(str(row[key])) for row in [*rows, {k: k for k in rows[0]}]) for key in rows[0]}
        assert sum(widths.values()) + 2 * (len(widths) - 1) <= 80
        assert len(heading) <= 80
