"""Which engines write their state only at the end, and how a death among them is known afterwards."""

from pathlib import Path

import pytest

from meridian.orchestrator.providers_mode import Providers
from meridian.orchestrator.session import Session, open_session
from meridian.orchestrator.unsaved import Unsaved
from meridian.paths import Checkout


def session(root: Path, providers: Providers = Providers.EMBEDDED) -> Session:
    return open_session(Checkout(root), "local", providers, environ={})


def marks(root: Path) -> Unsaved:
    return Unsaved(session(root), embedded_clouds=True)


def test_a_mark_goes_when_an_engine_ends_by_itself_even_in_failure(tmp_path: Path) -> None:
    for code in (0, 1, 255):
        now = marks(tmp_path)
        now.begin("eu", "up")
        now.end("eu", code)
        assert marks(tmp_path).left == frozenset()


@pytest.mark.parametrize("code", [-9, -15, 2])
def test_a_mark_stays_when_an_engine_was_killed_or_panicked(tmp_path: Path, code: int) -> None:
    now = marks(tmp_path)
    now.begin("eu", "up")
    now.end("eu", code)
    assert marks(tmp_path).left == {"eu"}


def test_a_mark_stays_when_the_run_itself_died(tmp_path: Path) -> None:
    marks(tmp_path).begin("eu", "destroy")
    assert marks(tmp_path).left == {"eu"}


def test_an_earlier_runs_mark_outlives_a_clean_end_until_it_is_settled(tmp_path: Path) -> None:
    marks(tmp_path).begin("eu", "up")
    later = marks(tmp_path)
    later.begin("eu", "refresh")
    later.end("eu", 0)
    assert marks(tmp_path).left == {"eu"}
    later.settle("eu")
    assert marks(tmp_path).left == frozenset()


def test_a_preview_changes_nothing_and_leaves_no_mark(tmp_path: Path) -> None:
    now = marks(tmp_path)
    now.begin("eu", "preview")
    assert now.settings("preview") == {}
    assert marks(tmp_path).left == frozenset()


@pytest.mark.parametrize("providers", [Providers.PLAN, Providers.OFFICIAL])
def test_on_a_real_account_every_step_is_written(tmp_path: Path, providers: Providers) -> None:
    now = Unsaved(session(tmp_path, providers), embedded_clouds=True)
    now.begin("eu", "up")
    assert now.settings("up") == {}
    assert not (tmp_path / ".meridian" / "unsaved").exists()
    assert marks(tmp_path).settings("up") == {"PULUMI_SKIP_CHECKPOINTS": "true"}
