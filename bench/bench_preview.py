"""Preview of all prod units, against one naive stack with the same resources and against OpenTofu's plan of as many."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import opentofu
from common import checkout, in_turn, report, seconds

from meridian.orchestrator.providers_mode import Providers
from meridian.orchestrator.session import open_session
from meridian.orchestrator.workers import WorkerPool
from meridian.paths import Checkout

ROUNDS = 5
NAIVE = Path(__file__).parent / "naive"


def main() -> None:
    """Measure in turn and print."""
    own = checkout()
    meridian = [sys.executable, "-m", "meridian.cli", "preview", "prod", "--providers", "simulated", "--json"]
    first = subprocess.run(meridian, cwd=own.root, capture_output=True, text=True, check=True)
    resources = sum(json.loads(first.stdout)["counts"].values())
    with tempfile.TemporaryDirectory() as folder:
        naive, naive_environment = _naive(own, Path(folder) / "naive")
        tofu, tofu_folder = opentofu.program(own), Path(folder) / "tofu"
        tofu_environment = opentofu.configuration(tofu_folder, resources)
        seconds([str(tofu), "init", "-input=false"], tofu_folder, tofu_environment)

        def cold() -> float:
            WorkerPool(own).stop()
            return seconds(meridian, own.root, os.environ)

        found = in_turn(
            {
                "meridian, warm worker": lambda: seconds(meridian, own.root, os.environ),
                "meridian, cold": cold,
                "naive single stack": lambda: seconds(naive, Path(folder) / "naive", naive_environment),
                "tofu plan, built-in resources": lambda: seconds(
                    [str(tofu), "plan", "-input=false"], tofu_folder, tofu_environment
                ),
            },
            ROUNDS,
        )
    report(f"preview of prod, {resources} resources", found, "meridian, warm worker")
    ratios = [n / c for n, c in zip(found["naive single stack"], found["meridian, cold"], strict=True)]
    print(f"  naive single stack / meridian, cold: {min(ratios):.2f} to {max(ratios):.2f} x")


def _naive(own: Checkout, folder: Path) -> tuple[list[str], dict[str, str]]:
    """Make the naive project with an empty stack; the providers are the same plan-only embedded ones."""
    shutil.copytree(NAIVE, folder / "program")
    (folder / "Pulumi.yaml").write_text(
        f"name: meridian\nmain: program\nruntime:\n  name: python\n  options: {{virtualenv: {sys.prefix}}}\n"
        f"plugins:\n  providers:\n  - {{name: meridian, path: {own.root / 'src/meridian/provider/plugin'}}}\n"
    )
    environment = open_session(own, "prod", Providers.PLAN).environ()
    environment |= {
        "PULUMI_BACKEND_URL": f"file://{folder}",
        "PULUMI_CONFIG_PASSPHRASE": "bench",
        "PYTHONPATH": str(own.root),
    }
    environment.pop("PULUMI_CONFIG_PASSPHRASE_FILE", None)
    pulumi = str(own.bin / "pulumi")
    seconds([pulumi, "stack", "init", "prod-all", "--non-interactive"], folder, environment)
    return [pulumi, "preview", "--non-interactive", "--stack", "prod-all"], environment


if __name__ == "__main__":
    main()
