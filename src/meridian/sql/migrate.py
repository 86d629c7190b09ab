"""From one desired schema to another: first what is added and changed, last what goes, and nothing goes unasked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from meridian.model.problems import Problem
from meridian.sql import changes
from meridian.sql.beside import side_by_side
from meridian.sql.desired import Desired
from meridian.sql.render import statements
from meridian.sql.statement import Migration, Statement

# What depends on something goes before it; whatever is not named goes second.
_DROP_ORDER = {"policy": 0, "trigger": 0, "index": 2, "column": 3, "table": 4, "function": 5, "role": 6}


def migration(old: Desired | None, new: Desired) -> Migration:
    """Return the ordered statements from `old` (None: an empty cluster) to `new`.

    A drop is refused unless the new data's `approved_drops` names it; a change of form, or of the countries that decide
    where rows lie, is planned and never applied by itself.
    """
    if old is None:
        return Migration(statements(new))
    if old.name != new.name:
        return Migration((), (_renamed(old, new),))
    if old.form != new.form or old.tables.countries != new.tables.countries:
        return side_by_side(old, new)
    before = {each.key: each for each in statements(old)}
    after = {each.key: each for each in statements(new)}
    added: list[Statement] = []
    dropped: list[Statement] = []
    refused: list[Problem] = []
    for key, statement in after.items():
        previous = before.get(key)
        if statement.kind == "table" and previous is not None:
            name = str(statement.table)
            refused += changes.refusals(old, new, name)
            added += changes.changes(old, new, name)
            dropped += changes.drops(old.tables.tables[name], new.tables.tables[name], name)
        elif previous is None:
            added.append(statement)
        elif not statement.same_as(previous):
            added += _changed(previous, statement)
        elif _made_anew(key, before, after):
            added.append(statement)
    for key, statement in reversed(before.items()):
        if (
            key not in after
            and statement.undo is not None
            and not _goes_with_another(statement, before, after)
        ):
            dropped.append(statement.undo)
    dropped.sort(key=lambda each: _DROP_ORDER.get(each.kind, 1))
    rebuilt = _rebuilt(added, dropped, before)
    placed = [each for each in after.values() if each.kind == "zone" and each.table in rebuilt]
    ordered = (*(each for each in added if each not in placed), *dropped, *placed)
    refused += _unapproved(ordered, new)
    return Migration(ordered, tuple(refused))


def _rebuilt(
    added: Sequence[Statement], dropped: Sequence[Statement], before: Mapping[str, Statement]
) -> set[str]:
    """Return the tables that were there and get an index anew, secondary or primary: its partitions have no zone yet.

    Until the zones are set again, the entries lie where the database's own zone says. Dropping a column, or adding
    one with a value, writes a new primary index.
    """
    rewriting = [
        each
        for each in added
        if each.kind in ("index", "partition")
        or (each.kind == "column" and " ADD COLUMN " in each.text and " NOT NULL" in each.text)
    ]
    rewriting += [each for each in dropped if each.kind == "column"]
    return {str(each.table) for each in rewriting if f"table:{each.table}" in before}


def _changed(previous: Statement, statement: Statement) -> list[Statement]:
    if statement.replace and previous.undo is not None:
        return [previous.undo, statement]
    return [statement]


def _goes_with_another(
    statement: Statement, before: Mapping[str, Statement], after: Mapping[str, Statement]
) -> bool:
    """Dropping a table drops all that is its own but its function; dropping an index, its partitions."""
    table = f"table:{statement.table}"
    if statement.kind not in ("table", "function") and table in before and table not in after:
        return True
    index = statement.key.replace("partition:", "index:", 1)
    return statement.kind == "partition" and index in before and index not in after


def _made_anew(key: str, before: Mapping[str, Statement], after: Mapping[str, Statement]) -> bool:
    """True for the partitions of an index that changes: it is dropped with them and comes back without."""
    if not key.startswith("partition:"):
        return False
    index = key.replace("partition:", "index:", 1)
    return index in before and index in after and not after[index].same_as(before[index])


def _unapproved(ordered: tuple[Statement, ...], new: Desired) -> list[Problem]:
    problems = []
    for statement in ordered:
        kind, *rest = statement.key.split(":")
        name = ".".join(rest) if kind in {"table", "column", "index"} else statement.key.replace(":", "_")
        if statement.destructive and name not in new.tables.approved_drops:
            problems.append(
                Problem(
                    ("tables", "approved_drops"),
                    statement.text,
                    "loses what nobody has approved to lose",
                    f"keep it in the data, or add `{name}` to approved_drops",
                )
            )
    return problems


def _renamed(old: Desired, new: Desired) -> Problem:
    return Problem(
        ("database", "name"),
        new.name,
        f"was {old.name}; another name would be another, empty database",
        "rename it by hand (ALTER DATABASE ... RENAME TO) with the portal stopped, or keep the name",
    )
