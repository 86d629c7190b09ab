"""What `up` says at its end: hints only after a whole run that did something, the seconds of all of an approved one."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from meridian.cli import clusters, estate_commands, local_commands, review_commands
from meridian.orchestrator.commands import Estate
from meridian.orchestrator.result import Change, Result, UnitResult
from meridian.orchestrator.units import Mark
from meridian.paths import Checkout
from meridian.plan import Plan

MADE = Change("create", "aws:ec2/vpc:Vpc", "vpc", "urn:vpc", ())
REFUSED = cast(Any, SimpleNamespace(mandatory=["a rule"], findings=(), excepted=(), skipped=()))


def ended(operation: str = "up", *, changes: int = 1, mark: Mark = Mark.DONE, policies: Any = None) -> Result:
    unit = UnitResult("eu", "local-eu", mark, changes=[MADE] * changes)
    return Result("local", operation, "embedded", [unit], 2.0, {"engines": 1.0}, policies=policies)


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    (tmp_path / "stacks/local").mkdir(parents=True)
    (tmp_path / "stacks/local/estate.yaml").touch()
    return Estate(Checkout(tmp_path), {"eu": ()})


@pytest.fixture
def finish(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Ends an `up` and returns what it did besides printing its result."""
    done: list[str] = []
    monkeypatch.setattr(review_commands, "keep_applied", lambda *_: done.append("kept"))
    monkeypatch.setattr(
        clusters, "print_clusters", lambda _, *, hints: done.append("hints" if hints else "table")
    )

    def end(result: Result, *, whole: bool = True) -> list[str]:
        done.clear()
        estate_commands._finish(estate, result, False, False, whole=whole)
        return done

    return end


def test_only_a_whole_up_that_changed_something_says_what_to_try_next(
    finish: Callable[..., list[str]],
) -> None:
    assert finish(ended()) == ["kept", "hints"]
    assert finish(ended(changes=0)) == ["kept", "table"]
    assert finish(ended(), whole=False) == ["table"]


def test_a_refused_or_failed_up_keeps_nothing_as_applied_and_hints_at_nothing(
    finish: Callable[..., list[str]],
) -> None:
    assert finish(ended(policies=REFUSED)) == []
    assert finish(ended(mark=Mark.FAILED)) == []


def test_an_approved_up_says_that_its_plan_matches_and_counts_the_comparison(
    estate: Estate, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = Plan("local", "embedded", "a" * 40, {}, {"eu": ()})
    monkeypatch.setattr(review_commands, "load_plan", lambda *_: plan)
    monkeypatch.setattr(review_commands, "merged_plan", lambda *_: plan)
    monkeypatch.setattr(review_commands, "run", lambda _estate, _env, operation, **_: ended(operation))
    monkeypatch.setattr(review_commands, "monotonic", iter([100.0, 109.0, 125.0]).__next__)
    result = review_commands.approved_up(estate, "local", None, "auto", Path("plan.json"), [])
    assert (result.operation, result.seconds) == ("up", 25.0)
    assert result.phases == {"plan and comparison": 9.0, "engines": 1.0}
    assert f"plan {plan.digest()[:12]} matches what would be done now" in capsys.readouterr().err


def test_a_drift_that_was_made_says_how_to_find_and_mend_it_in_its_own_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clouds = SimpleNamespace(drift=lambda *_: {"id": "vpc-1", "environment": "local", "deleted": True})
    monkeypatch.setattr(local_commands, "running", lambda: clouds)
    local_commands.drift("vpc-1", delete=True)
    assert "`meridian drift local` finds it" in capsys.readouterr().out
