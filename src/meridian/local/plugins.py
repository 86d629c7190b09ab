"""Puts launchers of the embedded clouds where the engine looks for provider plugins."""

from __future__ import annotations

import importlib.metadata
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from meridian.files import write_whole
from meridian.local.schema import sdk_version
from meridian.paths import Checkout

CLOUDS = ("gcp", "aws", "random", "tls", "cloudflare", "kubernetes")


@dataclass(frozen=True)
class InstalledPlugin:
    """One launcher."""

    name: str
    version: str
    path: Path


def install(checkout: Checkout) -> list[InstalledPlugin]:
    """Write a launcher for every embedded cloud whose SDK is installed, at exactly the SDK's version."""
    installed = []
    launcher = Path(__file__).resolve().parent / "launcher.py"
    for name in CLOUDS:
        try:
            version = sdk_version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        path = checkout.pulumi_home / "plugins" / f"resource-{name}-v{version}" / f"pulumi-resource-{name}"
        command = [
            sys.executable,
            "-S",
            "-E",
            str(launcher),
            str(checkout.root),
            sys.executable,
            name,
            version,
        ]
        script = f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n'
        if not path.is_file() or path.read_text() != script:
            write_whole(path, script, 0o755, make_folder=True)
        installed.append(InstalledPlugin(name, version, path))
    return installed
