"""OpenTofu, built from its pinned Go module: the yardstick from outside this project's engine."""

from __future__ import annotations

import os
from pathlib import Path

from meridian.paths import Checkout
from meridian.toolchain.install import built
from meridian.toolchain.tools import Module

MODULE = Module("opentofu", ("github.com/opentofu/opentofu/cmd/tofu",), ("tofu",), "-s -w")


def program(checkout: Checkout) -> Path:
    """Return the program, building it the first time (about 4 minutes on 2 cores)."""
    sources = checkout.root / "toolchain" / "go" / MODULE.name
    return built(MODULE, sources, lambda name, text: print(f"{name}: {text}")).folder / "tofu"


def configuration(folder: Path, resources: int) -> dict[str, str]:
    """Write a configuration of as many built-in resources and return the environment to run it in."""
    folder.mkdir(parents=True, exist_ok=True)
    blocks = (
        f'resource "terraform_data" "r{number}" {{\n  input = {{ name = "r{number}", region = "europe-west1" }}\n}}\n'
        for number in range(resources)
    )
    (folder / "main.tf").write_text("\n".join(blocks))
    (folder / "cli.rc").write_text("")
    return {**os.environ, "TF_CLI_CONFIG_FILE": str(folder / "cli.rc"), "TF_IN_AUTOMATION": "1"}
