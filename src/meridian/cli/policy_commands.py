"""`meridian policy list|test|check`: the rules and their controls, their mutants, and a plan judged by them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from meridian.cli.named_paths import NamedPath
from meridian.cli.planning import previewed
from meridian.cli.shown import Json, table
from meridian.compliance.controls import FRAMEWORKS
from meridian.compliance.evaluate import Report
from meridian.paths import find_checkout
from meridian.plan import Plan
from policies.load import load

app = typer.Typer(help="Compliance as code: controls, rules, and plans judged by them.", no_args_is_help=True)


@app.command("list")
def list_(
    framework: Annotated[str | None, typer.Option("--framework", help="soc2, hipaa or gdpr.")] = None,
    rules: Annotated[bool, typer.Option("--rules", help="The rules instead of the controls.")] = False,
    as_json: Json = False,
) -> None:
    """Show every control with who answers for it, its rules and its gap."""
    if framework not in (None, *FRAMEWORKS):
        raise typer.BadParameter(
            f"{framework!r} is no framework; choose of {', '.join(FRAMEWORKS)}", param_hint="--framework"
        )
    policies = load()
    chosen = dict(policies.controls.of(framework))
    if as_json:
        typer.echo(json.dumps({key: each.model_dump(mode="json") for key, each in chosen.items()}, indent=2))
    elif rules:
        named = {rule for each in chosen.values() for rule in each.rules}
        table(
            ("rule", "severity", "sees", "advisory in", "title"),
            [
                (rule.id, rule.severity.value, rule.scope.value, ", ".join(rule.advisory_in), rule.title)
                for rule in policies.rules
                if rule.id in named
            ],
        )
    else:
        table(
            ("control", "answers", "rules", "title", "gap"),
            [
                (key, ", ".join(each.answers), str(len(each.rules)), each.title, each.gap)
                for key, each in chosen.items()
            ],
        )


@app.command()
def test(as_json: Json = False) -> None:
    """Hold every rule against its mutants; exits with 1 when a rule is blind, or speaks of what is not its own."""
    from policies.mutants.run import outcomes

    found = list(outcomes(load()))
    wrong = [each for each in found if not each.right]
    if as_json:
        typer.echo(
            json.dumps(
                [
                    {
                        "rule": each.case.rule if each.case else None,
                        "case": each.case.says if each.case else "baseline",
                        "spoke": sorted(each.spoke),
                        "right": each.right,
                    }
                    for each in found
                ],
                indent=2,
            )
        )
    else:
        for each in wrong:
            what = f"{each.case.rule}: {each.case.says}" if each.case else "baseline"
            typer.echo(f"WRONG {what}: {', '.join(sorted(each.spoke)) or 'no rule'} spoke")
        cases = len({each.case.rule for each in found if each.case})
        typer.echo(f"{len(found) - 1} mutants of {cases} rules and the baseline: {len(wrong)} wrong")
    raise typer.Exit(int(bool(wrong)))


@app.command()
def check(
    env: Annotated[str, typer.Argument(metavar="ENV", help="An environment: a folder under stacks/.")],
    plan: Annotated[
        Path | None,
        typer.Option("--plan", click_type=NamedPath(), help="This plan.json, instead of a preview made now."),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Every finding and every exception.")] = False,
    as_json: Json = False,
) -> None:
    """Judge a plan by the rules; exits with 1 when a mandatory one is broken."""
    from meridian.orchestrator.render import policies as lines

    report = _of_plan(env, plan) if plan else previewed(env).policies
    assert report is not None  # a preview that was not interrupted is judged
    if as_json:
        typer.echo(json.dumps(report.to_json(), indent=2))
    else:
        for line in lines(report, full=full):
            typer.echo(line)
        if full:
            for each in report.excepted:
                found, by = each.finding, each.exception
                typer.echo(
                    f"excepted {found.rule}: {found.unit}, {found.resource}: {found.value}; {by.owner}, until {by.expires}"
                )
        typer.echo(
            f"{env}: {len(report.rules)} rules over {report.resources} resources of plan {report.plan[:12]}: "
            f"{len(report.mandatory)} mandatory findings, {len(report.findings) - len(report.mandatory)} advisory, "
            f"{len(report.excepted)} excepted"
        )
    raise typer.Exit(int(bool(report.mandatory)))


def _of_plan(env: str, file: Path) -> Report:
    from meridian.orchestrator.approval import load_plan
    from meridian.orchestrator.units import program_graph

    found: Plan = load_plan(file, env)
    units = set(program_graph(find_checkout().stacks, env))
    return load().run(found, datetime.now(UTC).date(), whole=set(found.units) == units)
