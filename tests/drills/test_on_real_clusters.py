"""Drills end to end on two real control planes: each kind of loss, Ctrl-C, kill -9; time is scaled by 0.1."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from meridian.drills import unfinished
from meridian.local.client import LocalClouds
from meridian.paths import Checkout

from .small import ROOT, small_estate, tell

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane, pytest.mark.timeout(300)]
GKE, EKS = "local-eu-gke", "local-eu-eks"


def eventually(condition: Callable[[], Any], seconds: float = 90.0) -> Any:
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "this did not come true"
        time.sleep(0.05)
    return found


def pools(clouds: LocalClouds) -> dict[str, str]:
    router = clouds.router()
    return {pool.name: pool.state for pool in router.status().pools} if router else {}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    if not (ROOT.bin / "kube-apiserver").exists() and not shutil.which("kube-apiserver"):
        pytest.skip("no control plane; `meridian toolchain` brings it")
    made, environment = small_estate(tmp_path_factory.mktemp("drill"))
    clouds = LocalClouds.ensure_running(made)
    tell(clouds, environment)
    clouds.pace(0.1)
    eventually(lambda: pools(clouds) == {GKE: "healthy", EKS: "healthy"})
    clouds.pace(1)
    yield made
    clouds.stop()


def start(checkout: Checkout, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "meridian.cli", "drill", *arguments],
        env={**os.environ, "MERIDIAN_ROOT": str(checkout.root)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def run(checkout: Checkout, *arguments: str, code: int = 0) -> str:
    process = start(checkout, *arguments)
    out, err = process.communicate(timeout=200)
    assert process.returncode == code, out[-3000:] + err
    return out or err


def drilled(checkout: Checkout, lose: str, *more: str) -> dict[str, Any]:
    said = run(checkout, "failover", "local", "--lose", lose, "--scale", "0.1", "--json", *more)
    return dict(json.loads(said))


def whole(checkout: Checkout) -> bool:
    clouds = LocalClouds.connect(checkout)
    assert clouds is not None
    lost = clouds.lost()
    router = clouds.router()
    assert router is not None
    return (
        (lost["clusters"], lost["database"]["lost"]) == ([], [])
        and pools(clouds) == {GKE: "healthy", EKS: "healthy"}
        and router.status().time_scale == 1
        and not (checkout.local / "drill.json").exists()
    )


@pytest.mark.parametrize(
    ("lose", "more", "serves"),
    [
        ("europe-west1-gke", (), EKS),
        ("eu-gke", ("--with-machines",), None),
        ("cloud:aws", (), GKE),
        ("region:eu", (), None),
        ("node:eu-1", (), GKE),
        ("europe-west1-gke", ("--how", "hang"), EKS),
    ],
)
def test_each_loss_goes_as_the_design_promises_and_leaves_no_trace(
    checkout: Checkout, lose: str, more: tuple[str, ...], serves: str | None
) -> None:
    found = drilled(checkout, lose, *more)
    assert found["held"]
    assert {each["serves"] for each in found["promises"]} == {serves}
    assert found["time_scale"] == 0.1
    lost = [a for a in found["answers"] if a["status"] == 200 and a["cluster"] == GKE]
    assert lost
    assert whole(checkout)


def test_the_report_holds_no_script_and_the_list_knows_what_was_run(
    checkout: Checkout, tmp_path: Path
) -> None:
    drilled(checkout, "eu-eks", "--report", str(tmp_path / "out"))
    page = (tmp_path / "out" / "drill.html").read_text()
    assert "<script" not in page
    assert "Time scale 0.1" in page
    assert json.loads((tmp_path / "out" / "drill.json").read_text())["answers"]
    listed = {row["lose"]: row["state"] for row in json.loads(run(checkout, "list", "local", "--json"))}
    assert listed[f"cluster:{EKS}"] == "held"
    assert listed["node:eu-2"] == "never run"
    assert "the chain is whole" in run(checkout, "verify", "local")


def interrupted(checkout: Checkout, number: int, *, once: str = "is taken away") -> int:
    """Start a drill, end it by a signal once it has said so, and return its exit code."""
    process = start(checkout, "failover", "local", "--lose", "eu-gke", "--scale", "0.1")
    assert process.stdout is not None
    eventually(lambda: once in (process.stdout.readline() if process.stdout else ""))
    process.send_signal(number)
    process.communicate(timeout=120)
    return process.returncode


def test_ctrl_c_in_the_middle_brings_everything_back(checkout: Checkout) -> None:
    assert interrupted(checkout, signal.SIGINT) == 130
    eventually(lambda: whole(checkout))


def test_after_kill_9_the_next_drill_says_what_is_away_and_recover_brings_it_back(checkout: Checkout) -> None:
    assert interrupted(checkout, signal.SIGKILL, once="all of it is gone") == -signal.SIGKILL
    left = unfinished.find(checkout)
    assert left is not None
    assert left.standing == (f"clusters that do not run: {GKE}", "the edge's time scale is 0.1, it was 1")
    said = run(checkout, "failover", "local", code=1)
    assert GKE in said
    assert "meridian drill recover local" in said
    assert "running again" in run(checkout, "recover", "local")
    eventually(lambda: whole(checkout))
    assert "nothing is away" in run(checkout, "recover", "local")


def test_what_cannot_be_drilled_is_refused_with_the_fix(checkout: Checkout) -> None:
    assert "did you mean" in run(checkout, "failover", "local", "--lose", "eu-gka", code=2)
    clouds = LocalClouds.connect(checkout)
    assert clouds is not None
    clouds.lose("node", "eu-2")
    assert "meridian local node start eu-2" in run(checkout, "failover", "local", code=1)
    clouds.bring_back("node", "eu-2")
