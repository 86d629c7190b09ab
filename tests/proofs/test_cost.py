"""What a plan costs, against figures worked out by hand; nothing unknown counts as nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from meridian.model import load_environment
from meridian.model.assumptions import load_assumptions
from meridian.model.environment import Environment
from meridian.model.prices import Prices
from meridian.plan import Plan, PlannedResource
from meridian.proofs.billing_rules import gib
from meridian.proofs.cost import cost, costs
from meridian.proofs.result import Verdict

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def prod() -> Environment:
    return load_environment(ROOT, "prod")


@pytest.fixture(scope="module")
def known(prod: Environment) -> Prices:
    return load_assumptions(ROOT, prod).prices


def resource(unit: str, kind: str, name: str, inputs: dict[str, Any], parent: str = "p") -> PlannedResource:
    return PlannedResource(
        unit, f"urn:pulumi:prod-{unit}::meridian::{kind}::{name}", "create", inputs, parent=parent
    )


def standard_pools(environment: Environment, low: int, high: int) -> Plan:
    units: dict[str, tuple[PlannedResource, ...]] = {}
    for key, region in environment.regions.items():
        units[key] = (
            resource(
                key,
                "gcp:container/nodePool:NodePool",
                "gke-standard",
                {
                    "location": region.gcp.region,
                    "autoscaling": {"totalMinNodeCount": low, "totalMaxNodeCount": high},
                    "nodeConfig": {"machineType": "n1-standard-8", "diskSizeGb": 0},
                },
            ),
            resource(
                key,
                "aws:ec2/launchTemplate:LaunchTemplate",
                "eks-standard",
                {
                    "region": region.aws.region,
                    "instanceType": "m5.2xlarge",
                    "blockDeviceMappings": [{"ebs": {"volumeSize": 1}}],
                },
            ),
            resource(
                key,
                "aws:eks/nodeGroup:NodeGroup",
                "eks-standard",
                {"region": region.aws.region, "scalingConfig": {"minSize": low, "maxSize": high}},
            ),
        )
    return Plan("prod", "plan", "r", {}, units)


def test_the_nodes_of_six_clusters_cost_what_the_price_lists_say(prod: Environment, known: Prices) -> None:
    # (0.379998 + 0.418014 + 0.439996 + 0.384 + 0.428 + 0.48) USD x 730 h x 10 nodes = 18.5 k$.
    fill = known.model_copy(update={"usage": known.usage.model_copy(update={"expected_fill": 0.5})})
    found = costs(standard_pools(prod, 10, 50), fill, prod).by_price
    least, expected, most = (
        round((gke + eks) / 1000, 1)
        for gke, eks in zip(found["n1-standard-8"], found["m5.2xlarge"], strict=True)
    )
    assert (least, expected, most) == (18.5, 55.4, 92.3)


def test_a_thing_without_a_price_is_told_and_makes_no_total_look_complete(
    prod: Environment, known: Prices
) -> None:
    plan = standard_pools(prod, 10, 50)
    without = known.model_copy(
        update={"prices": {k: v for k, v in known.prices.items() if k != "m5.2xlarge"}}
    )
    proof = cost(plan, without, prod)
    told = {finding.value for finding in proof.findings if finding.verdict is Verdict.UNKNOWN}
    assert "m5.2xlarge in eu-west-1: no price" in told
    assert "of unknown price" in proof.findings[0].value


def test_a_type_of_which_nobody_said_what_it_costs_is_unknown(prod: Environment, known: Prices) -> None:
    plan = Plan("prod", "plan", "r", {}, {"us": (resource("us", "aws:redshift/cluster:Cluster", "w", {}),)})
    assert "aws:redshift/cluster:Cluster: no rule says what it costs" in costs(plan, known, prod).unknown


def test_what_is_deleted_costs_nothing_more(prod: Environment, known: Prices) -> None:
    plan = standard_pools(prod, 10, 50)
    gone = {unit: tuple(replace(each, op="delete") for each in found) for unit, found in plan.units.items()}
    assert costs(replace(plan, units=gone), known, prod).by_category["compute"] == (0, 0, 0)


def test_a_plan_above_the_ceiling_is_refused_with_its_largest_part(prod: Environment, known: Prices) -> None:
    proof = cost(standard_pools(prod, 100, 200), known, prod)
    assert not proof.holds
    assert proof.broken[0].counterexample.startswith("largest: m5.2xlarge")


def test_the_edge_costs_what_its_plan_costs(prod: Environment, known: Prices) -> None:
    plan = Plan(
        "prod", "plan", "r", {}, {"edge": (resource("edge", "cloudflare:index/zone:Zone", "zone", {}),)}
    )
    assert costs(plan, known, prod).by_category["cdn"][1] == known.prices["cloudflare-enterprise"].everywhere


def test_logs_are_paid_once_for_the_estate_however_many_agents_send_them(
    prod: Environment, known: Prices
) -> None:
    kind = "kubernetes:datadoghq.com/v2alpha1:DatadogAgent"
    agents = tuple(resource("us-platform", kind, f"{cloud}-agents", {}) for cloud in ("gke", "eks"))
    found = costs(Plan("prod", "plan", "tree", {}, {"us-platform": agents}), known, prod)
    assert found.by_category["observability"][1] == pytest.approx(1500 * 1.70)


def test_the_page_costs_its_plans_fee(prod: Environment, known: Prices) -> None:
    plan = Plan("prod", "plan", "r", {}, {"edge": (resource("edge", "meridian:netlify:Site", "page", {}),)})
    found = costs(plan, known, prod)
    assert found.by_price["netlify-pro"] == (20, 20, 20)


@pytest.mark.parametrize(("text", "size"), [("1Ti", 1024), ("100Gi", 100), ("512Mi", 0.5), (str(2**30), 1)])
def test_a_quantity_of_bytes_is_read_as_kubernetes_does(text: str, size: float) -> None:
    assert gib(text) == size


def test_a_machine_without_a_price_in_its_region_is_refused_at_its_line(
    prod: Environment, tmp_path: Path
) -> None:
    import shutil

    from meridian.model import ModelErrors

    shutil.copytree(ROOT / "stacks/assumptions", tmp_path / "stacks/assumptions")
    file = tmp_path / "stacks/assumptions/prices.yaml"
    file.write_text(
        file.read_text().replace("eu-west-1: 0.428, ap-southeast-1: 0.48", "ap-southeast-1: 0.48")
    )
    with pytest.raises(ModelErrors) as raised:
        load_assumptions(tmp_path, prod)
    said = str(raised.value)
    assert "prices.prices.m5.2xlarge" in said
    assert "no price for it there; fix: add `eu-west-1: ...`" in said
