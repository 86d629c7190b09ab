"""Files that are there whole or not at all: written beside their place, then renamed into it."""

from __future__ import annotations

import os
import threading
from pathlib import Path


def write_whole(path: Path, content: str | bytes, mode: int = 0o644, *, make_folder: bool = False) -> Path:
    """Write a file in one step and return its path; text is UTF-8, the umask applies, nothing is synced to the disk."""
    return _beside(path, content, mode, make_folder).replace(path)


def write_private(path: Path, content: str | bytes, *, make_folder: bool = False) -> Path:
    """Write a file that only its owner reads, as `write_whole` does."""
    return write_whole(path, content, 0o600, make_folder=make_folder)


def make_private(path: Path, content: str | bytes, *, make_folder: bool = False) -> None:
    """Make a file that only its owner reads; of two concurrent makers the first wins, and what is there stays."""
    fresh = _beside(path, content, 0o600, make_folder)
    try:
        # A hard link fails when the name exists; a rename would replace what another process already uses.
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def _beside(path: Path, content: str | bytes, mode: int, make_folder: bool) -> Path:
    if make_folder:
        path.parent.mkdir(parents=True, exist_ok=True)
    # Threads of one process write the same file side by side, too.
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    # What a dead process of the same id left behind may have other rights.
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
        stream.write(content.encode() if isinstance(content, str) else content)
    return fresh
