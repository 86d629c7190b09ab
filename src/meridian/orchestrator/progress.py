"""Live progress on standard error: a table on a terminal, plain lines anywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from types import TracebackType
from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.table import Table

from meridian.orchestrator.result import UnitResult
from meridian.orchestrator.units import Mark

_STYLES = {
    Mark.WAITING: "dim",
    Mark.RUNNING: "cyan",
    Mark.DONE: "green",
    Mark.FAILED: "bold red",
    Mark.BLOCKED: "yellow",
    Mark.INTERRUPTED: "yellow",
}


def words(unit: UnitResult) -> str:
    """Say how a unit stands in a few words."""
    if unit.mark is Mark.BLOCKED:
        return f"blocked by {unit.blocked_by}"
    if unit.mark is Mark.DONE:
        return f"done, {len(unit.changes)} changed" if unit.changes else "done, nothing to do"
    return str(unit.mark.value)


class PlainProgress:
    """One line per turn of a unit, for logs and pipes."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._last: dict[str, Mark] = {}

    def changed(self, unit: UnitResult) -> None:
        """Print a line when the unit's state has turned."""
        if self._last.get(unit.unit) is unit.mark:
            return
        self._last[unit.unit] = unit.mark
        took = f" ({unit.seconds:.1f} s)" if unit.mark in (Mark.DONE, Mark.FAILED, Mark.INTERRUPTED) else ""
        print(f"{unit.unit}: {words(unit)}{took}", file=self._stream, flush=True)

    def tick(self) -> None:
        """Nothing: lines are printed as things happen."""

    def __enter__(self) -> PlainProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class LiveProgress:
    """A row per unit, redrawn in place ten times a second."""

    def __init__(self, units: Iterable[str], console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._units: dict[str, UnitResult | None] = dict.fromkeys(units)
        self._begun: dict[str, float] = {}
        self._drawn = 0.0
        self._live = Live(self._table(), console=self._console, auto_refresh=False, transient=True)

    def changed(self, unit: UnitResult) -> None:
        """Remember the unit's state; it is drawn at the next tick."""
        self._units[unit.unit] = unit
        if unit.mark is Mark.RUNNING:
            self._begun.setdefault(unit.unit, time.monotonic())

    def tick(self) -> None:
        """Redraw when the last drawing is a tenth of a second old."""
        now = time.monotonic()
        if now - self._drawn >= 0.1:
            self._drawn = now
            self._live.update(self._table(), refresh=True)

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False)
        for heading in ("unit", "state", "resources", "at work on", "elapsed"):
            table.add_column(heading, no_wrap=True, justify="right" if heading == "elapsed" else "left")
        for name, unit in self._units.items():
            if unit is None:
                table.add_row(name, "waiting", "", "", "", style="dim")
                continue
            elapsed = unit.seconds
            if unit.mark is Mark.RUNNING:
                elapsed = time.monotonic() - self._begun[name]
            table.add_row(
                name,
                words(unit),
                f"{unit.finished}/{unit.planned}" if unit.planned else "",
                unit.current if unit.mark is Mark.RUNNING else "",
                f"{elapsed:.1f} s" if elapsed else "",
                style=_STYLES[unit.mark],
            )
        return table

    def __enter__(self) -> LiveProgress:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.update(self._table(), refresh=True)
        self._live.stop()


def for_stream(units: Iterable[str], stream: TextIO | None = None) -> PlainProgress | LiveProgress:
    """Return the table when standard error is a terminal, else the plain lines."""
    target = stream or sys.stderr
    if target.isatty():
        return LiveProgress(units, Console(file=target))
    return PlainProgress(target)
