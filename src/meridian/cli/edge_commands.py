"""`meridian local router`, and what can be taken away: `meridian local cluster|region|cloud|node stop|start NAME`."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import TYPE_CHECKING

import typer

from meridian.cli.shown import Json, running, table
from meridian.cli.time_scale import TimeScale

if TYPE_CHECKING:
    from meridian.local.router.client import RouterStatus

_HELP = {
    "cluster": "Take a cluster away as an outage would, or bring it back.",
    "region": "The same for a region: a cloud's own (europe-west1) or the estate's over both clouds (eu).",
    "cloud": "The same for a whole cloud: gcp or aws.",
    "node": "The same for one database node.",
}


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(router)
    app.command()(netlify)
    app.command("time-scale")(time_scale)
    for kind, text in _HELP.items():
        app.add_typer(_losses(kind, text), name=kind)


def router(as_json: Json = False) -> None:
    """Show the local load balancer: who is sent where, how each origin is and why, what happened last."""
    client = running().router()
    if client is None:
        print(
            "meridian: no router runs: no load balancer exists in the embedded clouds; fix: `meridian up local`",
            file=sys.stderr,
        )
        raise typer.Exit(1)
    if as_json:
        print(json.dumps(client.raw(), indent=2))
        return
    _show(client.status())


def netlify(as_json: Json = False) -> None:
    """Show the simulated Netlify: its sites, what each publishes, and how a browser shows the page with its status."""
    clouds = running()
    found = clouds.netlify()
    if as_json:
        print(json.dumps(found, indent=2))
        return
    if found["state"] == "stopped":
        print(
            "meridian: no Netlify runs: no site exists in the embedded clouds; fix: `meridian up local`",
            file=sys.stderr,
        )
        raise typer.Exit(1)
    print(f"simulated Netlify, API at {found['endpoint']}\n")
    keys = ("name", "url", "domain", "deploy", "published", "files")
    headings = ("site", "url", "own domain", "deploy", "published", "files")
    table(headings, [tuple(site[key] or "" for key in keys) for site in found["sites"]])
    if router := clouds.router():
        print(f"\n{_browser(router.status(), [site['url'] for site in found['sites']])}")


def _browser(status: RouterStatus, urls: list[str]) -> str:
    """Return the command that shows a page whose status names lead to this machine's edge, which no resolver knows."""
    port = status.listeners["ANY"]
    names = ", ".join(f"MAP {balancer.hostname}:443 127.0.0.1:{port}" for balancer in status.balancers)
    return (
        "a browser that finds the estate's names here, for its page's status:\n"
        f'  chromium --user-data-dir="$(mktemp -d)" --ignore-certificate-errors --host-resolver-rules="{names}" {" ".join(urls)}'
    )


def time_scale(
    factor: float = typer.Argument(
        click_type=TimeScale(), help="1 is real time; 0.1 makes intervals and timeouts ten times shorter."
    ),
) -> None:
    """Set what the edge's intervals, timeouts and times to live are multiplied with."""
    print(f"time scale {running().pace(factor):g}")


def _losses(kind: str, text: str) -> typer.Typer:
    group = typer.Typer(help=text, no_args_is_help=True)

    def stop(
        name: str,
        how: str = typer.Option("refuse", help="refuse connections, or hang: take them and never answer."),
    ) -> None:
        gone = running().lose(kind, name, how=how)
        print(f"{', '.join(gone)}: stopped; `meridian local {kind} start {name}` brings it back")

    def start(name: str) -> None:
        print(f"{', '.join(running().bring_back(kind, name))}: running")

    group.command("stop", help=f"Take a {kind} away; its data stays.")(stop)
    group.command("start", help=f"Bring a {kind} back.")(start)
    return group


def _show(status: RouterStatus) -> None:
    print(
        f"router {status.pid}, simulates Cloudflare's load balancer, time scale {status.time_scale:g}; "
        f"trust {status.authority}\n"
    )
    populations = [name for name in status.listeners if any(b.serving.get(name) for b in status.balancers)]
    names = [balancer.hostname for balancer in status.balancers]
    rows = []
    for population in populations:
        served = [balancer.serving.get(population) for balancer in status.balancers]
        row = [each.origin if each else "nobody: 530" for each in served]
        rows.append((population, f"https://127.0.0.1:{status.listeners[population]}", *row))
    table(("visitors from", "listener", *names), rows)
    print()
    origins = [
        (p.name, p.state, o.name, o.local, o.state, _at(o.since), _at(o.checked), o.reason)
        for p in status.pools
        for o in p.origins
    ]
    table(("pool", "is", "origin", "local", "is", "since", "checked", "why"), origins)
    print()
    table(
        ("at", "what", "which", "event"),
        [(_at(event.at), event.kind, event.subject, event.text) for event in status.events],
    )


def _at(seconds: float | None) -> str:
    return datetime.fromtimestamp(seconds).strftime("%H:%M:%S") if seconds else ""
