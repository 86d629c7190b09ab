"""`meridian drill`: take a part of the laptop's estate away under real traffic, measure, bring it back, keep evidence."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from meridian.cli.estate_commands import Environment, Json
from meridian.cli.named_paths import OutFolder
from meridian.cli.shown import table
from meridian.cli.time_scale import TimeScale
from meridian.wording import counted

if TYPE_CHECKING:
    from meridian.drills.result import Drill
    from meridian.drills.unfinished import Unfinished
    from meridian.model.environment import Environment as Model
    from meridian.paths import Checkout

app = typer.Typer(help="Drills: real losses under real traffic, judged and kept.", no_args_is_help=True)


@app.command()
def failover(
    env: Environment,
    lose: Annotated[
        str | None,
        typer.Option(
            help="A cluster (local-eu-gke, eu-gke, europe-west1-gke), region:eu, cloud:aws, node:eu-1."
        ),
    ] = None,
    with_machines: Annotated[
        bool, typer.Option("--with-machines", help="A lost cluster takes its database nodes along.")
    ] = False,
    how: Annotated[
        str,
        typer.Option(help="refuse: the way in refuses connections; hang: it takes them and never answers."),
    ] = "refuse",
    clients: Annotated[int, typer.Option(min=1, max=50, help="Visitors of each population.")] = 2,
    scale: Annotated[
        float | None,
        typer.Option(
            click_type=TimeScale(most=10), help="Multiplies the edge's seconds meanwhile; 1 is real time."
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", click_type=OutFolder(), help="Write drill.html and drill.json here."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Lose something, measure who is served by whom, bring it back; exit 1 when a demanded claim does not hold."""
    from meridian.drills import evidence
    from meridian.drills import target as spelling
    from meridian.drills.failover import FailoverDrill
    from meridian.orchestrator.locks import EnvironmentLock

    checkout, environment = _local(env, "failover")
    target = (
        spelling.parse(environment, lose, machines=with_machines)
        if lose is not None
        else spelling.default(environment, machines=with_machines)
    )
    if how not in spelling.HOWS:
        raise typer.BadParameter(f"{how!r} is none; choose of {', '.join(spelling.HOWS)}", param_hint="--how")
    if how == "hang":
        target = target.hanging()
    _refuse_leftover(checkout)

    def say(text: str) -> None:
        print(text, file=sys.stderr if as_json else sys.stdout, flush=True)

    with EnvironmentLock(checkout, env):
        drill = FailoverDrill(checkout, environment, target, clients, scale, say).run()
        record = evidence.keep(checkout, env, target.slug, drill.to_json())
    written = []
    if report is not None:
        from meridian.report.drill_report import write

        written = write(drill, report)
    if as_json:
        print(json.dumps(drill.to_json(answers=True), indent=1))
    else:
        _show(drill)
        for path in written:
            print(f"wrote {path}")
        print(f"kept as {record.file.relative_to(checkout.root)}, digest {record.content['digest']}")
    if drill.broken:
        raise typer.Exit(1)


@app.command("list")
def list_(env: Environment, as_json: Json = False) -> None:
    """Show every drill, when it last ran in this environment, and whether it is due."""
    from meridian.drills import evidence
    from meridian.drills.catalogue import catalogue

    checkout, environment = _loaded(env)
    warn(checkout)
    found = catalogue(environment, evidence.records(checkout, env), datetime.now(UTC))
    if as_json:
        rows = [
            {
                "drill": "failover",
                "lose": each.target.spelling,
                "state": each.state,
                "is_due": each.is_due,
                "last": each.last.isoformat() if each.last else None,
                "due": each.due.isoformat() if each.due else None,
            }
            for each in found
        ]
        print(json.dumps(rows, indent=1))
        return
    table(
        ("drill", "lose", "last run", "is", "due"),
        [
            ("failover", e.target.spelling, _day(e.last), e.state, "now" if e.is_due else _day(e.due))
            for e in found
        ],
    )
    due = sum(each.is_due for each in found)
    print(f"{due} of {len(found)} drills are due; each is due every {environment.compliance.drill_days} days")


