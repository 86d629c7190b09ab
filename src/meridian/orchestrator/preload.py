"""Imports what the program will need before the first fork.

The provider SDKs load their parts lazily, at the first `gcp.compute.Network`: left alone, every forked worker would
import the same parts again. Which parts the program uses is read from its source: the attributes of SDK modules.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import sys
from collections.abc import Iterable
from pathlib import Path


def load(program: str, packages: Iterable[str], root: Path) -> list[type]:
    """Import the program's module, every module of `packages` and the parts of SDKs that sources under `root` use.

    Returns the SDKs' classes among those parts.
    """
    importlib.import_module(program.split(":")[0])
    for name in packages:
        module = importlib.import_module(name)
        for found in pkgutil.iter_modules(getattr(module, "__path__", ())):
            importlib.import_module(f"{name}.{found.name}")
    parts = [_touch(name) for name in sorted(sdk_names(_own_sources(root)))]
    return [part for part in parts if isinstance(part, type)]


def sdk_names(sources: Iterable[Path]) -> set[str]:
    """Return the dotted names inside `pulumi_*` packages that the sources use, such as pulumi_gcp.compute.Network."""
    found: set[str] = set()
    for source in sources:
        tree = ast.parse(source.read_text())
        names = _sdk_names(tree)
        found.update(names.values())
        if names:
            found.update(chain for node in ast.walk(tree) if (chain := _chain(node, names)))
    return found


def _chain(node: ast.AST, names: dict[str, str]) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not parts or not isinstance(node, ast.Name) or node.id not in names:
        return ""
    return ".".join([names[node.id], *reversed(parts)])


def _touch(name: str) -> object:
    """Walk a dotted name: each step makes a lazy package load the part. A name that leads nowhere is left alone."""
    package, *parts = name.split(".")
    found: object = importlib.import_module(package)
    for depth, part in enumerate(parts, 1):
        try:
            found = getattr(found, part)
        except AttributeError:
            try:
                found = importlib.import_module(".".join([package, *parts[:depth]]))
            except ImportError:
                return None
    return found


def _sdk_names(tree: ast.AST) -> dict[str, str]:
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("pulumi_"):
                    names[alias.asname or alias.name] = alias.name
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pulumi_"):
            names.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    return names


def _own_sources(root: Path) -> list[Path]:
    found = []
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if file and file.endswith(".py") and "site-packages" not in file:
            path = Path(file)
            if path.is_relative_to(root):
                found.append(path)
    return found
