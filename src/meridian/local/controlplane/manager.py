"""Starts, stops and removes control planes; safe to call from several threads for different clusters."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field, replace
from pathlib import Path

from meridian.files import write_private
from meridian.local.controlplane import etcd_keys, flags, nodes
from meridian.local.controlplane.certificates import Certificates
from meridian.local.controlplane.process import Child
from meridian.local.controlplane.simulation import Simulation
from meridian.local.controlplane.spec import SUPPORTED_MINOR, ControlPlaneSpec, Endpoint, NodePoolSpec
from meridian.local.errors import LocalError
from meridian.local.ports import free_ports, is_free

_READY_SECONDS = 120.0
# Small heaps: the programs collect earlier and six control planes fit in a few GiB.
_ENVIRONMENT = {"GOGC": "50", "GOMAXPROCS": "2"}


@dataclass
class _Plane:
    spec: ControlPlaneSpec
    certificates: Certificates
    endpoint: Endpoint | None = None
    children: list[Child] = field(default_factory=list)
    pools: dict[str, NodePoolSpec] = field(default_factory=dict)
    simulation: Simulation | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)


class ControlPlanes:
    """The control planes of one checkout, over one etcd with a key prefix each."""

    def __init__(self, root: Path, bin_dir: Path, kube_dir: Path) -> None:
        self._root = root
        self._bin = bin_dir
        self._kube = kube_dir
        self._planes: dict[str, _Plane] = {}
        self._lock = threading.RLock()
        self._etcd: Child | None = None
        self._etcd_url = ""
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
            plane = self._planes.setdefault(spec.id, _Plane(spec, Certificates(self._folder(spec.id))))
        with plane.lock:
            if plane.spec != spec:
                if plane.endpoint and replace(plane.spec, oidc=None) == replace(spec, oidc=None):
                    flags.authentication(spec, plane.certificates.folder)
                else:
                    self._halt(plane)
                plane.spec = spec
            if plane.endpoint is None or not all(child.alive for child in plane.children):
                self._halt(plane)
                self._launch(plane)
            assert plane.endpoint is not None
            return plane.endpoint

    def set_node_pool(self, cluster_id: str, pool: NodePoolSpec) -> None:
        """Make a pool's simulated nodes what the spec says."""
        plane = self._plane(cluster_id)
        with plane.lock:
            plane.pools[pool.name] = pool
            nodes.sync(plane.spec, self._endpoint(plane), pool)

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
                    self._halt(plane)
                    (self._kube / f"{plane.spec.name}.kubeconfig").unlink(missing_ok=True)
            if self._etcd and self._etcd.alive:
                etcd_keys.delete(self._etcd_url, f"/meridian/{cluster_id}/")
            shutil.rmtree(self._folder(cluster_id), ignore_errors=True)
        finally:
            with self._lock:
                self._removing -= 1
                # Another cluster's keys may still be on their way out.
                if not self._planes and not self._removing and self._etcd:
                    self._etcd.stop()
                    self._etcd = None

    def stop(self, cluster_id: str) -> None:
        """Take a cluster away as an outage would; its objects stay."""
        plane = self._plane(cluster_id)
        with plane.lock:
            self._halt(plane)

    def start(self, cluster_id: str) -> Endpoint:
        """Bring a stopped cluster back with its objects."""
        return self.ensure(self._plane(cluster_id).spec)

    def status(self, cluster_id: str) -> str:
        """Return running, stopped or absent."""
        plane = self._planes.get(cluster_id)
        if plane is None:
            return "absent"
        return "running" if plane.endpoint and all(child.alive for child in plane.children) else "stopped"

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
        self._endpoint(plane)
        return {
            name.removeprefix(root): value
            for name, value in etcd_keys.read(self._etcd_url, f"{root}{prefix}").items()
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
        return [
            child.pid
            for child in [*children, *([self._etcd] if self._etcd else [])]
            if child.pid and child.alive
        ]

    def stop_all(self) -> None:
        """Stop everything, clusters side by side; data stays."""
        threads = [
            threading.Thread(target=self._halt, args=(plane,)) for plane in list(self._planes.values())
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with self._lock:
            if self._etcd:
                self._etcd.stop()
                self._etcd = None

    def _folder(self, cluster_id: str) -> Path:
        return self._root / "clusters" / cluster_id

    def _plane(self, cluster_id: str) -> _Plane:
        plane = self._planes.get(cluster_id)
        if plane is None:
            raise LocalError(
                cluster_id,
                "there is no such cluster",
                f"choose one of {', '.join(self._planes) or '(none runs)'}",
            )
        return plane

    @staticmethod
    def _endpoint(plane: _Plane) -> Endpoint:
        if plane.endpoint is None:
            raise LocalError(
                plane.spec.name, "the cluster is stopped", f"meridian local cluster start {plane.spec.name}"
            )
        return plane.endpoint

    def _launch(self, plane: _Plane) -> None:
        spec, certificates = plane.spec, plane.certificates
        etcd = self._ensure_etcd()
        certificates.make(flags.service_ip(spec))
        ports = _ports(certificates.folder / "ports.json")
        url = f"https://127.0.0.1:{ports[0]}"
        for name in ("admin", "controller-manager", "scheduler", "kwok"):
            write_private(
                certificates.path(f"{name}.kubeconfig"), flags.kubeconfig(spec.name, url, certificates, name)
            )
        self._kube.mkdir(parents=True, exist_ok=True)
        target = self._kube / f"{spec.name}.kubeconfig"
        server = self._child(plane, "kube-apiserver", flags.apiserver(spec, certificates, ports[0], etcd))
        plane.children = [server]
        server.start()
        self._wait_ready(plane, server, url)
        write_private(target, certificates.path("admin.kubeconfig").read_bytes())
        others = [
            self._child(plane, "kube-controller-manager", flags.controller_manager(certificates, ports[1])),
            self._child(plane, "kube-scheduler", flags.scheduler(certificates, ports[2])),
            self._child(
                plane,
                "kwok",
                [
                    f"--kubeconfig={certificates.path('kwok.kubeconfig')}",
                    "--manage-all-nodes=true",
                    "--node-lease-duration-seconds=40",
                ],
            ),
        ]
        for child in others:
            child.start()
        plane.children += others
        plane.endpoint = Endpoint(url, certificates.ca_pem, target, spec.version)
        for pool in plane.pools.values():
            nodes.sync(spec, plane.endpoint, pool)
        plane.simulation = Simulation(spec, plane.endpoint)
        plane.simulation.start()

    def _child(self, plane: _Plane, program: str, arguments: list[str]) -> Child:
        log = self._root / "logs" / f"{plane.spec.id}-{program}.log"
        return Child(program, [str(self._bin / program), *arguments], log, {**os.environ, **_ENVIRONMENT})

    def _halt(self, plane: _Plane) -> None:
        plane.endpoint = None
        if plane.simulation is not None:
            plane.simulation.stop()
            plane.simulation = None
        threads = [threading.Thread(target=child.stop) for child in plane.children]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        plane.children = []

    def _wait_ready(self, plane: _Plane, server: Child, url: str) -> None:
        context = ssl.create_default_context(cafile=str(plane.certificates.path("ca.crt")))
        context.load_cert_chain(plane.certificates.path("admin.crt"), plane.certificates.path("admin.key"))
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{url}/readyz", timeout=2, context=context) as answer:  # noqa: S310 - loopback
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.15)
        said = server.last_lines()
        self._halt(plane)
        raise LocalError(
            f"kube-apiserver of {plane.spec.name}",
            f"was not ready within {_READY_SECONDS:.0f} s; it said:\n{said}\n",
            "see its log",
        )

    def _ensure_etcd(self) -> str:
        with self._lock:
            if self._etcd and self._etcd.alive:
                return self._etcd_url
            folder = self._root / "etcd"
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            client_port, peer_port = free_ports(2)
            self._etcd_url = f"http://127.0.0.1:{client_port}"
            peer = f"http://127.0.0.1:{peer_port}"
            arguments = [
                f"--data-dir={folder / 'data'}",
                f"--listen-client-urls={self._etcd_url}",
                f"--advertise-client-urls={self._etcd_url}",
                f"--listen-peer-urls={peer}",
                "--auto-compaction-retention=10m",
                "--log-level=error",
                # Data survives the death of any process; only a power cut could lose the last writes of a simulation.
                "--unsafe-no-fsync",
            ]
            self._etcd = Child(
                "etcd",
                [str(self._bin / "etcd"), *arguments],
                self._root / "logs" / "etcd.log",
                {**os.environ, **_ENVIRONMENT},
            )
            self._etcd.start()
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline:
                try:
                    with urllib.request.urlopen(f"{self._etcd_url}/health", timeout=1) as answer:  # noqa: S310 - loopback
                        if json.loads(answer.read())["health"] == "true":
                            return self._etcd_url
                except (urllib.error.URLError, OSError, ValueError):
                    time.sleep(0.05)
            raise LocalError(
                "etcd",
                f"was not ready within 30 s; it said:\n{self._etcd.last_lines()}\n",
                "see .meridian/local/logs/etcd.log",
            )


def _ports(file: Path) -> list[int]:
    """Return the cluster's three ports: those of the last start when they are free, so that addresses stay."""
    try:
        kept = [int(port) for port in json.loads(file.read_text())]
    except (OSError, ValueError):
        kept = []
    if len(kept) == 3 and all(is_free(port) for port in kept):
        return kept
    chosen = free_ports(3)
    write_private(file, json.dumps(chosen).encode())
    return chosen
