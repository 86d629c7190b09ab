"""Takes parts of the embedded clouds away as an outage would, and brings them back."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from meridian.local import cluster_specs
from meridian.local.edge import EdgeProcesses
from meridian.local.errors import UnknownNameError
from meridian.local.inventory import Record
from meridian.local.planes import Planes

KINDS = ("cluster", "region", "cloud", "node")
HOWS = ("refuse", "hang")


class Losses:
    """Clusters, regions (a cloud's own, or a unit of the estate over both clouds), clouds and database nodes."""

    def __init__(self, planes: Planes, edge: EdgeProcesses) -> None:
        self._planes = planes
        self._edge = edge

    def lose(self, kind: str, name: str, machines: bool = True, how: str = "refuse") -> list[str]:
        """Take something away and return what went: origins at once, then control planes, side by side; data stays.

        Without `machines` the database's nodes there go on, as when only the control plane and the way in are lost.
        With `how` "hang" the origins take connections and never answer, as behind a link that swallows packets.
        """
        if how not in HOWS:
            raise UnknownNameError(how, f"a loss can {' or '.join(HOWS)}", "name one of these")
        if kind == "node" and how == "hang":
            raise UnknownNameError(
                name, "visitors reach no database node: it cannot hang", "leave `hang` out"
            )
        if kind == "node":
            self._edge.replicas.lose(name)
            self._edge.sync()
            return [name]
        records = self._clusters(kind, name)
        names = [record.name for record in records]
        (self._edge.replicas.release if machines else self._edge.replicas.keep)(names)
        (self._edge.freeze if how == "hang" else self._edge.away)(names)
        try:
            _together(self._planes.stop, records)
        finally:
            self._edge.back(names)
        return names

    def bring_back(self, kind: str, name: str) -> list[str]:
        """Bring something back and return what came; what runs already is left alone."""
        if kind == "node":
            self._edge.replicas.bring_back(name)
            self._edge.sync()
            return [name]
        records = self._clusters(kind, name)
        names = [record.name for record in records]
        self._edge.thaw(names)
        _together(self._planes.start, records)
        self._edge.replicas.release(names)
        self._edge.sync()
        return names

    def describe(self) -> dict[str, Any]:
        """Return the clusters that do not run and the database with its lost nodes."""
        running = self._planes.started()
        stopped = [
            record.name for record in self._planes.clusters() if cluster_specs.plane_id(record) not in running
        ]
        return {"clusters": stopped, "database": self._edge.replicas.describe()}

    def _clusters(self, kind: str, name: str) -> list[Record]:
        if kind == "cluster":
            return [self._planes.cluster(name)]
        if kind not in KINDS:
            raise UnknownNameError(kind, f"what can be lost is a {', a '.join(KINDS)}", "name one of these")
        found = [record for record in self._planes.clusters() if name in self._names(kind, record)]
        if not found:
            names = sorted({n for record in self._planes.clusters() for n in self._names(kind, record)})
            raise UnknownNameError(
                name,
                f"no cluster runs in a {kind} of this name; there is {', '.join(names) or 'none'}",
                "name one of these",
            )
        return found

    @staticmethod
    def _names(kind: str, record: Record) -> set[str]:
        if kind == "cloud":
            return {record.cloud}
        return {cluster_specs.region_of(record), cluster_specs.unit_of(record)} - {""}


def _together(action: Callable[[Record], None], records: list[Record]) -> None:
    with ThreadPoolExecutor(max_workers=len(records)) as pool:
        for done in [pool.submit(action, record) for record in records]:
            done.result()
