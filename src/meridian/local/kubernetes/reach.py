"""Finds the cluster of a configured provider; only this checkout's own clusters are ever contacted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from meridian.local.errors import LocalError
from meridian.local.kubernetes.cluster import Cluster
from meridian.local.kubernetes.settings import Settings

Locate = Callable[[str, str], tuple[str, Path] | None]
"""Return name and admin kubeconfig of the cluster with a server address or authority, or None."""


class GoneError(LocalError):
    """The cluster is not in the inventory: it was deleted, or never existed."""


class Reach:
    """Gives the cluster of some settings; the way in is the local cloud's own, as a cloud's CLI would give it."""

    def __init__(self, locate: Locate | None) -> None:
        self._locate = locate
        self._found: tuple[tuple[Path, int], Cluster] | None = None
        self._lock = threading.Lock()

    def planning(self, settings: Settings) -> bool:
        """True when there is no cluster to ask: in a plan, or while the kubeconfig is not known yet."""
        return self._locate is None or not settings.server

    def cluster(self, settings: Settings) -> Cluster:
        """Return the cluster; raises GoneError."""
        found = (
            self._locate(settings.server, settings.authority) if self._locate and settings.server else None
        )
        if found is None:
            raise GoneError(
                f"cluster {settings.cluster or '(none)'} at {settings.server or 'no address'}",
                "the local clouds have no such cluster",
                "bring up the unit that makes it, such as `meridian up local --unit us`",
            )
        name, kubeconfig = found
        with self._lock:
            # A cluster that came back on another port has written its kubeconfig anew.
            key = (kubeconfig, kubeconfig.stat().st_mtime_ns if kubeconfig.exists() else 0)
            if self._found is None or self._found[0] != key:
                self._found = (key, Cluster(name, kubeconfig))
            return self._found[1]
