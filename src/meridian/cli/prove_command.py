"""`meridian prove`: what the plan survives, how fast it fails over, how long visitors wait."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from meridian.cli.named_paths import NamedPath
from meridian.cli.planning import planned
from meridian.model import load_environment
from meridian.model.assumptions import load_assumptions
from meridian.paths import find_checkout
from meridian.proofs.all import PLAN_PROOFS, PROOFS, subject_of
from meridian.proofs.explore import explore as explore_placements
from meridian.proofs.result import Proof, Verdict
from meridian.proofs.summary import summary
from meridian.wording import counted

KNOWN = (*PROOFS, *PLAN_PROOFS)
_STYLE = {Verdict.HOLDS: "green", Verdict.DEPENDS: "yellow", Verdict.FAILS: "red", Verdict.UNKNOWN: "yellow"}


def prove(
    env: Annotated[str, typer.Argument(metavar="ENV", help="An environment: a folder under stacks/.")],
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[PROOF]...", help="Only these proofs.")
    ] = None,
    explore: Annotated[
        bool, typer.Option("--explore", help="With survival: what other placements of the voters would buy.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    plan: Annotated[
        Path | None,
        typer.Option(
            "--plan",
            click_type=NamedPath(),
            help="For residency and cost: this plan.json, instead of a preview made now.",
        ),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="With method, inputs, assumptions and sources.")
    ] = False,
) -> None:
    """Prove the plan from its data; exits with 1 when something that the data demands does not hold."""
    unknown = [name for name in names or () if name not in KNOWN]
    if unknown:
        raise typer.BadParameter(
            f"{unknown[0]!r} is no proof; choose of {', '.join(KNOWN)}", param_hint="PROOF"
        )
    if explore and names != ["survival"]:
        raise typer.BadParameter("belongs to `prove ENV survival`", param_hint="--explore")
    root = find_checkout().root
    environment = load_environment(root, env)
    assumptions = load_assumptions(root, environment)
    if explore:
        proofs = [explore_placements(environment, key, assumptions.latency) for key in environment.regions]
    else:
        wanted = list(names or KNOWN)
        merged = planned(env, plan) if any(name in PLAN_PROOFS for name in wanted) else None
        subject = subject_of(environment, assumptions, merged)
        proofs = [
            PROOFS[name](subject) if merged is None or name in PROOFS else PLAN_PROOFS[name](subject, merged)
            for name in wanted
        ]
    if as_json:
        typer.echo(json.dumps({proof.name: proof.to_json() for proof in proofs}, indent=2, default=str))
    else:
        for proof in proofs:
            _show(proof, full=full, tables=full or explore or len(proofs) == 1)
        if not explore:
            typer.echo(f"\n{env}: {summary(proofs)}")
    if any(not proof.holds for proof in proofs):
        raise typer.Exit(1)


def _show(proof: Proof, *, full: bool, tables: bool) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"\n[bold]{proof.name}[/]: {_headline(proof)}")
    for subjects, claim, verdict_of, value, bound, example, demanded in _grouped(proof):
        style = _STYLE[verdict_of]
        # A claim that nobody demands may fail without alarm: it is what the design gave up for something else.
        mark = (
            f"[{style}]{verdict_of.value:8}[/]"
            if demanded or verdict_of is Verdict.HOLDS
            else f"[dim]{verdict_of.value:8}[/]"
        )
        figures = " ".join(part for part in (value, f"(bound {bound})" if bound else "") if part)
        console.print(
            f"  {mark} {escape(subjects)}: {escape(claim)}" + (f": {escape(figures)}" if figures else "")
        )
        if example:
            console.print(f"           [dim]{escape(example)}[/]")
    if tables:
        for heading, rows in proof.tables.items():
            _table(console, heading, rows)
    if full:
        console.print(
            f"  [dim]method: {escape(proof.method)}\n  inputs: {escape(json.dumps(proof.inputs, default=str))}[/]"
        )
        for label, lines in (("assumes", proof.assumptions), ("source", proof.sources)):
            for line in lines:
                console.print(f"  [dim]{label}: {escape(line)}[/]")


def _headline(proof: Proof) -> str:
    if broken := len(proof.broken):
        return f"[red]{counted(broken, 'demanded claim')} {'does' if broken == 1 else 'do'} not hold[/]"
    demanded = [found for found in proof.findings if found.required]
    others = [found for found in proof.findings if not found.required]
    failing = sum(found.verdict is not Verdict.HOLDS for found in others)
    if not failing:
        return "[green]all claims hold[/]"
    demands = "what the data demands holds; " if demanded else ""
    return f"[yellow]{demands}{failing} of {counted(len(others), 'claim')} that nobody demands {'does' if failing == 1 else 'do'} not hold[/]"


def _grouped(proof: Proof) -> list[tuple[str, str, Verdict, str, str, str, bool]]:
    """Join subjects of which the same is said; a counterexample then stands for the first of them."""
    groups: dict[tuple[str, Verdict, str, str, bool], list[tuple[str, str]]] = {}
    for found in proof.findings:
        key = (found.claim, found.verdict, found.value, found.bound, found.required)
        groups.setdefault(key, []).append((found.subject, found.counterexample))
    lines = []
    for (claim, verdict, value, bound, demanded), members in groups.items():
        names = [name for name, _ in members]
        shown = ", ".join(names) if len(names) <= 4 else f"{', '.join(names[:3])} and {len(names) - 3} more"
        example = next((text for _, text in members if text), "")
        lines.append((shown, claim, verdict, value, bound, example, demanded))
    return lines


def _table(console: Console, heading: str, rows: list[dict[str, object]]) -> None:
    if not rows:
        return
    table = Table(title=heading, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in rows[0]:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(escape(str(value)) for value in row.values()))
    console.print(table, soft_wrap=False)
