"""The router's event log: every change of health, of the configuration and of the processes; bounded, kept over restarts."""

from __future__ import annotations

import json
import time
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from meridian.files import write_whole

_KEPT = 1000


@dataclass(frozen=True)
class Event:
    """One thing that happened; `at` in seconds since 1970."""

    number: int
    at: float
    kind: str
    subject: str
    text: str


class EventLog:
    """The last thousand events, in memory and in a file; a file of None keeps nothing."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._events: deque[Event] = deque(maxlen=_KEPT)
        self._written = 0
        if file is not None and file.exists():
            for line in file.read_text(errors="replace").splitlines()[-_KEPT:]:
                self._restore(line)
            self._rewrite()

    def add(self, kind: str, subject: str, text: str) -> Event:
        """Note an event now."""
        event = Event(self._events[-1].number + 1 if self._events else 1, time.time(), kind, subject, text)
        self._events.append(event)
        if self._file is not None:
            if self._written >= 2 * _KEPT:
                self._rewrite()
            else:
                with self._file.open("a") as stream:
                    stream.write(json.dumps(asdict(event)) + "\n")
                self._written += 1
        return event

    def since(self, number: int = 0) -> list[Event]:
        """Return the events after a number, oldest first."""
        return [event for event in self._events if event.number > number]

    def _restore(self, line: str) -> None:
        try:
            given: dict[str, Any] = json.loads(line)
            self._events.append(Event(**given))
        except (ValueError, TypeError):
            return  # the last line of a process that was killed while it wrote

    def _rewrite(self) -> None:
        assert self._file is not None
        write_whole(self._file, "".join(json.dumps(asdict(event)) + "\n" for event in self._events))
        self._written = len(self._events)
