"""Descriptions by type token, kept in files per SDK version so that they are read from the SDK once."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import re
import threading
from pathlib import Path

from meridian.files import write_whole
from meridian.local.schema.extract import extract
from meridian.local.schema.types import ResourceType

_FORMAT = 5  # raise when the description's form changes: old files are then left aside


def sdk_version(cloud: str) -> str:
    """Return the version of the installed Python SDK; raises PackageNotFoundError."""
    return importlib.metadata.version(f"pulumi-{cloud}")


class SchemaStore:
    """Finds the description of a type token of one SDK; thread safe."""

    def __init__(self, cloud: str, cache: Path) -> None:
        spec = importlib.util.find_spec(f"pulumi_{cloud}")
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"pulumi-{cloud} is not installed; fix: uv sync")
        self.cloud = cloud
        self._package = Path(spec.origin).parent
        self._cache = cache / f"{cloud}-{sdk_version(cloud)}-{_FORMAT}"
        self._lock = threading.Lock()
        self._known: dict[str, ResourceType | None] = {}
        self._modules: dict[str, tuple[str, str]] | None = None

    def get(self, token: str) -> ResourceType | None:
        """Return the description, or None when the SDK has no such type."""
        if token in self._known:
            return self._known[token]
        with self._lock:
            if token not in self._known:
                self._known[token] = self._load(token)
            return self._known[token]

    def _load(self, token: str) -> ResourceType | None:
        name = f"{re.sub(r'[^A-Za-z0-9]+', '_', token)[:80]}-{hashlib.sha256(token.encode()).hexdigest()[:8]}"
        path = self._cache / f"{name}.json"
        try:
            return ResourceType.from_json(json.loads(path.read_text()))
        except (OSError, ValueError, KeyError, TypeError):
            pass
        if token == f"pulumi:providers:{self.cloud}":
            place: tuple[str, str] | None = (f"pulumi_{self.cloud}", "Provider")
        else:
            place = self._map().get(token)
        schema = extract(self._package, token, *place) if place else None
        if schema is not None:
            self._cache.mkdir(parents=True, exist_ok=True)
            write_whole(path, json.dumps(schema.to_json(), separators=(",", ":")))
        return schema

    def _map(self) -> dict[str, tuple[str, str]]:
        if self._modules is None:
            path = self._cache / "modules.json"
            try:
                self._modules = {key: (a, b) for key, (a, b) in json.loads(path.read_text()).items()}
            except (OSError, ValueError):
                text = (self._package / "__init__.py").read_text()
                found = re.search(r'resource_modules="""(.*?)"""', text, re.DOTALL)
                entries = json.loads(found.group(1)) if found else []
                self._modules = {
                    token: (entry["fqn"], name)
                    for entry in entries
                    for token, name in entry["classes"].items()
                }
                self._cache.mkdir(parents=True, exist_ok=True)
                path.write_text(json.dumps(self._modules))
        return self._modules
