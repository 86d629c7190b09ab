"""Brings every program into the checkout: from PATH, from its publisher, from the shared cache, or built."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from meridian.paths import Checkout
from meridian.toolchain import build, cache, download, search_path, shims
from meridian.toolchain.errors import ToolchainError
from meridian.toolchain.tools import ALL_TOOLS, MODULES, PREVIEWS, TOOLS, Module, shown

Report = Callable[[str, str], None]
"""Called with a module's or tool's name and what happens to it."""

WAYS = ("auto", "path", "download", "build")


@dataclass(frozen=True)
class Toolchain:
    """The programs of a checkout, all present."""

    folder: Path

    def path(self, name: str) -> Path:
        """Return a program's place; raises KeyError for a name that is no tool."""
        return self.folder / TOOLS[name].name


def ensure(
    checkout: Checkout, tools: Sequence[str] = ALL_TOOLS, *, report: Report | None = None
) -> Toolchain:
    """Make every named program present under `checkout.bin`; raises ToolchainError.

    MERIDIAN_TOOLCHAIN chooses the way: auto (PATH, then the publisher, then a build), path, download or build.
    """
    way = os.environ.get("MERIDIAN_TOOLCHAIN", "auto")
    if way not in WAYS:
        raise ToolchainError(
            f"MERIDIAN_TOOLCHAIN={way}", f"must be one of {', '.join(WAYS)}", "unset it for auto"
        )
    say = report or (lambda _name, _text: None)
    missing: list[str] = []
    for name in tools:
        if not (way in ("auto", "path") and _from_path(checkout, name, say)):
            missing.append(name)
    modules = [module for module in MODULES if any(name in missing for name in module.programs)]
    if modules and way == "path":
        raise ToolchainError(
            ", ".join(missing), "not found on PATH in a compatible version", "unset MERIDIAN_TOOLCHAIN"
        )
    _side_by_side(checkout, modules, missing, way, say)
    if "pulumi" in missing:
        if (checkout.bin / "pulumi-language-python-exec").exists():
            pass  # an official download: its own host lies beside it
        else:
            shims.write(checkout)
    return Toolchain(checkout.bin)


def _from_path(checkout: Checkout, name: str, say: Report) -> bool:
    found = search_path.find(TOOLS[name], checkout.bin)
    if found is None:
        return False
    if found.why_not:
        say(name, f"{found.path} ({shown(found.version)}) is not used: {found.why_not}")
        return False
    checkout.bin.mkdir(parents=True, exist_ok=True)
    target, fresh = checkout.bin / name, checkout.bin / f".{name}.{os.getpid()}"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(found.path)
    fresh.replace(target)
    if name == "pulumi":
        shims.remove(checkout)
        (checkout.bin / PREVIEWS.name).unlink(missing_ok=True)
    say(name, f"found {found.path} ({shown(found.version)})")
    return True


def _side_by_side(
    checkout: Checkout, modules: Sequence[Module], missing: Sequence[str], way: str, say: Report
) -> None:
    """Bring the modules two at a time: the largest leaves a core for the small ones."""
    if not modules:
        return
    pool = ThreadPoolExecutor(max_workers=2)
    largest_first = sorted(modules, key=lambda module: -len(module.packages))
    pending: list[Future[None]] = [
        pool.submit(_bring, checkout, module, missing, way, say) for module in largest_first
    ]
    try:
        done, _ = wait(pending, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()
    except BaseException:
        for future in pending:
            future.cancel()
        build.stop_all()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _bring(checkout: Checkout, module: Module, missing: Sequence[str], way: str, say: Report) -> None:
    sources = checkout.root / "toolchain" / "go" / module.name
    entry = None
    if way in ("auto", "download") and download.releases(module):
        entry = _downloaded(module, sources, say, required=way == "download")
    entry_was_built = entry is None
    if entry is None:
        entry = built(module, sources, say)
    wanted = [entry.folder / name for name in module.programs if name in missing]
    extra = [file for file in entry.folder.glob("pulumi-*") if file.is_file()]
    if "pulumi" in module.programs and entry_was_built:
        extra.append(built(PREVIEWS, sources.with_name(PREVIEWS.name), say).folder / PREVIEWS.name)
    elif "pulumi" in module.programs:
        (checkout.bin / PREVIEWS.name).unlink(missing_ok=True)
    cache.place([*wanted, *extra], checkout.bin)


def _downloaded(module: Module, sources: Path, say: Report, *, required: bool) -> cache.Entry | None:
    entry = cache.Entry(module, cache.content_key(module, sources, download.releases(module)[0].url))
    with entry.lock():
        if entry.intact():
            say(module.name, "in the shared cache (official release)")
            return entry
        # A built entry costs nothing; asking a publisher that cannot be reached costs seconds.
        if not required and _built_entry(module, sources) is not None:
            return None
        started = time.monotonic()
        try:
            entry.store(download.download(module, entry.scratch()))
        except download.UnreachableError as error:
            if required:
                raise ToolchainError(
                    str(error), "the publisher cannot be reached", "set MERIDIAN_TOOLCHAIN=build"
                ) from None
            say(module.name, "the publisher cannot be reached; building from Go modules")
            return None
    say(module.name, f"downloaded and verified in {time.monotonic() - started:.0f} s")
    return entry


def _built_entry(module: Module, sources: Path) -> cache.Entry | None:
    try:
        entry = cache.Entry(module, cache.content_key(module, sources, build.go_version()))
    except ToolchainError:
        return None
    return entry if entry.folder.is_dir() else None


def built(module: Module, sources: Path, say: Report) -> cache.Entry:
    """Return the module's entry in the shared cache, built when it is not there; raises ToolchainError."""
    entry = cache.Entry(module, cache.content_key(module, sources, build.go_version()))
    with entry.lock():
        if entry.intact():
            say(module.name, "in the shared cache")
            return entry
        if entry.folder.exists():
            say(module.name, "the cached programs are damaged; building them again")
        say(module.name, f"building {', '.join(module.programs)}")
        started = time.monotonic()
        entry.store(build.build(module, sources, entry.scratch()))
    say(module.name, f"built in {time.monotonic() - started:.0f} s")
    return entry
