"""The plan that a command looks at: a saved one, or one that is made now."""

from __future__ import annotations

from pathlib import Path

import typer

from meridian.paths import find_checkout
from meridian.plan import Plan


def planned(env: str, file: Path | None) -> Plan:
    """Return a saved plan, or the plan of a preview that is made now."""
    from meridian.orchestrator.approval import load_plan
    from meridian.orchestrator.capture import merged_plan
    from meridian.orchestrator.commands import own_estate, run, session_for

    if file is not None:
        return load_plan(file, env)
    estate = own_estate(find_checkout(), env)
    result = run(estate, env, "preview")
    if not result.ok:
        from meridian.orchestrator.render import text

        typer.echo(text(result), err=True)
        raise typer.Exit(1)
    session, _ = session_for(estate, env, "preview", "auto")
    return merged_plan(session, [unit.unit for unit in result.units])
