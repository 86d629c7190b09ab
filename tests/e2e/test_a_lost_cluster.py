"""One cluster of the whole estate does not answer: only its region's platform suffers, and `up` continues."""

from __future__ import annotations

import json
from typing import Any

import pytest
from estate_checkout import EstateCheckout

from meridian.model.units import platform_of

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane, pytest.mark.timeout(900)]
LOST, PLATFORM = "local-eu-eks", platform_of("eu")


def units(said: str) -> dict[str, dict[str, Any]]:
    return {unit["unit"]: unit for unit in json.loads(said)["units"]}


def test_up_finishes_the_other_units_tells_the_cause_first_and_continues_when_the_cluster_answers(
    estate: EstateCheckout,
) -> None:
    data = estate.root / "stacks/local/estate.yaml"
    before = data.read_text()
    data.write_text(before.replace("quota: {pods: 20, cpu: 8,", "quota: {pods: 21, cpu: 8,"))
    assert data.read_text() != before
    estate.run("local", "cluster", "stop", LOST)
    said = units(estate.run("up", "local", "--json", code=1))
    marks = {name: unit["state"] for name, unit in said.items()}
    assert {name for name, mark in marks.items() if mark == "failed"} == {PLATFORM}
    assert {name for name, mark in marks.items() if mark == "blocked"} == {"data"}
    assert f"cluster {LOST}" in json.dumps(said[PLATFORM]) and "does not answer" in json.dumps(said[PLATFORM])
    assert said[platform_of("us")]["changes"] and said[platform_of("asia")]["changes"]
    estate.run("local", "cluster", "start", LOST)
    continued = units(estate.run("up", "local", "--json"))
    assert [name for name, unit in continued.items() if unit["changes"]] == [PLATFORM]
