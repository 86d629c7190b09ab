"""The merged preview from 3 to 30 regions of a generated environment: time, processor time and memory of everything it runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import generated
import psutil
from common import checkout

REGIONS = (3, 10, 30)
NAME = "grown"
_LOOK_SECONDS = 0.3
_COPIED = ("src", "components", "policies", "frontend", "stacks")


@dataclass
class Run:
    """One preview; memory and processor time are of every process that names the checkout, its daemon and worker too."""

    regions: int
    resources: int
    seconds: float
    cpu: float
    gib: float


class Meter:
    """Follows the processes of a checkout: the largest sum of their pages (PSS), and the processor time that each took."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        self._cpu: dict[int, float] = {}
        self._mine: dict[int, bool] = {}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.most = 0.0

    def __enter__(self) -> Meter:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    @property
    def cpu(self) -> float:
        """Seconds of all processes, as last seen."""
        return sum(self._cpu.values())

    def _watch(self) -> None:
        while not self._ending.wait(_LOOK_SECONDS):
            total = 0
            for process in psutil.process_iter():
                try:
                    if not self._belongs(process):
                        continue
                    total += process.memory_full_info().pss
                    used = process.cpu_times()
                    self._cpu[process.pid] = used.user + used.system
                except psutil.Error:
                    continue
            self.most = max(self.most, total / 2**30)

    def _belongs(self, process: psutil.Process) -> bool:
        """True for a process that names the folder; asked once of each, for a machine has many others."""
        if process.pid not in self._mine:
            said = [*process.cmdline(), *process.environ().values()]
            self._mine[process.pid] = any(self._folder in each for each in said)
        return self._mine[process.pid]


def main() -> None:
    """Measure each size once, in a checkout of its own; print the growth."""
    own = checkout()
    runs = []
    with tempfile.TemporaryDirectory(prefix="meridian-bench-") as folder:
        root = Path(folder)
        for name in _COPIED:
            shutil.copytree(
                own.root / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "Pulumi.*.yaml")
            )
        for name in ("Pulumi.yaml", "requirements.lock", "pyproject.toml"):
            shutil.copy(own.root / name, root / name)
        (root / ".meridian").mkdir()
        (root / ".meridian" / "bin").symlink_to(own.bin)
        for regions in REGIONS:
            generated.write(root / "stacks", NAME, regions)
            runs.append(_preview(root, regions))
            _print(runs)


def _preview(root: Path, regions: int) -> Run:
    environment = {**os.environ, "MERIDIAN_ROOT": str(root)}
    command = [sys.executable, "-m", "meridian.cli"]
    began = time.monotonic()
    with Meter(root) as meter:
        done = subprocess.run(
            [*command, "preview", NAME, "--providers", "simulated", "--json"],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        took = time.monotonic() - began
    subprocess.run([*command, "down"], cwd=root, env=environment, capture_output=True, check=False)
    found: dict[str, Any] = json.loads(done.stdout)
    if found["cause"]:
        raise SystemExit(f"{regions} regions: {found['cause']}\n{done.stderr[-2000:]}")
    return Run(regions, int(found["counts"]["create"]), took, meter.cpu, meter.most)


def _print(runs: list[Run]) -> None:
    run, first = runs[-1], runs[0]
    per = run.cpu / run.resources * (first.resources / first.cpu)
    print(
        f"{run.regions:3} regions, {run.resources:6} resources: {run.seconds:7.1f} s, processor {run.cpu:7.1f} s, "
        f"{run.gib:5.2f} GiB at most; {run.resources / first.resources:.1f} x the resources take "
        f"{run.seconds / first.seconds:.1f} x the time, {run.cpu / first.cpu:.1f} x the processor ({per:.2f} x each)",
        flush=True,
    )


if __name__ == "__main__":
    main()
