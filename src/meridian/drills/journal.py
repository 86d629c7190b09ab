"""What a drill has taken away, written down before it goes: a killed drill is found, and what it took is brought back."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from meridian.drills.errors import DrillError
from meridian.drills.target import Target
from meridian.files import write_private
from meridian.local import rendezvous
from meridian.local.client import LocalClouds
from meridian.paths import Checkout


@dataclass(frozen=True)
class Taken:
    """A loss that is under way, and the time scale that was set before it."""

    environment: str
    kind: str
    name: str
    scale: float
    pid: int
    started: str
    at: float

    @property
    def alive(self) -> bool:
        """True while the drill itself still runs."""
        return rendezvous.started_at(self.pid) == self.started

    def __str__(self) -> str:
        since = datetime.fromtimestamp(self.at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        return f"{self.kind} {self.name}, taken away by a drill at {since}"


def file(checkout: Checkout) -> Path:
    """Return where the loss under way is written down."""
    return checkout.local / "drill.json"


def read(checkout: Checkout) -> Taken | None:
    """Return the loss under way; None when there is none. Costs one look at a file."""
    try:
        return Taken(**json.loads(file(checkout).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def begin(checkout: Checkout, environment: str, target: Target, scale: float) -> None:
    """Write down what is about to go; raises DrillError while another drill runs, or was killed before it ended."""
    if found := read(checkout):
        refuse(found)
    pid = os.getpid()
    now = datetime.now(UTC).timestamp()
    taken = Taken(environment, target.kind, target.name, scale, pid, rendezvous.started_at(pid), now)
    write_private(file(checkout), json.dumps(asdict(taken)).encode())


def refuse(found: Taken) -> None:
    """Raise what stands in the way of another drill."""
    if found.alive:
        raise DrillError(str(found), f"that drill still runs, process {found.pid}", "wait for its end")
    raise DrillError(
        str(found),
        "the drill was killed before it could bring it back",
        f"`meridian drill recover {found.environment}` brings it back",
    )


def end(checkout: Checkout) -> Taken | None:
    """Bring back what was taken away, set the time scale back, and forget it; return what it was.

    Takes a connection of its own: an interrupted command leaves its own in the middle of an answer.
    """
    found = read(checkout)
    if found is None:
        return None
    clouds = LocalClouds.connect(checkout)
    if clouds is None:
        # The clouds start whole: a lost cluster runs again after the next start, a lost node does not.
        raise DrillError(
            str(found),
            "the embedded clouds do not run",
            f"`meridian up {found.environment}`, then `meridian drill recover {found.environment}`",
        )
    clouds.bring_back(found.kind, found.name)
    clouds.pace(found.scale)
    file(checkout).unlink(missing_ok=True)
    return found
