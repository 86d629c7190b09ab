"""All previews of a run in one process: the same answers as from an engine each, and one death for all."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest
from test_run_on_the_engine import driven, until, wish

from meridian.orchestrator import commands, previews, render
from meridian.orchestrator.commands import Estate
from meridian.orchestrator.providers_mode import Providers
from meridian.orchestrator.result import Result
from meridian.orchestrator.session import open_session
from meridian.orchestrator.units import Mark

pytestmark = pytest.mark.e2e


@pytest.fixture
def shared(estate: Estate) -> Estate:
    """The small estate with the program that plans all units."""
    if not (estate.checkout.bin / "pulumi-previews").exists():
        pytest.fail("pulumi-previews is not there: run `meridian toolchain` first")
    return estate


def hosts(estate: Estate) -> list[psutil.Process]:
    wanted = str(estate.checkout.bin / "pulumi-previews")
    return [each for each in psutil.process_iter(["cmdline"]) if wanted in (each.info["cmdline"] or ())]


def preview(estate: Estate, environment: str = "local") -> Result:
    return commands.run(estate, environment, "preview", plain=True)


def told(result: Result) -> list[dict[str, Any]]:
    """What a result says of its units, without times and the order in which the engine told it."""
    units: list[dict[str, Any]] = json.loads(json.dumps(result.to_json()))["units"]
    for unit in units:
        del unit["seconds"]
        unit["changes"].sort(key=lambda change: change["urn"])
    return units


@pytest.mark.parametrize("environment", ["local", "prod"])
def test_one_process_tells_what_an_engine_for_each_unit_tells(shared: Estate, environment: str) -> None:
    if environment == "local":
        assert commands.run(shared, environment, "up", plain=True).ok
        wish(shared, "left", colour="blue")
    together = preview(shared, environment)
    (shared.checkout.bin / "pulumi-previews").unlink()
    assert told(together) == told(preview(shared, environment))
    assert together.changed == (3 if environment == "local" else 20)


def test_a_unit_that_fails_leaves_the_others_of_its_process_alone(shared: Estate) -> None:
    wish(shared, "left", **{"raise": "no such colour"})
    result = preview(shared)
    assert [unit.unit for unit in result.units if unit.mark is not Mark.DONE] == ["left"]
    assert "no such colour" in render.text(result)
    assert hosts(shared) == []


def test_what_no_event_tells_is_told_of_its_own_unit(shared: Estate) -> None:
    assert commands.run(shared, "local", "up", units=["base"], plain=True).ok
    (state,) = shared.checkout.state.rglob("local-base.json")
    state.write_text(json.dumps({**json.loads(state.read_text()), "version": 99}))
    result = preview(shared)
    assert {unit.unit for unit in result.units if unit.mark is Mark.FAILED} == {"base"}
    assert "unsupported checkpoint version 99" in render.text(result)


def test_the_death_of_the_process_is_told_and_leaves_nothing(shared: Estate) -> None:
    (shared.checkout.root / "program" / "hold").touch()
    run = driven(shared, "preview")
    until((shared.checkout.root / "program" / "reached").exists)
    (host,) = hosts(shared)
    host.kill()
    out, _ = run.communicate(timeout=60)
    assert run.returncode == 1
    assert "the engine of the previews ended (code -9)" in out
    assert hosts(shared) == []
    (shared.checkout.root / "program" / "hold").unlink()
    assert preview(shared).ok


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_all_previews_and_leaves_no_process(shared: Estate, number: signal.Signals) -> None:
    hold = shared.checkout.root / "program" / "hold"
    hold.touch()
    run = driven(shared, "preview")
    until((hold.parent / "reached").exists)
    os.killpg(run.pid, number)
    out, _ = run.communicate(timeout=60)
    assert (run.returncode, json.loads(out)["interrupted"]) == (130, True)
    assert hosts(shared) == []


def test_a_preview_that_does_not_hear_the_signal_is_ended(
    shared: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A preview hears it only once it plans; until then it reads settings, key and state."""
    monkeypatch.setattr(previews, "_STOP_SECONDS", 0.5)
    session, _ = commands.session_for(shared, "local", "preview", "auto")
    session.prepare()
    program = shared.checkout.bin / "pulumi-previews"
    program.unlink()
    program.write_text("#!/bin/sh\ntrap '' INT\ntouch $0.deaf\nsleep 60 & wait; wait\n")
    program.chmod(0o755)
    host = previews.PreviewHost.start(session, 1)
    assert host is not None
    host.ask("base", ["preview"])
    until(program.with_name("pulumi-previews.deaf").exists)
    host.interrupt()
    until(lambda: host.answer("base"))
    assert host.answer("base") == (-9, "the engine of the previews ended (code -9): ")
    host.close()


def test_real_environments_have_an_engine_for_each_preview(shared: Estate) -> None:
    session = open_session(shared.checkout, "prod", Providers.OFFICIAL, environ={})
    assert previews.PreviewHost.start(session, 1) is None


def test_a_program_that_does_not_run_at_all_leaves_each_preview_its_engine(shared: Estate) -> None:
    program = shared.checkout.bin / "pulumi-previews"
    program.unlink()
    program.write_bytes(b"\x7fELF cut off")
    program.chmod(0o755)
    assert preview(shared).ok


def test_the_process_ends_with_a_run_that_is_killed(shared: Estate) -> None:
    (shared.checkout.root / "program" / "hold").touch()
    run = driven(shared, "preview")
    until((shared.checkout.root / "program" / "reached").exists)
    run.kill()
    run.communicate()
    until(lambda: hosts(shared) == [])


def test_a_program_that_cannot_start_is_told(shared: Estate) -> None:
    program = shared.checkout.bin / "pulumi-previews"
    program.unlink()
    Path(program).write_text("#!/bin/sh\necho no such library >&2\nexit 3\n")
    program.chmod(0o755)
    result = preview(shared)
    assert not result.ok
    assert "no such library" in render.text(result)
