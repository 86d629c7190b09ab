"""What a deploy consists of: files of a folder and texts that are rendered, each with its SHA-1."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from meridian.provider.errors import ProviderError

CONTROL = ("/_headers", "/_redirects")
"""Files that Netlify obeys and does not serve."""


def sha1(content: bytes) -> str:
    """Return the digest by which Netlify knows a content; it guards nothing."""
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def digests(folder: Path) -> dict[str, str]:
    """Return path (`/index.html`) and SHA-1 of every file; hidden ones are left out. Raises ProviderError."""
    if not folder.is_dir():
        raise ProviderError(str(folder), "is no folder", "name the folder that holds the built files")
    root = folder.resolve()
    found = {}
    for file in sorted(folder.rglob("*")):
        parts = file.relative_to(folder).parts
        if any(part.startswith(".") for part in parts) or not file.is_file():
            continue
        if not file.resolve().is_relative_to(root):
            raise ProviderError(
                str(file), "is a link out of the folder and would be published", "remove the link"
            )
        found["/" + "/".join(parts)] = sha1(file.read_bytes())
    return found


def merged(files: Mapping[str, str], contents: Mapping[str, str]) -> dict[str, str]:
    """Return path and SHA-1 of all that a deploy serves or obeys."""
    return {**files, **{path: sha1(text.encode()) for path, text in contents.items()}}


def digest(files: Mapping[str, str]) -> str:
    """Return one name for all of a deploy's files."""
    lines = "".join(f"{path} {files[path]}\n" for path in sorted(files))
    return hashlib.sha256(lines.encode()).hexdigest()


def load(folder: Path, path: str, expected: str) -> bytes:
    """Return a file's bytes; raises ProviderError when they are not those of the plan."""
    try:
        content = (folder / path.lstrip("/")).read_bytes()
    except OSError as error:
        raise ProviderError(
            f"{folder}{path}", f"cannot be read: {error.strerror}", "restore it and run `up` again"
        ) from error
    if sha1(content) != expected:
        raise ProviderError(
            f"{folder}{path}", "has changed since it was planned", "run `up` again to plan what is there now"
        )
    return content
