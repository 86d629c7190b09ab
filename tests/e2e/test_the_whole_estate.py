"""The real engine brings the whole estate up on real API servers, in a checkout of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]
CLUSTERS = [f"local-{region}-{kind}" for region in ("us", "eu", "asia") for kind in ("gke", "eks")]
pytestmark = [pytest.mark.e2e, pytest.mark.controlplane, pytest.mark.timeout(900)]


class Checkout:
    """A copy of this checkout with its own state and clouds, but this one's programs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("src", "components", "stacks"):
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

    def run(self, *arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "meridian.cli", *arguments],
            cwd=self.root,
            env={**os.environ, "MERIDIAN_ROOT": str(self.root)},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        reasons = [line.strip() for line in done.stdout.splitlines() if "rror" in line or "essage" in line][
            :20
        ]
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{reasons}\n{done.stderr[-3000:]}"
        return done.stdout

    def processes(self) -> list[str]:
        found = []
        for process in psutil.process_iter(["cmdline"]):
            command = process.info["cmdline"] or []
            if any(str(self.root) in argument for argument in command):
                found.append(" ".join(command)[:120])
        return found


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    checkout = Checkout(tmp_path_factory.mktemp("estate") / "co")
    try:
        checkout.run("up", "local", "--json")
        yield checkout
    finally:
        checkout.run("down")


def test_kubectl_reaches_the_nodes_of_all_six_clusters(estate: Checkout) -> None:
    for cluster in CLUSTERS:
        kubeconfig = estate.root / ".meridian" / "kube" / f"{cluster}.kubeconfig"
        assert kubeconfig.stat().st_mode & 0o077 == 0
        said = subprocess.run(
            [estate.root / ".meridian/bin/kubectl", "--kubeconfig", kubeconfig, "get", "nodes", "-o", "json"],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        nodes = json.loads(said.stdout)["items"]
        zones = {node["metadata"]["labels"]["topology.kubernetes.io/zone"] for node in nodes}
        pools = {node["metadata"]["labels"]["meridian.dev/local-pool"] for node in nodes}
        assert len(nodes) >= 3
        assert len(zones) >= 2
        assert pools == {"standard", "database"}


def test_a_second_up_changes_nothing(estate: Checkout) -> None:
    merged = json.loads(estate.run("up", "local", "--json"))
    changes = [change for unit in merged["units"] for change in unit.get("changes", [])]
    assert changes == []


def test_refresh_finds_what_was_changed_behind_the_estates_back(estate: Checkout) -> None:
    rows = json.loads(estate.run("local", "inventory", "--json"))
    bucket = next(
        row for row in rows if row["type"] == "gcp:storage/bucket:Bucket" and "backups-eu" in row["id"]
    )
    estate.run("local", "drift", bucket["id"], "publicAccessPrevention", "inherited")
    merged = json.loads(estate.run("refresh", "local", "--unit", "eu", "--json"))
    changed = [change["name"] for unit in merged["units"] for change in unit.get("changes", [])]
    assert any("backups" in name for name in changed), merged
    # `up` brings back what the data says.
    merged = json.loads(estate.run("up", "local", "--unit", "eu", "--json"))
    assert any("backups" in change["name"] for unit in merged["units"] for change in unit.get("changes", []))


def test_no_private_key_lies_in_plain_text_in_state_or_inventory(estate: Checkout) -> None:
    for folder in ("state", "logs"):
        for file in (estate.root / ".meridian" / folder).rglob("*"):
            if file.is_file():
                assert b"BEGIN PRIVATE KEY" not in file.read_bytes(), file
    for file in (estate.root / ".meridian" / "local").glob("inventory.db*"):
        assert b"BEGIN PRIVATE KEY" not in file.read_bytes(), file


def test_destroy_leaves_an_empty_inventory_and_down_leaves_no_process(estate: Checkout) -> None:
    estate.run("destroy", "local", "--yes", "--json")
    assert json.loads(estate.run("local", "inventory", "--json")) == []
    estate.run("down")
    assert estate.processes() == []
