"""An operation on an environment from end to end; the command line only parses and prints."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from meridian.orchestrator import progress as progress_
from meridian.orchestrator import recover
from meridian.orchestrator.engine import engine_binary
from meridian.orchestrator.errors import InvalidEstateError, UsageError
from meridian.orchestrator.graph_run import GraphRun
from meridian.orchestrator.idle import idle_units, note_applied_units
from meridian.orchestrator.journal import noted
from meridian.orchestrator.locks import EnvironmentLock
from meridian.orchestrator.phases import Phases
from meridian.orchestrator.providers_mode import LOCAL, Providers, decide
from meridian.orchestrator.result import Result, UnitResult
from meridian.orchestrator.session import PROJECT, Session, lock_name, open_session
from meridian.orchestrator.stacks import ensure_stacks, refuse_in_use
from meridian.orchestrator.units import Graph, Mark, program_graph, reverse, select, unordered
from meridian.orchestrator.unsaved import Unsaved
from meridian.orchestrator.workers import ProgramSpec, WorkerPool
from meridian.paths import Checkout

if TYPE_CHECKING:
    from meridian.compliance.evaluate import Policies
    from meridian.orchestrator.embedded import Daemon

OPERATIONS = ("preview", "up", "refresh", "drift", "destroy", "recover")


@dataclass(frozen=True)
class Estate:
    """What is run: the estate's own program, or a test's."""

    checkout: Checkout
    graph: Graph
    spec: ProgramSpec = field(default_factory=ProgramSpec)
    project: str = PROJECT
    embedded_clouds: bool = True
    check: str | None = "meridian.orchestrator.checks:model_errors"
    policies: bool = False
    """Whether previews are judged by the rules under policies/, and `up` only does what they let through."""


def own_estate(checkout: Checkout, environment: str) -> Estate:
    """Return the estate of this repository with the units of an environment."""
    spec = ProgramSpec(warm="meridian.orchestrator.checks:read_ahead")
    return Estate(checkout, program_graph(checkout.stacks, environment), spec, policies=True)


def environments(checkout: Checkout) -> list[str]:
    """Return the environments that exist as data: the folders under `stacks/` with an estate.yaml."""
    return sorted(file.parent.name for file in checkout.stacks.glob("*/estate.yaml"))


def session_for(
    estate: Estate, environment: str, operation: str, requested: str, environ: Mapping[str, str] | None = None
) -> tuple[Session, str]:
    """Return the session and why its providers were chosen; raises UsageError for a wish that cannot be."""
    known = environments(estate.checkout)
    if environment not in known:
        raise UsageError(
            f"environment {environment!r}",
            f"there is no such environment; those under stacks/ are {', '.join(known) or 'none'}",
            "name one of them, or add a folder",
        )
    given = os.environ if environ is None else environ
    providers, reason = decide(environment, operation, requested, given, Path(given.get("HOME", "/")))
    backend = _backend_wish(estate, environment) if providers is Providers.OFFICIAL else None
    session = open_session(
        estate.checkout, environment, providers, backend=backend, environ=environ, project=estate.project
    )
    return session, reason


def _backend_wish(estate: Estate, environment: str) -> str | None:
    from meridian.model import load_environment

    engine = getattr(load_environment(estate.checkout.root, environment), "engine", None)
    wish = getattr(engine, "backend", None)
    return str(wish) if wish else None


def run(
    estate: Estate,
    environment: str,
    operation: str,
    *,
    units: Sequence[str] = (),
    providers: str = "auto",
    say: Callable[[str], None] = lambda line: print(line, file=sys.stderr),
    plain: bool = False,
    consent: bool = False,
    held: EnvironmentLock | None = None,
    judged: bool = False,
    idle: frozenset[str] = frozenset(),
    unjudged: frozenset[str] = frozenset(),
    recovery: recover.Recovery | None = None,
) -> Result:
    """Run preview, up, refresh, destroy or recover over the units and return the merged result.

    An estate with policies is planned and judged, all of it, before `up`, which does nothing when a mandatory rule is broken;
    `judged` says that the caller has done so while holding the environment; `idle` are the units in which it saw
    nothing to do, which are left out, `unjudged` those of which no rule has judged the plan, `recovery` what it found
    of dead runs.

    By default all units; with names, only these, and what they need of others comes from state. With `held` the
    caller holds the environment over several runs. Raises
    OrchestratorError (UsageError, LockedError) for what is refused before anything runs.
    """
    began = time.monotonic()
    phases = Phases()
    graph = {
        unit: tuple(each for each in upstreams if each not in idle)
        for unit, upstreams in select(estate.graph, units).items()
        if unit not in idle
    }
    session, reason = session_for(estate, environment, operation, providers)
    engine_binary(session)
    if operation == "up" and estate.policies and not judged:
        with nullcontext(held) if held else EnvironmentLock(estate.checkout, lock_name(session)) as lock:
            # Once for both runs: a state is megabytes, and nothing else changes it while the environment is held.
            left = Unsaved(session, embedded_clouds=estate.embedded_clouds).left
            recovery = recover.examine(session, graph, left, consent=consent)
            again = partial(
                run,
                estate,
                environment,
                units=units,
                providers=providers,
                say=say,
                plain=plain,
                held=lock,
                judged=True,
                recovery=recovery,
            )
            # Of all units, whatever was chosen: a rule of the whole estate must not be passed by one unit at a time.
            looked = again("preview", units=())
            if looked.refused or looked.interrupted:
                return replace(looked, operation="up")
            looked = replace(looked, units=[unit for unit in looked.units if unit.unit in graph])
            say(f"{environment}: planned and judged by the rules; what is to do is done now")
            # A laptop may go on to the same failure; elsewhere nothing is applied that no rule has seen.
            unseen = [unit.unit for unit in looked.units if unit.mark is Mark.FAILED]
            unjudged = frozenset(unseen if environment != LOCAL else ())
            idle = idle_units(session, graph, looked, recovery.prepare)
            return _joined(looked, again("up", idle=idle, unjudged=unjudged))
    if operation == "destroy":
        refuse_in_use(session, estate.graph, graph)
    session.prepare()
    say(session.providers.sentence(environment, reason))
    with (
        nullcontext(held) if held else EnvironmentLock(estate.checkout, lock_name(session)) as lock,
        noted(session, operation, list(graph)) as ended,
    ):
        lock.tell(say)
        pool = WorkerPool(estate.checkout, estate.spec)
        if operation in ("preview", "up"):
            pool.ensure()
            phases.close("worker process")
        with ThreadPoolExecutor(1) as aside:
            # The clouds' daemon starts while the worker imports and the model is checked.
            starting = aside.submit(_embedded, estate, session)
            # All of them, whatever was chosen: the engine refuses a reference to a stack that does not exist.
            ensure_stacks(session, estate.graph)
            if estate.check and operation in ("preview", "up"):
                problems = pool.call(estate.check, str(estate.checkout.root), environment)
                phases.close("imports and model")
                if problems:
                    raise InvalidEstateError(problems)
            clouds = starting.result()
            if clouds:
                session = replace(session, variables={**session.variables, **clouds.variables})
            phases.close("embedded clouds")
        unsaved = Unsaved(session, embedded_clouds=estate.embedded_clouds)
        if recovery is None:
            consented = consent or operation == "recover"
            recovery = recover.examine(session, graph, unsaved.left, consent=consented)
        phases.close("stacks")
        prepare = recovery.prepare if operation in ("up", "destroy") else {}
        if operation == "recover":
            graph = {unit: () for unit in graph if unit in recovery.prepare}
        view: progress_.PlainProgress | progress_.LiveProgress = (
            progress_.PlainProgress() if plain else progress_.for_stream(graph)
        )
        judging = estate.policies and operation == "preview"
        with view, ThreadPoolExecutor(1) as aside:
            rules = aside.submit(_policies, estate.checkout) if judging else None
            graph_run = GraphRun(
                session,
                operation,
                _order(operation, graph),
                pool,
                view,
                unsaved,
                prepare=prepare,
                unjudged=unjudged,
                on_engines=lock.engines,
            )
            mends = operation in ("up", "destroy", "recover")
            for unit, told in graph_run.results.items():
                told.notes.extend(recovery.notes(unit, refreshed=mends))
            results = graph_run.run()
            if clouds and clouds.gone:
                clouds.tell_lost(session, operation, results, unsaved)
            else:
                _settle(session, operation, results, unsaved)
        phases.close("warm engines" if pool.was_warm else "engines")
        result = Result(
            environment,
            operation,
            session.providers.value,
            [next(each for each in results if each.unit == unit) for unit in graph],
            time.monotonic() - began,
            phases.took,
            graph_run.interrupted,
            cut_off={} if mends else recovery.cut_off,
        )
        if rules and not result.interrupted:
            from meridian.orchestrator.policing import judged as judged_result

            result = judged_result(session, result, rules.result(), whole=set(graph) == set(estate.graph))
            phases.close("policies")
            result = replace(result, seconds=time.monotonic() - began)
        ended(result)
    return result


def _policies(checkout: Checkout) -> Policies:
    """Read the rules and their data, which takes as long as planning a unit, while the engines run."""
    from meridian.orchestrator.policing import policies_of

    return policies_of(checkout)


def _settle(session: Session, operation: str, results: Sequence[UnitResult], unsaved: Unsaved) -> None:
    """Note what was brought up, and sweep up after dead runs where state and clouds have been brought together."""
    done = [result for result in results if result.mark is Mark.DONE]
    if operation == "up":
        note_applied_units(session, [result.unit for result in done])
    if operation in ("up", "destroy"):
        for result in done:
            if result.unit in unsaved.left:
                result.notes.extend(recover.sweep(session, result.unit))
                unsaved.settle(result.unit)


def _joined(looked: Result, applied: Result) -> Result:
    """Return the result of an `up` together with the units and the time of the preview before it."""
    ran = {unit.unit: unit for unit in applied.units}
    return replace(
        applied,
        units=[ran.get(unit.unit, unit) for unit in looked.units],
        seconds=looked.seconds + applied.seconds,
        phases={"plan and rules": looked.seconds, **applied.phases},
        policies=looked.policies,
    )


def lock_names(checkout: Checkout) -> list[str]:
    """Return what can be locked: every environment and the plan of every environment that is no laptop's."""
    names = environments(checkout)
    return [*names, *(f"{name}-plan" for name in names if name != LOCAL)]


def _order(operation: str, graph: Graph) -> Graph:
    if operation == "destroy":
        return reverse(graph)
    # A preview and a refresh read upstreams from state: nothing has to wait.
    return graph if operation == "up" else unordered(graph)


def _embedded(estate: Estate, session: Session) -> Daemon | None:
    if not estate.embedded_clouds:
        return None
    from meridian.orchestrator import embedded

    return embedded.start(session)


__all__ = ["LOCAL", "OPERATIONS", "Estate", "environments", "own_estate", "run"]
