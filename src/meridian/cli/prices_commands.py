"""`meridian prices refresh`: read the clouds' price lists into the file of assumptions."""

from __future__ import annotations

import os

import typer

from meridian.paths import find_checkout
from meridian.pricing.refresh import refresh as refresh_
from meridian.wording import counted

KEY = "MERIDIAN_GCP_API_KEY"

app = typer.Typer(help="Prices: data with sources, read anew from the clouds.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `refresh` a command of its own."""


@app.command()
def refresh() -> None:
    """Write machine and disk prices of the clouds' own lists into stacks/assumptions/prices.yaml, all or nothing."""
    file = find_checkout().stacks / "assumptions" / "prices.yaml"
    key = os.environ.get(KEY, "")
    if not key:
        typer.echo(f"Google's catalog is not asked: no API key in {KEY}", err=True)
    changes = refresh_(file, gcp_key=key)
    for change in changes:
        typer.echo(f"{change.name} in {change.region}: {change.before:g} -> {change.now:g} USD")
    typer.echo(f"{counted(len(changes), 'price')} changed")
