"""Starts, stops and removes control planes; safe to call from several threads for different clusters."""

from __future__ import annotations

import shutil
import threading
from dataclasses import replace
from pathlib import Path

from meridian.local.controlplane import etcd_keys, flags, nodes
from meridian.local.controlplane.certificates import Certificates
from meridian.local.controlplane.etcd import Etcd
from meridian.local.controlplane.plane import Plane
from meridian.local.controlplane.spec import SUPPORTED_MINOR, ControlPlaneSpec, Endpoint, NodePoolSpec
from meridian.local.errors import LocalError


class ControlPlanes:
    """The control planes of one checkout, over one etcd with a key prefix each."""

    def __init__(self, root: Path, bin_dir: Path, kube_dir: Path) -> None:
        self._root = root
        self._bin = bin_dir
        self._kube = kube_dir
        self._planes: dict[str, Plane] = {}
        self._lock = threading.RLock()
        self._etcd = Etcd(root, bin_dir)
        self._removing = 0

    def ensure(self, spec: ControlPlaneSpec) -> Endpoint:
        """Return the running control plane of a spec, starting or restarting it as needed; raises LocalError."""
        if not spec.version.startswith(f"{SUPPORTED_MINOR}.") and spec.version != SUPPORTED_MINOR:
            raise LocalError(
                f"Kubernetes {spec.version}",
                f"the installed control plane is {SUPPORTED_MINOR}",
                f"ask for {SUPPORTED_MINOR}",
            )
        with self._lock:
            plane = self._planes.setdefault(spec.id, self._new(spec))
        with plane.lock:
            if plane.spec != spec:
                if plane.endpoint and replace(plane.spec, oidc=None) == replace(spec, oidc=None):
                    flags.authentication(spec, plane.certificates.folder)
                else:
                    plane.halt()
                plane.spec = spec
            if not plane.running:
                plane.halt()
                plane.launch(self._etcd.ensure())
            return plane.reached()

    def set_node_pool(self, cluster_id: str, pool: NodePoolSpec) -> None:
        """Make a pool's simulated nodes what the spec says."""
        plane = self._plane(cluster_id)
        with plane.lock:
            plane.pools[pool.name] = pool
            nodes.sync(plane.spec, plane.reached(), pool)

    def remove_node_pool(self, cluster_id: str, name: str) -> None:
        """Delete a pool's nodes; nothing to do when the cluster is gone or stopped."""
        plane = self._planes.get(cluster_id)
        if plane is None:
            return
        with plane.lock:
            plane.pools.pop(name, None)
            if plane.endpoint:
                nodes.remove(plane.endpoint, name)

    def remove(self, cluster_id: str) -> None:
        """Stop a control plane and delete all that it kept."""
        with self._lock:
            plane = self._planes.pop(cluster_id, None)
            self._removing += 1
        try:
            if plane:
                with plane.lock:
                    plane.halt()
                    plane.kubeconfig.unlink(missing_ok=True)
            if self._etcd.alive:
                etcd_keys.delete(self._etcd.url, f"/meridian/{cluster_id}/")
            shutil.rmtree(self._folder(cluster_id), ignore_errors=True)
        finally:
            with self._lock:
                self._removing -= 1
                # Another cluster's keys may still be on their way out.
                if not self._planes and not self._removing:
                    self._etcd.stop()

    def stop(self, cluster_id: str) -> None:
        """Take a cluster away as an outage would; its objects stay."""
        plane = self._plane(cluster_id)
        with plane.lock:
            plane.halt()

    def start(self, cluster_id: str) -> Endpoint:
        """Bring a stopped cluster back with its objects."""
        return self.ensure(self._plane(cluster_id).spec)

    def status(self, cluster_id: str) -> str:
        """Return running, stopped or absent."""
        plane = self._planes.get(cluster_id)
        if plane is None:
            return "absent"
        return "running" if plane.running else "stopped"

    def endpoint(self, cluster_id: str) -> Endpoint | None:
        """Return how to reach a running cluster."""
        plane = self._planes.get(cluster_id)
        return plane.endpoint if plane else None

    def audit_log(self, cluster_id: str) -> Path:
        """Return where a cluster's API server writes its audit log."""
        return self._plane(cluster_id).certificates.path("audit.log")

    def stored(self, cluster_id: str, prefix: str) -> dict[str, bytes]:
        """Return what etcd holds of a cluster under a prefix, such as `secrets/`: bytes as the API server wrote them."""
        plane, root = self._plane(cluster_id), f"/meridian/{cluster_id}/"
        plane.reached()
        return {
            name.removeprefix(root): value
            for name, value in etcd_keys.read(self._etcd.url, f"{root}{prefix}").items()
        }

    def node_count(self, cluster_id: str) -> int:
        """Return how many nodes the pools of a cluster have."""
        plane = self._planes.get(cluster_id)
        return sum(pool.count for pool in plane.pools.values()) if plane else 0

    def running(self) -> list[str]:
        """Return the ids of the clusters that run."""
        return [cluster for cluster in list(self._planes) if self.status(cluster) == "running"]

    def started(self) -> list[str]:
        """Return the ids of the clusters that were started and not stopped since, whatever became of a process."""
        return [cluster for cluster, plane in list(self._planes.items()) if plane.endpoint is not None]

    def pids(self) -> list[int]:
        """Return every process that belongs to the control planes."""
        children = [child for plane in list(self._planes.values()) for child in plane.children]
        own = [child.pid for child in children if child.pid and child.alive]
        return [*own, *([self._etcd.pid] if self._etcd.pid else [])]

    def stop_all(self) -> None:
        """Stop everything, clusters side by side; data stays."""
        threads = [threading.Thread(target=plane.halt) for plane in list(self._planes.values())]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with self._lock:
            self._etcd.stop()

    def _folder(self, cluster_id: str) -> Path:
        return self._root / "clusters" / cluster_id

    def _new(self, spec: ControlPlaneSpec) -> Plane:
        certificates = Certificates(self._folder(spec.id))
        return Plane(spec, certificates, self._bin, self._root / "logs", self._kube)

    def _plane(self, cluster_id: str) -> Plane:
        plane = self._planes.get(cluster_id)
        if plane is None:
            raise LocalError(
                cluster_id,
                "there is no such cluster",
                f"choose one of {', '.join(self._planes) or '(none runs)'}",
            )
        return plane
