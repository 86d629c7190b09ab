"""`meridian sql`: the database's statements, checked by our rules and by CockroachDB's grammar before they are shown."""

from __future__ import annotations

import json
from typing import Annotated, cast, get_args

import typer

from meridian.model import load_environment
from meridian.model.placement import Form
from meridian.model.problems import Problem, dotted, shown
from meridian.paths import find_checkout
from meridian.program.sql_parameters import sql_parameters
from meridian.sql import Desired, Migration, Statement, desired, migration, problems, statements
from meridian.sql.grammar import PROGRAM, VERSION, grammar_problems
from meridian.sql.script import script
from meridian.toolchain import ensure
from meridian.wording import counted


def sql(
    environment: Annotated[str, typer.Argument(help="The environment.")],
    form: Annotated[
        str | None,
        typer.Option(help="partition-by-list or regional-by-row; the environment's own when not given."),
    ] = None,
    migrate_to: Annotated[
        str | None, typer.Option(help="Print the planned steps from the form to this one.")
    ] = None,
    postgres: Annotated[
        bool, typer.Option("--postgres", help="Only what PostgreSQL runs, in its words.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Print the SQL of an environment's database; nothing is connected to."""
    checkout = find_checkout()
    estate = load_environment(checkout.root, environment)
    wanted = desired(estate, sql_parameters(estate), form=_form(form, "--form"))
    target = _form(migrate_to, "--migrate-to")
    if target and postgres:
        raise typer.BadParameter("PostgreSQL has no forms to change between", param_hint="--postgres")
    if target:
        other = desired(estate, sql_parameters(estate), form=target)
        made = migration(wanted, other).checked()
        title = f"{environment}: from {wanted.form} to {target}, step by step; run by people, one at a time."
        _refuse([*problems(wanted), *problems(other)])
    else:
        made = Migration(statements(wanted))
        title = f"{environment}: the whole schema, for an initialised and empty cluster."
        _refuse(problems(wanted, made.statements))
    program = ensure(checkout, [PROGRAM]).path(PROGRAM)
    _refuse(grammar_problems(program, made.statements))
    _say(made.statements, postgres=postgres)
    typer.echo(
        _json(wanted, made) if as_json else script(wanted, made.statements, title=title, postgres=postgres),
        nl=as_json,
    )


def _form(value: str | None, option: str) -> Form | None:
    if value is not None and value not in get_args(Form):
        raise typer.BadParameter(
            f"{value!r} is no form; choose of {', '.join(get_args(Form))}", param_hint=option
        )
    return cast(Form | None, value)


def _refuse(found: list[Problem]) -> None:
    for problem in found:
        typer.echo(
            f"meridian: {dotted(problem.path)} = {shown(problem.value)}: {problem.rule}; fix: {problem.fix}",
            err=True,
        )
    if found:
        raise typer.Exit(1)


def _say(made: tuple[Statement, ...], *, postgres: bool) -> None:
    typer.echo(
        f"{counted(len(made), 'statement')}, each parsed by CockroachDB's grammar ({VERSION})", err=True
    )
    for statement in made:
        if statement.newer:
            typer.echo(
                f"  {statement.key}: `{statement.newer.strip(', ')}` is newer than that grammar and was left out for it",
                err=True,
            )
    if postgres:
        runs = sum(each.portable for each in made)
        typer.echo(
            f"{runs} of them run on PostgreSQL; the others are CockroachDB's alone and are not shown",
            err=True,
        )


def _json(wanted: Desired, made: Migration) -> str:
    return json.dumps(
        {
            "form": wanted.form,
            "planned": made.planned,
            "statements": [statement.as_json() for statement in made.statements],
        },
        indent=2,
    )
