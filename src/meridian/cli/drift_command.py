"""`meridian drift`: what differs between the clouds and the state; changes neither."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from meridian.orchestrator.commands import own_estate, run, session_for
from meridian.orchestrator.drift import Drift, noise_rules, read_drift
from meridian.orchestrator.engine import event_log
from meridian.orchestrator.errors import OrchestratorError
from meridian.orchestrator.render import text
from meridian.paths import find_checkout
from meridian.wording import counted

FOUND = 3
"""The exit code of drift: neither success nor failure, so that CI can tell."""


def drift(
    env: Annotated[str, typer.Argument(metavar="ENV", help="An environment: a folder under stacks/.")],
    unit: Annotated[
        list[str] | None, typer.Option("--unit", "-u", help="Only this unit (repeatable).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    providers: Annotated[str, typer.Option("--providers", help="auto or official.")] = "auto",
) -> None:
    """Look for drift in all units side by side; exits with 3 when there is some, 0 for none, 1 for a failure."""
    checkout = find_checkout()
    noise = noise_rules(checkout.stacks)
    estate = own_estate(checkout, env)
    result = run(estate, env, "drift", units=unit or (), providers=providers)
    if not result.ok:
        typer.echo(json.dumps(result.to_json(), indent=2) if as_json else text(result))
        raise typer.Exit(result.exit_code)
    if result.behind:
        typer.echo(f"warning: {result.behind}", err=True)
    session, _ = session_for(estate, env, "drift", providers)
    if not sum(result.counts.values()):
        raise OrchestratorError(
            env,
            "nothing of it has been brought up, so nothing can have drifted",
            f"`meridian up {env}` first",
        )
    found: list[Drift] = []
    quiet = 0
    for each in result.units:
        with event_log(session, each.unit).open("rb") as lines:
            drifts, hidden = read_drift(env, each.unit, lines, noise)
        found += drifts
        quiet += hidden
    if as_json:
        typer.echo(
            json.dumps({"environment": env, "drift": [d.to_json() for d in found], "noise": quiet}, indent=2)
        )
    else:
        _show(env, found, quiet, len(result.units), result.seconds)
    if found:
        raise typer.Exit(FOUND)


def _show(env: str, found: list[Drift], quiet: int, units: int, seconds: float) -> None:
    for each in found:
        typer.echo(f"{each.unit}: {each.type} {each.name}" + (": is gone" if each.gone else ""))
        for one in each.differences:
            typer.echo(f"    {one.path}: the state has {one.state}, the cloud {one.cloud}")
        if each.who:
            typer.echo(f"    who did it: {each.who}")
        typer.echo(f"    put it back: {each.put_back}")
        typer.echo(f"    keep it:     {each.keep}")
    hidden = f", {quiet} differences hidden by stacks/drift.yaml" if quiet else ""
    count = f"{counted(len(found), 'resource')} found that differ" if found else "no drift"
    typer.echo(f"drift {env}: {count}, {counted(units, 'unit')} asked{hidden} ({seconds:.1f} s)")
