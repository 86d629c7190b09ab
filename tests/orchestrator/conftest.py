"""A small estate of its own: a temporary checkout whose program makes components and things of a fixture provider."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from drive import estate_of

from meridian.orchestrator.commands import Estate
from meridian.orchestrator.workers import WorkerPool
from meridian.paths import Checkout, find_checkout

PROGRAM = """
import json
import pathlib
import time

import pulumi

HERE = pathlib.Path(__file__).parent


class Group(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("fixture:index:Group", name, None, None)
        self.register_outputs({})


class Thing(pulumi.CustomResource):
    def __init__(self, name, props, opts=None):
        super().__init__("fixture:index:Thing", name, props, opts)


def run(stack):
    unit = stack.split("-", 1)[1]
    wish = HERE / f"{unit}.json"
    props = json.loads(wish.read_text()) if wish.exists() else {}
    if "raise" in props:
        raise ValueError(props["raise"])
    reads = props.pop("reads", "")
    if reads:
        pulumi.StackReference(f"{pulumi.get_organization()}/{pulumi.get_project()}/{stack.split('-')[0]}-{reads}")
    while (HERE / "hold").exists():
        (HERE / "reached").touch()
        time.sleep(0.05)
    group = Group(unit)
    for index in range(3):
        Thing(f"{unit}-{index}", {"colour": "red", **props}, pulumi.ResourceOptions(parent=group))
    pulumi.export("name", unit)
    pulumi.export("password", pulumi.Output.secret("hunter2-" + unit))
"""


def engine() -> str | None:
    """The engine of this repository's checkout, or the one on PATH."""
    own = find_checkout(Path(__file__).parent).bin / "pulumi"
    return str(own) if own.exists() else shutil.which("pulumi")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """An empty checkout with the environments `local` and `prod`."""
    for environment in ("local", "prod"):
        folder = tmp_path / "stacks" / environment
        folder.mkdir(parents=True)
        (folder / "estate.yaml").touch()
    (tmp_path / "Pulumi.yaml").write_text(
        "name: fixture\nruntime: python\nmain: program\nstackConfigDir: stacks\n"
    )
    return Checkout(tmp_path)


@pytest.fixture
def things(checkout: Checkout) -> Path:
    """The folder that is the fixture provider's cloud."""
    folder = checkout.root / "things"
    folder.mkdir()
    return folder


@pytest.fixture
def estate(checkout: Checkout, things: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Estate]:
    """The small estate on the real engine; its provider and worker processes are ended afterwards."""
    found = engine()
    if found is None:
        pytest.fail("the Pulumi engine is not there: run `meridian toolchain` first")
    for name in [name for name in os.environ if name.startswith("PULUMI_")]:
        monkeypatch.delenv(name)
    checkout.bin.mkdir(parents=True)
    (checkout.bin / "pulumi").symlink_to(found)
    previews = Path(found).with_name("pulumi-previews")
    if previews.exists():
        (checkout.bin / previews.name).symlink_to(previews)
    program = checkout.root / "program"
    program.mkdir()
    (program / "fixture_program.py").write_text(PROGRAM)
    monkeypatch.setenv("MERIDIAN_WORKER_IDLE_SECONDS", "30")
    provider = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("fixture_provider.py")), str(things)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert provider.stdout is not None
    monkeypatch.setenv("PULUMI_DEBUG_PROVIDERS", f"fixture:{int(provider.stdout.readline())}")
    small = estate_of(checkout.root)
    yield small
    WorkerPool(checkout, small.spec).stop()
    provider.kill()
    provider.communicate()
