"""`meridian db local ...`: reach the database of this machine."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meridian.wording import counted

if TYPE_CHECKING:
    from meridian.local.client import LocalClouds

app = typer.Typer(help="The estate's databases.", no_args_is_help=True)
local_app = typer.Typer(help="The real database server of this checkout.", no_args_is_help=True)
app.add_typer(local_app, name="local")

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Name = Annotated[str, typer.Option("--database", "-d", help="A database; by default the only one.")]
Role = Annotated[str, typer.Option("--role", "-r", help="Act as this role, such as app or auditor.")]


@local_app.command()
def status(as_json: Json = False) -> None:
    """Show the server, its databases and, for each table, whether its rows are guarded."""
    found = _clouds().database()
    tables = {
        name: _tables(_address(name)) for name in (found["databases"] if found["state"] == "running" else ())
    }
    if as_json:
        print(json.dumps({**found, "tables": tables}, indent=2))
        return
    print(f"{found['engine']}: {found['state']}", end="")
    print(f", port {found['port']} on the loopback, process {found['pid']}" if found["pid"] else "")
    for node in found.get("nodes", ()):
        process = f"port {node['port']}, process {node['pid']}" if node["pid"] else "stopped"
        print(f"  {node['node']:10} {node['locality']:48} {process}")
    for name, rows in tables.items():
        print(f"{name}: {counted(len(rows), 'table')}")
        for row in rows:
            policies = f", {row['policies']} policies" if row["policies"] else ""
            print(f"  {row['table']:24} {_guard(row)}{policies}")


def _guard(row: dict[str, Any]) -> str:
    if not row["rls"]:
        return "open"
    return "row-level security, forced" if row["forced"] else "row-level security"


@local_app.command()
def url(database: Name = "") -> None:
    """Print a connection string; password or key stays in a file that it names."""
    print(_url(_address(database)))


@local_app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(context: typer.Context, database: Name = "", role: Role = "") -> None:
    r"""Open psql, on CockroachDB `cockroach sql`; what follows `--` is handed to it, such as `-- -c '\d users'`."""
    found = _address(database)
    settings: dict[str, str] = {}
    if found["engine"] == "cockroachdb":
        command = [found["program"], "sql", "--url", _url(found), *_acting(role, context.args)]
    else:
        from meridian.local.database.postgres import client

        settings = {"PGPASSFILE": found["passfile"], "PGAPPNAME": "meridian"}
        if role:
            settings["PGOPTIONS"] = f"-c role={role}"
        where = ["-h", found["host"], "-p", str(found["port"]), "-U", found["user"], "-d", found["database"]]
        command = [str(client()), *where, *context.args]
    sys.stdout.flush()
    os.execve(command[0], command, {**os.environ, **settings})  # noqa: S606


def _acting(role: str, given: list[str]) -> list[str]:
    """Return arguments of `cockroach sql`; it takes on a role only by a statement."""
    if not role:
        return given
    if not given:
        print(
            f"meridian: --role {role}: `cockroach sql` takes no role for a session at the keyboard; "
            f"fix: leave --role away and type SET ROLE {role}",
            file=sys.stderr,
        )
        raise typer.Exit(1)
    return [f"--execute=SET ROLE {role}", *given]


def _url(address: dict[str, Any]) -> str:
    from urllib.parse import quote, urlencode

    from meridian.local.database.reach import proofs

    where = f"postgresql://{address['user']}@{address['host']}:{address['port']}/{address['database']}"
    return f"{where}?{urlencode(proofs(address), quote_via=quote, safe='')}"


def _clouds() -> LocalClouds:
    from meridian.cli.shown import running

    return running()


def _address(name: str) -> dict[str, Any]:
    clouds = _clouds()
    known = clouds.database()["databases"]
    chosen = name or (known[0] if len(known) == 1 else "")
    found = clouds.database("find", chosen) if chosen else {}
    if not found:
        print(
            f"meridian: {name or 'no database named'}: there is {', '.join(known) or 'no database'}; "
            "fix: `meridian up local` makes it, --database chooses one",
            file=sys.stderr,
        )
        raise typer.Exit(1)
    return found


def _tables(address: dict[str, Any]) -> list[dict[str, Any]]:
    import psycopg
    from psycopg.rows import dict_row

    from meridian.local.database.reach import settings

    with psycopg.connect(settings(address), row_factory=dict_row) as connection:
        return connection.execute(
            "SELECT c.relname AS table, c.relrowsecurity AS rls, c.relforcerowsecurity AS forced, "
            "(SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid) AS policies "
            "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = 'public' AND c.relkind = 'r' ORDER BY c.relname"
        ).fetchall()
