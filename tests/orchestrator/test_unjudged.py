"""What no rule has judged is not applied, and what does not need it is."""

from types import SimpleNamespace
from typing import Any, cast

from meridian.orchestrator.graph_run import GraphRun
from meridian.orchestrator.units import Mark


def test_a_unit_whose_preview_failed_is_not_run_and_blocks_what_depends_on_it() -> None:
    nothing: Any = SimpleNamespace(changed=lambda _: None, tick=lambda: None)
    session = cast(Any, SimpleNamespace(stack=lambda unit: f"prod-{unit}"))
    graph = {"eu": (), "eu-platform": ("eu",)}
    results = GraphRun(session, "up", graph, cast(Any, None), nothing, cast(Any, None), unjudged={"eu"}).run()
    assert [each.mark for each in results] == [Mark.FAILED, Mark.BLOCKED]
    assert "no rule has judged it" in results[0].errors[0][1].message
