"""Keeps the router and the origins in step with the inventory and the running clusters."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meridian.files import write_private
from meridian.local import cluster_specs
from meridian.local.authority import Authority
from meridian.local.inventory import Inventory, Record
from meridian.local.pace import time_scale
from meridian.local.planes import Planes
from meridian.local.ports import keep_ports
from meridian.local.replicas import ReplicaNodes
from meridian.protocol.values import plain

if TYPE_CHECKING:
    from meridian.local.controlplane.process import Child

BALANCER = "cloudflare:index/loadBalancer:LoadBalancer"
POOL = "cloudflare:index/loadBalancerPool:LoadBalancerPool"
MONITOR = "cloudflare:index/loadBalancerMonitor:LoadBalancerMonitor"
ZONE_SETTING = "cloudflare:index/zoneSetting:ZoneSetting"
_KINDS = {"balancers": BALANCER, "pools": POOL, "monitors": MONITOR}
_LOG = logging.getLogger("meridian.local")
_POLL_SECONDS = 0.2
_AGAIN_SECONDS = 5.0


class EdgeProcesses:
    """A router while the inventory holds a load balancer, and an origin for every cluster that runs meanwhile."""

    def __init__(
        self, inventory: Inventory, planes: Planes, local: Path, pages: Callable[[], tuple[str, ...]]
    ) -> None:
        self._pages = pages
        self._inventory = inventory
        self._planes = planes
        self._local = local
        self._folder = local / "router"
        self._authority = Authority(local / "authority")
        self.replicas = ReplicaNodes(local / "replicas.json")
        self._router: Child | None = None
        self._origins: dict[str, Child] = {}
        self._away: set[str] = set()
        self._frozen: set[str] = set()
        self._lock = threading.RLock()
        self._ending = threading.Event()
        self._seen: Any = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Follow from now on, in a thread of its own."""
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop following, the router and the origins."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()
        with self._lock:
            self._stop_all()

    @property
    def time_scale(self) -> float:
        """What intervals, timeouts and times to live are multiplied with: 1 is real time."""
        try:
            return float((self._folder / "time-scale").read_text())
        except (OSError, ValueError):
            return 1.0

    def pace(self, scale: float) -> float:
        """Set the time scale; raises LocalError."""
        time_scale(scale)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(self._folder / "time-scale", f"{scale:g}".encode())
        self.sync()
        return scale

    def sync(self) -> None:
        """Make router and origins what inventory, clusters and database nodes say; returns at once when nothing changed."""
        with self._lock:
            running = frozenset(self._planes.started())
            away = frozenset(self._away), frozenset(self._frozen)
            revisions = self._inventory.revision, self.replicas.revision
            seen = (*revisions, running, away, self.time_scale, self._pages())
            if self._ending.is_set() or seen == self._seen:
                return
            kinds = {name: self._inventory.all(token=token) for name, token in _KINDS.items()}
            if kinds["balancers"]:
                self._follow(kinds, running)
            else:
                self._stop_all()
            self._seen = seen

    def away(self, clusters: Collection[str]) -> None:
        """End the origins of clusters at once, before their control planes have ended, and start none there meanwhile."""
        with self._lock:
            self._away |= set(clusters)
            self.sync()

    def back(self, clusters: Collection[str]) -> None:
        """Go by the control planes of these clusters again."""
        with self._lock:
            self._away -= set(clusters)
            self.sync()

    def freeze(self, clusters: Collection[str]) -> None:
        """Let the origins of clusters take connections and never answer, whatever becomes of their control planes."""
        with self._lock:
            self._frozen |= set(clusters)
            for name in self._frozen & self._origins.keys():
                self._origins[name].freeze()

    def thaw(self, clusters: Collection[str]) -> None:
        """End the frozen origins of clusters; what runs there gets a new one."""
        with self._lock:
            for name in self._frozen & set(clusters) & self._origins.keys():
                self._origins.pop(name).stop(grace_seconds=0)
            self._frozen -= set(clusters)
            self.sync()

    def _watch(self) -> None:
        while not self._ending.wait(_POLL_SECONDS):
            try:
                self.sync()
            except Exception:
                _LOG.exception("following the load balancers")
                self._ending.wait(_AGAIN_SECONDS)

    def _follow(self, kinds: dict[str, list[Record]], running: frozenset[str]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        clusters = self._planes.clusters()
        names = [record.name for record in clusters]
        ports = keep_ports(self._folder / "origins.json", names, held=self._origins)
        up = {
            record.name: record
            for record in clusters
            if cluster_specs.plane_id(record) in running and record.name not in self._away | self._frozen
        }
        for name in [name for name in self._origins if name not in up and name not in self._frozen]:
            # As an outage would: at once, connections under way break.
            self._origins.pop(name).stop(grace_seconds=0)
        regions: dict[str, dict[str, int]] = {}
        for record in clusters:
            regions.setdefault(cluster_specs.unit_of(record), {})[record.name] = ports[record.name]
        for name, record in up.items():
            self._origin(record, ports[name], up, regions)
        config = {
            "time_scale": self.time_scale,
            "tls_minimum": self._tls_minimum(),
            "resources": {
                name: {record.id: plain(record.inputs) for record in records}
                for name, records in kinds.items()
            },
            "origins": {name: {"port": port, "server_name": name} for name, port in ports.items()},
        }
        self._write(self._folder / "config.json", config)
        if self._router is None:
            self._router = self._child("router", "meridian.local.router.server", self._folder)

    def _tls_minimum(self) -> str | None:
        """Return the highest minimum that any zone sets: one router stands for all of them."""
        settings = [record.inputs for record in self._inventory.all(token=ZONE_SETTING)]
        return max(
            (str(each["value"]) for each in settings if each["settingId"] == "min_tls_version"), default=None
        )

    def _origin(
        self, record: Record, port: int, up: Collection[str], regions: dict[str, dict[str, int]]
    ) -> None:
        certificate, key = self._authority.issue(
            f"origin-{record.name}", [record.name, "localhost", "127.0.0.1"]
        )
        spec = self._folder / f"origin-{record.name}.json"
        self._write(
            spec,
            {
                "cluster": record.name,
                "cloud": record.cloud,
                "region": cluster_specs.region_of(record),
                "environment": record.environment,
                "port": port,
                "certificate": str(certificate),
                "key": str(key),
                "api_server": dict(zip(("url", "ca"), cluster_specs.api_server(record), strict=True)),
                "quorum": self.replicas.quorum(record.environment, record.name, up),
                "regions": regions,
                "authority": str(self._authority.certificate),
                "pages": list(self._pages()),
            },
        )
        if record.name not in self._origins:
            self._origins[record.name] = self._child(
                f"origin-{record.name}", "meridian.local.origin.server", spec
            )

    def _child(self, name: str, module: str, argument: Path) -> Child:
        from meridian.local.controlplane.process import Child

        environment = {
            key: value for key, value in os.environ.items() if not key.startswith(("PULUMI_", "MERIDIAN_"))
        }
        child = Child(
            name,
            [sys.executable, "-m", module, str(argument)],
            self._local / "logs" / f"{name}.log",
            environment,
        )
        child.start()
        return child

    @staticmethod
    def _write(file: Path, content: dict[str, Any]) -> None:
        text = json.dumps(content, sort_keys=True).encode()
        if not file.exists() or file.read_bytes() != text:
            write_private(file, text)

    def _stop_all(self) -> None:
        for child in [*self._origins.values(), *([self._router] if self._router else [])]:
            child.stop()
        self._origins, self._router = {}, None
