"""The difference of two property values, path by path, as the engine writes paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi.runtime.proto import provider_pb2

from meridian.protocol.values import UNKNOWN, Secret

KIND = provider_pb2.PropertyDiff
"""ADD, DELETE, UPDATE; one more than each is the same with a replacement."""


Path = tuple[str | int, ...]
"""Property names and list indexes, from the outermost."""


def walk(path: str, old: Any, new: Any) -> Iterator[tuple[str, int]]:
    """Yield every path that differs with its kind; secrets are compared by what they hide."""
    for steps, change in walk_steps((path,), old, new):
        yield text(steps), change


def walk_steps(path: Path, old: Any, new: Any) -> Iterator[tuple[Path, int]]:
    """Yield what `walk` does, with paths that can be looked into."""
    old = old.value if isinstance(old, Secret) else old
    new = new.value if isinstance(new, Secret) else new
    if old == new and new is not UNKNOWN:
        return
    if old is None:
        yield path, KIND.ADD
    elif new is None:
        yield path, KIND.DELETE
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from walk_steps((*path, key), old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            left = old[index] if index < len(old) else None
            right = new[index] if index < len(new) else None
            yield from walk_steps((*path, index), left, right)
    else:
        yield path, KIND.UPDATE


def text(path: Path) -> str:
    """Return a path as the engine writes it, such as `spec.ports[0]["a-b"]`; its first step stands as it is."""
    said = str(path[0])
    for step in path[1:]:
        if isinstance(step, int):
            said += f"[{step}]"
        else:
            said += f".{step}" if step.isidentifier() else f'["{step}"]'
    return said


def kind(change: int, replaces: bool) -> Any:
    """Return the protocol's name of a kind."""
    return KIND.Kind.Name(change + 1 if replaces else change)
