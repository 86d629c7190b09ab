"""A checkout of its own for end-to-end tests, and the command line as a person runs it there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[2]
CLUSTERS = [f"local-{region}-{kind}" for region in ("us", "eu", "asia") for kind in ("gke", "eks")]
# What the clouds' inventory does not hold: the engine's own resources, the components, what lies on an API server.
_NOT_IN_A_CLOUD = ("pulumi:", "meridian:", "kubernetes:")


def until(condition: Callable[[], object], what: str, seconds: float = 180) -> None:
    """Wait until a condition holds; fails with what was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain: {what}"
        time.sleep(0.05)


class EstateCheckout:
    """A copy of this checkout with its own state and clouds, but this one's programs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("src", "components", "stacks", "policies", "frontend"):
            shutil.copytree(
                ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "Pulumi.*.yaml")
            )
        for name in ("Pulumi.yaml", "requirements.lock", "pyproject.toml"):
            shutil.copy(ROOT / name, root / name)
        (root / ".meridian" / "bin").mkdir(parents=True)
        for program in (ROOT / ".meridian" / "bin").iterdir():
            target = root / ".meridian" / "bin" / program.name
            try:
                target.hardlink_to(program)
            except OSError:
                shutil.copy2(program, target)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the command line in a session of its own and return at once."""
        return subprocess.Popen(
            [sys.executable, "-m", "meridian.cli", *arguments],
            cwd=self.root,
            env={**os.environ, "MERIDIAN_ROOT": str(self.root)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run the command line to its end and return its standard output; fails for another exit code."""
        process = self.start(*arguments)
        try:
            out, err = process.communicate(timeout=600)
        finally:
            process.kill()
        reasons = [line.strip() for line in out.splitlines() if "rror" in line or "essage" in line][:20]
        assert process.returncode == code, f"{arguments}: {process.returncode}\n{reasons}\n{err[-3000:]}"
        return out

    def inventory(self) -> list[dict[str, Any]]:
        """Return what exists in the embedded clouds; nothing when they do not run."""
        from meridian.local.client import LocalClouds
        from meridian.paths import Checkout

        clouds = LocalClouds.connect(Checkout(self.root))
        return clouds.inventory() if clouds else []

    def in_state(self) -> list[tuple[str, str]]:
        """Return (type, id) of every resource that the union of all stacks' states knows in a cloud."""
        found = []
        for file in (self.root / ".meridian/state/.pulumi/stacks/meridian").glob("local-*.json"):
            latest = json.loads(file.read_text())["checkpoint"].get("latest") or {}
            assert not latest.get("pending_operations"), file.name
            found += [
                (resource["type"], resource["id"])
                for resource in latest.get("resources") or []
                if resource.get("custom") and not resource["type"].startswith(_NOT_IN_A_CLOUD)
            ]
        return sorted(found)

    def processes(self) -> list[psutil.Process]:
        """Return every process that names this checkout."""
        found = []
        for process in psutil.process_iter(["cmdline", "status"]):
            command = process.info["cmdline"] or []
            if process.info["status"] != psutil.STATUS_ZOMBIE and any(
                str(self.root) in argument for argument in command
            ):
                found.append(process)
        return found

    def of_the_run(self) -> list[psutil.Process]:
        """Return the processes of a run: engines, launchers, worker; the clouds' daemon and its children left out."""
        clouds = {
            child.pid
            for process in self.processes()
            if "meridian.local.daemon" in process.cmdline()
            for child in [process, *process.children(recursive=True)]
        }
        return [process for process in self.processes() if process.pid not in clouds]

    def nodes(self, cluster: str) -> list[dict[str, Any]]:
        """Return a cluster's nodes as kubectl sees them with the file that `up` names."""
        kubeconfig = self.root / ".meridian" / "kube" / f"{cluster}.kubeconfig"
        assert kubeconfig.stat().st_mode & 0o077 == 0
        said = subprocess.run(
            [self.root / ".meridian/bin/kubectl", "--kubeconfig", kubeconfig, "get", "nodes", "-o", "json"],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return list(json.loads(said.stdout)["items"])


def changes(said: str) -> list[dict[str, Any]]:
    """Return every change of a `--json` result."""
    return [change for unit in json.loads(said)["units"] for change in unit.get("changes", [])]
