"""The commands that run engines: preview, up, refresh, destroy, recover."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from meridian.cli.named_paths import NamedPath, OutFolder

if TYPE_CHECKING:
    from meridian.orchestrator.commands import Estate
    from meridian.orchestrator.result import Result

Environment = Annotated[str, typer.Argument(metavar="ENV", help="An environment: a folder under stacks/.")]
Units = Annotated[
    list[str] | None,
    typer.Option(
        "--unit", "-u", help="Only this unit (repeatable); what it needs of others comes from state."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
ProvidersWish = Annotated[
    str,
    typer.Option(
        "--providers", help="auto, simulated or official; `local` is always on the embedded clouds."
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Full = Annotated[bool, typer.Option("--full", help="Show every change, however many.")]


def preview(
    env: Environment,
    unit: Units = None,
    as_json: Json = False,
    providers: ProvidersWish = "auto",
    full: Full = False,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report", click_type=OutFolder(), help="Write preview.md, .html, .json and plan.json here."
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            "--baseline",
            click_type=NamedPath(),
            help="With --report: an earlier preview.json; otherwise what was applied last.",
        ),
    ] = None,
) -> None:
    """Show what `up` would change; without an account a plan against simulated providers."""
    if report is None:
        if baseline is not None:
            raise typer.BadParameter("belongs to --report", param_hint="--baseline")
        raise typer.Exit(_operate(env, "preview", unit, as_json, providers, full))
    from meridian.cli import review_commands

    raise typer.Exit(review_commands.preview(_estate(env), env, unit, as_json, providers, report, baseline))


def up(
    env: Environment,
    unit: Units = None,
    as_json: Json = False,
    providers: ProvidersWish = "auto",
    yes: Yes = False,
    full: Full = False,
    plan: Annotated[
        Path | None,
        typer.Option(
            "--plan",
            click_type=NamedPath(),
            help="Apply this plan.json and nothing else: refused when anything differs.",
        ),
    ] = None,
    approve: Annotated[
        list[str] | None,
        typer.Option(
            "--approve", help="With --plan: something that holds data and may be lost (repeatable)."
        ),
    ] = None,
) -> None:
    """Bring the environment to what its data says."""
    if plan is not None:
        from meridian.cli import review_commands

        result = review_commands.approved_up(_estate(env), env, unit, providers, plan, approve or [])
        raise typer.Exit(_finish(_estate(env), result, as_json, full, whole=not unit))
    if approve:
        raise typer.BadParameter("belongs to --plan", param_hint="--approve")
    _consent(env, "up", unit, providers, yes)
    raise typer.Exit(_operate(env, "up", unit, as_json, providers, full))


def refresh(
    env: Environment,
    unit: Units = None,
    as_json: Json = False,
    providers: ProvidersWish = "auto",
    yes: Yes = False,
    full: Full = False,
) -> None:
    """Read the clouds and take what has drifted into the state; changes nothing in the clouds."""
    _consent(env, "refresh", unit, providers, yes)
    raise typer.Exit(_operate(env, "refresh", unit, as_json, providers, full))


def destroy(
    env: Environment,
    unit: Units = None,
    as_json: Json = False,
    providers: ProvidersWish = "auto",
    yes: Yes = False,
    full: Full = False,
) -> None:
    """Delete the environment, dependants first."""
    _consent(env, "destroy", unit, providers, yes)
    raise typer.Exit(_operate(env, "destroy", unit, as_json, providers, full))


def recover(
    env: Environment,
    unit: Units = None,
    as_json: Json = False,
    providers: ProvidersWish = "auto",
    yes: Yes = False,
) -> None:
    """Clear up after a run that was killed: release dead locks, refresh stacks with open operations."""
    _consent(env, "recover", unit, providers, yes)
    raise typer.Exit(_operate(env, "recover", unit, as_json, providers, False))


def _estate(environment: str) -> Estate:
    from meridian.orchestrator.commands import own_estate
    from meridian.paths import find_checkout

    return own_estate(find_checkout(), environment)


def _consent(env: str, operation: str, unit: list[str] | None, providers: str, yes: bool) -> None:
    """Ask before a real environment is touched; without a terminal `--yes` is required."""
    from meridian.orchestrator.commands import session_for
    from meridian.orchestrator.errors import UsageError
    from meridian.orchestrator.providers_mode import LOCAL

    if env == LOCAL or yes:
        return
    session_for(_estate(env), env, operation, providers)
    if not sys.stdin.isatty():
        raise UsageError(
            f"{operation} {env}",
            "without a terminal nobody can be asked before a real environment is changed",
            f"`meridian {operation} {env} --yes` once you have read `meridian preview {env}`",
        )
    if operation == "up":
        _operate(env, "preview", unit, False, providers, False)
    what = ", ".join(unit) if unit else "all units"
    if typer.prompt(f"{operation} {env} ({what}): type the environment's name to go on", err=True) != env:
        raise UsageError(f"{operation} {env}", "it was not confirmed", "nothing was changed")


def _operate(
    env: str, operation: str, unit: list[str] | None, as_json: bool, providers: str, full: bool
) -> int:
    from meridian.orchestrator.commands import run

    estate = _estate(env)
    result = run(
        estate, env, operation, units=unit or (), providers=providers, consent=operation == "recover"
    )
    return _finish(estate, result, as_json, full, whole=not unit)


def _finish(estate: Estate, result: Result, as_json: bool, full: bool, *, whole: bool) -> int:
    """Print a result and keep what later runs compare with; return the exit code."""
    from meridian.orchestrator.providers_mode import LOCAL

    env, operation = result.environment, result.operation
    # A refused `up` has planned all units and done nothing.
    done = result.exit_code == 0
    if operation == "up" and done and whole:
        from meridian.cli import review_commands

        review_commands.keep_applied(estate, result)
    if env == LOCAL and operation in ("up", "destroy") and done:
        from meridian.cli import replicas

        replicas.tell(estate.checkout, env, gone=operation == "destroy")
    if not as_json:
        _print(estate, result, full, whole)
    drill = None
    if env == LOCAL and operation in ("preview", "up"):
        from meridian.cli import drill_commands

        # Last: "nothing to do" is no news of an estate of which a drill holds a part down.
        drill = drill_commands.warn(estate.checkout)
    if as_json:
        unfinished = drill.to_json() if drill else None
        print(json.dumps({**result.to_json(), "unfinished_drill": unfinished}, indent=2))
    return result.exit_code


def _print(estate: Estate, result: Result, full: bool, whole: bool) -> None:
    from meridian.orchestrator import render
    from meridian.orchestrator.providers_mode import LOCAL

    print(render.text(result, full=full))
    if result.environment == LOCAL and result.operation == "up" and result.exit_code == 0:
        from meridian.cli.clusters import print_clusters

        print_clusters(estate.checkout, hints=whole and result.changed > 0)