@app.command()
def verify(env: Environment) -> None:
    """Check the chain of the kept results; exit 1 when one was edited, removed or inserted."""
    from meridian.drills import evidence

    checkout, _ = _loaded(env)
    problems = evidence.verify(checkout, env)
    for problem in problems:
        print(f"meridian: {problem}", file=sys.stderr)
    if problems:
        raise typer.Exit(1)
    kept = evidence.records(checkout, env)
    head = kept[-1].content["digest"] if kept else "none"
    print(f"{env}: {counted(len(kept), 'result')} of drills, the chain is whole; last digest {head}")


@app.command()
def recover(env: Environment) -> None:
    """Bring back what a killed drill left away."""
    from meridian.drills import journal

    checkout, _ = _local(env, "recover")
    found = journal.read(checkout)
    if found is None:
        print("nothing is away: no drill was killed")
        return
    if found.alive:
        journal.refuse(found)
    journal.end(checkout)
    print(f"{found.kind} {found.name}: running again; time scale {found.scale:g}")


def warn(checkout: Checkout) -> Unfinished | None:
    """Say on standard error what a killed drill left away, and return it; costs one look at a file when there is none."""
    if not (checkout.local / "drill.json").exists():
        return None
    from meridian.drills import unfinished

    found = unfinished.find(checkout)
    if found is not None:
        print(f"warning: {found}", file=sys.stderr)
    return found


def _refuse_leftover(checkout: Checkout) -> None:
    from meridian.drills import journal

    if found := journal.read(checkout):
        journal.refuse(found)


def _loaded(env: str) -> tuple[Checkout, Model]:
    from meridian.model import load_environment
    from meridian.paths import find_checkout

    checkout = find_checkout()
    return checkout, load_environment(checkout.root, env)


def _local(env: str, drill: str) -> tuple[Checkout, Model]:
    from meridian.drills.errors import UsageError
    from meridian.orchestrator.providers_mode import LOCAL

    loaded = _loaded(env)
    if env != LOCAL:
        raise UsageError(
            f"drill {drill} {env}",
            "it takes parts of an estate away, and meridian can only do that to the embedded clouds",
            f"drill `{LOCAL}`, which has the same edge; for {env} follow `meridian runbook {env} cluster-lost`",
        )
    return loaded


def _day(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M") if at else ""


def _show(drill: Drill) -> None:
    seen = drill.recording
    print(f"\n{drill.promises.target}, {drill.environment}, time scale {seen.scale:g}")
    for sentence in drill.promises.without_quorum:
        print(f"  {sentence}: by the survival proof it is not healthy, and nobody may be served there")
    print()
    table(("seconds", "what happened"), [(f"{at:+8.2f}", text) for at, text in drill.timeline()])
    print()
    rows = [
        (
            p.population.name,
            p.population.hostname,
            p.serves or f"nobody: {p.why}",
            ", ".join(m.served_by) or "nobody",
            _seconds(m.first_good),
            _seconds(m.last_bad),
            m.errors,
            _seconds(m.home),
        )
        for p, m in zip(drill.promises.populations, drill.figures, strict=True)
    ]
    headings = (
        "visitors of",
        "name",
        "by the design served by",
        "were served by",
        "first good",
        "last bad",
        "errors",
        "home, from its return",
    )
    table(headings, rows)
    print()
    print(
        f"computed worst case {drill.bounds.computed:g} s ({drill.bounds.detection:g} s of it the monitors', "
        f"of which {drill.bounds.timeouts:g} s wait for an answer that never comes), bound "
        f"{drill.bounds.failover:g} s; at this scale {drill.bounds.computed * seen.scale:g} s and "
        f"{drill.bounds.failover * seen.scale:g} s; measured until found: {_seconds(drill.failed_over)} s"
    )
    for finding in drill.findings:
        if not finding.required and finding.verdict != "holds":
            print(f"  not demanded: {finding.subject}: {finding.claim}: {finding.value}, {finding.bound}")
    demanded = [finding for finding in drill.findings if finding.required]
    for finding in drill.broken:
        print(
            f"  BROKEN {finding.subject}: {finding.claim}: {finding.value} (bound {finding.bound or 'none'}) {finding.counterexample}"
        )
    print(f"{len(demanded) - len(drill.broken)} of {len(demanded)} demanded claims hold")


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
