"""The shared cache of built programs, by content: equal sources, Go version and platform give an equal place."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

from meridian.toolchain.tools import Module

MANIFEST = "manifest.json"


def cache_root() -> Path:
    """Return the folder that all checkouts of a user share; MERIDIAN_CACHE moves it."""
    override = os.environ.get("MERIDIAN_CACHE")
    return Path(override) if override else user_cache_path("meridian") / "toolchain"


def content_key(module: Module, sources: Path, origin: str) -> str:
    """Digest what a module's programs are made of; `origin` is the Go version, or the download's address."""
    digest = hashlib.sha256(
        json.dumps([module.packages, module.ldflags, origin, platform.system(), platform.machine()]).encode()
    )
    for name in ("go.mod", "go.sum", *module.sources):
        digest.update(hashlib.sha256((sources / name).read_bytes()).digest())
    return digest.hexdigest()[:32]


class Entry:
    """One module's programs in the cache."""

    def __init__(self, module: Module, key: str) -> None:
        self.module = module
        self.folder = cache_root() / f"{module.name}-{key}"

    def lock(self) -> FileLock:
        """Return the lock that keeps two checkouts from making the same entry at once."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(f"{self.folder}.lock")

    def intact(self) -> bool:
        """True when every program is there with the digest that it was stored with."""
        try:
            manifest = json.loads((self.folder / MANIFEST).read_text())
            return set(manifest) == set(self.module.programs) and all(
                digest_of(self.folder / name) == digest for name, digest in manifest.items()
            )
        except (OSError, ValueError):
            return False

    def scratch(self) -> Path:
        """Return a fresh folder to make the programs in; sweeps what a killed run left. Call with the lock held."""
        for left in self.folder.parent.glob(f".{self.folder.name}-*"):
            shutil.rmtree(left, ignore_errors=True)
        return Path(tempfile.mkdtemp(prefix=f".{self.folder.name}-", dir=self.folder.parent))

    def store(self, made: Path) -> None:
        """Move a folder of finished programs into the cache in one step."""
        manifest = {name: digest_of(made / name) for name in self.module.programs}
        (made / MANIFEST).write_text(json.dumps(manifest, indent=2))
        shutil.rmtree(self.folder, ignore_errors=True)
        made.replace(self.folder)


def digest_of(file: Path) -> str:
    """Return a file's SHA-256 in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def place(programs: Sequence[Path], folder: Path) -> None:
    """Hard-link (over file systems: copy) programs into a folder, each in one step.

    Not symbolic links: the engine looks for its companions beside its own real place.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for source in programs:
        target, fresh = folder / source.name, folder / f".{source.name}.{os.getpid()}"
        if target.exists() and not target.is_symlink() and target.samefile(source):
            continue
        fresh.unlink(missing_ok=True)
        try:
            fresh.hardlink_to(source)
        except OSError:
            shutil.copy2(source, fresh)
        fresh.replace(target)
