"""One control plane: its programs from their start until they are ready, and their end."""

from __future__ import annotations

import json
import ssl
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from meridian.files import write_private
from meridian.local.controlplane import flags, nodes
from meridian.local.controlplane.certificates import Certificates
from meridian.local.controlplane.process import Child, small_heap
from meridian.local.controlplane.simulation import Simulation
from meridian.local.controlplane.spec import ControlPlaneSpec, Endpoint, NodePoolSpec
from meridian.local.errors import LocalError
from meridian.local.ports import free_ports, is_free

_READY_SECONDS = 120.0
_TRIES = 3


@dataclass
class Plane:
    """A cluster's processes; whoever changes it holds its lock."""

    spec: ControlPlaneSpec
    certificates: Certificates
    bin_dir: Path
    logs: Path
    kubeconfigs: Path
    """Where users find the administrator's kubeconfig of every cluster."""
    endpoint: Endpoint | None = None
    children: list[Child] = field(default_factory=list)
    pools: dict[str, NodePoolSpec] = field(default_factory=dict)
    simulation: Simulation | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.kubeconfigs / f"{self.spec.name}.kubeconfig"

    @property
    def running(self) -> bool:
        """True while it serves and every program lives."""
        return self.endpoint is not None and all(child.alive for child in self.children)

    def reached(self) -> Endpoint:
        """Return how to reach it; raises LocalError while it is stopped."""
        if self.endpoint is None:
            raise LocalError(
                self.spec.name, "the cluster is stopped", f"meridian local cluster start {self.spec.name}"
            )
        return self.endpoint

    def launch(self, etcd: str) -> None:
        """Start the programs over an etcd and wait until the API server is ready; raises LocalError."""
        for _ in range(_TRIES - 1):
            try:
                return self._launch(etcd)
            except PortTakenError:
                # Between the choice and the start somebody else took it.
                (self.certificates.folder / "ports.json").unlink(missing_ok=True)
        return self._launch(etcd)

    def _launch(self, etcd: str) -> None:
        spec, certificates = self.spec, self.certificates
        certificates.make(flags.service_ip(spec))
        ports = _ports(certificates.folder / "ports.json")
        url = f"https://127.0.0.1:{ports[0]}"
        for name in ("admin", "controller-manager", "scheduler", "kwok"):
            write_private(
                certificates.path(f"{name}.kubeconfig"), flags.kubeconfig(spec.name, url, certificates, name)
            )
        server = self._child("kube-apiserver", flags.apiserver(spec, certificates, ports[0], etcd))
        self.children = [server]
        server.start()
        self._wait_ready(server, url)
        write_private(self.kubeconfig, certificates.path("admin.kubeconfig").read_bytes(), make_folder=True)
        others = [
            self._child("kube-controller-manager", flags.controller_manager(certificates, ports[1])),
            self._child("kube-scheduler", flags.scheduler(certificates, ports[2])),
            self._child(
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
        self.children += others
        self.endpoint = Endpoint(url, certificates.ca_pem, self.kubeconfig, spec.version)
        for pool in self.pools.values():
            nodes.sync(spec, self.endpoint, pool)
        self.simulation = Simulation(spec, self.endpoint)
        self.simulation.start()

    def halt(self) -> None:
        """Stop the programs; the cluster's objects stay in etcd."""
        self.endpoint = None
        if self.simulation is not None:
            self.simulation.stop()
            self.simulation = None
        threads = [threading.Thread(target=child.stop) for child in self.children]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.children = []

    def _child(self, program: str, arguments: list[str]) -> Child:
        log = self.logs / f"{self.spec.id}-{program}.log"
        return Child(program, [str(self.bin_dir / program), *arguments], log, small_heap())

    def _wait_ready(self, server: Child, url: str) -> None:
        context = ssl.create_default_context(cafile=str(self.certificates.path("ca.crt")))
        context.load_cert_chain(self.certificates.path("admin.crt"), self.certificates.path("admin.key"))
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{url}/readyz", timeout=2, context=context) as answer:  # noqa: S310 - loopback
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.15)
            if not server.alive and "address already in use" in server.last_lines():
                self.halt()
                raise PortTakenError(f"kube-apiserver of {self.spec.name}", f"{url} is taken", "try again")
        said = server.last_lines()
        self.halt()
        raise LocalError(
            f"kube-apiserver of {self.spec.name}",
            f"was not ready within {_READY_SECONDS:.0f} s; it said:\n{said}\n",
            f"run it again; its log is {server.log}",
        )


class PortTakenError(LocalError):
    """Raised when an API server's port is another's: it would try again in vain."""


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
