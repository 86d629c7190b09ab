"""Which database nodes there are, where, and which are lost: what a region's health depends on besides its clusters."""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from meridian.files import write_private
from meridian.local.errors import UnknownNameError

Groups = Mapping[str, Mapping[str, str]]
"""For each group of replicas, such as a region, its nodes with the cluster that each runs on."""


class ReplicaNodes:
    """Told by whoever brought the database up; kept in a file; `revision` grows with every change."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self.revision = 0
        try:
            found = json.loads(file.read_text())
        except (OSError, ValueError):
            found = {}
        self._groups: dict[str, dict[str, dict[str, str]]] = found.get("groups", {})
        self._lost: set[str] = set(found.get("lost", ()))
        self._kept: set[str] = set()

    def tell(self, environment: str, groups: Groups) -> None:
        """Take over an environment's nodes; no groups forgets it."""
        with self._lock:
            self._groups[environment] = {group: dict(nodes) for group, nodes in groups.items()}
            self._lost &= {
                node for each in self._groups.values() for nodes in each.values() for node in nodes
            }
            self._save()

    def lose(self, node: str) -> None:
        """Take a node away; raises UnknownNameError when there is none of this name."""
        self._known(node)
        with self._lock:
            self._lost.add(node)
            self._save()

    def bring_back(self, node: str) -> None:
        """Bring a lost node back; raises UnknownNameError when there is none of this name."""
        self._known(node)
        with self._lock:
            self._lost.discard(node)
            self._save()

    def keep(self, clusters: Collection[str]) -> None:
        """Let the nodes on these clusters go on without their control plane: machines outlive it."""
        with self._lock:
            self._kept |= set(clusters)
            self.revision += 1

    def release(self, clusters: Collection[str]) -> None:
        """Tie the nodes on these clusters to their control plane again."""
        with self._lock:
            self._kept -= set(clusters)
            self.revision += 1

    def quorum(self, environment: str, cluster: str, running: Collection[str]) -> dict[str, Any] | None:
        """Return the group that has a node on a cluster, with who is up; None when nothing is known of the cluster."""
        for group, nodes in self._groups.get(environment, {}).items():
            if cluster in nodes.values():
                alive = {*running, *self._kept}
                up = sorted(n for n, home in nodes.items() if home in alive and n not in self._lost)
                return {
                    "group": group,
                    "needed": len(nodes) // 2 + 1,
                    "up": up,
                    "down": sorted(set(nodes) - set(up)),
                }
        return None

    def describe(self) -> dict[str, Any]:
        """Return the groups of every environment and the lost nodes."""
        return {"groups": self._groups, "lost": sorted(self._lost)}

    def _known(self, node: str) -> None:
        known = [name for each in self._groups.values() for nodes in each.values() for name in nodes]
        if node not in known:
            raise UnknownNameError(
                node,
                f"no database node has this name; there is {', '.join(sorted(known)) or 'none'}",
                "name one of these",
            )

    def _save(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        write_private(self._file, json.dumps(self.describe()).encode())
        self.revision += 1
