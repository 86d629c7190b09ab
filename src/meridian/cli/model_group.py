"""`meridian model ...`: the same commands as `meridian validate` and `meridian schema`, in a group."""

from __future__ import annotations

import typer

from meridian.cli.model_commands import schema, validate

app = typer.Typer(help="The estate's data.", no_args_is_help=True, add_completion=False)
app.command("check")(validate)
app.command("schema")(schema)
