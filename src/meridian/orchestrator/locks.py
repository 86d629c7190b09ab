"""One run per environment and checkout: a second is refused with who holds it, a dead holder's lock is taken over.

The lock itself is the operating system's (it ends with its process); beside it lies a file that says who holds it.
"""

from __future__ import annotations

import getpass
import json
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

import psutil
from filelock import FileLock, Timeout

from meridian.files import write_private
from meridian.orchestrator.errors import LockedError
from meridian.paths import Checkout


@dataclass(frozen=True)
class Holder:
    """Who holds an environment; `engines` are the process ids of its engines."""

    pid: int
    started: float
    host: str
    user: str
    command: str
    since: float
    engines: tuple[int, ...] = field(default=())

    @property
    def here(self) -> bool:
        """True when the holder is on this host."""
        return self.host == socket.gethostname()

    @property
    def alive(self) -> bool:
        """True when the process still runs on this host; a reused process id does not count."""
        return self.here and _is_process(self.pid, self.started)

    def living_engines(self) -> list[int]:
        """Return the engines that outlived their run."""
        return [pid for pid in self.engines if _is_engine(pid)] if self.here else []

    def sentence(self) -> str:
        """Say who, since when and whether it lives."""
        since = datetime.fromtimestamp(self.since, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        state = "alive" if self.alive else ("gone" if self.here else "on another host, unknown from here")
        return f"{self.user}@{self.host} (pid {self.pid}, {state}) since {since} with `{self.command}`"


def _is_process(pid: int, started: float) -> bool:
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - started) < 1 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _is_engine(pid: int) -> bool:
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and "--event-log" in " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def read_holder(checkout: Checkout, environment: str) -> Holder | None:
    """Return who holds, or held and never gave back, the environment."""
    try:
        raw = json.loads((checkout.locks / f"{environment}.json").read_text())
        return Holder(**{**raw, "engines": tuple(raw.get("engines", ()))})
    except (OSError, ValueError, TypeError):
        return None


def _me() -> Holder:
    process = psutil.Process()
    return Holder(
        pid=process.pid,
        started=process.create_time(),
        host=socket.gethostname(),
        user=getpass.getuser(),
        command=" ".join(["meridian", *sys.argv[1:]]),
        since=time.time(),
    )


class EnvironmentLock:
    """Context manager over one environment; `tell` says when a dead run was found."""

    def __init__(self, checkout: Checkout, environment: str) -> None:
        self._checkout = checkout
        self._environment = environment
        self._lock = FileLock(checkout.locks / f"{environment}.lock", timeout=0)
        self._holder = _me()
        self._note = ""

    @property
    def _file(self) -> Path:
        return self._checkout.locks / f"{self._environment}.json"

    def __enter__(self) -> EnvironmentLock:
        self._checkout.locks.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire()
        except Timeout:
            raise self._refusal(read_holder(self._checkout, self._environment)) from None
        before = read_holder(self._checkout, self._environment)
        try:
            if before and not before.here:
                raise self._refusal(before)
            if before and before.living_engines():
                raise self._orphans(before)
        except LockedError:
            self._lock.release()
            raise
        if before:
            self._note = f"took over the lock of a run that ended without giving it back: {before.sentence()}"
        self._write()
        return self

    def tell(self, say: Callable[[str], None]) -> None:
        """Say once that a dead run was found, however many runs hold this lock one after the other."""
        if self._note:
            say(self._note)
        self._note = ""

    def engines(self, pids: list[int]) -> None:
        """Note the engines at work, so that a later run can tell them from strangers."""
        self._holder = Holder(**{**asdict(self._holder), "engines": tuple(pids)})
        self._write()

    def _write(self) -> None:
        write_private(self._file, json.dumps(asdict(self._holder)), make_folder=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.unlink(missing_ok=True)
        self._lock.release()

    def _refusal(self, holder: Holder | None) -> LockedError:
        who = holder.sentence() if holder else "a run that has just begun"
        return LockedError(
            f"{self._environment} is held by {who}",
            "one run at a time changes an environment",
            f"wait for it or end it with Ctrl-C there; if it is dead: `meridian unlock {self._environment}`",
        )

    def _orphans(self, holder: Holder) -> LockedError:
        pids = ", ".join(str(pid) for pid in holder.living_engines())
        return LockedError(
            f"{self._environment}: engines of a dead run still work (pid {pids}); the run was {holder.sentence()}",
            "an engine that works must not be disturbed",
            f"wait until they have ended, or `meridian unlock {self._environment} --force`",
        )
