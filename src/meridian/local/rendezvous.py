"""How a caller finds this checkout's daemon, or starts it: standard library only, so that launchers start at once."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator  # noqa: UP035 - collections.abc costs the launcher an import

START_SECONDS = 30.0
_PACKAGE = Path(__file__).resolve().parents[1]


class DaemonError(RuntimeError):
    """Raised with what went wrong and where the log is."""


class UsageError(DaemonError):
    """The command line named what does not exist: exit code 2."""


def code_files() -> list[str]:
    """Return the files of ours that the daemon and its processes run: two packages, and the modules beside them."""
    folders = [(str(_PACKAGE), os.listdir(_PACKAGE))]  # noqa: PTH208 - pathlib doubles the launcher's time here
    for package in ("local", "protocol"):
        folders += [(folder, files) for folder, _folders, files in os.walk(f"{_PACKAGE}/{package}")]
    return sorted(f"{folder}/{name}" for folder, files in folders for name in files if name.endswith(".py"))


def code_digest() -> str:
    """Return a digest of the daemon's files, so that a daemon of older code is noticed."""
    digest = hashlib.sha256()
    for file in code_files():
        found = os.stat(file)  # noqa: PTH116
        digest.update(f"{file}:{found.st_mtime_ns}:{found.st_size};".encode())
    return digest.hexdigest()[:16]


def started_at(pid: int) -> str:
    """Return a text that tells this process from a later one of the same number; empty when it does not run."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        if Path("/proc/self").exists():
            return ""
        try:
            os.kill(pid, 0)
        except OSError:
            return ""
        return "alive"
    fields = text.rsplit(")", 1)[1].split()
    return "" if fields[0] == "Z" else fields[19]


class Link:
    """One connection to the daemon: a line of JSON each way; open as long as the caller needs what it asked for."""

    def __init__(self, port: int, token: str, timeout: float = 300.0) -> None:
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self._file = self.connection.makefile("rw", encoding="utf-8", newline="\n")
        self._token = token

    def call(self, operation: str, **arguments: Any) -> Any:
        """Ask and return the answer; raises DaemonError with the daemon's own words."""
        try:
            self._file.write(json.dumps({"token": self._token, "operation": operation, **arguments}) + "\n")
            self._file.flush()
            line = self._file.readline()
        except TimeoutError:
            raise DaemonError(
                "the daemon of the embedded clouds does not answer; "
                "fix: `meridian local logs` may tell why, `meridian down` ends it, then run the command again"
            ) from None
        except OSError:
            line = ""
        if not line.endswith("\n"):
            raise DaemonError(
                f"the daemon of the embedded clouds ended before it had answered to `{operation}`; "
                "fix: run the command again, which starts it anew where it needs it"
            )
        answer = json.loads(line)
        if "error" in answer:
            raise (UsageError if answer.get("usage") else DaemonError)(answer["error"])
        return answer["result"]

    def close(self) -> None:
        """Hang up."""
        self._file.close()
        self.connection.close()


def read(local: Path) -> dict[str, Any] | None:
    """Return what the running daemon wrote of itself; None when none runs, also when a stale file is left."""
    try:
        found: dict[str, Any] = json.loads((local / "daemon.json").read_text())
        alive = started_at(int(found["pid"])) == found["started"] != ""
        alive = alive and {"port", "token", "code"} <= set(found)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if alive else None


def connect(local: Path, timeout: float = 300.0) -> Link | None:
    """Return a connection to the running daemon, or None."""
    found = read(local)
    if found is None:
        return None
    try:
        return Link(int(found["port"]), found["token"], timeout)
    except OSError:
        return None


@contextmanager
def _alone(local: Path) -> Iterator[None]:
    local.mkdir(parents=True, exist_ok=True)
    with (local / "start.lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def ensure(root: Path, python: str) -> Link:
    """Return a connection, starting the daemon when none runs or an idle one is of older code; raises DaemonError."""
    local = root / ".meridian" / "local"
    digest = code_digest()
    found = read(local)
    if found is not None and found["code"] == digest:
        link = connect(local)
        if link is not None:
            return link
    with _alone(local):
        found = read(local)
        link = connect(local)
        if found is not None and link is not None:
            # A daemon of older code goes only when nobody is being served by it.
            if found["code"] == digest or not link.call("retire"):
                return link
            link.close()
            wait_ended(int(found["pid"]), found["started"])
        return _start(root, local, python)


def wait_ended(pid: int, started: str, seconds: float = 60.0) -> None:
    """Wait until a process is gone; after `seconds` it is killed."""
    end = time.monotonic() + seconds
    while started_at(pid) == started:
        if time.monotonic() > end:
            os.kill(pid, signal.SIGKILL)
            end += 10
        time.sleep(0.02)


def _start(root: Path, local: Path, python: str) -> Link:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "MERIDIAN_"))
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    log = local / "daemon.out"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [python, "-m", "meridian.local.daemon", str(root)],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True, cwd="/", env=environment,
        )  # fmt: skip
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        link = connect(local)
        if link is not None:
            return link
        if process.poll() is not None:
            last = (log.read_text(errors="replace").strip().splitlines() or ["it said nothing"])[-1]
            more = "" if "; fix: " in last else f"; fix: see {log}"
            raise DaemonError(f"the daemon of the embedded clouds did not start: {last}{more}")
        time.sleep(0.02)
    process.kill()
    raise DaemonError(
        f"the daemon of the embedded clouds did not start in {START_SECONDS:.0f} s; fix: see {log}"
    )
