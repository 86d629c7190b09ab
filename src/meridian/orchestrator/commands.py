"""An operation on an environment from end to end; the command line only parses and prints."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from meridian.orchestrator import progress as progress_
from meridian.orchestrator import recover
from meridian.orchestrator.engine import engine_binary
from meridian.orchestrator.errors import InvalidEstateError, OrchestratorError, UsageError
from meridian.orchestrator.graph_run import GraphRun
from meridian.orchestrator.journal import noted
from meridian.orchestrator.locks import EnvironmentLock, read_holder
from meridian.orchestrator.providers_mode import LOCAL, Providers, decide
from meridian.orchestrator.result import Result
from meridian.orchestrator.session import PROJECT, Session, open_session
from meridian.orchestrator.units import Graph, program_graph, reverse, select, unordered
from meridian.orchestrator.workers import ProgramSpec, WorkerPool
from meridian.paths import Checkout

OPERATIONS = ("preview", "up", "refresh", "drift", "destroy", "recover")


@dataclass
class Phases:
    """Where the seconds go."""

    began: float = field(default_factory=time.monotonic)
    took: dict[str, float] = field(default_factory=dict)

    def close(self, name: str) -> None:
        """Book the time since the last close under a name."""
        now = time.monotonic()
        self.took[name] = now - self.began
        self.began = now


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
    return Estate(checkout, program_graph(checkout.stacks, environment), policies=True)


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
) -> Result:
    """Run preview, up, refresh, destroy or recover over the units and return the merged result.

    An estate with policies is planned and judged before `up`, which does nothing when a mandatory rule is broken;
    `judged` says that the caller has done so while holding the environment.

    By default all units; with names, only these, and what they need of others comes from state. With `held` the
    caller holds the environment over several runs. Raises
    OrchestratorError (UsageError, LockedError) for what is refused before anything runs.
    """
    began = time.monotonic()
    phases = Phases()
    graph = select(estate.graph, units)
    session, reason = session_for(estate, environment, operation, providers)
    engine_binary(session)
    if operation == "up" and estate.policies and not judged:
        with nullcontext(held) if held else EnvironmentLock(estate.checkout, lock_name(session)) as lock:

            def again(what: str) -> Result:
                return run(
                    estate,
                    environment,
                    what,
                    units=units,
                    providers=providers,
                    say=say,
                    plain=plain,
                    consent=consent,
                    held=lock,
                    judged=True,
                )

            looked = again("preview")
            return replace(looked, operation="up") if looked.refused or looked.interrupted else again("up")
    session.prepare()
    say(session.providers.sentence(environment, reason))
    with (
        nullcontext(held) if held else EnvironmentLock(estate.checkout, lock_name(session)) as lock,
        noted(session, operation, list(graph)) as ended,
    ):
        if lock.note:
            say(lock.note)
        pool = WorkerPool(estate.checkout, estate.spec)
        if operation in ("preview", "up"):
            pool.ensure()
            phases.close("worker process")
        with ThreadPoolExecutor(1) as aside:
            # The clouds' daemon starts while the worker imports and the model is checked.
            clouds = aside.submit(_embedded, estate, session)
            # All of them, whatever was chosen: the engine refuses a reference to a stack that does not exist.
            _ensure_stacks(session, estate.graph)
            if estate.check and operation in ("preview", "up"):
                problems = pool.call(estate.check, str(estate.checkout.root), environment)
                phases.close("imports and model")
                if problems:
                    raise InvalidEstateError(problems)
            clouds.result()
            phases.close("embedded clouds")
        recovery = recover.examine(session, graph, consent=consent or operation == "recover")
        phases.close("stacks")
        prepare = recovery.prepare if operation in ("up", "destroy") else {}
        if operation == "recover":
            graph = {unit: () for unit in graph if unit in recovery.prepare}
        view: progress_.PlainProgress | progress_.LiveProgress = (
            progress_.PlainProgress() if plain else progress_.for_stream(graph)
        )
        with view:
            graph_run = GraphRun(
                session,
                operation,
                _order(operation, graph),
                pool,
                view,
                prepare=prepare,
                on_engines=lock.engines,
            )
            for unit, notes in recovery.notes.items():
                if unit in graph_run.results:
                    graph_run.results[unit].notes.extend(notes)
            results = graph_run.run()
        phases.close("warm engines" if pool.was_warm else "engines")
        result = Result(
            environment,
            operation,
            session.providers.value,
            [next(each for each in results if each.unit == unit) for unit in graph],
            time.monotonic() - began,
            phases.took,
            graph_run.interrupted,
        )
        if estate.policies and operation == "preview" and not result.interrupted:
            from meridian.orchestrator.policing import judged as judged_result

            result = judged_result(session, result, whole=set(graph) == set(estate.graph))
            phases.close("policies")
            result = replace(result, seconds=time.monotonic() - began)
        ended(result)
    return result


def lock_name(session: Session) -> str:
    """Return the name under which an environment is held."""
    # A plan shares nothing with the environment that it plans.
    return f"{session.environment}-plan" if session.providers is Providers.PLAN else session.environment


def lock_names(checkout: Checkout) -> list[str]:
    """Return what can be locked: every environment and the plan of every environment that is no laptop's."""
    names = environments(checkout)
    return [*names, *(f"{name}-plan" for name in names if name != LOCAL)]


