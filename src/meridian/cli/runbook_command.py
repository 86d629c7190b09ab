"""`meridian runbook`: what to do in a failure, with this environment's names, hosts, figures and people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from meridian.cli.named_paths import OutFolder
from meridian.drills.errors import UsageError
from meridian.files import write_whole
from meridian.model import load_environment
from meridian.paths import find_checkout
from meridian.runbooks.render import FAILURES, runbooks
from meridian.runbooks.render import runbook as render


def runbook(
    env: Annotated[str, typer.Argument(metavar="ENV", help="An environment: a folder under stacks/.")],
    failure: Annotated[str | None, typer.Argument(metavar="[FAILURE]", help="One of the list.")] = None,
    write: Annotated[
        Path | None,
        typer.Option("--write", click_type=OutFolder(), help="Write all of them to this folder."),
    ] = None,
) -> None:
    """Print one runbook, list them, or write them all."""
    environment = load_environment(find_checkout().root, env)
    if failure is not None and failure not in FAILURES:
        raise UsageError(
            f"runbook {failure!r}", "there is none of this name", f"choose of {', '.join(FAILURES)}"
        )
    if write is not None:
        write.mkdir(parents=True, exist_ok=True)
        for file, text in runbooks(environment).items():
            typer.echo(f"wrote {write_whole(write / file, text)}")
    elif failure is not None:
        typer.echo(render(environment, failure), nl=False)
    else:
        for name, title in FAILURES.items():
            typer.echo(f"{name:20}{title}")
