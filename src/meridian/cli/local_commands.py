"""`meridian local ...`: look into the embedded clouds, change something behind the estate's back, make a cloud fail."""

from __future__ import annotations

import json
import sys
from collections import deque
from typing import Annotated

import typer

from meridian.cli import edge_commands
from meridian.cli.shown import Json, running, table
from meridian.local.plugins import CLOUDS
from meridian.model import environments
from meridian.paths import find_checkout
from meridian.wording import counted

app = typer.Typer(help="The embedded clouds of this checkout.", no_args_is_help=True)
fault_app = typer.Typer(help="Make a cloud fail on demand.", no_args_is_help=True)
app.add_typer(fault_app, name="fault")
edge_commands.add_to(app)


def _mebibytes(count: int) -> str:
    return f"{count / 2**20:.0f} MiB"


@app.command()
def status(as_json: Json = False) -> None:
    """Show the daemon, its processes and their memory."""
    found = running().status()
    if as_json:
        print(json.dumps(found, indent=2))
        return
    print(
        f"daemon {found['pid']}, up {found['uptime']:.0f} s, "
        f"{counted(found['instances'], 'provider instance')}, {counted(found['resources'], 'resource')}, "
        f"{counted(found['clusters'], 'cluster')}, {counted(found['faults'], 'fault')} waiting, "
        f"{_mebibytes(found['memory'])} in all"
    )
    rows = [(each["pid"], each["name"], _mebibytes(each["memory"])) for each in found["processes"]]
    table(("pid", "process", "memory"), rows)


@app.command()
def clusters(as_json: Json = False) -> None:
    """Show the clusters and how to reach each."""
    found = running().clusters()
    if as_json:
        print(json.dumps([{**vars(each), "kubeconfig": str(each.kubeconfig)} for each in found], indent=2))
        return
    headings = ("cluster", "cloud", "region", "version", "nodes", "state", "endpoint", "kubeconfig")
    table(
        headings,
        [(c.name, c.cloud, c.region, c.version, c.nodes, c.state, c.endpoint, c.kubeconfig) for c in found],
    )


@app.command()
def inventory(
    cloud: Annotated[str | None, typer.Option(help=f"One of {', '.join(CLOUDS)}.")] = None,
    kind: Annotated[str | None, typer.Option("--type", help="A part of the type, such as Cluster.")] = None,
    environment: Annotated[str | None, typer.Option("--env", help="One environment only.")] = None,
    as_json: Json = False,
) -> None:
    """Show what exists in the clouds; secret values are hidden."""
    if cloud not in (None, *CLOUDS):
        raise typer.BadParameter(f"{cloud!r} is none; choose of {', '.join(CLOUDS)}", param_hint="--cloud")
    found = running().inventory(cloud, environment)
    known = environments(find_checkout().root)
    if environment is not None and not found and environment not in known:
        raise typer.BadParameter(f"{environment!r} is none; choose of {', '.join(known)}", param_hint="--env")
    rows = [row for row in found if not kind or kind in row["type"]]
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    table(
        ("environment", "type", "name", "id"),
        [(r["environment"], r["type"], r["name"], r["id"]) for r in rows],
    )


@app.command()
def drift(
    resource: Annotated[str, typer.Argument(help="Its id, name or URN.")],
    path: Annotated[str | None, typer.Argument(help="The property, such as tags.owner.")] = None,
    value: Annotated[str | None, typer.Argument(help="The new value; JSON is taken as JSON.")] = None,
    delete: Annotated[bool, typer.Option("--delete", help="Delete the resource instead.")] = False,
) -> None:
    """Change or delete a resource behind the estate's back, as a person at the console would."""
    if delete == (path is not None) or (path is not None and value is None):
        raise typer.BadParameter("give PATH and VALUE, or --delete")
    changed = running().drift(resource, path, value)
    if delete:
        print(f"{changed['id']}: deleted behind the estate's back")
    else:
        print(
            f"{changed['id']}: {changed['path']} was {json.dumps(changed['old'])}, is {json.dumps(changed['new'])}"
        )
    env = changed["environment"]
    print(f"`meridian drift {env}` finds it; `meridian refresh {env} && meridian up {env}` mends it")


@fault_app.command("add")
def fault_add(
    kind: Annotated[str, typer.Argument(help="throttle, error, lost-reply, latency or expired-token.")],
    types: Annotated[str, typer.Option("--type", help="Type pattern, such as 'aws:ec2/*'.")] = "*",
    operation: Annotated[str, typer.Option(help="create, read, update, delete or *.")] = "*",
    count: Annotated[int, typer.Option(min=1, help="How often it strikes.")] = 1,
    seconds: Annotated[float, typer.Option(help="How long a latency lasts.")] = 0.0,
) -> None:
    """Make the next matching operations fail or wait."""
    if not types:
        raise typer.BadParameter("it is empty and strikes nothing; `*` strikes all", param_hint="--type")
    fault = running().fault("add", kind=kind, types=types, operation=operation, count=count, seconds=seconds)
    print(f"fault {fault['number']}: {kind} on {operation} of {types}, {counted(count, 'time')}")


@fault_app.command("list")
def fault_list(as_json: Json = False) -> None:
    """Show the faults that still wait."""
    faults = running().fault("list")
    if as_json:
        print(json.dumps(faults, indent=2))
        return
    headings = ("number", "kind", "types", "operation", "count", "seconds")
    table(headings, [tuple(fault[heading] for heading in headings) for fault in faults])


@fault_app.command("clear")
def fault_clear() -> None:
    """Forget all faults."""
    print(f"{counted(running().fault('clear'), 'fault')} cleared")


@app.command()
def down() -> None:
    """Stop every process of the embedded clouds; what exists stays in the inventory."""
    running().stop()
    print("stopped the embedded clouds")


@app.command()
def logs(
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="How many of the last lines.")] = 50,
) -> None:
    """Print the end of the daemon's log."""
    path = find_checkout().local / "daemon.log"
    if not path.is_file():
        print(
            f"meridian: {path}: there is no log: no daemon ran here yet; fix: `meridian up local` starts one",
            file=sys.stderr,
        )
        raise typer.Exit(1)
    with path.open(errors="replace") as stream:
        print("".join(deque(stream, lines)), end="")
