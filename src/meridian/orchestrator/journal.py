"""Writes down every run that can change an environment: before it begins and when it has ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from meridian.audit.actions import note
from meridian.orchestrator.capture import merged_plan
from meridian.orchestrator.providers_mode import Providers
from meridian.orchestrator.result import Result
from meridian.orchestrator.session import Session

CHANGING = frozenset({"up", "destroy", "refresh", "recover"})


@contextmanager
def noted(session: Session, operation: str, units: Sequence[str]) -> Iterator[Callable[[Result], None]]:
    """Write `<operation>` at once and `<operation> ended` afterwards, also for a run that fails; a preview is not written.

    The digest is that of what the engines did, in a plan's form: `meridian preview` before an unchanged `up` gives
    another one only where values became known. Raises ChainError, before anything runs, for a journal that was changed.
    """
    ended: list[Result] = []
    if operation not in CHANGING or session.providers is Providers.PLAN:
        yield ended.append
        return
    start = note(session.checkout, operation, session.environment, {"units": list(units)})
    try:
        yield ended.append
    finally:
        result = ended[0] if ended else None
        content = {
            "begun": start.number,
            "outcome": "failed" if result is None or not result.ok else "succeeded",
            "changes": {unit.unit: dict(unit.counts) for unit in result.units} if result else {},
            "plan": _digest(session, result) if result else None,
        }
        note(session.checkout, f"{operation} ended", session.environment, content)


def _digest(session: Session, result: Result) -> str | None:
    try:
        return merged_plan(session, [unit.unit for unit in result.units]).digest()
    except OSError:
        # A unit that never started has no event log: what was not done has no digest.
        return None
