"""`meridian toolchain` and `meridian doctor`."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from meridian.paths import Checkout, find_checkout
from meridian.toolchain import ALL_TOOLS, ensure, inspect
from meridian.toolchain.install import Report

_BEAT_SECONDS = 15.0


def toolchain(
    only: Annotated[
        list[str] | None, typer.Option("--only", help="A program; may be given several times.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Find, download or build the engine and the control planes' programs."""
    unknown = [name for name in only or () if name not in ALL_TOOLS]
    if unknown:
        raise typer.BadParameter(
            f"{unknown[0]!r} is no program of ours; choose of {', '.join(ALL_TOOLS)}", param_hint="--only"
        )
    checkout = find_checkout()
    with _progress() as say:
        made = ensure(checkout, only or ALL_TOOLS, report=say)
    if as_json:
        typer.echo(json.dumps({name: str(made.path(name)) for name in only or ALL_TOOLS}, indent=2))


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Say what is found, what is missing and the one command that mends it."""
    checkout: Checkout = find_checkout()
    states = inspect(checkout)
    if as_json:
        typer.echo(json.dumps([state.as_json() for state in states], indent=2))
    else:
        table = Table(box=None, pad_edge=False)
        for heading in ("", "what", "found", "fix"):
            table.add_column(heading, overflow="fold")
        for state in states:
            mark = "[green]ok[/]" if state.ok else "[red]missing[/]"
            table.add_row(mark, state.name, state.found, f"[bold]{state.fix}[/]" if state.fix else "")
        Console().print(table)
    if not all(state.ok for state in states):
        raise typer.Exit(1)


@contextmanager
def _progress() -> Iterator[Report]:
    """Print a line per event, and while a build goes on a sign of life; the same on a terminal and without one."""
    console = Console(stderr=True, highlight=False)
    started = time.monotonic()
    running: set[str] = set()
    ended = threading.Event()

    def say(name: str, text: str) -> None:
        (running.add if text.startswith("building") else running.discard)(name)
        console.print(f"[dim]{time.monotonic() - started:5.0f} s[/]  [bold]{name}[/]: {text}", soft_wrap=True)

    def beat() -> None:
        while not ended.wait(_BEAT_SECONDS):
            if running:
                console.print(
                    f"[dim]{time.monotonic() - started:5.0f} s  still building {', '.join(sorted(running))}[/]"
                )

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield say
    finally:
        ended.set()
