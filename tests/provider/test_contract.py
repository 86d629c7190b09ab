"""Our own provider over the protocol: validation, secrets, unknowns, plans, errors."""

from pathlib import Path
from typing import Any

import grpc
import pytest
from notes import TOKEN
from pulumi.runtime.proto import provider_pb2 as pb

from meridian.protocol.values import UNKNOWN, Secret, decode


def note(tmp_path: Path, **changed: Any) -> dict[str, Any]:
    return {"folderPath": str(tmp_path), "title": "first", "text": Secret("hidden words"), **changed}


def test_an_unknown_input_is_refused_at_its_path(plugin: Any, tmp_path: Path) -> None:
    failures = plugin.check(
        TOKEN, note(tmp_path, colour="red", seal={"pasword": "x", "password": "y"})
    ).failures
    assert {each.property for each in failures} >= {"colour"}


def test_a_missing_and_a_wrong_input_are_refused_together(plugin: Any, tmp_path: Path) -> None:
    failures = plugin.check(TOKEN, {"title": "", "text": "x"}).failures
    assert {each.property for each in failures} == {"folderPath", "title"}


def test_while_a_value_is_unknown_the_known_ones_are_judged(plugin: Any, tmp_path: Path) -> None:
    failures = plugin.check(TOKEN, {"folderPath": UNKNOWN, "title": "", "more": 1}).failures
    assert {each.property for each in failures} == {"title", "text", "more"}
    assert not plugin.check(TOKEN, note(tmp_path, folderPath=UNKNOWN)).failures


def test_a_secret_input_is_secret_even_when_the_program_forgot_to_say_so(plugin: Any, tmp_path: Path) -> None:
    checked = decode(plugin.check(TOKEN, note(tmp_path, text="plain", seal={"password": "p"})).inputs)
    assert checked["text"] == Secret("plain")
    assert checked["seal"] == {"password": Secret("p")}


def test_the_handlers_own_check_is_asked_when_all_is_known(plugin: Any, tmp_path: Path) -> None:
    assert plugin.check(TOKEN, note(tmp_path, title="a/b")).failures[0].reason == "notes have no slash"


def test_a_preview_makes_nothing_and_says_what_would_be_made_without_a_secret(
    plugin: Any, tmp_path: Path
) -> None:
    made, outputs = plugin.create(TOKEN, note(tmp_path), preview=True)
    assert (made, list(tmp_path.iterdir())) == ("", [])
    assert outputs["size"] == 12
    assert outputs["copy"] is UNKNOWN
    assert plugin.said == ["write first\n[secret]"]


def test_a_plan_is_made_as_soon_as_what_it_needs_is_known(plugin: Any, tmp_path: Path) -> None:
    plugin.create(TOKEN, note(tmp_path, folderPath=UNKNOWN), preview=True)
    assert plugin.said == ["write first\n[secret]"]
    _, outputs = plugin.create(TOKEN, note(tmp_path, title=UNKNOWN), preview=True)
    assert len(plugin.said) == 1
    assert outputs["size"] is UNKNOWN


def test_a_life_from_creation_to_deletion(plugin: Any, tmp_path: Path) -> None:
    inputs = note(tmp_path)
    made, state = plugin.create(TOKEN, inputs)
    assert (made, state["copy"], state["text"]) == ("first", Secret("hidden words"), Secret("hidden words"))
    assert plugin.diff(TOKEN, made, inputs, inputs, state).changes == pb.DiffResponse.DIFF_NONE
    new = note(tmp_path, text=Secret("other"))
    assert list(plugin.diff(TOKEN, made, inputs, new, state).detailedDiff) == ["text"]
    assert plugin.update(TOKEN, made, inputs, new, state)["size"] == 5
    (tmp_path / "first").write_text("by hand")
    found, _, read = plugin.read(TOKEN, made, new)
    assert (found, read["text"]) == ("first", Secret("by hand"))
    plugin.delete(TOKEN, made, new)
    assert plugin.read(TOKEN, made, new)[0] == ""
    plugin.delete(TOKEN, made, new)


def test_a_fixed_input_means_another_resource(plugin: Any, tmp_path: Path) -> None:
    found = plugin.diff(TOKEN, "first", note(tmp_path), note(tmp_path, title="second"))
    assert (list(found.replaces), found.deleteBeforeReplace) == (["title"], True)
    assert found.detailedDiff["title"].kind == pb.PropertyDiff.UPDATE_REPLACE


def test_ignored_changes_are_no_difference(plugin: Any, tmp_path: Path) -> None:
    from meridian.protocol.values import encode

    request = pb.DiffRequest(
        urn=plugin.urn(TOKEN),
        id="first",
        old_inputs=encode(note(tmp_path)),
        news=encode(note(tmp_path, title="second")),
        ignoreChanges=["title"],
    )
    assert plugin.stub.Diff(request).changes == pb.DiffResponse.DIFF_NONE


def test_a_refusal_tells_rule_and_fix_but_no_secret(plugin: Any, tmp_path: Path) -> None:
    with pytest.raises(grpc.RpcError) as error:
        plugin.create(TOKEN, note(tmp_path, text=Secret("boom boom")))
    assert error.value.details() == "it: text [secret]: it explodes; fix: write of something else"


def test_a_failure_that_nobody_expected_is_an_error_and_no_crash(plugin: Any, tmp_path: Path) -> None:
    with pytest.raises(grpc.RpcError) as error:
        plugin.create(TOKEN, note(tmp_path / "nowhere"))
    assert "FileNotFoundError" in error.value.details()


def test_another_type_is_refused_with_those_that_there_are(plugin: Any) -> None:
    with pytest.raises(grpc.RpcError) as error:
        plugin.check("meridian:test:Nota", {})
    assert TOKEN in error.value.details()
