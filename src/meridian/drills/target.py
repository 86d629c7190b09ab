"""What a drill takes away, and the ways to spell it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, get_args

from meridian.drills.errors import UsageError
from meridian.model.environment import Environment
from meridian.model.topology import nodes

Kind = Literal["cluster", "region", "cloud", "node"]
How = Literal["refuse", "hang"]
KINDS: tuple[Kind, ...] = get_args(Kind)
HOWS: tuple[How, ...] = get_args(How)
_PRODUCTS = {"gcp": "gke", "aws": "eks"}


@dataclass(frozen=True)
class Target:
    """A loss: its clusters, and the database's nodes that go with it."""

    kind: Kind
    name: str
    clusters: tuple[str, ...]
    nodes: tuple[str, ...]
    machines: bool
    how: How = "refuse"
    """Whether the way in refuses connections, or takes them and never answers."""

    @property
    def slug(self) -> str:
        """The loss in a file's name and on the command line, such as region-eu."""
        with_machines = "-with-machines" if self.kind == "cluster" and self.machines else ""
        return f"{self.kind}-{self.name}{with_machines}{'-hang' if self.how == 'hang' else ''}"

    @property
    def spelling(self) -> str:
        """How `--lose` takes it."""
        return f"{self.kind}:{self.name}"

    def __str__(self) -> str:
        if self.kind == "node":
            return f"database node {self.name}"
        hangs = ", whose way in hangs" if self.how == "hang" else ""
        return f"{self.kind} {self.name}{hangs}{'' if self.machines else ' (its machines go on)'}"

    def hanging(self) -> Target:
        """Return the same loss with a way in that takes connections and never answers; raises UsageError for a node."""
        if self.kind == "node":
            raise UsageError(
                f"--how hang with {self.spelling}",
                "visitors reach no database node: it cannot hang before them",
                "leave --how out, or lose its cluster",
            )
        return replace(self, how="hang")


def targets(environment: Environment) -> list[Target]:
    """Return every loss that is drilled: each cluster, region, cloud and database node, in this order."""
    clusters = environment.clusters()
    clouds = sorted({cloud for _, cloud, _ in clusters.values()}, reverse=True)
    return [
        *(target(environment, "cluster", name) for name in clusters),
        *(target(environment, "region", name) for name in environment.regions),
        *(target(environment, "cloud", name) for name in sorted(clouds)),
        *(target(environment, "node", node.key) for node in nodes(environment)),
    ]


def target(environment: Environment, kind: Kind, name: str, *, machines: bool = False) -> Target:
    """Return the loss of something that exists.

    A lost cluster is its control plane and its way in; its machines, hence the database's nodes on them, go on unless
    `machines` says otherwise. A lost region or cloud takes its machines along.
    """
    if kind == "node":
        return Target(kind, name, (), (name,), machines=True)
    gone = tuple(
        cluster
        for cluster, (region, cloud, _) in environment.clusters().items()
        if name == {"cluster": cluster, "region": region.key, "cloud": cloud}[kind]
    )
    taken = machines or kind != "cluster"
    on = tuple(node.key for node in nodes(environment) if taken and node.cluster in gone)
    return Target(kind, name, gone, on, taken)


def default(environment: Environment, *, machines: bool = False) -> Target:
    """Return what is lost when nothing is named: the EU's first cluster, whose visitors have one place to go."""
    region = environment.regions[environment.edge.eu_regions[0]]
    sites = region.sites()
    cloud = min(sites, key=lambda each: sites[each].role != "primary")
    return target(environment, "cluster", sites[cloud].cluster.name, machines=machines)


def parse(environment: Environment, text: str, *, machines: bool = False) -> Target:
    """Return the loss that a person spelt: `KIND:NAME`, a cluster by its name or as eu-gke or europe-west1-gke.

    Raises UsageError with the nearest names.
    """
    kind, _, name = text.rpartition(":")
    if kind and kind not in KINDS:
        raise UsageError(
            f"--lose {text!r}", f"what can be lost is a {', a '.join(KINDS)}", "write region:eu or the like"
        )
    known = dict(spellings(environment))
    found = [each for each in known.get(name, ()) if not kind or each[0] == kind]
    if not found:
        near = difflib.get_close_matches(name, known, 3, 0.6)
        sorts = sorted({f"{k}:{n}" for of in known.values() for k, n in of if not kind or k == kind})
        raise UsageError(
            f"--lose {text!r}",
            f"{environment.environment} has no {kind or 'cluster, region, cloud or node'} of this name",
            f"did you mean {' or '.join(near)}?" if near else f"choose of {', '.join(sorts)}",
        )
    if len(found) > 1:
        raise UsageError(
            f"--lose {text!r}",
            "it can mean several things",
            f"write {' or '.join(f'{k}:{n}' for k, n in found)}",
        )
    if machines and found[0][0] != "cluster":
        raise UsageError(
            "--with-machines", f"a lost {found[0][0]} takes its machines along anyhow", "leave it out"
        )
    return target(environment, *found[0], machines=machines)


def spellings(environment: Environment) -> Iterator[tuple[str, list[tuple[Kind, str]]]]:
    """Yield every spelling with what it can mean."""
    meant: dict[str, list[tuple[Kind, str]]] = {}

    def add(spelling: str, kind: Kind, name: str) -> None:
        if (kind, name) not in meant.setdefault(spelling, []):
            meant[spelling].append((kind, name))

    for each in targets(environment):
        add(each.name, each.kind, each.name)
    for name, (region, cloud, _) in environment.clusters().items():
        for place in (region.key, region.sites()[cloud].region):
            for product in (_PRODUCTS[cloud], cloud):
                add(f"{place}-{product}", "cluster", name)
    yield from meant.items()
