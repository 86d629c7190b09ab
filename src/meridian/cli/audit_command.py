"""`meridian audit`: what was done from this checkout, and whether the journals are whole."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from meridian.audit.actions import ACTIONS, journal, journals
from meridian.audit.chain import Head
from meridian.paths import find_checkout

app = typer.Typer(
    help="The journals of what Meridian did: show them, verify that they are whole.", no_args_is_help=True
)
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


@app.command()
def verify(
    expect: Annotated[
        list[str] | None,
        typer.Option(
            "--expect", metavar="JOURNAL=NUMBER:DIGEST", help="A head that was kept elsewhere (repeatable)."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Read every journal from its first entry; exits with 1 when one was changed, cut or written anew."""
    kept = dict(_head(text) for text in expect or ())
    checkout = find_checkout()
    chains = {chain.name: chain for chain in journals(checkout)}
    chains |= {name: journal(checkout, name) for name in kept if name not in chains}
    found = {name: chain.problems(kept.get(name)) for name, chain in sorted(chains.items())}
    if as_json:
        heads = {name: str(chain.head() or Head(0, "0" * 64)) for name, chain in chains.items()}
        problems = {name: [vars(each) for each in each_found] for name, each_found in found.items()}
        typer.echo(json.dumps({"heads": heads, "problems": problems}, indent=2))
    else:
        for name, problems_of in found.items():
            head = chains[name].head()
            typer.echo(f"{name}: {'BROKEN' if problems_of else 'whole'}, head {head or 'none'}")
            for problem in problems_of:
                where = f"entry {problem.entry}" if problem.entry else "the journal"
                typer.echo(f"  {where}: {problem.reason}")
        if not found:
            typer.echo("no journal yet: nothing was done from this checkout")
    if any(found.values()):
        raise typer.Exit(1)


@app.command("log")
def show(
    last: Annotated[int, typer.Option("--last", "-n", min=1, help="How many entries, from the end.")] = 20,
    as_json: Json = False,
) -> None:
    """Show who did what, when, with which plan."""
    entries = list(journal(find_checkout(), ACTIONS).entries())[-last:]
    if as_json:
        typer.echo(json.dumps(entries, indent=2))
        return
    for entry in entries:
        content = entry["content"]
        plan = f", plan {content['plan'][:12]}" if content.get("plan") else ""
        outcome = f": {content['outcome']}" if content.get("outcome") else ""
        typer.echo(
            f"{entry['number']:5} {entry['time'][:19]}Z {content['user']}@{content['host']} "
            f"{entry['kind']} {content['environment']}{outcome}{plan}"
        )
    if not entries:
        typer.echo("nothing was done from this checkout")


def _head(text: str) -> tuple[str, Head]:
    name, _, head = text.partition("=")
    number, _, digest = head.partition(":")
    if not name or not number.isdigit() or len(digest) != 64:
        raise typer.BadParameter(
            f"{text!r} has not the form actions=12:<64 hex digits>", param_hint="--expect"
        )
    return name, Head(int(number), digest)
