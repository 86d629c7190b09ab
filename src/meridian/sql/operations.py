"""Cluster settings, licence, expiry of rows, append-only tables and backup schedules."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from meridian.model.tables import Table
from meridian.sql.desired import Desired
from meridian.sql.statement import Statement
from meridian.sql.text import literal, quoted

_STRICT = ", STRICT STORAGE LOCALITY"


def licence(desired: Desired) -> Iterator[Statement]:
    """Yield the licence; its value is bound by the runner."""
    if desired.parameters.licence is not None:
        yield Statement(
            key="licence",
            kind="licence",
            scope="cluster",
            text="SET CLUSTER SETTING enterprise.license = $1",
            why="without one the cluster is throttled 7 days after init",
            parameters=("licence",),
            revision=desired.parameters.licence,
        )


def settings(desired: Desired) -> Iterator[Statement]:
    """Yield the cluster settings."""
    audit = desired.tables.audit
    all_settings = {
        "server.auth_log.sql_connections.enabled": audit.connections,
        "server.auth_log.sql_sessions.enabled": audit.sessions,
        **desired.tables.settings,
    }
    for name, value in all_settings.items():
        yield Statement(
            key=f"setting:{name}",
            kind="setting",
            scope="cluster",
            text=f"SET CLUSTER SETTING {name} = {literal(value)}",
            why="",
        ).undoing(f"RESET CLUSTER SETTING {name}")


def table(name: str, table: Table) -> Iterator[Statement]:
    """Yield a table's expiry and what makes it append-only."""
    if table.append_only:
        yield from _append_only(name, table)
    if table.retention:
        days, column = table.retention.days, table.retention.column
        expiry = f"({column} + INTERVAL '{days} days')" if days else column
        yield Statement(
            key=f"retention:{name}",
            kind="retention",
            table=name,
            text=f"ALTER TABLE {name} SET (ttl_expiration_expression = {literal(expiry)}, ttl_job_cron = '@daily')",
            embedded=(f"SELECT {expiry} FROM {name}",),
            why=f"rows are deleted {f'{days} days after' if days else 'at'} {column}, by the database itself",
        ).undoing(f"ALTER TABLE {name} RESET (ttl)")


def schedules(desired: Desired) -> Iterator[Statement]:
    """Yield the backup schedule: the database is one, its parts are written where their nodes are."""
    targets = desired.parameters.backups
    if not targets:
        return
    backups = desired.tables.backups
    label = f"{desired.name}-backup"
    # What belongs to no region, the manifest with the ranges' bounds, may name residents of the EU: it lies there.
    eu = next(
        (target for target in targets.values() if target.residency == "eu"), next(iter(targets.values()))
    )
    places = [_with(_below(eu.uri, "default"), "default")]
    places += [_with(target.uri, f"region={region}") for region, target in targets.items()]
    keys = [target.kms for target in targets.values()]
    lines = ",\n  ".join(literal(place) for place in places)
    key_lines = ",\n    ".join(literal(key) for key in keys)
    made = Statement(
        key="schedule:backup",
        kind="schedule",
        scope="cluster",
        text=f"CREATE SCHEDULE IF NOT EXISTS {quoted(label)} FOR BACKUP DATABASE {quoted(desired.name)} INTO (\n  {lines}\n)\n"
        f"WITH revision_history, kms = (\n    {key_lines}\n  ){_STRICT}\n"
        f"RECURRING {literal(backups.incremental)} FULL BACKUP {literal(backups.full)}\n"
        "WITH SCHEDULE OPTIONS first_run = 'now', on_execution_failure = 'retry', on_previous_running = 'wait'",
        why=f"any point of the last {desired.pitr_days} days; each region's nodes write to their own region's bucket, "
        "and STRICT fails the backup rather than write elsewhere",
        newer=_STRICT,
        replace=True,
    )
    yield made.undoing(f"DROP SCHEDULES SELECT id FROM [SHOW SCHEDULES] WHERE label = {literal(label)}")


def _append_only(name: str, table: Table) -> Iterator[Statement]:
    function = f"{name}_is_append_only"
    expired = ""
    if table.retention:
        expired = (
            f"  IF TG_OP = 'DELETE' AND (OLD).{table.retention.column} < now() - INTERVAL '{table.retention.days} days' THEN\n"
            "    RETURN OLD;\n  END IF;\n"
        )
    yield Statement(
        key=f"function:{name}",
        kind="function",
        table=name,
        text=f"CREATE OR REPLACE FUNCTION {function}() RETURNS TRIGGER LANGUAGE PLpgSQL AS $$\nBEGIN\n{expired}"
        f"  RAISE EXCEPTION '{name} is append-only';\nEND\n$$",
        why="only rows past their retention may go",
        portable=True,
    ).undoing(f"DROP FUNCTION IF EXISTS {function}")
    drop = f"DROP TRIGGER IF EXISTS {function} ON {name}"
    body = f"CREATE TRIGGER {function}\n  BEFORE UPDATE OR DELETE ON {name} FOR EACH ROW EXECUTE FUNCTION {function}()"
    yield Statement(
        key=f"trigger:{name}",
        kind="trigger",
        table=name,
        text=body,
        why="nobody changes or deletes a row, the owner included",
        portable=True,
        postgres=f"{drop};\n{body}",
        replace=True,
    ).undoing(drop)


def _below(uri: str, folder: str) -> str:
    bucket, separator, query = uri.partition("?")
    return f"{bucket.rstrip('/')}/{folder}{separator}{query}"


def _with(uri: str, locality: str) -> str:
    return f"{uri}{'&' if '?' in uri else '?'}COCKROACH_LOCALITY={quote(locality, safe='')}"
