"""From two desired schemas to the statements that one database runs, in its own dialect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from meridian.provider.errors import ProviderError
from meridian.sql import Desired, MigrationRefusedError, Statement, migration, statements

Dialect = Literal["cockroachdb", "postgresql"]


@dataclass(frozen=True)
class Steps:
    """What is run, and what this database cannot run and is only parsed."""

    run: tuple[tuple[Statement, str], ...]
    parsed_only: tuple[Statement, ...] = ()


def between(base: Desired | None, desired: Desired) -> tuple[Statement, ...]:
    """Return the statements from one schema (None: empty) to another.

    Raises ProviderError for what would lose data without approval and for a change of form, which people do.
    """
    if base is None:
        return statements(desired)
    found = migration(base, desired)
    try:
        found.checked()
    except MigrationRefusedError as error:
        raise ProviderError(
            f"{desired.name}", f"this change is refused: {error}", "see stacks/tables.yaml, approved_drops"
        ) from error
    if found.planned:
        raise ProviderError(
            f"{desired.name}: {_difference(base, desired)}",
            f"it moves every row, in {len(found.statements)} steps that people run: {_outline(found.statements)}",
            f"print them with {_command(base, desired)}; docs/data.md, 'Changing the form'",
        )
    return found.statements


def _difference(base: Desired, desired: Desired) -> str:
    if base.form != desired.form:
        return f"{base.form} -> {desired.form}"
    return "other countries decide where rows lie"


def _command(base: Desired, desired: Desired) -> str:
    if base.form == desired.form:
        return "`meridian sql ENV`"
    return f"`meridian sql ENV --migrate-to {desired.form}` (with the data still at {base.form})"


def _outline(made: Sequence[Statement]) -> str:
    """Return the kinds of steps in order, with how many of each run follow one another."""
    runs: list[tuple[str, int]] = []
    for each in made:
        if runs and runs[-1][0] == each.kind:
            runs[-1] = (each.kind, runs[-1][1] + 1)
        else:
            runs.append((each.kind, 1))
    return ", ".join(f"{count} {kind}" for kind, count in runs)


def in_dialect(made: Sequence[Statement], dialect: Dialect) -> Steps:
    """Sort statements into those that a dialect runs, with their text, and those that it cannot."""
    if dialect == "cockroachdb":
        return Steps(tuple((each, each.text) for each in made))
    run = tuple((each, text) for each in made if (text := each.on_postgres) is not None)
    return Steps(run, tuple(each for each in made if each.on_postgres is None))


def lines(steps: Steps, dialect: Dialect) -> list[str]:
    """Return a plan for people: every statement whole, then what is only parsed."""
    shown = [f"-- {len(steps.run)} statements for {dialect}"]
    for each, text in steps.run:
        note = "LOSES DATA, approved: " if each.destructive else ""
        if note or each.why:
            shown.append(f"-- {note}{each.why}")
        shown += f"{text};".splitlines()
    if steps.parsed_only:
        shown.append(f"-- {len(steps.parsed_only)} statements only parsed: {dialect} has no such thing")
        shown += [f"--   {each.key}" for each in steps.parsed_only]
    return shown
