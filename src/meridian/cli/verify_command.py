"""`meridian verify`: try on what runs what the data promises."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from meridian.cli.shown import Json, running
from meridian.local.client import LocalClouds
from meridian.model import load_environment
from meridian.orchestrator.errors import UsageError
from meridian.orchestrator.providers_mode import LOCAL
from meridian.paths import Checkout, find_checkout
from meridian.verify import by_kubeconfig, on_local
from meridian.verify.catalogue import CHECKS
from meridian.verify.record import keep
from meridian.verify.result import Checked, Outcome
from meridian.verify.run import Task, run
from policies.load import FOLDER


def verify(
    env: Annotated[str, typer.Argument(metavar="ENV", help="`local`, or any environment with --kubeconfig.")],
    checks: Annotated[
        list[str] | None, typer.Argument(metavar="[CHECK]...", help=f"Only these: {', '.join(CHECKS)}.")
    ] = None,
    cluster: Annotated[
        list[str] | None, typer.Option("--cluster", "-c", help="Only these clusters; repeat it for several.")
    ] = None,
    kubeconfig: Annotated[
        list[str] | None,
        typer.Option(
            "--kubeconfig",
            metavar="[CLUSTER=]FILE",
            help="Reach a cluster by this file, without writing to it; repeat it for several.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check what runs by trying it; exits with 1 when something that was expected is not seen."""
    _one_of("CHECK", checks, list(CHECKS))
    checkout = find_checkout()
    wanted = _tasks(checkout, env, cluster, kubeconfig)
    chosen = set(checks or CHECKS)
    found = [each for each in run(task for task in wanted if chosen & {*task.checks}) if each.check in chosen]
    if not found:
        raise typer.BadParameter("it is no check of a cluster; leave --cluster out", param_hint="CHECK")
    kept = keep(checkout, env, found)
    if as_json:
        typer.echo(json.dumps([each.to_json() for each in found], indent=2))
    else:
        _show(found)
    typer.echo(f"kept as {kept.relative_to(checkout.root)}", err=True)
    outcomes = {each.outcome for each in found}
    if Outcome.FAILED in outcomes or outcomes <= {Outcome.NOT_CHECKED}:
        raise typer.Exit(1)


def _tasks(checkout: Checkout, env: str, only: list[str] | None, kubeconfig: list[str] | None) -> list[Task]:
    environment = load_environment(checkout.root, env)
    _one_of("--cluster", only, list(environment.clusters()))
    own = checkout.root / "policies"
    policies = own if (own / "access.yaml").is_file() else FOLDER
    if kubeconfig:
        reached = by_kubeconfig.clusters(environment, kubeconfig)
        tasks = by_kubeconfig.tasks(environment, policies, reached)
        return [task for task in tasks if not only or task.subject in only]
    if env != LOCAL:
        raise UsageError(
            f"verify {env}",
            "its control planes are private and not reached from here",
            f"`meridian verify {env} --kubeconfig FILE` from where kubectl reaches them, or `meridian verify local`",
        )
    tasks = on_local.tasks(checkout, environment, policies, lambda: _clouds(checkout), running().clusters())
    return [task for task in tasks if not only or task.subject in only]


def _one_of(hint: str, given: list[str] | None, known: list[str]) -> None:
    for name in given or ():
        if name not in known:
            raise typer.BadParameter(f"{name!r} is none; choose of {', '.join(known)}", param_hint=hint)


def _show(found: list[Checked]) -> None:
    for each in found:
        typer.echo(f"{each.outcome.value:14} {each.check:20} {each.subject}: {each.seen}")
        if each.outcome is Outcome.FAILED:
            typer.echo(f"{'':14} expected: {each.expected}")
    counts = {outcome: sum(each.outcome is outcome for each in found) for outcome in Outcome}
    typer.echo(", ".join(f"{number} {outcome.value}" for outcome, number in counts.items() if number))


def _clouds(checkout: Checkout) -> LocalClouds:
    clouds = LocalClouds.connect(checkout)
    if clouds is None:
        raise UsageError(
            "verify", "the embedded clouds have ended meanwhile", "`meridian up local`, then again"
        )
    return clouds
