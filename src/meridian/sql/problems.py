"""What the grammar cannot see: rules over the desired schema and over the statements that were made of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from meridian.model.checks.placement import placement_problems
from meridian.model.checks.tables import tables_problems
from meridian.model.problems import Problem
from meridian.sql.desired import Desired
from meridian.sql.placement import strictest
from meridian.sql.render import statements
from meridian.sql.statement import Statement
from meridian.sql.text import listed

_LIST_ONLY = re.compile(r"PARTITION BY LIST|ALTER PARTITION|num_replicas|\bconstraints = ")
_ROW_ONLY = re.compile(
    r"LOCALITY (REGIONAL|GLOBAL)|crdb_internal_region|SUPER REGION|PRIMARY REGION|SURVIVE|PLACEMENT"
)


def problems(desired: Desired, made: Sequence[Statement] | None = None) -> list[Problem]:
    """Return every problem; `made` are the statements to hold against the schema (default: the rendered ones)."""
    rendered = list(statements(desired) if made is None else made)
    found = [
        *placement_problems(desired),
        *tables_problems(desired.tables, desired),
        *_backups(desired, rendered),
        *_forms(desired, rendered),
        *_security(desired, rendered),
    ]
    if desired.form == "partition-by-list":
        found += _partitions(desired, rendered)
        found += _checks(desired, rendered)
        found += _zones(desired, rendered)
        found += _rest(desired, rendered)
    else:
        found += _localities(desired, rendered)
        found += _held(desired, rendered)
    return found


def _at(statement: Statement) -> tuple[str, ...]:
    return ("sql", *statement.key.split(":"))


def _backups(desired: Desired, made: Sequence[Statement]) -> Iterator[Problem]:
    """Each region's part of a backup lies in the region's jurisdiction."""
    targets = desired.parameters.backups
    for region, target in targets.items():
        wanted = desired.residencies.get(region)
        if target.residency != wanted:
            yield Problem(
                ("parameters", "backups", region),
                target.uri,
                f"lies in {target.residency}, but backs up what must stay in {wanted}",
                "give the region's own bucket and key",
            )
    if targets:
        for region in desired.regions():
            if region not in targets:
                yield Problem(
                    ("parameters", "backups"),
                    sorted(targets),
                    f"region {region} has no bucket: STRICT would fail every backup",
                    "give each region its bucket",
                )
    for statement in made:
        if statement.kind == "schedule":
            for region, target in targets.items():
                part = f"{target.uri.partition('?')[0]}?"
                lines = [
                    line
                    for line in statement.text.splitlines()
                    if f"COCKROACH_LOCALITY=region%3D{region}'" in line
                ]
                if len(lines) != 1 or part not in lines[0]:
                    yield Problem(
                        _at(statement),
                        lines[0].strip() if lines else "missing",
                        f"nodes of region {region} must write to {target.uri}",
                        "give each region's locality its own bucket, once",
                    )


def _localities(desired: Desired, made: Sequence[Statement]) -> Iterator[Problem]:
    """Regional by row, each table says so itself: without a locality it lies in the primary region, whole."""
    for name, table in desired.tables.tables.items():
        wanted = (
            f"LOCALITY REGIONAL BY ROW AS {table.region}"
            if table.placement == "by-row"
            else "LOCALITY GLOBAL"
        )
        found = next((each for each in made if each.key == f"table:{name}"), None)
        if found is None or not found.text.endswith(wanted):
            yield Problem(
                ("sql", "table", name),
                found.text.rsplit("\n", 1)[-1] if found else "missing",
                f"without its locality all rows of {name} would lie in the primary region {desired.primary_region}",
                f"end it with {wanted}",
            )


def _held(desired: Desired, made: Sequence[Statement]) -> Iterator[Problem]:
    """Regional by row, something keeps the non-voting replicas of the EU at home."""
    for value, partition in desired.partitions.items():
        region = partition.constraint
        holds = re.compile(rf'ADD SUPER REGION "[^"]+" VALUES .*"{re.escape(region)}"|PLACEMENT RESTRICTED')
        if desired.residencies.get(region) == "eu" and not any(holds.search(each.text) for each in made):
            yield Problem(
                ("sql", "region", value),
                region,
                f"non-voting replicas of {value} would go to every region",
                f'ALTER DATABASE ... ADD SUPER REGION "{value}" VALUES "{region}"',
            )


def _forms(desired: Desired, made: Sequence[Statement]) -> Iterator[Problem]:
    """The two forms exclude each other in one database."""
    foreign = _ROW_ONLY if desired.form == "partition-by-list" else _LIST_ONLY
    for statement in made:
        hit = foreign.search(statement.text)
        if hit:
            yield Problem(
                _at(statement),
                statement.text.split("\n")[0],
                f"`{hit.group()}` belongs to the other form; one database takes partitions or regions, never both",
                f"write it in the form {desired.form}",
            )


def _security(desired: Desired, made: Sequence[Statement]) -> Iterator[Problem]:
    """Row-level security is switched on, and forced on the owner, wherever there is personal data."""
    for name, table in desired.tables.tables.items():
        on = [
            each
            for each in made
            if each.table == name and "ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY" in each.text
        ]
        if table.personal and not on:
            yield Problem(
                ("sql", "security", name),
                name,
                "holds personal data, and no statement enables and forces row-level security",
                f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
            )


def _partitions(desired: Desired, made: Sequence[Statement]) -> Iterator[Problem]:
    """The table and each of its indexes are partitioned, with every value."""
    for name, table in desired.tables.tables.items():
        if table.placement != "by-row":
            continue
        for target in (f"TABLE {name}", *(f"INDEX {name}@{index}" for index in table.all_indexes())):
            found = next(
                (each for each in made if each.text.startswith(f"ALTER {target} PARTITION BY LIST")), None
            )
            if found is None:
                yield Problem(
                    ("sql", "partition", name),
                    target,
                    "is not partitioned: its rows would lie anywhere",
                    f"ALTER {target} PARTITION BY LIST ({table.region}) (...)",
                )
                continue
            values = re.findall(r"VALUES IN \('([^']*)'\)", found.text)
            if values != list(desired.partitions):
                yield Problem(
                    _at(found),
                    ", ".join(values),
                    f"the values are {', '.join(desired.partitions)}; one that is not listed follows the table's zone, "
                    "which is anywhere",
                    "list each value once",
                )


def _checks(desired: Desired, made: Sequence[Statement]) -> Iterator[Problem]:
    """CHECK lets in exactly the values that have a partition."""
    for statement in made:
        table = desired.tables.tables.get(statement.table or "")
        if statement.kind != "table" or table is None or table.placement != "by-row":
            continue
        wanted = f"CHECK ({table.region} IN ({listed(desired.partitions)}))"
        if wanted not in statement.text:
            yield Problem(
                _at(statement),
                statement.table,
                "the check on the region does not list exactly the partitions",
                f"write {wanted}",
            )


def _rest(desired: Desired, made: Sequence[Statement]) -> Iterator[Problem]:
    """What nothing else places lies in the EU, where there is one: an index, for one, while it is filled."""
    value = strictest(desired)
    if value is None:
        return
    wanted = f"constraints = '[+region={desired.partitions[value].constraint}]'"
    if not any(each.key == "zone:database" and wanted in each.text for each in made):
        yield Problem(
            ("sql", "zone", "database"),
            desired.name,
            f"values of {value} in an index that has no zone yet would lie anywhere",
            f"ALTER DATABASE ... CONFIGURE ZONE USING {wanted}",
        )


def _zones(desired: Desired, made: Sequence[Statement]) -> Iterator[Problem]:
    """Each value of each table is constrained to its region, the lease with it."""
    for name, table in desired.tables.tables.items():
        if table.placement != "by-row":
            continue
        for value, partition in desired.partitions.items():
            start = f'ALTER PARTITION "{value}" OF INDEX {name}@* CONFIGURE ZONE USING'
            found = next((each for each in made if each.text.startswith(start)), None)
            required = f"constraints = '[+region={partition.constraint}]'"
            if found is None or required not in found.text:
                yield Problem(
                    ("sql", "zone", name, value),
                    found.text.split("\n")[2].strip() if found and "\n" in found.text else "missing",
                    f"rows of {value} in {name} and its indexes must be constrained to region={partition.constraint}",
                    f"{start} ... {required}",
                )
                continue
            preferred = re.search(r"lease_preferences = '\[(.*)\]'", found.text)
            for group in re.findall(r"\[([^\]]*)\]", preferred.group(1) if preferred else ""):
                if f"+region={partition.constraint}" not in group:
                    yield Problem(
                        _at(found),
                        group,
                        f"prefers a lease outside of region={partition.constraint}, where no replica is",
                        f"write [+region={partition.constraint}]",
                    )
