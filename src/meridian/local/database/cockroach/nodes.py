"""The nodes' processes: ports, flags, started, initialised once, ready, stopped."""

from __future__ import annotations

import json
import os
import shutil
import signal
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meridian.files import write_private
from meridian.local.controlplane.process import Child
from meridian.local.database.cockroach.certificates import ROOT, Files, issue, store_key
from meridian.local.database.cockroach.plan import ClusterPlan, fill
from meridian.local.errors import LocalError
from meridian.local.ports import free_ports, is_free

if TYPE_CHECKING:
    import psycopg

_READY_SECONDS = 120.0
_STOP_SECONDS = 15.0
_ASK_SECONDS = 10.0
# A laptop's cluster tells nobody of itself.
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "COCKROACH_SKIP_ENABLING_DIAGNOSTIC_REPORTING": "true"}


class Cockroach:
    """The cluster under one folder; no other process of ours touches it. Not safe to call from several threads."""

    engine = "cockroachdb"
    own = frozenset({"system", "defaultdb", "postgres"})
    drop_suffix = "CASCADE"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._plan_file = folder / "cluster.json"
        self._initialised_file = folder / "initialised"
        self._children: dict[str, Child] = {}

    @property
    def initialised(self) -> bool:
        """True when it was decided that this checkout has this cluster."""
        return self._plan_file.exists()

    @property
    def running(self) -> bool:
        """True while any node's process lives."""
        return any(child.alive for child in self._children.values())

    def adopt(self, plan: ClusterPlan) -> None:
        """Take other flags: the nodes stop and the next `ensure` starts them anew. The program stays while it is there."""
        if self.initialised:
            kept = self._plan()
            if plan.starts_like(kept) and Path(kept.program).exists():
                return
            if Path(kept.program).exists():
                plan = replace(plan, program=kept.program)
            self.stop()
        plan.write(self._plan_file)

    def ensure(self) -> None:
        """Start the nodes that do not run and wait until all are ready; raises LocalError with the end of a log."""
        plan = self._plan()
        if all(self._alive(name) and self._ready(name) for name in plan.nodes):
            return
        if not Path(plan.program).exists():
            raise LocalError(
                plan.program,
                "the nodes' stores were made by this cockroach, and it is gone",
                "put a cockroach on PATH and run `meridian up local --unit data`, "
                f"or remove {self._folder}: that is the database",
            )
        if not self.running:
            self._choose_ports(plan)
            self._children = {}
        files = issue(self._folder, plan.clients)
        for name in plan.nodes:
            if not self._alive(name):
                self._start(plan, name, files)
        end = time.monotonic() + _READY_SECONDS
        if not self._initialised_file.exists():
            self._initialise(plan, files, end)
        for name in plan.nodes:
            while not self._ready(name):
                if time.monotonic() > end:
                    raise self._failed(name, "it must be ready", self._children[name].last_lines())
                time.sleep(0.1)

    def stop(self) -> None:
        """Ask all nodes to end, then end them; what is committed stays."""
        children, self._children = list(self._children.values()), {}
        if children:
            with ThreadPoolExecutor(len(children)) as at_once:
                list(at_once.map(lambda child: child.stop(_STOP_SECONDS, signal.SIGTERM), children))

    def remove(self) -> None:
        """Stop the nodes and remove all that they kept, certificates and keys included."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def connect(self) -> psycopg.Connection[Any]:
        """Connect as root to the first node that lets us in."""
        import psycopg

        files, ports = Files(self._folder / "certs"), self._ports()
        return psycopg.connect(
            host=",".join("127.0.0.1" for _ in ports),
            port=",".join(str(sql) for sql, _ in ports.values()),
            user=ROOT,
            dbname="defaultdb",
            sslmode="verify-full",
            sslrootcert=str(files.authority),
            sslcert=str(files.certificate),
            sslkey=str(files.key),
            autocommit=True,
        )

    def address(self) -> dict[str, Any]:
        """Return host, port and user, and where certificates and key lie."""
        files = Files(self._folder / "certs")
        return {
            "engine": self.engine,
            "host": "127.0.0.1",
            "port": next(iter(self._ports().values()))[0],
            "user": ROOT,
            "authority_file": str(files.authority),
            "certificate_file": str(files.certificate),
            "key_file": str(files.key),
            "program": self._plan().program,
        }

    def status(self) -> dict[str, Any]:
        """Return state and, by node, locality, process and ports; starts nothing."""
        plan, ports = self._plan(), self._ports()
        localities = plan.localities()
        nodes = [
            {
                "node": name,
                "locality": localities[name],
                "pid": self._children[name].pid if self._alive(name) else None,
                "port": ports.get(name, (0, 0))[0],
                "http": ports.get(name, (0, 0))[1],
            }
            for name in plan.nodes
        ]
        alive = sum(1 for node in nodes if node["pid"])
        part = f"{alive} of {len(nodes)} nodes run"
        return {
            "state": "running" if alive == len(nodes) else part if alive else "stopped",
            "pid": nodes[0]["pid"],
            "port": nodes[0]["port"],
            "log": str(self._folder),
            "program": plan.program,
            "nodes": nodes,
        }

    def _plan(self) -> ClusterPlan:
        return ClusterPlan.read(self._plan_file)

    def _alive(self, name: str) -> bool:
        return name in self._children and self._children[name].alive

    def _ports(self) -> dict[str, tuple[int, int]]:
        try:
            kept = json.loads((self._folder / "ports.json").read_text())
        except (OSError, ValueError):
            return {}
        return {name: (int(sql), int(http)) for name, (sql, http) in kept.items()}

    def _choose_ports(self, plan: ClusterPlan) -> None:
        """Keep each node's ports from start to start unless somebody else took one."""
        kept = {
            name: pair
            for name, pair in self._ports().items()
            if name in plan.nodes and all(is_free(port) for port in pair)
        }
        lacking = [name for name in plan.nodes if name not in kept]
        fresh = free_ports(2 * len(lacking), (port for pair in kept.values() for port in pair))
        kept.update({name: (fresh[2 * at], fresh[2 * at + 1]) for at, name in enumerate(lacking)})
        ordered = {name: kept[name] for name in plan.nodes}
        write_private(self._folder / "ports.json", json.dumps(ordered).encode())

    def _start(self, plan: ClusterPlan, name: str, files: Files) -> None:
        if name in self._children:
            self._children[name].stop(0)
        folder = self._folder / name
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        values: dict[str, Callable[[str], str]] = {
            "sql": lambda node: str(self._ports()[node][0]),
            "http": lambda node: str(self._ports()[node][1]),
            "folder": lambda _: str(folder),
            "certificates": lambda _: str(files.folder),
            "key": lambda generation: str(store_key(self._folder / "keys" / f"{generation}.key")),
        }
        write_private(folder / "logs.yaml", fill(plan.log_config, values).encode())
        command = [plan.program, *(fill(flag, values) for flag in plan.nodes[name])]
        environment = {**_ENVIRONMENT, "HOME": str(folder)}
        self._children[name] = Child(f"cockroach {name}", command, folder / "cockroach.log", environment)
        self._children[name].start()

    def _initialise(self, plan: ClusterPlan, files: Files, end: float) -> None:
        """`cockroach init`, once in the life of a cluster; nodes that are not there yet are waited for."""
        first = next(iter(plan.nodes))
        command = [
            *(plan.program, "init", f"--certs-dir={files.folder}"),
            *(f"--host=127.0.0.1:{self._ports()[first][0]}", f"--cluster-name={plan.cluster_name()}"),
        ]
        while True:
            try:
                done = subprocess.run(
                    command,
                    capture_output=True,
                    text=True,
                    check=False,
                    stdin=subprocess.DEVNULL,
                    timeout=max(1.0, end - time.monotonic()),
                    env=_ENVIRONMENT,
                )
                said = f"{done.stdout}{done.stderr}".strip()
                # The command has no other way to say that all is well already than this sentence.
                if done.returncode == 0 or "already been initialized" in said:
                    self._initialised_file.touch()
                    return
            except subprocess.TimeoutExpired:
                said = "no answer"
            if time.monotonic() > end:
                told = f"init said: {said[-400:]}; its log ends: {self._children[first].last_lines()}"
                raise self._failed(first, "`cockroach init` must succeed", told)
            time.sleep(0.5)

    def _ready(self, name: str) -> bool:
        sql_and_http = self._ports().get(name)
        authority = Files(self._folder / "certs").authority
        if sql_and_http is None or not authority.exists():
            return False
        url = f"https://127.0.0.1:{sql_and_http[1]}/health?ready=1"
        verified = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=str(authority)))
        # Whatever proxy the shell names, this never leaves the machine.
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), verified)
        try:
            with direct.open(url, timeout=_ASK_SECONDS) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _failed(self, name: str, rule: str, told: str) -> LocalError:
        log = self._folder / name / "cockroach.log"
        self.stop()
        return LocalError(f"node {name}", f"{rule} within {_READY_SECONDS:.0f} s; {told}", f"see {log}")
