"""The engine's event log, and the result merged from it. The lines are as engine v3.200.0 writes them."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from meridian.orchestrator import render
from meridian.orchestrator.events import Diagnostic, EventTail, StepDone, StepPlanned, parse
from meridian.orchestrator.result import Change, Result, UnitResult
from meridian.orchestrator.units import Mark

ROOT = "urn:pulumi:local-eu::meridian::pulumi:pulumi:Stack::meridian-local-eu"
BUCKET = "urn:pulumi:local-eu::meridian::meridian:aws:Backups$aws:s3/bucket:Bucket::backups"
SCHEMA = "urn:pulumi:prod-data::meridian::meridian:sql:Schema::schema"


def step(kind: str, op: str, urn: str, type_: str, **more: Any) -> str:
    metadata = {"op": op, "urn": urn, "type": type_, "detailedDiff": None, "logical": True, **more}
    return json.dumps({"sequence": 1, "timestamp": 10, kind: {"metadata": metadata}})


def said(severity: str, message: str, urn: str = "") -> str:
    body = {"severity": severity, "message": message, "color": "never"}
    return json.dumps(
        {"sequence": 1, "timestamp": 11, "diagnosticEvent": body | ({"urn": urn} if urn else {})}
    )


def unit(
    name: str, lines: list[str], *, mark: Mark = Mark.DONE, preview: bool = False, start: int = 0
) -> UnitResult:
    result = UnitResult(name, f"local-{name}", mark)
    for order, line in enumerate(lines, start):
        event = parse(line)
        if event:
            result.take(event, order, preview=preview)
    return result


def merged(*units: UnitResult, operation: str = "up") -> Result:
    return Result("local", operation, "embedded", units, 1.5, {"engines": 1.4})


def test_a_step_keeps_its_operation_type_name_and_the_paths_that_differ() -> None:
    diff = {
        "tags.owner": {"diffKind": "update", "inputDiff": True},
        "acl": {"diffKind": "add", "inputDiff": True},
    }
    event = parse(step("resourcePreEvent", "update", BUCKET, "aws:s3/bucket:Bucket", detailedDiff=diff))
    assert isinstance(event, StepPlanned)
    assert (event.step.op, event.step.type, event.step.name) == ("update", "aws:s3/bucket:Bucket", "backups")
    assert event.step.properties == ("acl", "tags.owner")


def test_the_changed_keys_stand_in_for_a_missing_detailed_diff() -> None:
    event = parse(step("resOutputsEvent", "update", BUCKET, "aws:s3/bucket:Bucket", diffs=["tags"]))
    assert isinstance(event, StepDone)
    assert event.step.properties == ("tags",)


def test_what_a_resource_of_ours_would_do_is_shown_under_its_change() -> None:
    lines = [
        step("resourcePreEvent", "create", SCHEMA, "meridian:sql:Schema"),
        said("info", "CREATE TABLE users (...)\nCREATE INDEX ...", SCHEMA),
    ]
    result = merged(unit("data", lines, preview=True), operation="preview")
    shown = render.text(result).splitlines()
    place = shown.index("  + meridian:sql:Schema  schema")
    assert shown[place + 1 : place + 3] == ["      CREATE TABLE users (...)", "      CREATE INDEX ..."]
    details = result.to_json()["units"][0]["changes"][0]["details"]
    assert details == ["CREATE TABLE users (...)", "CREATE INDEX ..."]


def test_debug_and_ephemeral_messages_are_dropped() -> None:
    assert parse(said("debug", "registering resource")) is None
    assert parse(said("info", "hello")) is None
    assert parse(said("info", "a hint", BUCKET)) is None
    assert isinstance(parse(said("warning", "old field")), Diagnostic)


def test_a_kind_of_event_unknown_here_is_skipped() -> None:
    assert parse('{"sequence":3,"timestamp":1,"eventOfTheFuture":{}}') is None


def test_a_tail_waits_for_the_rest_of_a_half_written_line(tmp_path: Path) -> None:
    log = tmp_path / "events"
    tail = EventTail(log)
    assert list(tail.read()) == []
    whole = said("error", "no such subnet", BUCKET)
    log.write_text(whole[:30])
    assert list(tail.read()) == []
    log.write_text(whole + "\n")
    assert [event.message for event in tail.read() if isinstance(event, Diagnostic)] == ["no such subnet"]
    assert list(tail.read()) == []


def test_a_debug_line_is_skipped_without_being_parsed(tmp_path: Path) -> None:
    log = tmp_path / "events"
    log.write_text('{"diagnosticEvent":{"message":"x","severity":"debug"}}\n' + said("error", "real") + "\n")
    assert len(list(EventTail(log).read())) == 1


def test_the_stack_root_is_counted_nowhere() -> None:
    result = unit("eu", [step("resOutputsEvent", "create", ROOT, "pulumi:pulumi:Stack")])
    assert result.changes == []
    assert not result.counts


def test_a_replacement_counts_once() -> None:
    kinds = ("create-replacement", "replace", "delete-replaced")
    lines = [step("resOutputsEvent", op, BUCKET, "aws:s3/bucket:Bucket") for op in kinds]
    result = unit("eu", lines)
    assert [change.op for change in result.changes] == ["replace"]
    assert result.counts == {"replace": 1}


def test_unchanged_resources_are_counted_but_not_listed() -> None:
    result = unit("eu", [step("resOutputsEvent", "same", BUCKET, "aws:s3/bucket:Bucket")])
    assert result.changes == []
    assert result.counts == {"same": 1}


def test_a_preview_counts_what_is_planned_not_what_comes_out() -> None:
    lines = [
        step(kind, "create", BUCKET, "aws:s3/bucket:Bucket")
        for kind in ("resourcePreEvent", "resOutputsEvent")
    ]
    assert unit("eu", lines, preview=True).counts == {"create": 1}


def test_the_cause_is_the_resource_that_failed_not_what_the_engine_says_of_it() -> None:
    failed = unit(
        "eu",
        [said("error", "update failed", ROOT), said("error", "bucket name is taken", BUCKET)],
        mark=Mark.FAILED,
    )
    cause = merged(failed).cause
    assert cause is not None
    assert (cause.unit, cause.resource, cause.type) == ("eu", "backups", "aws:s3/bucket:Bucket")
    assert cause.message == "bucket name is taken"


def test_the_first_cause_over_all_units_wins() -> None:
    late = unit("asia", [said("error", "second", BUCKET)], mark=Mark.FAILED, start=50)
    early = unit("eu", [said("error", "first", BUCKET)], mark=Mark.FAILED, start=20)
    cause = merged(late, early).cause
    assert cause is not None
    assert cause.message == "first"


def test_a_programs_exception_is_given_by_its_last_line() -> None:
    trace = "python inline source runtime error: x\nTraceback (most recent call last):\n  File y\nValueError: bad pool"
    cause = merged(unit("eu", [said("error", trace)], mark=Mark.FAILED)).cause
    assert cause is not None
    assert (cause.message, cause.resource) == ("ValueError: bad pool", "")


def test_only_a_cascade_is_still_better_than_silence() -> None:
    cause = merged(unit("eu", [said("error", "update failed", ROOT)], mark=Mark.FAILED)).cause
    assert cause is not None
    assert cause.message == "update failed"


def test_the_exit_code_is_one_when_a_unit_failed_and_130_when_interrupted() -> None:
    assert merged(unit("eu", [])).exit_code == 0
    assert merged(unit("eu", [], mark=Mark.FAILED)).exit_code == 1
    assert merged(unit("eu", [], mark=Mark.BLOCKED)).exit_code == 1
    assert Result("local", "up", "embedded", [unit("eu", [])], 1, {}, interrupted=True).exit_code == 130


def test_the_json_document_has_its_documented_shape() -> None:
    document = merged(
        unit("eu", [step("resOutputsEvent", "create", BUCKET, "aws:s3/bucket:Bucket")])
    ).to_json()
    assert json.loads(json.dumps(document)) == document
    assert list(document) == [
        "environment",
        "operation",
        "providers",
        "ok",
        "interrupted",
        "seconds",
        "phases",
        "counts",
        "cause",
        "policies",
        "behind",
        "cut_off",
        "units",
    ]
    assert document["counts"] == {"create": 1}
    assert document["units"][0]["changes"] == [
        {
            "op": "create",
            "type": "aws:s3/bucket:Bucket",
            "name": "backups",
            "urn": BUCKET,
            "properties": [],
            "details": [],
        }
    ]


def test_the_report_begins_with_the_cause() -> None:
    failed = unit("eu", [said("error", "bucket name is taken", BUCKET)], mark=Mark.FAILED)
    blocked = UnitResult("mesh", "local-mesh", Mark.BLOCKED, blocked_by="eu")
    lines = render.text(merged(failed, blocked)).splitlines()
    assert lines[0] == "FAILED first in eu, aws:s3/bucket:Bucket backups:"
    assert lines[1] == "  bucket name is taken"
    assert "mesh: blocked by eu, not started" in lines


def test_a_warning_of_several_units_is_told_once_with_its_units() -> None:
    twice = [said("warning", "no licence")] * 2
    report = render.text(merged(unit("us", twice), unit("eu", [said("warning", "no licence")])))
    assert [line for line in report.splitlines() if "no licence" in line] == ["warning: us, eu: no licence"]


def test_a_run_without_change_says_that_there_is_nothing_to_do() -> None:
    report = render.text(
        merged(unit("eu", [step("resOutputsEvent", "same", BUCKET, "aws:s3/bucket:Bucket")]))
    )
    assert report == "up local: nothing to do: everything is as described (1 resource, 1.5 s)"


def test_many_changes_are_cut_short_unless_all_are_wanted() -> None:
    lines = [step("resOutputsEvent", "create", f"{BUCKET}-{n}", "aws:s3/bucket:Bucket") for n in range(60)]
    result = merged(unit("eu", lines))
    assert "and 20 more" in render.text(result)
    assert "backups-59" in render.text(result, full=True)


def test_the_last_line_of_a_plan_says_by_itself_that_it_is_simulated() -> None:
    plan = Result("prod", "preview", "plan", [unit("eu", [])], 1, {})
    real = Result("prod", "preview", "official", [unit("eu", [])], 1, {})
    assert (
        render.text(plan)
        .splitlines()[-1]
        .startswith("preview prod, a plan against simulated providers: nothing would change")
    )
    assert render.text(real).splitlines()[-1].startswith("preview prod: nothing would change")


def test_a_first_run_is_counted_by_kind_and_listed_only_when_asked() -> None:
    made = [Change("create", "aws:ec2/subnet:Subnet", f"subnet-{n}", "", ()) for n in range(150)]
    changed = [Change("update", "gcp:kms/cryptoKey:CryptoKey", "disks", "", ("rotationPeriod",))]
    result = Result(
        "local",
        "up",
        "embedded",
        [
            UnitResult("us", "local-us", Mark.DONE, changes=made, counts=Counter(create=150)),
            UnitResult("eu", "local-eu", Mark.DONE, changes=changed, counts=Counter(update=1)),
        ],
        1.0,
        {},
    )
    short = render.text(result)
    assert "us: 150 create (150 aws:ec2)" in short and "subnet-7" not in short
    assert "~ gcp:kms/cryptoKey:CryptoKey  disks  [rotationPeriod]" in short
    assert "subnet-149" in render.text(result, full=True)
