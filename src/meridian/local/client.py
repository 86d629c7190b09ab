"""The embedded clouds as the rest of Meridian sees them."""

from __future__ import annotations

import base64
import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meridian.local import rendezvous
from meridian.local.errors import LocalError
from meridian.local.pace import time_scale
from meridian.local.rendezvous import DaemonError, Link
from meridian.local.replicas import Groups
from meridian.paths import Checkout

if TYPE_CHECKING:
    from meridian.local.router.client import RouterClient

__all__ = ["ClusterInfo", "DaemonError", "LocalClouds"]


@dataclass(frozen=True)
class ClusterInfo:
    """One local cluster; `state` is running, starting or stopped."""

    name: str
    cloud: str
    region: str
    endpoint: str
    kubeconfig: Path
    version: str
    nodes: int
    state: str


class LocalClouds:
    """A connection to a checkout's daemon; every method raises DaemonError with the daemon's own words."""

    def __init__(self, checkout: Checkout, link: Link) -> None:
        self._checkout = checkout
        self._link = link

    @classmethod
    def connect(cls, checkout: Checkout) -> LocalClouds | None:
        """Return a connection to the running daemon, or None; starts nothing."""
        link = rendezvous.connect(checkout.local)
        return cls(checkout, link) if link else None

    @classmethod
    def ensure_running(cls, checkout: Checkout) -> LocalClouds:
        """Return a connection, starting the daemon when none runs; MERIDIAN_TIME_SCALE sets the edge's time scale."""
        given = os.environ.get("MERIDIAN_TIME_SCALE")
        try:
            scale = time_scale(given, source="MERIDIAN_TIME_SCALE=") if given else None
        except LocalError as error:
            raise DaemonError(str(error)) from None
        clouds = cls(checkout, rendezvous.ensure(checkout.root, sys.executable))
        if scale is not None:
            clouds.pace(scale)
        return clouds

    def stop(self) -> None:
        """Stop every process of the embedded clouds and wait until they are gone; what exists stays in the inventory."""
        found = rendezvous.read(self._checkout.local)
        # It ends at once, so its reply can be lost.
        with contextlib.suppress(DaemonError):
            self._link.call("stop")
        self._link.close()
        if found is not None:
            rendezvous.wait_ended(int(found["pid"]), found["started"])

    def status(self) -> dict[str, Any]:
        """Return process id, uptime in seconds, memory in bytes (daemon and control planes), instances, counts."""
        return dict(self._link.call("status"))

    def inventory(self, cloud: str | None = None, env: str | None = None) -> list[dict[str, Any]]:
        """Return what exists; secret values are shown as `[secret]`."""
        return list(self._link.call("inventory", cloud=cloud, environment=env))

    def clusters(self) -> list[ClusterInfo]:
        """Return the clusters with how to reach each."""
        rows = self._link.call("clusters")
        return [ClusterInfo(**{**row, "kubeconfig": Path(row["kubeconfig"])}) for row in rows]

    def drift(self, resource_id: str, path: str | None, value: str | None) -> dict[str, Any]:
        """Change a property behind the estate's back; without a path the whole resource is deleted."""
        return dict(self._link.call("drift", resource=resource_id, path=path, value=value))

    def sweep(self, environment: str, stack: str, known: Sequence[tuple[str, str]]) -> list[str]:
        """Remove what exists for a stack and is not among the `known` pairs of type and id; return what it was."""
        return list(self._link.call("sweep", environment=environment, stack=stack, known=known))

    def fault(self, action: str, **fault: Any) -> Any:
        """`add` (kind, types, operation, count, seconds), `list` or `clear` faults."""
        return self._link.call("fault", action=action, fault=fault)

    def lose(self, kind: str, name: str, *, machines: bool = True, how: str = "refuse") -> list[str]:
        """Take a cluster, region, cloud or (database) node away as an outage would; return what went. Data stays.

        Without `machines` the database's nodes on a lost cluster go on. With `how` "hang" the way in takes
        connections and never answers, instead of refusing them.
        """
        return list(self._link.call("lose", kind=kind, name=name, machines=machines, how=how))

    def database(
        self, action: str = "status", name: str = "", cluster: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """`status`, or `find`, `ensure` or `drop` a database; `find` of what is not there gives an empty answer.

        `cluster` makes `ensure` start CockroachDB's nodes where no PostgreSQL is kept already.
        """
        return dict(self._link.call("database", action=action, name=name, cluster=cluster) or {})

    def netlify(self, action: str = "status", account: str = "") -> dict[str, Any]:
        """The same for the simulated Netlify's accounts; the status holds its sites with their addresses."""
        return dict(self._link.call("netlify", action=action, name=account) or {})

    def bring_back(self, kind: str, name: str) -> list[str]:
        """Bring back what was taken away; return what came."""
        return list(self._link.call("bring-back", kind=kind, name=name))

    def lost(self) -> dict[str, Any]:
        """Return the clusters that do not run, and the database's groups with the lost nodes."""
        return dict(self._link.call("lost"))

    def pace(self, scale: float) -> float:
        """Set the edge's time scale: intervals, timeouts and times to live are multiplied with it; 1 is real time."""
        return float(self._link.call("time-scale", scale=scale))

    def tell_replicas(self, environment: str, groups: Groups) -> None:
        """Say which database nodes a group of replicas has and on which cluster each runs; no groups forgets them."""
        self._link.call("replicas", environment=environment, groups=groups)

    def stored(self, cluster: str, prefix: str) -> dict[str, bytes]:
        """Return what etcd holds of a cluster under a prefix such as `secrets/`: the bytes on the disk, not the API's view."""
        found = self._link.call("stored", cluster=cluster, prefix=prefix)
        return {name: base64.b64decode(value) for name, value in found.items()}

    def audit_log(self, cluster: str) -> Path:
        """Return the file into which a cluster's API server writes its audit log."""
        return Path(self._link.call("audit-log", cluster=cluster))

    def sign_on(self, cluster: str) -> dict[str, str]:
        """Return issuer_url, client_id and claims of the tokens that a cluster takes; empty where it takes none."""
        return dict(self._link.call("sign-on", cluster=cluster))

    def router(self) -> RouterClient | None:
        """Return the running router; None when no load balancer exists."""
        from meridian.local.router.client import RouterClient

        return RouterClient.connect(self._checkout.local)
