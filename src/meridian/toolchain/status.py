"""What is found and what is missing, for `meridian doctor`; changes nothing."""

from __future__ import annotations

import os
import resource
import shutil
import sys
from dataclasses import asdict, dataclass

import psutil

from meridian.paths import Checkout
from meridian.toolchain import build, search_path
from meridian.toolchain.errors import ToolchainError
from meridian.toolchain.tools import TOOLS, shown


@dataclass(frozen=True)
class ToolStatus:
    """One thing that is needed; `fix` is the one command that mends it, empty when all is well."""

    name: str
    ok: bool
    found: str
    fix: str = ""

    def as_json(self) -> dict[str, object]:
        """Return a plain object."""
        return asdict(self)


def inspect(checkout: Checkout) -> list[ToolStatus]:
    """Return the state of the interpreter, Go, the machine and every program."""
    programs = [_program(checkout, name) for name in TOOLS]
    must_build = any(not each.ok for each in programs)
    return [_python(), _environment(checkout), _go(must_build), *_machine(checkout), *programs]


def _python() -> ToolStatus:
    version = sys.version_info
    text = f"{version.major}.{version.minor}.{version.micro} at {sys.executable}"
    return ToolStatus(
        "python", version >= (3, 11), text, "" if version >= (3, 11) else "install Python 3.11 or newer"
    )


def _environment(checkout: Checkout) -> ToolStatus:
    stamp = checkout.root / ".venv" / ".meridian-stamp"
    ok = stamp.is_file()
    return ToolStatus(
        "python packages", ok, ".venv" if ok else "not installed by this project", "" if ok else "make setup"
    )


def _go(must_build: bool) -> ToolStatus:
    try:
        return ToolStatus("go", True, build.go_version())
    except ToolchainError as error:
        note = "" if must_build else " (not needed: nothing has to be built)"
        return ToolStatus(
            "go", not must_build, f"{error}{note}", "install Go 1.24 or newer" if must_build else ""
        )


def _machine(checkout: Checkout) -> list[ToolStatus]:
    free_gib = shutil.disk_usage(checkout.root).free / 2**30
    memory_gib = psutil.virtual_memory().available / 2**30
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return [
        ToolStatus(
            "disk",
            free_gib >= 5,
            f"{free_gib:.0f} GiB free",
            "" if free_gib >= 5 else "free 5 GiB for builds and data",
        ),
        ToolStatus(
            "memory",
            memory_gib >= 6,
            f"{memory_gib:.1f} GiB available",
            "" if memory_gib >= 6 else "free 6 GiB for six clusters",
        ),
        ToolStatus("open files", soft >= 1024, f"{soft} of {hard}", "" if soft >= 1024 else "ulimit -n 4096"),
    ]


def _program(checkout: Checkout, name: str) -> ToolStatus:
    tool, path = TOOLS[name], checkout.bin / name
    if not path.exists():
        found = search_path.find(tool, checkout.bin)
        on_path = (
            f"; {found.path} ({shown(found.version)}) is on PATH, {found.why_not or 'usable'}"
            if found
            else ""
        )
        return ToolStatus(name, False, f"not installed{on_path}", "meridian toolchain")
    version = search_path.version_of(tool, path)
    ok = version is not None and tool.at_least <= version < tool.below and os.access(path, os.X_OK)
    origin = f"from PATH, {path.readlink()}" if path.is_symlink() else "this checkout's"
    return ToolStatus(name, ok, f"{shown(version)}, {origin}", "" if ok else "meridian toolchain")
