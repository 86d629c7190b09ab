"""A checkout whose Go, publishers and PATH are fakes: nothing here is built, downloaded or found for real."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from meridian.paths import Checkout
from meridian.toolchain import download
from meridian.toolchain.tools import MODULES, PREVIEWS, TOOLS

# Stands in for `go`: says its version, and "builds" by writing a program that tells what it was made of. It notes
# every build, so that a test can count them.
FAKE_GO = """#!{python}
import os, pathlib, sys, time
log = pathlib.Path({log!r})
if sys.argv[1:] == ["env", "GOVERSION"]:
    print(os.environ.get("FAKE_GO_VERSION", "go1.25.1"))
    raise SystemExit
assert sys.argv[1] == "build", sys.argv
target = pathlib.Path(sys.argv[sys.argv.index("-o") + 1])
packages = sys.argv[sys.argv.index("-o") + 2:]
with log.open("a") as lines:
    lines.write(" ".join([os.path.basename(os.getcwd()), str(os.getpid()), *sys.argv[2:]]) + "\\n")
time.sleep(float(os.environ.get("FAKE_GO_SECONDS", "0")))
names = [p.rsplit("/", 1)[1] for p in packages] if len(packages) > 1 else [target.name]
for name in names:
    program = target / name if len(packages) > 1 else target
    program.write_text("#!/bin/sh\\necho made by go\\n")
    program.chmod(0o755)
    if os.environ.get("FAKE_GO_FAILS"):
        print("disk quota exceeded")
        raise SystemExit(1)
"""


class Machine:
    """What the toolchain meets: a folder on PATH, a shared cache and a way to make checkouts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "path"
        self.path.mkdir()
        self.cache = folder / "cache"
        self.log = folder / "builds.log"

    def checkout(self, name: str = "checkout") -> Checkout:
        root = self.folder / name
        for module in (*MODULES, PREVIEWS):
            sources = root / "toolchain" / "go" / module.name
            sources.mkdir(parents=True)
            (sources / "go.mod").write_text(f"module {module.name}\n")
            (sources / "go.sum").write_text("proof\n")
            for own in module.sources:
                (sources / own).write_text("package main\n")
        return Checkout(root)

    def builds(self) -> list[str]:
        return [line.split()[0] for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def install(self, name: str, says: str) -> Path:
        return self.script(name, f"#!/bin/sh\necho '{says}'\n")

    def script(self, name: str, text: str) -> Path:
        program = self.path / name
        program.write_text(text)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return program

    def leftovers(self) -> list[str]:
        """What lies in the cache beside finished entries and their locks."""
        return sorted(entry.name for entry in self.cache.iterdir() if entry.name.startswith("."))


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine with a fake Go and no publisher in reach."""
    made = Machine(tmp_path)
    made.script("go", FAKE_GO.format(python=sys.executable, log=str(made.log)))
    monkeypatch.setenv("PATH", f"{made.path}:/usr/bin:/bin" if not _shadowed() else str(made.path))
    monkeypatch.setenv("MERIDIAN_CACHE", str(made.cache))
    monkeypatch.delenv("MERIDIAN_TOOLCHAIN", raising=False)

    def unreachable(url: str) -> bytes:
        raise download.UnreachableError(f"{url}: no route to host")

    monkeypatch.setattr(download, "_fetch", unreachable)
    return made


def _shadowed() -> bool:
    """True when this machine has a program of ours where a shell's own programs lie."""
    return any(Path(folder, name).exists() for folder in ("/usr/bin", "/bin") for name in TOOLS)


@pytest.fixture
def said() -> list[str]:
    """What was reported, one `name: text` each."""
    return []
