"""A drill that was killed: what up and preview say of it, from the record that it wrote before it took anything."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import pytest

from meridian import cli
from meridian.drills import journal, unfinished
from meridian.local import rendezvous
from meridian.local.client import LocalClouds
from meridian.orchestrator import commands
from meridian.orchestrator.result import Result, UnitResult
from meridian.orchestrator.units import Mark
from meridian.paths import Checkout

FIX = "meridian drill recover local"


class Clouds:
    """What the daemon would answer: one cluster down, one node away, the edge ten times as fast."""

    def lost(self) -> dict[str, Any]:
        return {"clusters": ["local-eu-gke"], "database": {"groups": {}, "lost": ["eu-1"]}}

    def router(self) -> Clouds:
        return self

    def status(self) -> Clouds:
        return self

    time_scale = 0.1


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    (tmp_path / "stacks" / "local").mkdir(parents=True)
    (tmp_path / "stacks" / "local" / "estate.yaml").touch()
    (tmp_path / "Pulumi.yaml").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(LocalClouds, "connect", lambda _: cast(LocalClouds, Clouds()))

    def nothing_to_do(_estate: Any, environment: str, operation: str, **_options: Any) -> Result:
        unit = UnitResult("eu", "local-eu", Mark.DONE)
        return Result(environment, operation, "embedded", [unit], 0.1, {})

    monkeypatch.setattr(commands, "run", nothing_to_do)
    monkeypatch.setattr("meridian.cli.review_commands.keep_applied", lambda *_: None)
    monkeypatch.setattr("meridian.cli.replicas.tell", lambda *_, **__: None)
    monkeypatch.setattr("meridian.cli.clusters.print_clusters", lambda *_, **__: None)
    return Checkout(tmp_path)


def killed(checkout: Checkout, *, started: str = "long ago") -> None:
    taken = journal.Taken("local", "region", "eu", 1.0, os.getpid(), started, 1_795_000_000.0)
    checkout.local.mkdir(parents=True, exist_ok=True)
    journal.file(checkout).write_text(json.dumps(asdict(taken)))


@pytest.mark.parametrize("operation", ["up", "preview"])
def test_up_and_preview_name_a_killed_drill_its_standing_faults_and_the_way_back(
    checkout: Checkout, capsys: pytest.CaptureFixture[str], operation: str
) -> None:
    killed(checkout)
    assert cli.run([operation, "local"]) == 0
    said = capsys.readouterr().err
    for part in ("region eu", "local-eu-gke", "eu-1", "time scale is 0.1, it was 1", f"`{FIX}`"):
        assert part in said
    assert cli.run([operation, "local", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["unfinished_drill"]
    assert (told["lost"], told["fix"]) == ("region:eu", FIX)
    assert told["standing"][0] == "clusters that do not run: local-eu-gke"


def test_without_a_killed_drill_nothing_is_said(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["up", "local", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["unfinished_drill"] is None
    assert "drill" not in err


def test_a_drill_that_still_runs_is_not_unfinished(checkout: Checkout) -> None:
    killed(checkout, started=rendezvous.started_at(os.getpid()))
    assert unfinished.find(checkout) is None


def test_while_no_clouds_run_what_stands_is_unknown(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(checkout)
    monkeypatch.setattr(LocalClouds, "connect", lambda _: None)
    found = unfinished.find(checkout)
    assert found is not None
    assert found.standing == ("unknown: the embedded clouds do not run",)
    assert FIX in str(found)
