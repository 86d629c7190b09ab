"""`meridian validate` and `meridian schema`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from meridian.model import ModelErrors, environments, load_environment
from meridian.model.problems import UnknownEnvironmentError
from meridian.model.schema import FILES, rendered
from meridian.paths import find_checkout
from meridian.wording import counted


class NoEnvironmentError(RuntimeError):
    """Nothing is there to be checked, which must not pass for everything being valid."""


def validate(
    environment: Annotated[
        str | None, typer.Argument(help="The environment; all of them when none is named.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Check an environment's data; every error comes at once with file, line, column, path, value, rule and fix."""
    root = find_checkout().root
    names = environments(root) if environment is None else [environment]
    if not names:
        raise NoEnvironmentError(
            f"{root / 'stacks'}: no folder holds an estate.yaml, so nothing can be checked; "
            "fix: add an environment, or put back what was there (`git status`)"
        )
    findings: dict[str, list[dict[str, object]]] = {}
    for name in names:
        try:
            loaded = load_environment(root, name)
        except UnknownEnvironmentError:
            raise
        except ModelErrors as errors:
            findings[name] = [problem.as_json() for problem in errors.problems]
            if not as_json:
                typer.echo(str(errors), err=True)
        else:
            findings[name] = []
            if not as_json:
                typer.echo(
                    f"{name}: valid ({counted(len(loaded.regions), 'region')}, {counted(len(loaded.clusters()), 'cluster')})"
                )
    if as_json:
        typer.echo(json.dumps(findings, indent=2))
    if any(findings.values()):
        raise typer.Exit(1)


def schema(
    kind: Annotated[
        str, typer.Argument(help="estate, region, tables, latency, availability, load or prices.")
    ] = "estate",
    write: Annotated[bool, typer.Option("--write", help="Write every schema to stacks/schema/.")] = False,
) -> None:
    """Print the JSON Schema of one kind of file, or write all for the editors."""
    if write:
        folder = find_checkout().stacks / "schema"
        folder.mkdir(exist_ok=True)
        for file, text in rendered().items():
            (folder / file).write_text(text)
            typer.echo(f"wrote stacks/schema/{file}")
        return
    file = f"{kind}.schema.json"
    if file not in FILES:
        raise typer.BadParameter(
            f"{kind!r} is no kind of file; choose of {', '.join(name.split('.')[0] for name in FILES)}",
            param_hint="KIND",
        )
    typer.echo(rendered()[file], nl=False)
