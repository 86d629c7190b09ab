"""The graph of units: which are chosen, in which order, and what a failure blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from meridian.orchestrator.errors import UsageError

Graph = Mapping[str, tuple[str, ...]]


def program_graph(stacks: Path, environment: str) -> dict[str, tuple[str, ...]]:
    """Return an environment's units with what each depends on, upstream first.

    Its regions are its files: read from their names, so that no model has to be loaded to know the graph. An
    environment without region files gets the graph of the estate's usual regions.
    """
    from meridian.program.graph import UNITS, units_for

    found = {file.stem for file in (stacks / environment).glob("*.yaml")} - {"estate"}
    usual = [unit for unit in UNITS if unit in found]
    return units_for([*usual, *sorted(found - set(usual))]) if found else dict(UNITS)


def checked(graph: Graph) -> list[str]:
    """Return the units upstream first; raises ValueError for a cycle or an unknown unit."""
    for unit, upstreams in graph.items():
        for upstream in upstreams:
            if upstream not in graph:
                raise ValueError(f"unit {unit} depends on {upstream}, which does not exist")
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise ValueError(f"the units' graph has a cycle: {' -> '.join(error.args[1])}") from None


def dependants(graph: Graph, unit: str) -> set[str]:
    """Return all units that depend on `unit`, at any distance."""
    found: set[str] = set()
    for name in checked(graph):
        if any(upstream == unit or upstream in found for upstream in graph[name]):
            found.add(name)
    return found


def select(graph: Graph, wanted: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Restrict the graph to the named units (all when none is named); edges to units left out are dropped.

    What a unit needs of a unit that is left out comes from that unit's state.
    """
    unknown = [unit for unit in wanted if unit not in graph]
    if unknown:
        raise UsageError(
            f"--unit {unknown[0]!r}",
            f"there is no such unit; the units are {', '.join(graph)}",
            "name one of them (`meridian graph` shows how they hang together)",
        )
    chosen = set(wanted) or set(graph)
    return {
        unit: tuple(upstream for upstream in upstreams if upstream in chosen)
        for unit, upstreams in graph.items()
        if unit in chosen
    }


def reverse(graph: Graph) -> dict[str, tuple[str, ...]]:
    """Turn every edge round: the order of a destroy."""
    turned: dict[str, list[str]] = {unit: [] for unit in reversed(list(graph))}
    for unit, upstreams in graph.items():
        for upstream in upstreams:
            turned[upstream].append(unit)
    return {unit: tuple(downstreams) for unit, downstreams in turned.items()}


def unordered(graph: Graph) -> dict[str, tuple[str, ...]]:
    """Drop every edge: a preview reads upstreams from state, so nothing has to wait."""
    return dict.fromkeys(graph, ())


class Mark(StrEnum):
    """Where a unit stands in a run."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    BLOCKED = "blocked"
    INTERRUPTED = "interrupted"


class Schedule:
    """Who may start next; a failure blocks its dependants and nobody else. Starts nothing by itself."""

    def __init__(self, graph: Graph) -> None:
        checked(graph)
        self._upstreams = dict(graph)
        self.marks: dict[str, Mark] = dict.fromkeys(graph, Mark.WAITING)
        self.blocked_by: dict[str, str] = {}

    def ready(self) -> list[str]:
        """Return the waiting units all of whose upstreams are done."""
        return [
            unit
            for unit, mark in self.marks.items()
            if mark is Mark.WAITING and all(self.marks[up] is Mark.DONE for up in self._upstreams[unit])
        ]

    def start(self, unit: str) -> None:
        """Note that the unit runs."""
        self.marks[unit] = Mark.RUNNING

    def finish(self, unit: str, mark: Mark) -> list[str]:
        """Note how the unit ended and return the units that this blocks."""
        self.marks[unit] = mark
        if mark is Mark.DONE:
            return []
        after = dependants(self._upstreams, unit)
        newly = [name for name, mark in self.marks.items() if mark is Mark.WAITING and name in after]
        for name in newly:
            self.marks[name] = Mark.BLOCKED
            self.blocked_by[name] = unit
        return newly

    def stop(self) -> list[str]:
        """Start nothing more: what still waits counts as interrupted."""
        waiting = [unit for unit, mark in self.marks.items() if mark is Mark.WAITING]
        for unit in waiting:
            self.marks[unit] = Mark.INTERRUPTED
        return waiting

    @property
    def over(self) -> bool:
        """True when no unit waits or runs."""
        return not any(mark in (Mark.WAITING, Mark.RUNNING) for mark in self.marks.values())
