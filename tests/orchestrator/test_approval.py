"""Only the approved plan is applied."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from meridian.orchestrator.approval import differences, hold_to, load_plan
from meridian.orchestrator.errors import OrchestratorError
from meridian.plan import Plan, PlannedResource
from meridian.plan.merged import PlanFileError

BUCKET = "urn:pulumi:prod-eu::meridian::aws:s3/bucket:Bucket::backups"
ROUTE = "urn:pulumi:prod-eu::meridian::aws:ec2/route:Route::out"


def plan(*resources: PlannedResource, **changes: object) -> Plan:
    made = Plan(
        "prod", "plan", "a" * 40, {"stacks/prod/eu.yaml": "1", "version of pulumi": "3"}, {"eu": resources}
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def made(urn: str = BUCKET, op: str = "create", **inputs: object) -> PlannedResource:
    return PlannedResource("eu", urn, op, inputs)


def test_an_equal_plan_is_let_through() -> None:
    hold_to(plan(made(bucket="b")), plan(made(bucket="b")), [])


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (plan(made(bucket="c")), "aws:s3/bucket:Bucket backups: create with other bucket"),
        (plan(made(bucket="b"), made(ROUTE)), "aws:ec2/route:Route out: approved nothing, now create"),
        (plan(), "backups: approved create, now nothing"),
        (plan(made(op="update", bucket="b")), "approved create, now update"),
        (plan(made(bucket="b"), revision="b" * 40), "revision: approved aaaaaaaaaaaa, now bbbbbbbbbbbb"),
        (plan(made(bucket="b"), providers="official"), "providers: approved plan, now official"),
        (
            plan(made(bucket="b"), inputs={"stacks/prod/eu.yaml": "2", "version of pulumi": "3"}),
            "stacks/prod/eu.yaml: changed",
        ),
        (plan(made(bucket="b"), inputs={"stacks/prod/eu.yaml": "1"}), "version of pulumi: gone"),
    ],
)
def test_anything_that_differs_is_refused_and_named(now: Plan, said: str) -> None:
    approved = plan(made(bucket="b"))
    with pytest.raises(OrchestratorError) as raised:
        hold_to(approved, now, [])
    assert said in str(raised.value)
    assert "only what was approved is applied; fix: look at a new preview" in str(raised.value)
    assert str(raised.value).splitlines()[1:] == [f"  {line}" for line in differences(approved, now)]


@pytest.mark.parametrize("op", ["delete", "replace"])
def test_a_loss_of_data_needs_its_name(op: str) -> None:
    losing = plan(made(op=op))
    with pytest.raises(OrchestratorError, match="--approve backups"):
        hold_to(losing, losing, ["something-else"])
    hold_to(losing, losing, ["backups"])
    hold_to(losing, losing, [BUCKET])
    # What holds no data needs no name.
    hold_to(plan(made(ROUTE, op)), plan(made(ROUTE, op)), [])


def test_a_plan_file_of_another_environment_or_no_plan_at_all_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    with pytest.raises(OrchestratorError, match="cannot be read"):
        load_plan(file, "prod")
    file.write_text(plan(made(bucket="b")).to_json())
    assert load_plan(file, "prod") == plan(made(bucket="b"))
    with pytest.raises(OrchestratorError, match="a plan of prod, not of staging"):
        load_plan(file, "staging")
    file.write_text(file.read_text().replace('"op":"create"', '"op":"delete"'))
    with pytest.raises(PlanFileError, match="it was edited"):
        load_plan(file, "prod")
