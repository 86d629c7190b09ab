"""The daemon of the embedded clouds during a run: started before it, and named when it ended in the middle."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from meridian.local import client, launcher, plugins, rendezvous
from meridian.orchestrator.errors import OrchestratorError
from meridian.orchestrator.providers_mode import Providers
from meridian.orchestrator.result import UnitResult
from meridian.orchestrator.session import Session
from meridian.orchestrator.units import Mark
from meridian.orchestrator.unsaved import Unsaved

# What the engine, our own provider and a database's client say of somebody who is not there any more.
_NOBODY = re.compile(
    r"error reading from server|connection error: desc|transport is closing|did not come alive"
    r"|code = (Unavailable|DeadlineExceeded)|connection re(fused|set)|closed the connection|nobody answered"
    r"|the daemon of the embedded clouds",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Daemon:
    """The process that served when the run began."""

    local: Path
    pid: int
    started: str
    variables: Mapping[str, str] = field(repr=False)
    """Of an engine's environment: they spare its launchers to look for this process."""

    @property
    def gone(self) -> bool:
        """True when it runs no more, whether another has taken its place or not."""
        return rendezvous.started_at(self.pid) != self.started

    def tell_lost(
        self, session: Session, operation: str, results: Sequence[UnitResult], unsaved: Unsaved
    ) -> None:
        """Say in failed units that they failed for want of this process, and mark them: their state may be behind."""
        died = f"the daemon of the embedded clouds (process {self.pid}) ended in the middle of this run"
        told = "\n".join((f"{died}: nobody answered", *self._consequences(session)))
        for result in results:
            if result.mark is not Mark.FAILED:
                continue
            unsaved.begin(result.unit, operation)
            kept = result.errors
            result.errors = [
                (order, replace(said, message=told) if _NOBODY.search(said.message) else said)
                for order, said in kept
            ]
            if result.errors == kept:
                result.notes.append(died)

    def _consequences(self, session: Session) -> tuple[str, str, str]:
        why = (
            "it crashed, was stopped, or was killed (as by the system when memory ends); "
            f"its log is {(self.local / 'daemon.log').relative_to(session.checkout.root)}"
        )
        again = "fix: run the same command again: the daemon starts anew"
        if session.providers is Providers.PLAN:
            return why, "lost: what these units would change; a plan keeps nothing in the clouds", again
        return (
            why,
            "lost: the answers to what it was doing; what exists in the clouds is kept, and its clusters, "
            "databases and router stand still until it runs again",
            f"{again}, brings them back, and looks first at what was cut off",
        )


def start(session: Session) -> Daemon | None:
    """Start the embedded clouds and put their plugins in place; None for a session that does not use them."""
    if session.providers is Providers.OFFICIAL:
        return None
    checkout = session.checkout
    plugins.install(checkout)
    client.LocalClouds.ensure_running(checkout)
    found = rendezvous.read(checkout.local)
    if found is None:
        raise OrchestratorError(
            "the daemon of the embedded clouds",
            "it ended as soon as it had started",
            f"see {checkout.local}/daemon.log, then run again",
        )
    known = {launcher.DAEMON: f"{found['port']} {found['token']}"}
    return Daemon(checkout.local, int(found["pid"]), found["started"], known)
