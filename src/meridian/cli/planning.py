"""The plan that a command looks at: a saved one, or one that is made now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from meridian.paths import find_checkout
from meridian.plan import Plan

if TYPE_CHECKING:
    from meridian.orchestrator.result import Result


def planned(env: str, file: Path | None) -> Plan:
    """Return a saved plan, or the plan of a preview that is made now."""
    from meridian.orchestrator.approval import load_plan
    from meridian.orchestrator.capture import merged_plan
    from meridian.orchestrator.commands import own_estate, session_for

    if file is not None:
        return load_plan(file, env)
    result = previewed(env)
    session, _ = session_for(own_estate(find_checkout(), env), env, "preview", "auto")
    return merged_plan(session, [unit.unit for unit in result.units])


def previewed(env: str) -> Result:
    """Return the result of a preview that is made now; one that failed or was interrupted ends the command."""
    from meridian.orchestrator.commands import own_estate, run
    from meridian.orchestrator.render import text

    result = run(own_estate(find_checkout(), env), env, "preview")
    if result.interrupted or not result.ok:
        typer.echo(text(result), err=True)
        raise typer.Exit(result.exit_code)
    return result
