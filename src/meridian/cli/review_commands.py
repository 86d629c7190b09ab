"""The parts of `preview` and `up` that look at the whole plan: reports, and the approved plan."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic

import typer

from meridian.audit.actions import note
from meridian.cli.drill_commands import warn
from meridian.model import ModelErrors
from meridian.orchestrator.approval import hold_to, load_plan
from meridian.orchestrator.capture import merged_plan
from meridian.orchestrator.commands import Estate, run, session_for
from meridian.orchestrator.errors import UsageError
from meridian.orchestrator.locks import EnvironmentLock
from meridian.orchestrator.providers_mode import LOCAL
from meridian.orchestrator.render import text, warnings
from meridian.orchestrator.result import Result
from meridian.orchestrator.reviewing import baseline_proofs, note_applied, review_of
from meridian.orchestrator.session import lock_name
from meridian.report import files
from meridian.report.review import Judgement


def preview(
    estate: Estate,
    env: str,
    units: Sequence[str] | None,
    as_json: bool,
    providers: str,
    report: Path,
    baseline: Path | None,
) -> int:
    """Run a preview, write its review, print the verdict; 1 when the preview failed or the review refuses."""
    session, _ = session_for(estate, env, "preview", providers)
    before = baseline_proofs(session, baseline)
    result = run(estate, env, "preview", units=units or (), providers=providers)
    if result.interrupted or not result.ok:
        print(json.dumps(result.to_json(), indent=2) if as_json else text(result))
        return result.exit_code
    found = review_of(session, result, before)
    written = files.write(found, report)
    if as_json:
        typer.echo(written[2].read_text(), nl=False)
    else:
        typer.echo(f"{env}: {found.judgement}")
        for reason in found.reasons:
            typer.echo(f"  {reason}")
        typer.echo(f"  {found.proved}")
        for warned in warnings(result):
            typer.echo(f"  {warned}")
        least, expected, most = found.costs.total
        typer.echo(f"  {expected:,.0f} USD a month ({least:,.0f} to {most:,.0f})")
        typer.echo(f"wrote {', '.join(str(path) for path in written)}")
    if env == LOCAL:
        warn(estate.checkout)
    return int(found.judgement is Judgement.REFUSED)


def approved_up(
    estate: Estate,
    env: str,
    units: Sequence[str] | None,
    providers: str,
    path: Path,
    names: Sequence[str],
) -> Result:
    """Apply a saved plan: preview again, refuse what differs, then `up`, all while holding the environment.

    The seconds of the result are of all of it.
    """
    began = monotonic()
    if units:
        raise UsageError("--unit with --plan", "a plan names its own units", "leave --unit out")
    approved = load_plan(path, env)
    session, _ = session_for(estate, env, "up", providers)
    with EnvironmentLock(estate.checkout, lock_name(session)) as held:
        chosen = [] if set(approved.units) == set(estate.graph) else list(approved.units)
        looked = run(estate, env, "preview", units=chosen, providers=providers, held=held)
        if not looked.ok or looked.refused:
            return replace(looked, operation="up", seconds=monotonic() - began)
        hold_to(approved, merged_plan(session, [unit.unit for unit in looked.units]), names)
        note(estate.checkout, "approve", env, {"plan": approved.digest(), "losses": list(names)})
        typer.echo(
            f"{env}: plan {approved.digest()[:12]} matches what would be done now; it is applied now",
            err=True,
        )
        compared = monotonic() - began
        applied = run(estate, env, "up", units=chosen, providers=providers, held=held, judged=True)
        return replace(
            applied,
            seconds=monotonic() - began,
            phases={"plan and comparison": compared, **applied.phases},
        )


def keep_applied(estate: Estate, result: Result) -> None:
    """Keep the proofs of what was applied; a fault of the assumptions is told and spoils no `up`."""
    session, _ = session_for(estate, result.environment, "up", "auto")
    try:
        note_applied(session, result)
    except ModelErrors as errors:
        print(f"warning: nothing kept to compare the next preview with: {errors}", file=sys.stderr)