def _order(operation: str, graph: Graph) -> Graph:
    if operation == "destroy":
        return reverse(graph)
    # A preview and a refresh read upstreams from state: nothing has to wait.
    return graph if operation == "up" else unordered(graph)


def _embedded(estate: Estate, session: Session) -> None:
    if not estate.embedded_clouds or session.providers is Providers.OFFICIAL:
        return
    from meridian.local import client, plugins

    plugins.install(estate.checkout)
    client.LocalClouds.ensure_running(estate.checkout)


def _ensure_stacks(session: Session, graph: Graph) -> None:
    stacks = [session.stack(unit) for unit in graph]
    backend = session.file_backend
    if backend is not None:
        if session.providers is Providers.PLAN:
            backend.clear(stacks)
        for stack in backend.ensure(stacks):
            session.forget_salt(stack)
        return
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda stack: _init_remote(session, stack), stacks))


def _init_remote(session: Session, stack: str) -> None:
    done = subprocess.run(
        [str(engine_binary(session)), "stack", "init", stack, "--non-interactive", "--no-select"],
        cwd=session.checkout.root,
        env=session.environ(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and "already exists" not in done.stderr:
        raise OrchestratorError(
            f"{session.backend_url}: {done.stderr.strip()}",
            "the back end must hold the environment's stacks",
            "check the back end's URL and your sign-in to it (`pulumi login`)",
        )


def outputs(session: Session, units: Sequence[str], *, show_secrets: bool) -> dict[str, dict[str, Any]]:
    """Return the outputs of the units from state; secrets are masked unless asked for."""
    import json

    backend = session.file_backend
    found: dict[str, dict[str, Any]] = {}
    for unit in units:
        stack = session.stack(unit)
        if backend is not None and not show_secrets:
            found[unit] = backend.outputs(stack)
            continue
        if backend is not None and not backend.exists(stack):
            found[unit] = {}
            continue
        command = [str(engine_binary(session)), "stack", "output", "--json", "--stack", stack]
        done = subprocess.run(
            [*command, *(["--show-secrets"] if show_secrets else [])],
            cwd=session.checkout.root,
            env=session.environ(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise OrchestratorError(
                f"{stack}: {done.stderr.strip()}",
                "the state must be readable",
                "check back end and passphrase",
            )
        found[unit] = json.loads(done.stdout)
    return found


def status(session: Session, units: Sequence[str]) -> dict[str, Any]:
    """Return what the back end knows of every unit, without starting an engine; file back ends only."""
    backend = session.file_backend
    if backend is None:
        raise OrchestratorError(
            session.backend_url,
            "status reads a file back end only",
            "use `pulumi stack ls` with the settings of `meridian env`",
        )
    holder = read_holder(session.checkout, lock_name(session))
    rows = []
    for unit in units:
        stack = session.stack(unit)
        last = backend.last_update(stack)
        rows.append(
            {
                "unit": unit,
                "stack": stack,
                "exists": backend.exists(stack),
                "resources": len(backend.resources(stack)),
                "last": vars(last) if last else None,
                "pending": [vars(operation) for operation in backend.pending(stack)],
            }
        )
    return {
        "environment": session.environment,
        "held_by": holder.sentence() if holder else None,
        "units": rows,
    }


__all__ = ["LOCAL", "OPERATIONS", "Estate", "environments", "outputs", "own_estate", "run", "status"]
