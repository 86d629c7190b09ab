"""`meridian prove` on the command line."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from meridian.cli import run

ROOT = Path(__file__).parents[2]


def test_the_proofs_of_production_s_data_are_told_and_nothing_demanded_is_broken(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["prove", "prod", "survival", "capacity", "availability", "failover", "latency"]) == 0
    said = capsys.readouterr().out
    for name in ("survival", "capacity", "availability", "failover", "latency"):
        assert f"\n{name}: " in said
    assert "cluster us gcp takes us-1, us-2 of us-1, us-2, us-3" in said
    told = re.search(
        r"\nprod: (\d+) of \1 demanded claims hold; (\d+) of \d+ claims that nobody demands", said
    )
    assert told and int(told[2]) >= 84
    assert said.rstrip().endswith("do not hold: survival 76, capacity 3, availability 3, latency 2")


def test_json_carries_method_sources_and_assumptions(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prove", "prod", "failover", "--json"]) == 0
    proof = json.loads(capsys.readouterr().out)["failover"]
    assert proof["holds"] is True
    assert proof["method"] and proof["sources"] and proof["assumptions"]
    assert proof["findings"][0]["bound"] == "60 s"


def test_explore_says_what_other_placements_buy(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prove", "prod", "survival", "--explore"]) == 0
    assert "rows of eu over all regions" in capsys.readouterr().out


def test_an_unknown_proof_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prove", "prod", "beauty"]) == 2
    assert "choose of survival" in capsys.readouterr().err.replace("\n", " ")


def test_a_demand_that_does_not_hold_ends_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / "stacks", tmp_path / "stacks", ignore=shutil.ignore_patterns("Pulumi.*.yaml"))
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    load = tmp_path / "stacks/assumptions/load.yaml"
    load.write_text(load.read_text().replace("30000", "90000"))
    monkeypatch.setenv("MERIDIAN_ROOT", str(tmp_path))
    assert run(["prove", "prod", "capacity"]) == 1
    assert "demanded claims do not hold" in capsys.readouterr().out
