"""Where rows lie: partitions and zones of one form, regions and super regions of the other."""

from __future__ import annotations

from collections.abc import Iterator

from meridian.model.tables import Table
from meridian.sql.desired import Desired
from meridian.sql.statement import Statement
from meridian.sql.text import literal, quoted


def database(desired: Desired) -> Iterator[Statement]:
    """Yield the database itself and what holds for all of its tables."""
    name = quoted(desired.name)
    yield Statement(
        key="database",
        kind="database",
        scope="cluster",
        text=f"CREATE DATABASE IF NOT EXISTS {name}",
        why="one database; where rows lie is decided per row",
    ).undoing(f"DROP DATABASE {name} CASCADE", destructive=True)
    if desired.form == "regional-by-row":
        yield from _regions(desired)
    yield _rest(desired)


def table(desired: Desired, name: str, table: Table) -> Iterator[Statement]:
    """Yield a table's placement; in the regional-by-row form CREATE TABLE says it already."""
    if desired.form == "regional-by-row":
        return
    if table.placement == "everywhere":
        yield _everywhere(desired, name)
        return
    yield _partition(desired, f"partition:{name}", f"ALTER TABLE {name}", name, table)
    for index in table.all_indexes():
        yield _partition(
            desired, f"partition:{name}:{index}", f"ALTER INDEX {name}@{index}", name, table, index
        )
    for value in desired.partitions:
        yield _zone(desired, name, value)


def lease_tiers(desired: Desired, value: str) -> list[list[str]]:
    """Return the lease preferences of a partition, best first: always inside its region."""
    partition = desired.partitions[value]
    region = f"+region={partition.constraint}"
    return [[region, f"+{tier}"] for tier in partition.lease_preferences] + [[region]]


def strictest(desired: Desired) -> str | None:
    """Return the value whose region takes whatever nothing else places: the EU's, where the law is strictest."""
    return next(
        (
            value
            for value, partition in desired.partitions.items()
            if desired.residencies.get(partition.constraint) == "eu"
        ),
        None,
    )


def _rest(desired: Desired) -> Statement:
    hours = desired.tables.backups.gc_hours
    fields = [f"gc.ttlseconds = {hours * 3600}"]
    why = f"old versions stay {hours} h, longer than the time between two incremental backups"
    value = strictest(desired)
    if desired.form == "partition-by-list":
        fields.insert(0, f"num_replicas = {desired.replication_factor}")
        if value is not None:
            region = desired.partitions[value].constraint
            fields.insert(1, f"constraints = {literal(f'[+region={region}]')}")
            why += (
                "; what nothing else places (an index while it is filled, a table before its partitions) "
                f"lies in region {region}"
            )
    body = ",\n  ".join(fields)
    return Statement(
        key="zone:database",
        kind="zone",
        scope="cluster",
        text=f"ALTER DATABASE {quoted(desired.name)} CONFIGURE ZONE USING\n  {body}",
        why=why,
    )


def _partition(
    desired: Desired, key: str, what: str, name: str, table: Table, index: str | None = None
) -> Statement:
    lists = ",\n  ".join(
        f"PARTITION {quoted(value)} VALUES IN ({literal(value)})" for value in desired.partitions
    )
    why = (
        "an index holds values too: unpartitioned, it would lie anywhere"
        if index
        else "one partition per jurisdiction"
    )
    return Statement(
        key=key,
        kind="partition",
        table=name,
        text=f"{what} PARTITION BY LIST ({table.region}) (\n  {lists}\n)",
        why=why,
    ).undoing(f"{what} PARTITION BY NOTHING")


def _zone(desired: Desired, name: str, value: str) -> Statement:
    constraint = desired.partitions[value].constraint
    leases = ", ".join(f"[{', '.join(tiers)}]" for tiers in lease_tiers(desired, value))
    where = f"ALTER PARTITION {quoted(value)} OF INDEX {name}@* CONFIGURE ZONE"
    return Statement(
        key=f"zone:{name}:{value}",
        kind="zone",
        table=name,
        region=value,
        text=f"{where} USING\n  num_replicas = {desired.replication_factor},\n"
        f"  constraints = {literal(f'[+region={constraint}]')},\n  lease_preferences = {literal(f'[{leases}]')}",
        why=f"{value}: rows and entries of every index stay in region {constraint} "
        f"({desired.residencies.get(constraint, 'no such region')}), the lease too",
    ).undoing(f"{where} DISCARD")


