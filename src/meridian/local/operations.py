"""What the daemon does for the command line and for launchers."""

from __future__ import annotations

import base64
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from meridian.local import drift
from meridian.local.authority import Authority
from meridian.local.clouds import cloud
from meridian.local.database.databases import Databases
from meridian.local.edge import EdgeProcesses
from meridian.local.errors import LocalError
from meridian.local.faults import Fault, Faults
from meridian.local.inventory import Inventory, Record
from meridian.local.issuer import Issuer
from meridian.local.losses import Losses
from meridian.local.netlify.sites import NetlifySites
from meridian.local.planes import Planes
from meridian.local.schema import SchemaStore, sdk_version
from meridian.local.store import Store
from meridian.protocol import plugin
from meridian.protocol.values import Secret

CLOUDS = ("gcp", "aws", "random", "tls", "cloudflare", "kubernetes")
_WORKERS = 64
_RESTORE_SECONDS = 120.0


class Operations:
    """One daemon's state: inventory, faults, control planes and the provider instances that are being served."""

    def __init__(self, root: Path) -> None:
        work = root / ".meridian"
        self.root = root
        self.inventory = Inventory(work / "local")
        self.faults = Faults()
        self.planes = Planes(
            self.inventory,
            work / "local" / "planes",
            work / "bin",
            work / "kube",
            root / "policies" / "audit" / "policy.yaml",
            Issuer(work / "local" / "issuer", Authority(work / "local" / "authority")),
        )
        self.databases = Databases(work / "local" / "database")
        self.netlify = NetlifySites(work / "local" / "netlify", self.faults)
        self.edge = EdgeProcesses(self.inventory, self.planes, work / "local", self.netlify.pages)
        self.losses = Losses(self.planes, self.edge)
        self._schemas = {name: SchemaStore(name, work / "local" / "schema") for name in CLOUDS}
        self._servers: set[Any] = set()
        self._lock = threading.Lock()
        self._since = time.time()
        self.ending = threading.Event()

    @property
    def idle(self) -> bool:
        """True when no provider instance is being served."""
        return not self._servers

    def serve(self, name: str, mode: str, environment: str) -> tuple[int, Callable[[], None]]:
        """Serve a provider instance of its own; return its port and what ends it. Raises LocalError."""
        if name not in CLOUDS:
            raise LocalError(
                name, f"the embedded clouds are {', '.join(CLOUDS)}", "use the official plugin for others"
            )
        if mode not in ("real", "plan"):
            raise LocalError(
                f"MERIDIAN_LOCAL_MODE={mode}", "the modes are real and plan", "unset it, or set it to plan"
            )
        server, port = plugin.serve(self._provider(name, mode, environment), name, _WORKERS)
        with self._lock:
            self._servers.add(server)

        def end() -> None:
            with self._lock:
                self._servers.discard(server)
            server.stop(grace=0.2)

        return port, end

    def _provider(self, name: str, mode: str, environment: str) -> Any:
        planning = mode == "plan"
        if not planning:
            # After a kill or a reboot: objects and addresses of a cluster are only right once it runs again.
            self.planes.restored.wait(_RESTORE_SECONDS)
        if name == "kubernetes":
            from meridian.local.kubernetes.provider import KubernetesProvider

            locate = None if planning else self.planes.reach
            return KubernetesProvider(sdk_version(name), self._schemas[name], locate, self.faults)
        from meridian.local.provider import CloudProvider

        store = None if planning else Store(cloud(name), name, environment, self.inventory, self.faults)
        return CloudProvider(
            name, sdk_version(name), self._schemas[name], store, None if planning else self.planes
        )

    def status(self) -> dict[str, Any]:
        """Return process id, uptime, memory and counts."""
        own = psutil.Process()
        processes: list[dict[str, Any]] = [
            {"pid": own.pid, "name": "daemon", "memory": own.memory_info().rss}
        ]
        for child in own.children(recursive=True):
            try:
                processes.append(
                    {"pid": child.pid, "name": _program(child), "memory": child.memory_info().rss}
                )
            except psutil.Error:
                continue
        return {
            "pid": os.getpid(),
            "uptime": time.time() - self._since,
            "memory": sum(int(process["memory"]) for process in processes),
            "instances": len(self._servers),
            "resources": len(self.inventory.all()),
            "clusters": len(self.planes.clusters()),
            "faults": len(self.faults.list()),
            "processes": processes,
        }

    def listing(self, cloud_name: str | None, environment: str | None) -> list[dict[str, Any]]:
        """Return what exists, secret values hidden."""
        return [_row(record) for record in self.inventory.all(cloud_name, environment)]

    def drifted(self, resource: str, path: str | None, value: str | None) -> dict[str, Any]:
        """Change, or without a path delete, a resource behind the estate's back."""
        record = drift.find(self.inventory, resource)
        told = {"id": record.id, "environment": record.environment}
        if path is None:
            self.inventory.remove(record.row)
            self.planes.deleted(record)
            return {**told, "deleted": True}
        old, new = drift.change(self.inventory, record, path, value or "")
        return {**told, "path": path, "old": _shown(old), "new": _shown(new)}

    def sweep(self, environment: str, stack: str, known: list[list[str]]) -> list[str]:
        """Remove what exists for a stack and is not known to its state; the newest first."""
        pairs = {(token, identifier) for token, identifier in known}
        swept = [
            record
            for record in reversed(self.inventory.all(environment=environment))
            if record.urn.startswith(f"urn:pulumi:{stack}::") and (record.token, record.id) not in pairs
        ]
        for record in swept:
            self.inventory.remove(record.row)
            self.planes.deleted(record)
        return [f"{record.token.rsplit(':', 1)[1]} {record.id}" for record in swept]

    def faulty(self, action: str, given: dict[str, Any]) -> Any:
        """Add, list or clear faults."""
        if action == "add":
            return replace(self.faults.add(Fault(**given))).__dict__
        return self.faults.clear() if action == "clear" else self.faults.list()

    @staticmethod
    def kept(kept: Databases | NetlifySites, action: str, name: str) -> Any:
        """Make (`ensure`), `find` or `drop` what is kept on demand, or tell its `status`."""
        match action:
            case "ensure":
                return kept.ensure(name)
            case "find":
                return kept.find(name)
            case "drop":
                return kept.drop(name)
        return kept.status()

    def restore(self) -> None:
        """Start again what ran when the last daemon ended."""
        threading.Thread(target=self.databases.restore, daemon=True).start()
        threading.Thread(target=self.netlify.restore, daemon=True).start()
        self.planes.restore()

    def call(self, operation: str, arguments: dict[str, Any]) -> Any:
        """Answer one request of the command line; raises LocalError."""
        match operation:
            case "status":
                return self.status()
            case "inventory":
                return self.listing(arguments.get("cloud"), arguments.get("environment"))
            case "clusters":
                return [self.planes.describe(record) for record in self.planes.clusters()]
            case "stored":
                found = self.planes.stored(arguments["cluster"], arguments["prefix"])
                return {name: base64.b64encode(value).decode() for name, value in found.items()}
            case "audit-log":
                return str(self.planes.audit_log(arguments["cluster"]))
            case "sign-on":
                return self.planes.sign_on(arguments["cluster"])
            case "drift":
                return self.drifted(arguments["resource"], arguments.get("path"), arguments.get("value"))
            case "sweep":
                return self.sweep(arguments["environment"], arguments["stack"], arguments["known"])
            case "fault":
                return self.faulty(arguments["action"], arguments.get("fault") or {})
            case "database":
                if arguments["action"] == "ensure":
                    return self.databases.ensure(arguments["name"], arguments.get("cluster"))
                return self.kept(self.databases, arguments["action"], arguments.get("name", ""))
            case "netlify":
                return self.kept(self.netlify, arguments["action"], arguments.get("name", ""))
            case "lose":
                return self.losses.lose(
                    arguments["kind"],
                    arguments["name"],
                    arguments.get("machines", True),
                    arguments.get("how", "refuse"),
                )
            case "bring-back":
                return self.losses.bring_back(arguments["kind"], arguments["name"])
            case "lost":
                return self.losses.describe()
            case "time-scale":
                return self.edge.pace(arguments["scale"])
            case "replicas":
                self.edge.replicas.tell(arguments["environment"], arguments["groups"])
                return self.edge.sync()
            case "retire":
                if self.idle:
                    self.ending.set()
                return self.idle
            case "stop":
                self.ending.set()
                return None
        raise LocalError(
            operation, "the daemon knows no such operation", "stop it with `make down` and try again"
        )

    def close(self) -> None:
        """Stop everything that runs."""
        with self._lock:
            servers, self._servers = self._servers, set()
        for server in servers:
            server.stop(grace=0.2)
        self.databases.stop()
        self.netlify.stop()
        self.edge.close()
        self.planes.stop_all()
        self.inventory.close()


def _program(process: psutil.Process) -> str:
    """Return a process's name; for one of Meridian's own the module and what it serves."""
    line = process.cmdline()
    return (
        " ".join([line[2], *(Path(each).stem for each in line[3:])]) if "-m" in line[1:2] else process.name()
    )


def _row(record: Record) -> dict[str, Any]:
    return {
        "cloud": record.cloud,
        "environment": record.environment,
        "type": record.token,
        "name": record.name,
        "id": record.id,
        "urn": record.urn,
        "inputs": _shown(record.inputs),
        "outputs": _shown(
            {name: value for name, value in record.outputs.items() if not name.startswith("$")}
        ),
    }


def _shown(value: Any) -> Any:
    if isinstance(value, Secret):
        return "[secret]"
    if isinstance(value, dict):
        return {name: _shown(each) for name, each in value.items()}
    return [_shown(each) for each in value] if isinstance(value, list) else value
