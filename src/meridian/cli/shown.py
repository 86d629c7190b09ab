"""What the commands of the embedded clouds share: the connection, tables, `--json`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from meridian.local.client import LocalClouds

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


def running() -> LocalClouds:
    """Return the running clouds; ends the command when none run."""
    from meridian.local.client import LocalClouds
    from meridian.paths import find_checkout

    clouds = LocalClouds.connect(find_checkout())
    if clouds is None:
        print(
            "meridian: the embedded clouds of this checkout do not run; fix: `meridian up local` starts them",
            file=sys.stderr,
        )
        raise typer.Exit(1)
    return clouds


def table(headings: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(str(each) for each in row))
    Console(width=None if sys.stdout.isatty() else 160).print(table)
