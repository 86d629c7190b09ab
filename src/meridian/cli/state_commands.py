"""The commands that read state or settings and start no engine: outputs, status, env, graph, unlock, down."""

from __future__ import annotations

import json
import os
import shlex
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meridian.cli.estate_commands import Environment, Json, ProvidersWish, Units

if TYPE_CHECKING:
    from meridian.orchestrator.session import Session
    from meridian.orchestrator.units import Graph


def outputs(
    env: Environment,
    unit: Units = None,
    as_json: Json = False,
    show_secrets: Annotated[
        bool, typer.Option("--show-secrets", help="Print secrets in plain text.")
    ] = False,
) -> None:
    """Print the units' outputs from state; secrets are masked."""
    from meridian.orchestrator import queries
    from meridian.orchestrator.units import select

    session, units = _session(env, "env", "auto")
    found = queries.outputs(session, list(select(units, unit or ())), show_secrets=show_secrets)
    if as_json:
        print(json.dumps(found, indent=2))
        return
    for name, values in found.items():
        if not values:
            print(f"{name}: no outputs")
        for key, value in values.items():
            print(f"{name}.{key} = {value if isinstance(value, str) else json.dumps(value)}")


def status(env: Environment, unit: Units = None, as_json: Json = False) -> None:
    """Print what the state knows of every unit, open operations and who holds the environment."""
    from meridian.orchestrator import queries
    from meridian.orchestrator.units import select

    session, units = _session(env, "env", "auto")
    found = queries.status(session, list(select(units, unit or ())))
    if as_json:
        print(json.dumps(found, indent=2))
        return
    for row in found["units"]:
        print(_status_line(row))
        for operation in row["pending"]:
            print(f"  open: {operation['kind']} {operation['urn']}")
    print(f"held by {found['held_by']}" if found["held_by"] else "not held")


def _status_line(row: dict[str, Any]) -> str:
    last = row["last"]
    if not row["exists"] or not last:
        return (
            f"{row['unit']}: {row['resources']} resources"
            if row["resources"]
            else f"{row['unit']}: not brought up"
        )
    when = datetime.fromtimestamp(last["ended"], UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"{row['unit']}: {row['resources']} resources; last {last['kind']} {last['result']} at {when}"


def env(
    env: Annotated[
        str, typer.Argument(metavar="ENV", help="An environment: a folder under stacks/.")
    ] = "local",
    as_json: Json = False,
    providers: ProvidersWish = "auto",
) -> None:
    """Print the settings that make plain `pulumi` commands work: eval "$(meridian env prod)"."""
    session, units = _session(env, "env", providers)
    _make_ready(session, units)
    if as_json:
        print(json.dumps(dict(session.variables), indent=2))
        return
    # A setting of another environment in this shell must not stay behind.
    for name in sorted(session.unset()):
        if name in os.environ:
            print(f"unset {name}")
    for name, value in session.variables.items():
        print(f"export {name}={shlex.quote(value)}")
    print(f"# then, in the repository's root: pulumi preview -s {env}-eu")


def _make_ready(session: Session, units: Graph) -> None:
    """Make the stacks and the launchers that a plain `pulumi` will look for."""
    from meridian.orchestrator.providers_mode import Providers

    session.prepare()
    backend = session.file_backend
    if backend:
        for stack in backend.ensure(session.stack(unit) for unit in units):
            session.forget_salt(stack)
    if session.providers is not Providers.OFFICIAL:
        from meridian.local import plugins

        plugins.install(session.checkout)


def graph(
    env: Annotated[
        str, typer.Argument(metavar="ENV", help="An environment: a folder under stacks/.")
    ] = "local",
    as_json: Json = False,
) -> None:
    """Print the units and what each depends on."""
    _, units = _session(env, "env", "auto")
    if as_json:
        print(json.dumps({unit: list(upstreams) for unit, upstreams in units.items()}, indent=2))
        return
    for unit, upstreams in units.items():
        print(f"{unit} <- {', '.join(upstreams)}" if upstreams else unit)


def unlock(
    env: Environment,
    force: Annotated[bool, typer.Option("--force", help="Interrupt a run that still lives.")] = False,
) -> None:
    """Give back the lock of a run that died."""
    from meridian.audit.actions import note
    from meridian.orchestrator.commands import lock_names
    from meridian.orchestrator.errors import UsageError
    from meridian.orchestrator.recover import unlock as unlock_
    from meridian.paths import find_checkout

    checkout = find_checkout()
    known = lock_names(checkout)
    if env not in known:
        raise UsageError(
            f"unlock {env!r}",
            "no run locks this",
            f"name one of {', '.join(known) or 'those that you add under stacks/'}",
        )
    said = unlock_(checkout, env, force=force)
    note(checkout, "unlock", env, {"forced": force, "result": said})
    print(said)


def down() -> None:
    """Stop every process of this checkout: the embedded clouds with their clusters and the warm worker."""
    from meridian.orchestrator.workers import WorkerPool
    from meridian.paths import find_checkout

    checkout = find_checkout()
    stopped = ["the warm worker"] if WorkerPool(checkout).stop() else []
    from meridian.local.client import LocalClouds

    clouds = LocalClouds.connect(checkout)
    if clouds:
        clouds.stop()
        stopped.append("the embedded clouds")
    print(f"stopped {' and '.join(stopped)}" if stopped else "nothing to stop")


def _session(environment: str, operation: str, providers: str) -> tuple[Session, Graph]:
    from meridian.orchestrator.commands import own_estate, session_for
    from meridian.paths import find_checkout

    estate = own_estate(find_checkout(), environment)
    session, _ = session_for(estate, environment, operation, providers)
    return session, estate.graph
