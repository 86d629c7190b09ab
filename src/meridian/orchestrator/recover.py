"""What to do on a stack before a run because an earlier run died on it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from meridian.orchestrator.backend import PendingOperation
from meridian.orchestrator.errors import OrchestratorError
from meridian.orchestrator.locks import read_holder
from meridian.orchestrator.providers_mode import Providers
from meridian.orchestrator.session import Session
from meridian.paths import Checkout
from meridian.wording import counted


@dataclass(frozen=True)
class CutOff:
    """How an earlier run died on a unit, whose state may be behind what the clouds hold."""

    pending: tuple[PendingOperation, ...]
    unsaved: bool
    """True when its engine died before it wrote its state."""

    def __str__(self) -> str:
        if not self.pending:
            return "its state was not written"
        return f"{counted(len(self.pending), 'operation')} of unknown outcome"

    def to_json(self) -> dict[str, Any]:
        """Return plain data with stable keys."""
        return {"unsaved": self.unsaved, "pending": [vars(operation) for operation in self.pending]}


@dataclass(frozen=True)
class Recovery:
    """What dead runs left behind, by unit."""

    released: dict[str, list[str]] = field(default_factory=dict)
    """What to tell of engines' locks that were given back."""
    cut_off: dict[str, CutOff] = field(default_factory=dict)

    @property
    def prepare(self) -> dict[str, list[str]]:
        """The commands to run first."""
        return {unit: ["recover"] for unit in self.cut_off}

    def notes(self, unit: str, *, refreshed: bool) -> list[str]:
        """Return what to tell of a unit; `refreshed` when this run brings state and clouds together."""
        told = list(self.released.get(unit, ()))
        if refreshed and unit in self.cut_off:
            more = ", what it made is taken over" if self.cut_off[unit].unsaved else ""
            told.append(f"an earlier run died here, {self.cut_off[unit]}: refreshed first{more}")
        return told


def examine(
    session: Session, units: Iterable[str], unsaved: Collection[str] = (), *, consent: bool = False
) -> Recovery:
    """Release dead engines' locks and plan a refresh for stacks with open operations; raises for what a person must decide.

    The embedded clouds adopt a resource whose creation lost its reply, so there the open operation is dropped and
    the next `up` finds the resource. A real cloud would keep an orphan: `consent` (from `meridian recover`) is asked.
    On `unsaved` units an engine died before it wrote its state.
    """
    backend = session.file_backend
    recovery = Recovery()
    if backend is None:
        return recovery
    for unit in units:
        stack = session.stack(unit)
        for lock in backend.release_dead(stack):
            recovery.released.setdefault(unit, []).append(
                f"released the engine's lock of a dead process (pid {lock.pid}, since {lock.since})"
            )
        pending = backend.pending(stack)
        creations = [operation.urn for operation in pending if operation.kind == "creating"]
        if creations and session.providers is Providers.OFFICIAL and not consent:
            raise OrchestratorError(
                f"{stack} has {len(creations)} creations whose outcome is unknown: {', '.join(creations)}",
                "a real cloud may hold these resources already, and creating them again would leave orphans",
                f"look for them; import those that exist (`pulumi import`), then `meridian recover "
                f"{session.environment} --yes` forgets the rest",
            )
        if pending or unit in unsaved:
            recovery.cut_off[unit] = CutOff(tuple(pending), unit in unsaved)
    return recovery


def sweep(session: Session, unit: str) -> list[str]:
    """Remove from the embedded clouds what a dead run made for a unit and its state does not know; say what."""
    from meridian.local.client import LocalClouds

    stack, backend = session.stack(unit), session.file_backend
    clouds = LocalClouds.connect(session.checkout)
    if backend is None or clouds is None:
        return []
    known = [
        (resource["type"], resource["id"]) for resource in backend.resources(stack) if resource.get("id")
    ]
    swept = clouds.sweep(session.environment, stack, known)
    return [f"removed {name}, which a dead run had made and nothing names any more" for name in swept]


def unlock(checkout: Checkout, environment: str, *, force: bool, wait_seconds: float = 30.0) -> str:
    """Give back a dead holder's lock and say what was done; a living holder is refused unless `force`, which ends it."""
    holder = read_holder(checkout, environment)
    if holder is None:
        return f"{environment} is not held"
    victims = [*([holder.pid] if holder.alive else []), *holder.living_engines()]
    if victims and not force:
        raise OrchestratorError(
            f"{environment} is held by {holder.sentence()}",
            "a run that lives must not lose its lock",
            f"end it with Ctrl-C where it runs, or `meridian unlock {environment} --force`, which interrupts it",
        )
    for pid in victims:
        _end(pid, wait_seconds)
    (checkout.locks / f"{environment}.json").unlink(missing_ok=True)
    return f"{environment} is free again; it was held by {holder.sentence()}"


def _end(pid: int, wait_seconds: float) -> None:
    import psutil

    try:
        process = psutil.Process(pid)
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + wait_seconds
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > deadline:
                process.kill()
                return
            time.sleep(0.1)
    except (psutil.NoSuchProcess, ProcessLookupError):
        return
