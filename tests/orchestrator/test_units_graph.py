"""The order of units, and what a failure blocks."""

from pathlib import Path

import pytest

from meridian.orchestrator.errors import UsageError
from meridian.orchestrator.units import Mark, Schedule, checked, program_graph, reverse, select, unordered

GRAPH = {"base": (), "left": ("base",), "right": ("base",), "top": ("left", "right"), "alone": ()}


def test_a_unit_starts_only_when_all_its_upstreams_are_done() -> None:
    schedule = Schedule(GRAPH)
    assert schedule.ready() == ["base", "alone"]
    schedule.start("base")
    assert schedule.ready() == ["alone"]
    schedule.finish("base", Mark.DONE)
    assert schedule.ready() == ["left", "right", "alone"]
    schedule.finish("left", Mark.DONE)
    assert "top" not in schedule.ready()
    schedule.finish("right", Mark.DONE)
    assert "top" in schedule.ready()


def test_a_failure_blocks_its_dependants_at_any_distance_and_nobody_else() -> None:
    schedule = Schedule(GRAPH)
    assert schedule.finish("base", Mark.FAILED) == ["left", "right", "top"]
    assert schedule.marks["alone"] is Mark.WAITING
    assert schedule.blocked_by["top"] == "base"
    assert not schedule.over
    schedule.finish("alone", Mark.DONE)
    assert schedule.over


def test_the_sister_of_a_failed_unit_goes_on() -> None:
    schedule = Schedule(GRAPH)
    schedule.finish("base", Mark.DONE)
    assert schedule.finish("left", Mark.FAILED) == ["top"]
    assert "right" in schedule.ready()


def test_destroy_goes_the_other_way() -> None:
    turned = reverse(GRAPH)
    assert turned["base"] == ("left", "right")
    assert Schedule(turned).ready() == ["alone", "top"]


def test_a_preview_waits_for_nothing() -> None:
    assert len(Schedule(unordered(GRAPH)).ready()) == len(GRAPH)


def test_choosing_units_drops_the_edges_to_those_left_out() -> None:
    assert select(GRAPH, ["top", "left"]) == {"left": (), "top": ("left",)}


def test_choosing_nothing_means_all() -> None:
    assert select(GRAPH, []) == GRAPH


def test_an_unknown_unit_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"attic.*base, left, right, top, alone"):
        select(GRAPH, ["attic"])


def test_a_cycle_is_refused() -> None:
    with pytest.raises(ValueError, match="cycle"):
        checked({"a": ("b",), "b": ("a",)})


def test_a_dangling_upstream_is_refused() -> None:
    with pytest.raises(ValueError, match="depends on ghost"):
        checked({"a": ("ghost",)})


def test_a_stop_lets_nothing_more_start() -> None:
    schedule = Schedule(GRAPH)
    schedule.start("base")
    assert schedule.stop() == ["left", "right", "top", "alone"]
    assert schedule.ready() == []


def test_the_regions_of_an_environment_are_its_files(tmp_path: Path) -> None:
    (tmp_path / "prod").mkdir()
    for name in ("estate", "asia", "brazil", "us"):
        (tmp_path / "prod" / f"{name}.yaml").touch()
    graph = program_graph(tmp_path, "prod")
    assert list(graph) == [
        "foundation",
        "us",
        "asia",
        "brazil",
        "us-definitions",
        "asia-definitions",
        "brazil-definitions",
        "mesh",
        "us-platform",
        "asia-platform",
        "brazil-platform",
        "data",
        "edge",
    ]
    assert graph["brazil"] == ("foundation",)
    assert graph["mesh"] == ("us", "asia", "brazil")
