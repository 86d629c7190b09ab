"""What the plan does is held against the data; a difference is a finding."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from meridian.model import load_environment
from meridian.model.environment import Environment
from meridian.plan import UNKNOWN, Plan, PlannedResource
from meridian.proofs.agreement import agreement, planned_schema
from meridian.sql import desired

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def prod() -> Environment:
    return load_environment(ROOT, "prod")


def resource(unit: str, kind: str, name: str, inputs: dict[str, Any]) -> PlannedResource:
    return PlannedResource(unit, f"urn:pulumi:prod-{unit}::meridian::{kind}::{name}", "create", inputs)


def as_the_data_says(environment: Environment) -> dict[str, PlannedResource]:
    found: list[PlannedResource] = []
    for key, region in environment.regions.items():
        found += [
            resource(
                key,
                "gcp:container/cluster:Cluster",
                "gke",
                {"name": region.gcp.cluster.name, "location": region.gcp.region},
            ),
            resource(
                key,
                "aws:eks/cluster:Cluster",
                "eks",
                {"name": region.aws.cluster.name, "region": region.aws.region},
            ),
        ]
        for pool, model in region.gcp.cluster.pools.items():
            scaling = {"totalMinNodeCount": model.min_nodes, "totalMaxNodeCount": model.max_nodes}
            found.append(
                resource(key, "gcp:container/nodePool:NodePool", f"gke-{pool}", {"autoscaling": scaling})
            )
        for pool, model in region.aws.cluster.pools.items():
            scaling = {"minSize": model.min_nodes, "maxSize": model.max_nodes}
            found.append(
                resource(key, "aws:eks/nodeGroup:NodeGroup", f"eks-{pool}", {"scalingConfig": scaling})
            )
        for node in region.database:
            kind = "meridian:cockroach:DatabaseNode$kubernetes:apps/v1:StatefulSet"
            found.append(resource(f"{key}-platform", kind, node, {"metadata": {"name": node}}))
    monitor = environment.edge.monitor
    found.append(
        resource("data", "meridian:sql:Schema", "schema", {"desired": desired(environment).to_json()})
    )
    found.append(
        resource(
            "edge",
            "cloudflare:index/loadBalancerMonitor:LoadBalancerMonitor",
            "health",
            {
                "interval": monitor.interval,
                "timeout": monitor.timeout,
                "retries": monitor.retries,
                "consecutiveDown": monitor.consecutive_down,
                "consecutiveUp": monitor.consecutive_up,
                "path": monitor.path,
            },
        )
    )
    return {f"{each.unit}/{each.name}": each for each in found}


def planned(resources: dict[str, PlannedResource]) -> Plan:
    units: dict[str, tuple[PlannedResource, ...]] = {}
    for each in resources.values():
        units[each.unit] = (*units.get(each.unit, ()), each)
    return Plan("prod", "plan", "r", {}, units)


def test_a_plan_that_does_what_the_data_says_agrees(prod: Environment) -> None:
    proof = agreement(prod, planned(as_the_data_says(prod)))
    assert proof.holds
    assert len(proof.findings) == 3 * 5 + 2


@pytest.mark.parametrize(
    ("which", "inputs", "said"),
    [
        ("eu/gke", {"name": "prod-eu-gke", "location": "us-central1"}, "us-central1"),
        (
            "eu/gke-standard",
            {"autoscaling": {"totalMinNodeCount": 30, "totalMaxNodeCount": 150}},
            "(30, 150)",
        ),
        ("us/eks-standard", {"scalingConfig": {"minSize": 10, "maxSize": 500}}, "(10, 500)"),
        ("eu-platform/eu-2", {"metadata": {"name": "eu-9"}}, "eu-9"),
        ("edge/health", {"interval": 60, "timeout": 5, "retries": 2}, "60"),
    ],
)
def test_a_plan_that_does_something_else_is_a_finding(
    prod: Environment, which: str, inputs: dict[str, Any], said: str
) -> None:
    resources = as_the_data_says(prod)
    resources[which] = replace(resources[which], inputs=inputs)
    (finding,) = agreement(prod, planned(resources)).broken
    assert said in finding.counterexample
    assert "the data" in finding.counterexample


def test_a_schema_other_than_the_data_s_is_a_finding(prod: Environment) -> None:
    resources = as_the_data_says(prod)
    other = desired(prod).model_copy(update={"replication_factor": 5})
    resources["data/schema"] = replace(resources["data/schema"], inputs={"desired": other.to_json()})
    (finding,) = agreement(prod, planned(resources)).broken
    assert finding.counterexample == "replication_factor"


def test_a_schema_that_is_not_known_yet_is_no_schema(prod: Environment) -> None:
    plan = planned({"data/schema": resource("data", "meridian:sql:Schema", "schema", {"desired": UNKNOWN})})
    assert planned_schema(plan) is None
    assert agreement(prod, plan).findings == ()
