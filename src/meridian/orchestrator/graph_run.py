"""Runs one operation over the graph of units: side by side, and a failure blocks only what depends on it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import FrameType
from typing import Protocol

from meridian.orchestrator.engine import Engine, EngineProcess, arguments
from meridian.orchestrator.errors import OrchestratorError
from meridian.orchestrator.events import Diagnostic
from meridian.orchestrator.previews import HostedPreview, PreviewHost
from meridian.orchestrator.result import UnitResult
from meridian.orchestrator.session import Session
from meridian.orchestrator.units import Graph, Mark, Schedule
from meridian.orchestrator.unsaved import Unsaved
from meridian.orchestrator.workers import Worker, WorkerPool

_POLL_SECONDS = 0.02
# Engines at a time. Each keeps a core busy and takes some 200 MB with its program: more of them only wait for each other.
_ENGINES = max(6, 3 * (os.cpu_count() or 1))
# Only these run the program; refresh and destroy work from state.
_WITH_PROGRAM = frozenset({"preview", "up"})
_OPEN_STATE = (
    "put back the passphrase with which this state was made (.meridian/passphrase, or your PULUMI_CONFIG_PASSPHRASE); "
    "of the embedded clouds, `make clean` and `make up` begin anew"
)

_CUT_SHORT = (
    "the event log of its preview ends before the engine's summary, so nobody knows all that it would change; "
    "fix: see that the disk of .meridian/logs is not full, then run again"
)
_UNJUDGED = (
    "its preview failed, so no rule has judged it: nothing of it was applied; "
    "fix: mend what the preview says (`meridian preview ENV --unit UNIT`), then run up again"
)


class Listener(Protocol):
    """Told of every turn of a unit; must be quick."""

    def changed(self, unit: UnitResult) -> None:
        """A unit's state changed."""

    def tick(self) -> None:
        """Time passed."""


@dataclass
class _Running:
    engine: Engine
    worker: Worker | None
    steps: list[str]
    operation: str

    def close(self) -> None:
        if self.worker:
            self.worker.close()


