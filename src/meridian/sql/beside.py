"""The planned way when rows must move: a second database beside the first, so that no row ever lies unplaced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from meridian.model.problems import Problem
from meridian.model.tables import Table
from meridian.sql.desired import Desired
from meridian.sql.render import statements
from meridian.sql.statement import Kind, Migration, Statement
from meridian.sql.text import literal, names, quoted

_CLUSTER_WIDE = ("licence", "setting", "role", "audit", "schedule")


def side_by_side(old: Desired, new: Desired) -> Migration:
    """Return the ordered steps; people run them one by one, and each can be checked before the next.

    In place, partitions and zones must go before regions can come, and in between rows of the EU may move anywhere.
    """
    changed = [
        name
        for name in {**old.tables.tables, **new.tables.tables}
        if old.tables.tables.get(name) != new.tables.tables.get(name)
    ]
    if changed:
        return Migration((), (_one_at_a_time(changed),), planned=True)
    beside = new.model_copy(update={"name": f"{new.name}-next"})
    previous = f"{old.name}-previous"
    steps: list[Statement] = [
        _step(
            "1",
            f"SHOW REGIONS FROM DATABASE {quoted(old.name)}",
            "1: note where the rows lie before",
            "check",
        ),
    ]
    made = [each for each in statements(beside) if each.kind not in _CLUSTER_WIDE or each.table is not None]
    # The schedule names the database; it is made again after the names are swapped.
    steps = [_in(beside.name, replace(each, undo=None, why=f"1: {each.why}")) for each in made]
    for role, written in _writers(old):
        steps.append(
            _step(
                f"2:{written}:{role}",
                f"REVOKE INSERT, UPDATE, DELETE ON TABLE {_qualified(old.name, written)} FROM {role}",
                "2: writing stops; the portal answers 503 to writes from here on",
                "grant",
            )
        )
    for name, table in new.tables.tables.items():
        steps += [_in(beside.name, each) for each in _copies(old, beside, name, table)]
    for name, table in new.tables.tables.items():
        steps.append(_comparison(old, beside, name, table))
    steps += [
        _step(
            "5:away",
            f"ALTER DATABASE {quoted(old.name)} RENAME TO {quoted(previous)}",
            "5: the names are swapped; until step 6 the way back is the same two statements reversed",
            "database",
        ),
        _step(
            "5:here",
            f"ALTER DATABASE {quoted(beside.name)} RENAME TO {quoted(new.name)}",
            "5: the portal writes again from here on",
            "database",
        ),
    ]
    for each in statements(old):
        if each.kind == "schedule" and each.undo:
            steps.append(replace(each.undo, why="5: the old schedule would back up the renamed database"))
    steps += [replace(each, why=f"5: {each.why}") for each in statements(new) if each.kind == "schedule"]
    steps.append(
        replace(
            _step(
                "6",
                f"DROP DATABASE {quoted(previous)} CASCADE",
                "6: only after a full backup of the new form and an agreed time; nothing goes back after this",
                "database",
            ),
            destructive=True,
        )
    )
    return Migration(tuple(steps), planned=True)


def _one_at_a_time(changed: list[str]) -> Problem:
    return Problem(
        ("tables", "tables"),
        ", ".join(changed),
        "tables change together with the form or the countries; a copy could not be compared with its source",
        "land the change of the tables first, the move of the rows after it",
    )


def _in(database: str, statement: Statement) -> Statement:
    """Let a statement run in the second database, whose name its text cannot tell."""
    if statement.scope == "cluster" and statement.kind != "copy":
        return statement
    return replace(statement, scope="cluster", session=(f"USE {quoted(database)}", *statement.session))


def _writers(old: Desired) -> Iterator[tuple[str, str]]:
    for name, table in old.tables.tables.items():
        for role, privileges in table.grants.items():
            if set(privileges) & {"INSERT", "UPDATE", "DELETE"}:
                yield role, name


def _copies(old: Desired, beside: Desired, name: str, table: Table) -> Iterator[Statement]:
    """Yield one copy per region, to be run on a node of that region: the rows never leave it."""
    shared = [key for key, column in table.columns.items() if column.computed_from is None]
    selected = [_cast(beside, key, table) for key in shared]
    source, target = _qualified(old.name, name), _qualified(beside.name, name)
    copy = f"INSERT INTO {target} ({names(shared)})\n  SELECT {', '.join(selected)} FROM {source}"
    if table.region is None:
        yield _step(f"3:{name}", copy, "3: no personal data; from any node", "copy", table=name)
        return
    for value, partition in old.partitions.items():
        yield replace(
            _step(
                f"3:{name}:{value}",
                f"{copy}\n  WHERE {table.region} = {literal(value)}",
                f"3: connect to a node of region {partition.constraint}; large tables by ranges of the key",
                "copy",
                table=name,
            ),
            region=value,
        )


def _comparison(old: Desired, beside: Desired, name: str, table: Table) -> Statement:
    source, target = _qualified(old.name, name), _qualified(beside.name, name)
    group = f"{table.region}::TEXT AS region, " if table.region else ""
    tail = " GROUP BY 1" if table.region else ""
    return _step(
        f"4:{name}",
        f"SELECT {group}count(*) FROM {source}{tail}\n  EXCEPT SELECT {group}count(*) FROM {target}{tail}",
        "4: must return no row",
        "check",
        table=name,
    )


def _cast(beside: Desired, column: str, table: Table) -> str:
    if table.columns[column].type != "region":
        return column
    return f"{column}::TEXT" if beside.form == "partition-by-list" else f"{column}::crdb_internal_region"


def _qualified(database: str, table: str) -> str:
    return f"{quoted(database)}.public.{table}"


def _step(key: str, text: str, why: str, kind: Kind, *, table: str | None = None) -> Statement:
    return Statement(
        key=f"step:{key}",
        kind=kind,
        text=text,
        why=why,
        table=table,
        scope="cluster",
    )
