"""Stacks whose engine died before it wrote its state.

An engine writes its whole state at every step, which makes a run quadratic in its resources (`PULUMI_SKIP_CHECKPOINTS`
writes it once, at the end; pulumi/pulumi#10668). On a real account every step counts and nothing is skipped. The embedded
clouds know by themselves what they made and for which resource, so there a mark tells that the state may be behind, and
the next run reads the clouds, takes over what was made and removes what nobody wants any more.
"""

from __future__ import annotations

from pathlib import Path

from meridian.orchestrator.providers_mode import Providers
from meridian.orchestrator.session import Session

SETTING = {"PULUMI_SKIP_CHECKPOINTS": "true"}
_CHANGING = frozenset({"up", "refresh", "recover", "destroy"})
_PANIC = 2


class Unsaved:
    """The marks of one environment; `left` are the units on which an engine of an earlier run died."""

    def __init__(self, session: Session, *, embedded_clouds: bool) -> None:
        self._embedded = embedded_clouds and session.providers is Providers.EMBEDDED
        self._folder = session.checkout.work / "unsaved" / session.environment
        self.left = frozenset(mark.name for mark in self._marks())

    def _marks(self) -> list[Path]:
        return list(self._folder.iterdir()) if self._embedded and self._folder.is_dir() else []

    def settings(self, operation: str) -> dict[str, str]:
        """Return the engine's settings for an operation."""
        return SETTING if self._embedded and operation in _CHANGING else {}

    def begin(self, unit: str, operation: str) -> None:
        """Mark a unit before its engine starts."""
        if self.settings(operation):
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / unit).touch()

    def end(self, unit: str, code: int) -> None:
        """Take the mark back once an engine has ended by itself; that of an earlier run stays until `settle`."""
        if code >= 0 and code != _PANIC and unit not in self.left:
            self.settle(unit)

    def settle(self, unit: str) -> None:
        """Take the mark back: state and clouds agree again."""
        (self._folder / unit).unlink(missing_ok=True)
