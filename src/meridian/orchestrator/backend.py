"""The file back end read and prepared without starting an engine.

Layout version 1 of the engine's own `backend/diy`: `.pulumi/stacks/<project>/<stack>.json`, `.pulumi/locks/...`,
`.pulumi/history/...`. Other back ends (object stores, Pulumi Cloud) go through the engine's commands.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from meridian.files import write_private, write_whole
from meridian.orchestrator.errors import OrchestratorError

_SECRET_MARK = "4dabf18193072939515e22adb298388d"  # noqa: S105 (the engine's own marker of special values, no secret)
_SECRET_KIND = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105
MASK = "[secret]"


@dataclass(frozen=True)
class PendingOperation:
    """A step that a dead run left open: the engine does not know whether it happened."""

    kind: str
    urn: str


@dataclass(frozen=True)
class LastUpdate:
    """The last entry of a stack's history."""

    kind: str
    result: str
    started: int
    ended: int


@dataclass(frozen=True)
class StackLock:
    """A lock of the engine on one stack."""

    path: Path
    pid: int
    host: str
    user: str
    since: str

    @property
    def dead(self) -> bool:
        """True when the holder was on this host and its process has gone."""
        return self.host == socket.gethostname() and not psutil.pid_exists(self.pid)


class FileBackend:
    """One folder of state for one project; reads never lock, so a reader may see the step before."""

    def __init__(self, folder: Path, project: str) -> None:
        self._root = folder / ".pulumi"
        self._project = project

    def checkpoint_path(self, stack: str) -> Path:
        """Where the stack's state lies."""
        return self._root / "stacks" / self._project / f"{stack}.json"

    def exists(self, stack: str) -> bool:
        """True when the stack has been made."""
        return self.checkpoint_path(stack).is_file()

    def ensure(self, stacks: Iterable[str]) -> list[str]:
        """Make the missing stacks, as `pulumi stack init` does but without a process each; return what was made."""
        meta = self._root / "meta.yaml"
        if not meta.exists():
            write_whole(meta, "version: 1\n", make_folder=True)
        made = []
        for stack in stacks:
            if self.exists(stack):
                continue
            name = f"organization/{self._project}/{stack}"
            empty = {"version": 3, "checkpoint": {"stack": name}}
            write_private(self.checkpoint_path(stack), json.dumps(empty, indent=4), make_folder=True)
            made.append(stack)
        return made

    def clear(self, stacks: Iterable[str]) -> None:
        """Empty the stacks' state: for throw-away plans only."""
        for stack in stacks:
            self.checkpoint_path(stack).unlink(missing_ok=True)

    def deployment(self, stack: str) -> dict[str, Any]:
        """Return the stack's last deployment; empty when it has none. Raises OrchestratorError for a broken file."""
        path = self.checkpoint_path(stack)
        try:
            raw = json.loads(path.read_text())
            checkpoint = {key.lower(): value for key, value in raw["checkpoint"].items()}
            latest = checkpoint.get("latest")
            return dict(latest) if latest is not None else {}
        except FileNotFoundError:
            return {}
        except (ValueError, KeyError, TypeError, AttributeError):
            history = self._root / "history" / self._project / stack
            raise OrchestratorError(
                str(path),
                "it is no state of the engine: empty, cut off or overwritten",
                f"copy the newest *.checkpoint.json of {history} over it, then `meridian refresh` its environment",
            ) from None

    def resources(self, stack: str) -> list[dict[str, Any]]:
        """Return the resources in state; the stack's own root and what is only read (`external`) are left out."""
        found = self.deployment(stack).get("resources") or []
        return [
            resource
            for resource in found
            if resource.get("type") != "pulumi:pulumi:Stack" and not resource.get("external")
        ]

    def outputs(self, stack: str) -> dict[str, Any]:
        """Return the stack's outputs with every secret masked."""
        for resource in self.deployment(stack).get("resources") or []:
            if resource.get("type") == "pulumi:pulumi:Stack":
                return {key: masked(value) for key, value in (resource.get("outputs") or {}).items()}
        return {}

    def pending(self, stack: str) -> list[PendingOperation]:
        """Return the steps that a dead run left open."""
        found = self.deployment(stack).get("pending_operations") or []
        return [PendingOperation(str(each.get("type", "")), each["resource"]["urn"]) for each in found]

    def last_update(self, stack: str) -> LastUpdate | None:
        """Return the newest entry of the history; None before the first update."""
        folder = self._root / "history" / self._project / stack
        entries = sorted(folder.glob("*.history.json")) if folder.is_dir() else []
        if not entries:
            return None
        raw = json.loads(entries[-1].read_text())
        return LastUpdate(
            str(raw.get("kind", "")),
            str(raw.get("result", "")),
            int(raw.get("startTime", 0)),
            int(raw.get("endTime", 0)),
        )

    def locks(self, stack: str) -> list[StackLock]:
        """Return the engine's locks on the stack."""
        folder = self._root / "locks" / "organization" / self._project / stack
        found = []
        for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
            try:
                raw = json.loads(path.read_text())
            except (OSError, ValueError):
                continue
            found.append(
                StackLock(
                    path,
                    int(raw.get("pid", 0)),
                    str(raw.get("hostname", "")),
                    str(raw.get("username", "")),
                    str(raw.get("timestamp", "")),
                )
            )
        return found

    def release_dead(self, stack: str) -> list[StackLock]:
        """Remove the locks of processes of this host that have gone; return them."""
        dead = [lock for lock in self.locks(stack) if lock.dead]
        for lock in dead:
            lock.path.unlink(missing_ok=True)
            lock.path.with_name(lock.path.name + ".attrs").unlink(missing_ok=True)
        return dead


def masked(value: Any) -> Any:
    """Replace every secret in a value of the state, at any depth."""
    if isinstance(value, dict):
        if value.get(_SECRET_MARK) == _SECRET_KIND:
            return MASK
        return {key: masked(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [masked(inner) for inner in value]
    return value
