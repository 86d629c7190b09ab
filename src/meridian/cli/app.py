"""The tree of commands; parts with heavy imports are loaded when they are called."""

from __future__ import annotations

import typer

from meridian.cli import estate_commands, state_commands
from meridian.cli.lazy import Lazy, LazyGroup


class Commands(LazyGroup):
    """Meridian's own group with what other modules bring."""

    lazy = (
        Lazy(
            "validate",
            "meridian.cli.model_commands",
            "validate",
            "Check an environment's data, all errors at once.",
        ),
        Lazy(
            "schema",
            "meridian.cli.model_commands",
            "schema",
            "Print the JSON Schema of the environments' data.",
        ),
        Lazy("model", "meridian.cli.model_group", "app", "The estate's data: check, schema."),
        Lazy(
            "sql",
            "meridian.cli.sql_command",
            "sql",
            "Print the database's SQL in either form, parsed by CockroachDB's own grammar.",
        ),
        Lazy(
            "prove",
            "meridian.cli.prove_command",
            "prove",
            "Prove what the plan survives, how fast it fails over and how long visitors wait.",
        ),
        Lazy("prices", "meridian.cli.prices_commands", "app", "Read the clouds' price lists anew."),
        Lazy(
            "policy",
            "meridian.cli.policy_commands",
            "app",
            "Compliance as code: controls, rules, and plans judged by them.",
        ),
        Lazy(
            "drift",
            "meridian.cli.drift_command",
            "drift",
            "Say what differs between the clouds and the state, who did it and what mends it.",
        ),
        Lazy(
            "verify",
            "meridian.cli.verify_command",
            "verify",
            "Try on the running clusters what the data promises: encryption, TLS, sign-on.",
        ),
        Lazy(
            "evidence",
            "meridian.cli.evidence_command",
            "app",
            "What was checked of each control, and what was not, as a signed package for auditors.",
        ),
        Lazy(
            "audit",
            "meridian.cli.audit_command",
            "app",
            "What was done from this checkout, and whether its journals are whole.",
        ),
        Lazy(
            "comment",
            "meridian.cli.comment_command",
            "comment",
            "Put a preview's report on its pull request, edited in place.",
        ),
        Lazy(
            "toolchain",
            "meridian.cli.toolchain_commands",
            "toolchain",
            "Find or build the engine and the control planes.",
        ),
        Lazy(
            "doctor",
            "meridian.cli.toolchain_commands",
            "doctor",
            "Say what is found, what is missing and how to mend it.",
        ),
        Lazy(
            "local",
            "meridian.cli.local_commands",
            "app",
            "The embedded clouds: clusters, inventory, drift, faults.",
        ),
        Lazy(
            "drill",
            "meridian.cli.drill_commands",
            "app",
            "Lose a part of the estate under real traffic, measure, keep evidence.",
        ),
        Lazy(
            "runbook",
            "meridian.cli.runbook_command",
            "runbook",
            "What to do in a failure, with this environment's own names.",
        ),
        Lazy(
            "db", "meridian.cli.db_commands", "app", "The real database of this machine: status, url, psql."
        ),
    )


app = typer.Typer(
    name="meridian",
    cls=Commands,
    help="A multi-cloud estate as data: proved before it is applied, brought up whole on a laptop.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("preview")(estate_commands.preview)
app.command("up")(estate_commands.up)
app.command("refresh")(estate_commands.refresh)
app.command("destroy")(estate_commands.destroy)
app.command("recover")(estate_commands.recover)
app.command("outputs")(state_commands.outputs)
app.command("status")(state_commands.status)
app.command("env")(state_commands.env)
app.command("graph")(state_commands.graph)
app.command("unlock")(state_commands.unlock)
app.command("down")(state_commands.down)
