"""The table of the local clusters and what to try next."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from meridian.paths import Checkout


def print_clusters(checkout: Checkout, *, hints: bool) -> None:
    """Print the running clusters of the embedded clouds and, with `hints`, what to try next; nothing when no clouds run."""
    from meridian.local.client import LocalClouds

    clouds = LocalClouds.connect(checkout)
    clusters = clouds.clusters() if clouds else []
    if not clusters:
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("cluster", "cloud", "region", "version", "nodes", "state", "endpoint"):
        table.add_column(heading, no_wrap=True, justify="right" if heading == "nodes" else "left")
    for cluster in clusters:
        table.add_row(
            cluster.name,
            cluster.cloud,
            cluster.region,
            cluster.version,
            str(cluster.nodes),
            cluster.state,
            cluster.endpoint,
        )
    console = Console()
    if not console.is_terminal:
        console.width = 140
    with console.capture() as drawn:
        console.print(table)
    print("\n" + "\n".join(line.rstrip() for line in drawn.get().splitlines()))
    if not hints:
        return
    kubectl = _short(checkout.bin / "kubectl")
    print("\nEach is a real API server. Reach it with:")
    for cluster in clusters:
        print(f"  {kubectl} --kubeconfig {_short(Path(cluster.kubeconfig))} get nodes")
    print(
        "\nTry next:\n"
        "  meridian up local                  # again: nothing to do\n"
        "  meridian local --help              # change something behind the estate's back, make a cloud fail\n"
        "  meridian refresh local             # see the drift\n"
        "  meridian preview prod              # the plan of production, with no account\n"
        "  make down                          # stop everything"
    )


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
