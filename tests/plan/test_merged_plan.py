"""The merged plan: read from event logs, addressed by path, digested over everything that matters."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from meridian.plan import Plan, PlannedResource
from meridian.plan.merged import PlanFileError
from meridian.plan.read import read_unit

PROVIDER = "urn:pulumi:prod-eu::meridian::pulumi:providers:aws::aws-eu-west-1"
BUCKET = "urn:pulumi:prod-eu::meridian::meridian:aws:BackupBucket$aws:s3/bucket:Bucket::backups"


def event(op: str, urn: str, *, old: object = None, new: object = None, **more: object) -> str:
    metadata = {
        "op": op,
        "urn": urn,
        "type": urn.split("::")[2].split("$")[-1],
        "old": old,
        "new": new,
        **more,
    }
    return json.dumps({"sequence": 1, "resourcePreEvent": {"metadata": metadata, "planning": True}})


def state(inputs: dict[str, object], **more: object) -> dict[str, object]:
    return {"inputs": inputs, "custom": True, **more}


def plan(*resources: PlannedResource, **changes: object) -> Plan:
    made = Plan("prod", "plan", "abc", {"stacks/prod/estate.yaml": "1"}, {"eu": resources})
    return replace(made, **changes)  # type: ignore[arg-type]


def bucket(**changes: object) -> PlannedResource:
    made = PlannedResource("eu", BUCKET, "create", {"bucket": "b"}, provider="aws-eu-west-1")
    return replace(made, **changes)  # type: ignore[arg-type]


def provider() -> PlannedResource:
    return PlannedResource("eu", PROVIDER, "create", {"region": "eu-west-1"})


def test_an_event_log_becomes_one_resource_per_urn_without_the_halves_of_a_replacement() -> None:
    found = read_unit(
        "eu",
        [
            event("create", "urn:pulumi:prod-eu::meridian::pulumi:pulumi:Stack::x", new=state({})),
            event("create-replacement", BUCKET, old=state({"bucket": "a"}), new=state({"bucket": "b"})),
            event(
                "replace",
                BUCKET,
                old=state({"bucket": "a"}),
                new=state({"bucket": "b"}, protect=True, retainOnDelete=True),
                detailedDiff={"bucket": {}},
                provider=f"{PROVIDER}::id",
            ),
            event("delete-replaced", BUCKET, old=state({"bucket": "a"})),
            '{"sequence": 2, "summaryEvent": {}}',
        ],
    )
    assert found == (
        PlannedResource(
            "eu",
            BUCKET,
            "replace",
            {"bucket": "b"},
            {"bucket": "a"},
            ("bucket",),
            protect=True,
            retain=True,
            provider="aws-eu-west-1",
        ),
    )
    assert (found[0].type, found[0].name) == ("aws:s3/bucket:Bucket", "backups")
    assert found[0].component == "meridian:aws:BackupBucket"


def test_a_deletion_keeps_what_was() -> None:
    (gone,) = read_unit("eu", [event("delete", BUCKET, old=state({"bucket": "a"}, protect=True))])
    assert (gone.op, gone.inputs, gone.protect, gone.stays) == ("delete", {"bucket": "a"}, True, False)


def test_a_resource_lies_where_it_says_or_else_where_its_provider_is() -> None:
    whole = plan(provider(), bucket())
    assert whole.region(bucket()) == "eu-west-1"
    assert whole.region(bucket(inputs={"location": "EUROPE-WEST1"})) == "europe-west1"


def test_inputs_are_found_through_lists_of_one() -> None:
    resource = bucket(inputs={"rules": [{"apply": {"algorithm": "aws:kms"}}], "ports": [1, 2]})
    assert resource.get("rules", "apply", "algorithm") == "aws:kms"
    assert resource.get("ports", 1) == 2
    assert resource.get("ports", "apply", default="none") == "none"


@pytest.mark.parametrize(
    "other",
    [
        plan(provider(), bucket(inputs={"bucket": "c"})),
        plan(provider(), bucket(op="delete")),
        plan(provider(), bucket(changed=("bucket",))),
        plan(provider()),
        plan(provider(), bucket(), environment="staging"),
        plan(provider(), bucket(), providers="official"),
        plan(provider(), bucket(), revision="abd"),
        plan(provider(), bucket(), inputs={"stacks/prod/estate.yaml": "2"}),
        plan(provider(), bucket(), units={"us": (provider(), bucket(unit="us"))}),
    ],
)
def test_a_change_of_anything_changes_the_digest(other: Plan) -> None:
    assert other.digest() != plan(provider(), bucket()).digest()


def test_what_stays_the_same_is_no_part_of_the_digest() -> None:
    same = bucket(op="same", urn=f"{BUCKET}-2")
    assert plan(provider(), bucket(), same).digest() == plan(provider(), bucket()).digest()


def test_a_plan_reads_back_equal_and_an_edited_one_is_refused() -> None:
    text = plan(provider(), bucket()).to_json()
    assert Plan.from_json(text) == plan(provider(), bucket())
    with pytest.raises(PlanFileError, match="it was edited"):
        Plan.from_json(text.replace('"bucket":"b"', '"bucket":"mine"'))
    for broken in ("", "[]", "{}", '{"format": 99}'):
        with pytest.raises(PlanFileError, match="fix: make it anew"):
            Plan.from_json(broken)


def test_two_plans_that_differ_in_a_provider_s_random_name_only_are_equal() -> None:
    one, other = (
        read_unit("eu", [event("create", BUCKET, new=state({"bucket": f"backups-{end}"}))])
        for end in ("1a2b3c4", "4c3b2a1")
    )
    assert one == other
    chosen, renamed = (
        read_unit("eu", [event("create", BUCKET, new=state({"bucket": name}))])
        for name in ("backups-eu", "backups-us")
    )
    assert chosen != renamed
