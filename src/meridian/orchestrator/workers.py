"""The client of the zygote: finds or starts it, asks it for a worker, ends it."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil
from filelock import FileLock

from meridian.orchestrator.errors import OrchestratorError, UsageError
from meridian.paths import Checkout

_DEFAULT_IDLE_SECONDS = 600.0
_START_SECONDS = 60.0


@dataclass(frozen=True)
class ProgramSpec:
    """What the workers run: `entry` is "module:function", `preload` packages whose modules are imported ahead."""

    entry: str = "meridian.program.main:run"
    preload: tuple[str, ...] = ("meridian.program.units",)
    path: tuple[str, ...] = ()
    sources: tuple[str, ...] = ("src/meridian", "components")
    warm: str = ""
    """ "module:function", called before each fork with the child's variables: what it reads ahead, the child has."""


class Worker:
    """One language runtime in its own process; closing it ends the process."""

    def __init__(self, connection: socket.socket, port: int) -> None:
        self._connection = connection
        self.port = port

    def close(self) -> None:
        """End the worker; safe to call twice."""
        self._connection.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def source_digest(root: Path, spec: ProgramSpec) -> str:
    """Digest names, sizes and times of the program's sources, so that edited code never meets a stale process."""
    digest = hashlib.sha256(f"{sys.executable}{spec}".encode())
    folders = [root / source for source in spec.sources] + [Path(path) for path in spec.path]
    for folder in folders:
        for parent, subfolders, names in os.walk(folder):
            subfolders[:] = sorted(name for name in subfolders if name != "__pycache__")
            for name in sorted(names):
                if name.endswith(".py"):
                    stat = Path(parent, name).stat()
                    digest.update(f"{parent}/{name}:{stat.st_size}:{stat.st_mtime_ns}\n".encode())
    lock = root / "uv.lock"
    if lock.exists():
        digest.update(str(lock.stat().st_mtime_ns).encode())
    return digest.hexdigest()


class WorkerPool:
    """The checkout's zygote. Linux and macOS only: it forks."""

    def __init__(self, checkout: Checkout, spec: ProgramSpec | None = None) -> None:
        self._checkout = checkout
        self._spec = spec or ProgramSpec()
        self._file = checkout.work / "worker.json"
        self._address: tuple[int, str] | None = None
        self.was_warm = False

    @property
    def log(self) -> Path:
        """Where the zygote and the workers write what the program prints."""
        return self._checkout.work / "logs" / "worker.log"

    def ensure(self) -> None:
        """Find a zygote of the present sources or start one; returns before its imports are done."""
        self._checkout.locks.mkdir(parents=True, exist_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        digest = source_digest(self._checkout.root, self._spec)
        with FileLock(self._checkout.locks / "worker.lock"):
            known = self._known()
            if known and known["digest"] == digest:
                self._address = (int(known["port"]), str(known["token"]))
                self.was_warm = True
                return
            if known:
                _tell_to_stop(int(known["port"]), str(known["token"]))
            self._start(digest)

    def _known(self) -> dict[str, str | int] | None:
        try:
            known: dict[str, str | int] = json.loads(self._file.read_text())
            # After a reboot another program may have its number, and another service its port.
            mine = "meridian.orchestrator.zygote" in psutil.Process(int(known["pid"])).cmdline()
            return known if mine and int(known["port"]) and known["token"] and known["digest"] else None
        except (OSError, ValueError, KeyError, TypeError, psutil.Error):
            return None

    def _start(self, digest: str) -> None:
        idle = _idle_seconds()
        token = secrets.token_hex(16)
        self._file.unlink(missing_ok=True)
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "meridian.orchestrator.zygote",
                    f"--program={self._spec.entry}",
                    f"--preload={','.join(self._spec.preload)}",
                    f"--announce={self._file}",
                    f"--digest={digest}",
                    f"--idle={idle}",
                    f"--warm={self._spec.warm}",
                    *(f"--path={path}" for path in self._spec.path),
                ],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self._checkout.root,
                start_new_session=True,
            )
        assert process.stdin is not None
        process.stdin.write(f"{token}\n".encode())
        process.stdin.close()
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            known = self._known()
            if known:
                self._address = (int(known["port"]), token)
                return
            if process.poll() is not None:
                break
            time.sleep(0.01)
        raise self._broken("the worker process did not start")

    def worker(self, stack: str, environment: Mapping[str, str]) -> Worker:
        """Fork a worker that runs the program as `stack`; waits for the imports when the zygote is young."""
        connection, answer = self._ask({"stack": stack, "environment": dict(environment)})
        return Worker(connection, int(answer["port"]))

    def call(self, function: str, *arguments: str) -> Any:
        """Call "module:function" in a forked worker, which has the model imported, and return its answer."""
        connection, answer = self._ask(
            {"call": function, "arguments": arguments, "environment": dict(os.environ)}
        )
        connection.close()
        return answer["answer"]

    def _ask(self, wish: dict[str, Any]) -> tuple[socket.socket, dict[str, Any]]:
        if self._address is None:
            self.ensure()
        assert self._address is not None
        port, token = self._address
        request = {
            **wish,
            "token": token,
            "directory": str(self._checkout.root),
            "log": str(self.log),
        }
        try:
            connection = socket.create_connection(("127.0.0.1", port), timeout=_START_SECONDS)
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as answers:
                answer = answers.readline()
        except OSError as error:
            raise self._broken(f"the worker process cannot be reached ({error})") from error
        if not answer:
            connection.close()
            raise self._broken("the worker process gave no answer")
        told: dict[str, Any] = json.loads(answer)
        if "error" in told:
            connection.close()
            raise self._broken(f"the program cannot be imported: {told['error']}")
        return connection, told

    def _broken(self, what: str) -> OrchestratorError:
        try:
            lines = self.log.read_text(errors="replace").strip().splitlines()
        except OSError:
            lines = []
        last = f" (last line of its log: {lines[-1]})" if lines and lines[-1] not in what else ""
        return OrchestratorError(
            f"{what}{last}",
            "the program and its SDKs must be importable by this interpreter",
            f"read {self.log.relative_to(self._checkout.root)}, then run again",
        )

    def stop(self) -> bool:
        """End the zygote if it runs and return whether it did; running workers end with their clients."""
        known = self._known()
        if not known:
            self._file.unlink(missing_ok=True)
            return False
        _tell_to_stop(int(known["port"]), str(known["token"]))
        try:
            psutil.Process(int(known["pid"])).wait(timeout=5)
        except psutil.NoSuchProcess:
            pass
        except psutil.TimeoutExpired:
            psutil.Process(int(known["pid"])).kill()
        self._file.unlink(missing_ok=True)
        return True


def _idle_seconds() -> float:
    given = os.environ.get("MERIDIAN_WORKER_IDLE_SECONDS") or str(_DEFAULT_IDLE_SECONDS)
    try:
        seconds = float(given)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < float("inf"):
        raise UsageError(
            f"MERIDIAN_WORKER_IDLE_SECONDS={given}",
            "it is a number of seconds, 0 or more",
            "unset it for 600",
        )
    return seconds


def _tell_to_stop(port: int, token: str) -> None:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(json.dumps({"token": token, "stop": True}).encode() + b"\n")
    except OSError:
        return
