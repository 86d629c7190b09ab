"""Builds the programs of a Go module."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from meridian.toolchain.errors import ToolchainError
from meridian.toolchain.tools import Module, Version, parse_version

GO_AT_LEAST: Version = (1, 24, 0)


def go_version() -> str:
    """Return what `go env GOVERSION` says; raises ToolchainError when Go is missing or too old."""
    go = shutil.which("go")
    fix = "install Go 1.24 or newer, or put the official programs on PATH (`meridian doctor` lists them)"
    if go is None:
        raise ToolchainError("go", "is not on PATH, and something must be built", fix)
    said = subprocess.run(
        [go, "env", "GOVERSION"], capture_output=True, text=True, check=False, timeout=60
    ).stdout.strip()
    version = parse_version(said if said.count(".") == 2 else f"{said}.0")
    if version is None or version < GO_AT_LEAST:
        raise ToolchainError(f"go {said or '(does not answer)'}", "is older than 1.24", fix)
    return said


def build(module: Module, sources: Path, made: Path) -> Path:
    """Build the module's programs into the empty folder `made` and return it; removes it when that fails.

    The module's go.sum is the proof of what is built: `-mod=readonly` never changes it.
    """
    try:
        target = str(made / module.programs[0]) if len(module.packages) == 1 else f"{made}{os.sep}"
        flags = ["-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", module.ldflags]
        _go(["build", *flags, "-o", target, *module.packages], sources, module)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return made


def _go(arguments: list[str], sources: Path, module: Module) -> None:
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off"}
    with _process(["go", *arguments], sources, environment) as process:
        output, _ = process.communicate()
    if process.returncode != 0:
        last = "\n".join(output.strip().splitlines()[-12:])
        raise ToolchainError(
            f"go build of {module.name} (exit {process.returncode})",
            f"must succeed, but said:\n{last}\n",
            "check the disk, memory and the Go module proxy, then run `meridian toolchain` again; finished parts are kept",
        )


@contextlib.contextmanager
def _process(
    command: list[str], folder: Path, environment: dict[str, str]
) -> Iterator[subprocess.Popen[str]]:
    """Run a command in a process group of its own, so that ending it ends the compilers below it too."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    _running.append(process)
    try:
        yield process
    finally:
        _running.remove(process)
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


_running: list[subprocess.Popen[str]] = []


def stop_all() -> None:
    """End every build that is under way in this process."""
    for process in list(_running):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
