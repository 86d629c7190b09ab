"""The schema: keys that can be placed, references that hold, countries that decide where rows lie."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from meridian.model.checks import persons
from meridian.model.environment import Environment
from meridian.model.placement import Placement, placement
from meridian.model.problems import Path, Problem, shown
from meridian.model.tables import Table, Tables

EEA = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IS",
        "IT",
        "LI",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "NO",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)
"""The countries in which the GDPR is law (EU-27 and the EEA agreement, 2026-11)."""


def columns(tables: Tables) -> Iterator[Problem]:
    """Whatever names a column names one that the table has."""
    for name, table in tables.tables.items():
        path: Path = ("tables", "tables", name)
        used: list[tuple[Path, str]] = [((*path, "primary_key"), each) for each in table.primary_key]
        for kind, indexes in (("unique", table.unique), ("indexes", table.indexes)):
            for key, index in indexes.items():
                used += [((*path, kind, key, "columns"), each) for each in (*index.columns, *index.storing)]
        for key, reference in table.foreign_keys.items():
            used += [((*path, "foreign_keys", key, "columns"), each) for each in reference.columns]
        if table.subject:
            used.append(((*path, "subject"), table.subject))
        if table.retention:
            used.append(((*path, "retention", "column"), table.retention.column))
        for key, column in table.columns.items():
            if column.computed_from:
                used.append(((*path, "columns", key, "computed_from"), column.computed_from))
        for where, column_name in used:
            if column_name not in table.columns:
                yield Problem(
                    where,
                    column_name,
                    f"table {name} has no such column",
                    f"choose of {', '.join(table.columns)}",
                )
        if table.retention and table.columns.get(table.retention.column) is not None:
            kind_of = table.columns[table.retention.column].type
            if kind_of != "timestamptz":
                yield Problem(
                    (*path, "retention", "column"),
                    table.retention.column,
                    f"is {kind_of}",
                    "name a timestamptz",
                )


def references(tables: Tables) -> Iterator[Problem]:
    """A reference names an earlier table's key, and carries the region where both tables have one."""
    seen: dict[str, Table] = {}
    for name, table in tables.tables.items():
        for key, reference in table.foreign_keys.items():
            path: Path = ("tables", "tables", name, "foreign_keys", key)
            parent = seen.get(reference.table)
            if parent is None:
                yield Problem(
                    (*path, "table"),
                    reference.table,
                    "tables are created in the file's order, and this one does not come before",
                    "move the referenced table up",
                )
                continue
            keys = [parent.primary_key, *(index.columns for index in parent.unique.values())]
            if reference.references not in keys:
                yield Problem(
                    (*path, "references"),
                    list(reference.references),
                    f"is no key of {reference.table}",
                    f"use {' or '.join(shown(each) for each in keys)}",
                )
            if table.region and parent.region and table.region not in reference.columns:
                yield Problem(
                    (*path, "columns"),
                    list(reference.columns),
                    "without the region a row may lie elsewhere than the row that it belongs to",
                    f"begin with {table.region}",
                )
        seen[name] = table


def regions(tables: Tables) -> Iterator[Problem]:
    """The region column comes first in the primary key and in every index: only so can each be placed by it."""
    for name, table in tables.tables.items():
        path: Path = ("tables", "tables", name)
        region = table.region
        if table.placement == "everywhere":
            if region:
                yield Problem(
                    (*path, "placement"),
                    table.placement,
                    f"has the region column {region}",
                    "place it by-row or leave the column out",
                )
            continue
        if region is None:
            yield Problem(
                (*path, "columns"),
                list(table.columns),
                "no column of type region says where a row lies",
                "add `region: {type: region}` or place the table everywhere",
            )
            continue
        if table.columns[region].nullable:
            yield Problem(
                (*path, "columns", region, "nullable"),
                True,
                "a row without a region is in no partition and lies anywhere",
                "remove `nullable`",
            )
        if table.primary_key[0] != region:
            yield Problem(
                (*path, "primary_key"),
                list(table.primary_key),
                f"the partition column must prefix the primary key; it starts with {table.primary_key[0]}",
                f"put {region} first",
            )
        for kind, indexes in (("unique", table.unique), ("indexes", table.indexes)):
            for key, index in indexes.items():
                if index.columns[0] != region:
                    yield Problem(
                        (*path, kind, key, "columns"),
                        list(index.columns),
                        "an index that does not start with the region cannot be partitioned: its values would lie anywhere",
                        f"put {region} first",
                    )


def countries(tables: Tables, place: Placement) -> Iterator[Problem]:
    """Every partition has its countries, each country one partition, and the EEA's lie in the EU."""
    listed, wanted = set(tables.countries), set(place.partitions)
    if listed != wanted:
        yield Problem(
            ("tables", "countries"),
            sorted(listed),
            f"the partitions are {', '.join(sorted(wanted))}",
            "list the countries of exactly these",
        )
    seen: dict[str, str] = {}
    for value, members in tables.countries.items():
        partition = place.partitions.get(value)
        for index, country in enumerate(members):
            path: Path = ("tables", "countries", value, index)
            if seen.setdefault(country, value) != value or country in members[:index]:
                yield Problem(path, country, f"{seen[country]} lists it already", "list each country once")
            where = place.residencies.get(partition.constraint) if partition else None
            if country in EEA and where not in (None, "eu"):
                yield Problem(
                    path,
                    country,
                    f"the GDPR is law there, but these rows lie in {where}",
                    "move it to the EU's list",
                )
    missing = sorted(EEA - set(seen))
    if missing:
        yield Problem(
            ("tables", "countries"),
            missing,
            "these countries of the EEA are in no list",
            "add them to the EU's",
        )


def backups(tables: Tables) -> Iterator[Problem]:
    """Old versions of rows outlive the next incremental backup: revision history has no gap."""
    if tables.backups.gc_hours <= tables.backups.incremental_hours:
        yield Problem(
            ("tables", "backups", "gc_hours"),
            tables.backups.gc_hours,
            f"old versions would be gone before the next incremental backup ({tables.backups.incremental_hours} h)",
            "keep them longer",
        )


def recovery_window(environment: Environment) -> Iterator[Problem]:
    """Point-in-time recovery reaches no further back than the regions keep backups."""
    for name, region in environment.regions.items():
        if environment.database.pitr_days > region.backup.retention_days:
            yield Problem(
                ("database", "pitr_days"),
                environment.database.pitr_days,
                f"region {name} keeps backups for {region.backup.retention_days} days",
                "shorten it or raise backup.retention_days there",
            )


RULES: tuple[Callable[[Tables], Iterable[Problem]], ...] = (
    columns,
    references,
    regions,
    persons.rows,
    persons.access,
    backups,
)


def tables_problems(tables: Tables, place: Placement) -> list[Problem]:
    """Return everything that is wrong with a schema in a placement."""
    return [*(problem for rule in RULES for problem in rule(tables)), *countries(tables, place)]


def schema(environment: Environment) -> Iterator[Problem]:
    """The shared schema holds every rule in this environment."""
    yield from tables_problems(environment.tables, placement(environment))
