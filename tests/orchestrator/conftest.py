"""A small estate of its own: a temporary checkout whose program makes components and dynamic-free resources only."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from meridian.orchestrator.commands import Estate
from meridian.orchestrator.workers import ProgramSpec, WorkerPool
from meridian.paths import Checkout, find_checkout

GRAPH = {"base": (), "left": ("base",), "right": ("base",), "top": ("left", "right")}

PROGRAM = """
import pathlib
import time

import pulumi

HERE = pathlib.Path(__file__).parent


class Thing(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("fixture:index:Thing", name, None, opts)
        self.register_outputs({})


def run(stack):
    unit = stack.split("-", 1)[1]
    slow = HERE / f"slow-{unit}"
    failing = HERE / f"fail-{unit}"
    for index in range(5):
        Thing(f"{unit}-{index}")
    if slow.exists():
        (HERE / f"reached-{unit}").touch()
        time.sleep(float(slow.read_text()))
    if failing.exists():
        raise ValueError(failing.read_text())
    pulumi.export("name", unit)
    pulumi.export("password", pulumi.Output.secret("hunter2-" + unit))
"""


def engine() -> str | None:
    """The engine of this repository's checkout, or the one on PATH."""
    own = find_checkout(Path(__file__).parent).bin / "pulumi"
    return str(own) if own.exists() else shutil.which("pulumi")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """An empty checkout with the environment `local`."""
    (tmp_path / "stacks" / "local").mkdir(parents=True)
    (tmp_path / "stacks" / "prod").mkdir()
    (tmp_path / "Pulumi.yaml").write_text(
        "name: fixture\nruntime: python\nmain: program\nstackConfigDir: stacks\n"
    )
    return Checkout(tmp_path)


@pytest.fixture
def estate(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> Iterator[Estate]:
    """The small estate on the real engine; its worker process is ended afterwards."""
    found = engine()
    if found is None:
        pytest.fail("the Pulumi engine is not there: run `meridian toolchain` first")
    for name in [name for name in os.environ if name.startswith("PULUMI_")]:
        monkeypatch.delenv(name)
    checkout.bin.mkdir(parents=True)
    (checkout.bin / "pulumi").symlink_to(found)
    program = checkout.root / "program"
    program.mkdir()
    (program / "fixture_program.py").write_text(PROGRAM)
    spec = ProgramSpec("fixture_program:run", (), (str(program),), ())
    monkeypatch.setenv("MERIDIAN_WORKER_IDLE_SECONDS", "30")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
    yield Estate(checkout, GRAPH, spec, project="fixture", embedded_clouds=False)
    WorkerPool(checkout, spec).stop()
