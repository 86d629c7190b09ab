"""Looks for compatible programs on PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from meridian.toolchain.tools import Tool, Version, parse_version

# What else an official install of the engine brings; without them its Python programs do not run.
_COMPANIONS = {"pulumi": ("pulumi-language-python",)}


@dataclass(frozen=True)
class Found:
    """A program on PATH and what it says of itself; `why_not` tells why it is not used."""

    path: Path
    version: Version | None
    why_not: str | None


def find(tool: Tool, ours: Path) -> Found | None:
    """Return the first program of the tool's name on PATH outside the checkout's own folder `ours`."""
    folders = [
        folder for folder in os.environ.get("PATH", "").split(os.pathsep) if folder and Path(folder) != ours
    ]
    path = shutil.which(tool.name, path=os.pathsep.join(folders))
    if path is None:
        return None
    version = version_of(tool, Path(path))
    missing = [
        name
        for name in _COMPANIONS.get(tool.name, ())
        if shutil.which(name, path=os.pathsep.join(folders)) is None
    ]
    if version is None:
        why_not = "it does not tell a released version"
    elif not tool.at_least <= version < tool.below:
        low, high = (".".join(map(str, each)) for each in (tool.at_least, tool.below))
        why_not = f"it is not at least {low} and below {high}"
    elif missing:
        why_not = f"{missing[0]} is not beside it"
    else:
        why_not = None
    return Found(Path(path), version, why_not)


def version_of(tool: Tool, path: Path) -> Version | None:
    """Return what a program says of its version; None when it does not answer within 20 s."""
    try:
        ran = subprocess.run(
            [path, *tool.version_args],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return parse_version(ran.stdout) or parse_version(ran.stderr)