class GraphRun:
    """One run; `prepare` names commands to run on a unit's stack before the operation (a recovery's refresh).

    A unit of `unjudged` fails without being run, and blocks what depends on it.
    """

    def __init__(
        self,
        session: Session,
        operation: str,
        graph: Graph,
        pool: WorkerPool,
        listener: Listener,
        unsaved: Unsaved,
        *,
        prepare: Mapping[str, list[str]] | None = None,
        unjudged: Collection[str] = (),
        parallel: int = 16,
        on_engines: Callable[[list[int]], None] = lambda _pids: None,
    ) -> None:
        self._session = session
        self._operation = operation
        self._schedule = Schedule(graph)
        self._pool = pool
        self._listener = listener
        self._unsaved = unsaved
        self._prepare = dict(prepare or {})
        self._unjudged = unjudged
        self._parallel = parallel
        self._on_engines = on_engines
        self._running: dict[str, _Running] = {}
        self._previews: PreviewHost | None = None
        self._order = 0
        self._interrupts = 0
        self._seen_interrupts = 0
        self._begun: dict[str, float] = {}
        self.results = {unit: UnitResult(unit, session.stack(unit)) for unit in graph}

    @property
    def interrupted(self) -> bool:
        """True when a signal asked the run to stop."""
        return self._interrupts > 0

    def run(self) -> list[UnitResult]:
        """Run to the end and return every unit's result; leaves no process behind, whatever happens."""
        kept = {number: signal.signal(number, self._on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            # Before the first unit is ready: it starts while the programs do.
            if self._operation == "preview":
                self._previews = PreviewHost.start(self._session, len(self.results))
            while not self._schedule.over:
                self._obey_signals()
                for unit in self._schedule.ready()[: _ENGINES - len(self._running)]:
                    if self._interrupts == self._seen_interrupts:
                        self._start(unit)
                self._watch()
                self._listener.tick()
                if self._running:
                    time.sleep(_POLL_SECONDS)
        finally:
            for running in self._running.values():
                running.engine.kill()
                running.close()
            if self._previews:
                self._previews.close()
            for number, handler in kept.items():
                signal.signal(number, handler)
        return list(self.results.values())

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._interrupts += 1

    def _obey_signals(self) -> None:
        if self._interrupts == self._seen_interrupts:
            return
        first = self._seen_interrupts == 0
        self._seen_interrupts = self._interrupts
        for running in self._running.values():
            if first:
                running.engine.interrupt()
            else:
                running.engine.kill()
        for unit in self._schedule.stop():
            self._note(unit, Mark.INTERRUPTED)

    def _start(self, unit: str) -> None:
        self._schedule.start(unit)
        self._begun[unit] = time.monotonic()
        if unit in self._unjudged:
            self._fail(unit, _UNJUDGED)
            return
        self._note(unit, Mark.RUNNING)
        self._launch(unit, [*self._prepare.get(unit, []), self._operation])

    def _launch(self, unit: str, steps: list[str]) -> None:
        operation, rest = steps[0], steps[1:]
        worker: Worker | None = None
        try:
            if operation in _WITH_PROGRAM:
                worker = self._pool.worker(self._session.stack(unit), self._session.environ())
            command = arguments(
                operation, self._session, unit, port=worker.port if worker else None, parallel=self._parallel
            )
            self._unsaved.begin(unit, operation)
            engine = self._engine(unit, operation, command)
        except (OrchestratorError, OSError) as error:
            if worker:
                worker.close()
            self._fail(unit, str(error))
            return
        self._running[unit] = _Running(engine, worker, rest, operation)
        self._on_engines([running.engine.pid for running in self._running.values()])

    def _engine(self, unit: str, operation: str, command: list[str]) -> Engine:
        if self._previews and operation == "preview":
            return HostedPreview(self._session, unit, command, self._previews)
        return EngineProcess(self._session, unit, command, self._unsaved.settings(operation))

    def _watch(self) -> None:
        for unit, running in list(self._running.items()):
            # The exit code first: what is written before the end is then surely read.
            code = running.engine.poll()
            result = self.results[unit]
            heard = False
            for event in running.engine.events():
                heard = True
                self._order += 1
                result.take(event, self._order, preview=self._operation == "preview")
            result.seconds = time.monotonic() - self._begun[unit]
            if code is None:
                if heard:
                    self._listener.changed(result)
                continue
            running.close()
            del self._running[unit]
            self._unsaved.end(unit, code)
            self._ended(unit, running, code)

    def _ended(self, unit: str, running: _Running, code: int) -> None:
        result = self.results[unit]
        if code == 0 and running.steps and not self.interrupted:
            result.restart()
            self._launch(unit, running.steps)
            return
        if code == 0 and not running.steps:
            if self._operation == "preview" and not result.summed_up:
                self._fail(unit, _CUT_SHORT)
            else:
                self._end(unit, Mark.DONE)
            return
        if self.interrupted:
            self._end(unit, Mark.INTERRUPTED)
            return
        result.output_tail = running.engine.output_tail()
        if not result.errors:
            self._order += 1
            said = result.output_tail or f"the engine ended with code {code} and said nothing"
            if "incorrect passphrase" in said:
                said += f"; fix: {_OPEN_STATE}"
            result.errors.append((self._order, Diagnostic("error", said, "", 0)))
        self._end(unit, Mark.FAILED)

    def _fail(self, unit: str, reason: str) -> None:
        self._order += 1
        self.results[unit].errors.append((self._order, Diagnostic("error", reason, "", 0)))
        self._end(unit, Mark.FAILED)

    def _end(self, unit: str, mark: Mark) -> None:
        for blocked in self._schedule.finish(unit, mark):
            self.results[blocked].blocked_by = unit
            self._note(blocked, Mark.BLOCKED)
        self._note(unit, mark)

    def _note(self, unit: str, mark: Mark) -> None:
        result = self.results[unit]
        result.mark = mark
        self._listener.changed(result)
