"""The one etcd under all control planes of a checkout."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from meridian.local.controlplane.process import Child, small_heap
from meridian.local.errors import LocalError
from meridian.local.ports import free_ports

_READY_SECONDS = 30.0


class Etcd:
    """A process that is started when it is first needed; its data stays when it stops."""

    def __init__(self, root: Path, bin_dir: Path) -> None:
        self._root = root
        self._program = bin_dir / "etcd"
        self._child: Child | None = None
        self._lock = threading.Lock()
        self.url = ""
        """Where it serves; empty before its first start."""

    @property
    def alive(self) -> bool:
        """True while the process runs."""
        return self._child is not None and self._child.alive

    @property
    def pid(self) -> int | None:
        """The id of the running process."""
        return self._child.pid if self._child and self._child.alive else None

    def ensure(self) -> str:
        """Return where it serves, starting it as needed; raises LocalError."""
        with self._lock:
            if not self.alive:
                self._start()
            return self.url

    def stop(self) -> None:
        """Stop the process."""
        with self._lock:
            if self._child:
                self._child.stop()
                self._child = None

    def _start(self) -> None:
        folder = self._root / "etcd"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        client_port, peer_port = free_ports(2)
        self.url = f"http://127.0.0.1:{client_port}"
        arguments = [
            f"--data-dir={folder / 'data'}",
            f"--listen-client-urls={self.url}",
            f"--advertise-client-urls={self.url}",
            f"--listen-peer-urls=http://127.0.0.1:{peer_port}",
            "--auto-compaction-retention=10m",
            "--log-level=error",
            # Data survives the death of any process; only a power cut could lose the last writes of a simulation.
            "--unsafe-no-fsync",
        ]
        log = self._root / "logs" / "etcd.log"
        self._child = Child("etcd", [str(self._program), *arguments], log, small_heap())
        self._child.start()
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/health", timeout=1) as answer:  # noqa: S310 - loopback
                    if json.loads(answer.read())["health"] == "true":
                        return
            except (urllib.error.URLError, OSError, ValueError):
                time.sleep(0.05)
        raise LocalError(
            "etcd",
            f"was not ready within {_READY_SECONDS:.0f} s; it said:\n{self._child.last_lines()}\n",
            "see .meridian/local/logs/etcd.log",
        )