def _everywhere(desired: Desired, name: str) -> Statement:
    regions = desired.regions()
    spread = ", ".join(f"{literal(f'+region={region}')}: 1".replace("'", '"') for region in regions)
    return Statement(
        key=f"zone:{name}",
        kind="zone",
        table=name,
        text=f"ALTER TABLE {name} CONFIGURE ZONE USING\n  num_replicas = {max(desired.replication_factor, len(regions))},\n"
        f"  constraints = {literal('{' + spread + '}')},\n  global_reads = true",
        why="no personal data: a copy in every region, read from the nearest; a region may be lost",
    ).undoing(f"ALTER TABLE {name} CONFIGURE ZONE DISCARD")


def _regions(desired: Desired) -> Iterator[Statement]:
    name = quoted(desired.name)
    primary, *others = desired.regions()
    yield Statement(
        key="region:primary",
        kind="region",
        scope="cluster",
        text=f"ALTER DATABASE {name} SET PRIMARY REGION {quoted(primary)}",
        why="the region of the database's own ranges; rows go by their own region",
    )
    for region in others:
        yield Statement(
            key=f"region:{region}",
            kind="region",
            scope="cluster",
            region=region,
            text=f"ALTER DATABASE {name} ADD REGION IF NOT EXISTS {quoted(region)}",
            why=f"a value of the region column; nodes start with region={region}",
        ).undoing(f"ALTER DATABASE {name} DROP REGION IF EXISTS {quoted(region)}", destructive=True)
    yield Statement(
        key="region:survival",
        kind="region",
        scope="cluster",
        text=f"ALTER DATABASE {name} SURVIVE {desired.survival.upper()} FAILURE",
        why="three voters in the home region: a zone may be lost, writes stay fast"
        if desired.survival == "zone"
        else "five voters over three regions: a region may be lost, each write crosses regions",
    )
    for super_region, members in desired.super_regions.items():
        made = Statement(
            key=f"region:super:{super_region}",
            kind="region",
            scope="cluster",
            region=super_region,
            text=f"ALTER DATABASE {name} ADD SUPER REGION {quoted(super_region)} VALUES {', '.join(map(quoted, members))}",
            why=f"all replicas of these rows, voting or not, stay in {', '.join(members)}",
            session=("SET enable_super_regions = 'on'",),
            replace=True,
        )
        yield made.undoing(f"ALTER DATABASE {name} DROP SUPER REGION {quoted(super_region)}")
    if not desired.super_regions and desired.survival == "zone":
        yield Statement(
            key="region:placement",
            kind="region",
            scope="cluster",
            text=f"ALTER DATABASE {name} PLACEMENT RESTRICTED",
            why="no super region holds the rows: without this, non-voting replicas go to every region",
            session=("SET enable_multiregion_placement_policy = 'on'",),
        ).undoing(f"ALTER DATABASE {name} PLACEMENT DEFAULT")
    yield Statement(
        key="region:rehoming",
        kind="region",
        scope="cluster",
        text=f"ALTER DATABASE {name} SET enable_auto_rehoming = off",
        why="a row moves when its person does, never because somebody wrote it from elsewhere",
    )
    for value, partition in desired.partitions.items():
        if partition.lease_preferences:
            leases = ", ".join(f"[{', '.join(tiers)}]" for tiers in lease_tiers(desired, value))
            where = f"ALTER DATABASE {name} ALTER LOCALITY REGIONAL IN {quoted(partition.constraint)} CONFIGURE ZONE"
            yield Statement(
                key=f"zone:{value}",
                kind="zone",
                scope="cluster",
                region=value,
                text=f"{where} USING lease_preferences = {literal(f'[{leases}]')}",
                why=f"{value}: leases first where the region's primary cluster is",
            ).undoing(f"{where} DISCARD")
