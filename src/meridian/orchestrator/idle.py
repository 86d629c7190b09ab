"""Which units `up` may leave alone, because the plan that it makes first shows nothing to do in them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable
from pathlib import Path

from meridian.files import write_whole
from meridian.orchestrator.capture import inputs
from meridian.orchestrator.engine import event_log
from meridian.orchestrator.events import STACK_TYPE
from meridian.orchestrator.result import Result
from meridian.orchestrator.session import Session
from meridian.orchestrator.units import Graph, Mark, dependants


def idle_units(session: Session, graph: Graph, looked: Result, unclean: Collection[str]) -> frozenset[str]:
    """Return the units in which an `up` after the preview `looked` would change neither a resource nor an output.

    Not when a unit upstream is to run, when a dead run has touched one, or when program or data are not those of its
    last `up`: the engine masks secret outputs, so that a change of one shows in the program only.
    """
    applied = _applied(session)
    now = _fingerprint(session)
    busy = {
        unit.unit
        for unit in looked.units
        if unit.mark is not Mark.DONE
        or unit.changes
        or unit.unit in unclean
        or applied.get(unit.unit) != now
        or not _same_outputs(session, unit.unit)
    }
    return frozenset(set(graph) - busy - {after for unit in busy for after in dependants(graph, unit)})


def note_applied_units(session: Session, units: Iterable[str]) -> None:
    """Remember from what program and data these units were just brought up."""
    now = _fingerprint(session)
    content = json.dumps({**_applied(session), **dict.fromkeys(units, now)})
    write_whole(_file(session), content, make_folder=True)


def _file(session: Session) -> Path:
    return session.checkout.work / "applied" / f"{session.environment}-units.json"


def _applied(session: Session) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(_file(session).read_text())
    except (OSError, ValueError):
        return {}
    return found


def _fingerprint(session: Session) -> str:
    read = inputs(session.checkout, session.environment)
    return hashlib.sha256(json.dumps([session.backend_url, read], sort_keys=True).encode()).hexdigest()


def _same_outputs(session: Session, unit: str) -> bool:
    """True when the preview's event log shows the stack's outputs as they are in state."""
    try:
        with event_log(session, unit).open("rb") as log:
            said = [
                json.loads(line)
                for line in log
                if b'"resOutputsEvent"' in line and STACK_TYPE.encode() in line
            ]
    except OSError:
        return False
    stacks = [
        event["resOutputsEvent"]["metadata"]
        for event in said
        if event["resOutputsEvent"]["metadata"]["type"] == STACK_TYPE
    ]
    return bool(stacks) and all(
        (each.get("old") or {}).get("outputs") == (each.get("new") or {}).get("outputs") for each in stacks
    )
