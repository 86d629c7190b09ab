"""The small estate on the real engine: order, failure, death and interruption."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from meridian.orchestrator import commands, queries, render
from meridian.orchestrator.commands import Estate
from meridian.orchestrator.errors import OrchestratorError, UsageError
from meridian.orchestrator.units import Mark
from meridian.orchestrator.workers import WorkerPool

pytestmark = pytest.mark.e2e


def wish(estate: Estate, unit: str, **props: str) -> None:
    (estate.checkout.root / "program" / f"{unit}.json").write_text(json.dumps(props))


def made(things: Path) -> int:
    return len(list(things.glob("*.json")))


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def driven(estate: Estate, operation: str) -> "subprocess.Popen[str]":
    drive = str(Path(__file__).with_name("drive.py"))
    return subprocess.Popen(
        [sys.executable, drive, str(estate.checkout.root), "local", operation],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def engines(estate: Estate) -> list[psutil.Process]:
    root = str(estate.checkout.root)
    found = []
    for process in psutil.process_iter(["cmdline"]):
        line = " ".join(process.info["cmdline"] or ())
        if "--event-log" in line and root in line:
            found.append(process)
    return found


def test_a_preview_of_nothing_shows_everything_and_makes_nothing(estate: Estate, things: Path) -> None:
    result = commands.run(estate, "local", "preview", plain=True)
    assert result.ok
    assert result.counts == {"create": 20}
    assert made(things) == 0


def test_up_brings_everything_and_a_second_up_has_nothing_to_do(estate: Estate, things: Path) -> None:
    first = commands.run(estate, "local", "up", plain=True)
    assert first.ok
    assert first.counts == {"create": 20}
    assert made(things) == 12
    second = commands.run(estate, "local", "up", plain=True)
    assert second.changed == 0
    assert "nothing to do" in render.text(second)
    assert second.counts == {"same": 20}


def test_a_changed_wish_is_one_update_with_its_property(estate: Estate) -> None:
    commands.run(estate, "local", "up", plain=True)
    wish(estate, "left", colour="blue")
    result = commands.run(estate, "local", "up", units=["left"], plain=True)
    assert [unit.unit for unit in result.units] == ["left"]
    assert {(change.op, change.properties) for change in result.units[0].changes} == {("update", ("colour",))}


def test_refresh_finds_what_was_changed_behind_the_back(estate: Estate, things: Path) -> None:
    commands.run(estate, "local", "up", plain=True)
    lost, painted = sorted(things.glob("*.json"))[:2]
    lost.unlink()
    painted.write_text(json.dumps({"colour": "green"}))
    result = commands.run(estate, "local", "refresh", plain=True)
    assert sorted(change.op for unit in result.units for change in unit.changes) == ["delete", "update"]
    mended = commands.run(estate, "local", "up", plain=True)
    assert sorted(change.op for unit in mended.units for change in unit.changes) == ["create", "update"]


def test_a_refresh_counts_as_up_and_preview_do_without_what_is_only_read(estate: Estate) -> None:
    wish(estate, "top", reads="base")
    commands.run(estate, "local", "up", plain=True)
    for operation in ("preview", "up", "refresh", "drift"):
        result = commands.run(estate, "local", operation, plain=True)
        assert result.counts == {"same": 21, "read": 1}, operation


def test_a_failing_unit_blocks_only_its_dependants_and_names_the_resource(
    estate: Estate, things: Path
) -> None:
    wish(estate, "left", refuse="yes")
    result = commands.run(estate, "local", "up", plain=True)
    marks = {unit.unit: unit.mark for unit in result.units}
    assert marks == {"base": Mark.DONE, "left": Mark.FAILED, "right": Mark.DONE, "top": Mark.BLOCKED}
    assert result.exit_code == 1
    assert result.cause is not None
    assert re.fullmatch(r"left-\d", result.cause.resource)
    assert (result.cause.unit, result.cause.type) == ("left", "fixture:index:Thing")
    assert "the quota of things is used up" in result.cause.message
    report = render.text(result)
    assert report.startswith("FAILED first in left, fixture:index:Thing left-")
    assert "top: blocked by left" in report
    wish(estate, "left")
    assert commands.run(estate, "local", "up", plain=True).ok
    assert made(things) == 12


def test_an_error_of_the_program_is_told_without_its_traceback(estate: Estate) -> None:
    wish(estate, "right", **{"raise": "no such pool"})
    result = commands.run(estate, "local", "preview", plain=True)
    assert result.cause is not None
    assert (result.cause.unit, result.cause.message) == ("right", "ValueError: no such pool")


def test_destroy_leaves_nothing_and_a_second_has_nothing_to_do(estate: Estate, things: Path) -> None:
    commands.run(estate, "local", "up", plain=True)
    result = commands.run(estate, "local", "destroy", plain=True)
    assert result.counts == {"delete": 20}
    assert made(things) == 0
    assert "nothing to do" in render.text(commands.run(estate, "local", "destroy", plain=True))


def test_a_unit_is_not_destroyed_under_what_needs_it(estate: Estate, things: Path) -> None:
    commands.run(estate, "local", "up", plain=True)
    with pytest.raises(UsageError, match="left, right, top need it and hold resources"):
        commands.run(estate, "local", "destroy", units=["base"], plain=True)
    assert made(things) == 12
    assert commands.run(estate, "local", "destroy", units=["top"], plain=True).ok
    assert commands.run(estate, "local", "destroy", units=["left", "right", "base"], plain=True).ok
    assert made(things) == 0


def test_outputs_come_from_state_with_secrets_masked(estate: Estate) -> None:
    commands.run(estate, "local", "up", units=["base"], plain=True)
    session, _ = commands.session_for(estate, "local", "env", "auto")
    assert queries.outputs(session, ["base"], show_secrets=False)["base"] == {
        "name": "base",
        "password": "[secret]",
    }
    assert queries.outputs(session, ["base"], show_secrets=True)["base"]["password"] == "hunter2-base"
    for file in (estate.checkout.work / "logs").rglob("*.*"):
        assert b"hunter2" not in file.read_bytes(), file
    state = queries.status(session, ["base", "left"])
    base, left = state["units"]
    assert (base["resources"], base["last"]["result"], left["resources"]) == (5, "succeeded", 0)


def test_a_plan_of_prod_leaves_its_state_and_settings_alone(estate: Estate) -> None:
    result = commands.run(estate, "prod", "preview", providers="simulated", plain=True)
    assert result.ok
    assert result.providers == "plan"
    assert result.counts == {"create": 20}
    assert not list(estate.checkout.state.rglob("prod-*"))
    assert not list(estate.checkout.stacks.glob("Pulumi.prod-*"))


def test_after_a_kill_in_the_middle_the_next_up_converges_without_an_orphan(
    estate: Estate, things: Path
) -> None:
    (things / "hold").touch()
    run = driven(estate, "up")
    until((things / "reached").exists)
    for process in engines(estate):
        process.kill()
    _, told = run.communicate(timeout=60)
    assert run.returncode == 1
    assert "base: failed" in told
    (things / "hold").unlink()
    session, _ = commands.session_for(estate, "local", "env", "auto")
    assert session.file_backend is not None
    assert session.file_backend.pending("local-base")
    result = commands.run(estate, "local", "up", plain=True)
    assert result.ok, render.text(result)
    assert "refreshed first" in " ".join(result.units[0].notes)
    assert made(things) == 12
    assert commands.run(estate, "local", "up", plain=True).changed == 0
    assert session.file_backend.pending("local-base") == []


def test_a_preview_after_a_kill_names_the_units_that_may_be_behind_and_the_way_out(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands.run(estate, "local", "up", plain=True)
    # Only the embedded clouds leave marks; they need not run for it.
    monkeypatch.setattr(commands, "_embedded", lambda *_: None)
    estate = replace(estate, embedded_clouds=True)
    marks = estate.checkout.work / "unsaved" / "local"
    marks.mkdir(parents=True)
    (marks / "left").touch()
    session, _ = commands.session_for(estate, "local", "env", "auto")
    assert session.file_backend is not None
    state = session.file_backend.checkpoint_path("local-right")
    raw = json.loads(state.read_text())
    latest = raw["checkpoint"]["latest"]
    latest["pending_operations"] = [{"type": "updating", "resource": latest["resources"][-1]}]
    state.write_text(json.dumps(raw))

    looked = commands.run(estate, "local", "preview", plain=True)
    assert looked.ok
    first, *_, last = render.text(looked).splitlines()
    assert "left (its state was not written), right (1 operation of unknown outcome)" in first
    assert "`meridian up local`" in first
    assert "nothing would change" in last and "may be behind in left, right" in last
    told = looked.to_json()
    assert told["behind"] == looked.behind
    urn = latest["resources"][-1]["urn"]
    assert told["cut_off"] == {
        "left": {"unsaved": True, "pending": []},
        "right": {"unsaved": False, "pending": [{"kind": "updating", "urn": urn}]},
    }
    assert [path.name for path in marks.iterdir()] == ["left"], "a preview settles nothing"

    mended = commands.run(estate, "local", "up", plain=True)
    assert not mended.behind
    assert ["refreshed first" in " ".join(unit.notes) for unit in mended.units] == [False, True, True, False]
    assert not commands.run(estate, "local", "preview", plain=True).behind


def test_after_a_kill_of_the_run_itself_the_next_one_takes_over(estate: Estate, things: Path) -> None:
    (things / "hold").touch()
    run = driven(estate, "up")
    until((things / "reached").exists)
    run.kill()
    run.communicate()
    survivors = engines(estate)
    if survivors:
        with pytest.raises(OrchestratorError, match="engines of a dead run still work"):
            commands.run(estate, "local", "up", plain=True)
    (things / "hold").unlink()
    until(lambda: not engines(estate))
    said: list[str] = []
    result = commands.run(estate, "local", "up", plain=True, say=said.append)
    assert result.ok, render.text(result)
    assert any("took over the lock" in line for line in said)
    assert made(things) == 12


def test_ctrl_c_ends_cleanly_and_leaves_no_process(estate: Estate, things: Path) -> None:
    (things / "hold").touch()
    run = driven(estate, "up")
    until((things / "reached").exists)
    os.killpg(run.pid, signal.SIGINT)
    (things / "hold").unlink()
    out, _ = run.communicate(timeout=60)
    assert run.returncode == 130
    assert json.loads(out)["interrupted"] is True
    assert engines(estate) == []
    assert commands.run(estate, "local", "up", plain=True).ok
    assert made(things) == 12


def test_a_second_ctrl_c_does_not_wait(estate: Estate, things: Path) -> None:
    (things / "hold").touch()
    run = driven(estate, "up")
    until((things / "reached").exists)
    run.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert run.poll() is None
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=20)
    assert run.returncode == 130
    assert engines(estate) == []
    (things / "hold").unlink()


def test_edited_code_never_meets_a_stale_worker(estate: Estate) -> None:
    assert commands.run(estate, "local", "preview", plain=True).counts == {"create": 20}
    program = estate.checkout.root / "program" / "fixture_program.py"
    program.write_text(program.read_text().replace("range(3)", "range(4)"))
    assert commands.run(estate, "local", "preview", plain=True).counts == {"create": 24}


def test_the_worker_stays_warm_between_commands_until_it_is_stopped(estate: Estate) -> None:
    pool = WorkerPool(estate.checkout, estate.spec)
    pool.ensure()
    again = WorkerPool(estate.checkout, estate.spec)
    again.ensure()
    assert again.was_warm
    assert pool.stop()
    assert not pool.stop()


def test_a_program_that_cannot_be_imported_is_told_with_where_to_look(estate: Estate) -> None:
    program = estate.checkout.root / "program" / "fixture_program.py"
    program.write_text("import no_such_module\n")
    result = commands.run(estate, "local", "preview", units=["base"], plain=True)
    assert result.cause is not None
    assert "no_such_module" in result.cause.message
    assert "worker.log" in result.cause.message


def test_a_lost_work_folder_does_not_bar_the_next_up(estate: Estate) -> None:
    """The engine's settings file with the salt lies outside `.meridian` and outlives it."""
    assert commands.run(estate, "local", "up", units=["base"], plain=True).ok
    assert (estate.checkout.stacks / "Pulumi.local-base.yaml").exists()
    for file in (estate.checkout.passphrase, *estate.checkout.state.rglob("*.json")):
        file.unlink()
    again = commands.run(estate, "local", "up", units=["base"], plain=True)
    assert again.ok, render.text(again)


def test_a_replaced_passphrase_is_told_with_its_fix(estate: Estate) -> None:
    commands.run(estate, "local", "up", units=["base"], plain=True)
    estate.checkout.passphrase.write_text("another")
    result = commands.run(estate, "local", "preview", units=["base"], plain=True)
    assert result.cause is not None
    assert "incorrect passphrase" in result.cause.message and ".meridian/passphrase" in result.cause.message


def test_a_worker_whose_note_is_lost_ends_by_itself(estate: Estate) -> None:
    pool = WorkerPool(estate.checkout, estate.spec)
    pool.ensure()
    note = estate.checkout.work / "worker.json"
    process = psutil.Process(json.loads(note.read_text())["pid"])
    note.unlink()
    process.wait(timeout=20)
