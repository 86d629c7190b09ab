"""Which units `up` leaves alone after its own preview, on the real engine."""

import json

import pytest

from meridian.orchestrator import commands
from meridian.orchestrator.commands import Estate
from meridian.orchestrator.idle import idle_units

pytestmark = pytest.mark.e2e


def idle(estate: Estate, unclean: frozenset[str] = frozenset()) -> frozenset[str]:
    session, _ = commands.session_for(estate, "local", "up", "auto")
    looked = commands.run(estate, "local", "preview", plain=True)
    return idle_units(session, estate.graph, looked, unclean)


def test_only_what_neither_changes_nor_follows_a_change_is_idle(estate: Estate) -> None:
    assert idle(estate) == frozenset(), "nothing was brought up yet"
    commands.run(estate, "local", "up", plain=True)
    assert idle(estate) == {"base", "left", "right", "top"}
    assert idle(estate, frozenset({"base"})) == frozenset(), "a dead run touched what all others follow"
    (estate.checkout.root / "program" / "left.json").write_text(json.dumps({"colour": "blue"}))
    assert idle(estate) == {"base", "right"}
    commands.run(estate, "local", "up", plain=True)
    # A secret output is masked in what the engine says: any change of the data may be one.
    (estate.checkout.stacks / "local" / "estate.yaml").write_text("# edited\n")
    assert idle(estate) == frozenset()


def test_what_is_idle_is_left_out_of_up_and_still_counted(estate: Estate) -> None:
    commands.run(estate, "local", "up", plain=True)
    (estate.checkout.root / "program" / "left.json").write_text(json.dumps({"colour": "blue"}))
    ran = commands.run(estate, "local", "up", plain=True, idle=frozenset({"base", "right"}))
    assert [unit.unit for unit in ran.units] == ["left", "top"]
    assert ran.ok and ran.counts["update"] == 3
