"""Gathers what a preview's engines planned, and what they planned it from, into one merged plan."""

from __future__ import annotations

import hashlib
import importlib.metadata
import subprocess
from collections.abc import Iterable
from pathlib import Path

from meridian.orchestrator.engine import event_log
from meridian.orchestrator.session import Session
from meridian.paths import Checkout
from meridian.plan import Plan, PlannedResource
from meridian.plan.read import read_unit

_SDKS = (
    "pulumi",
    "pulumi-gcp",
    "pulumi-aws",
    "pulumi-kubernetes",
    "pulumi-random",
    "pulumi-tls",
    "pulumi-cloudflare",
)
_SOURCES = (
    "policies",
    "src/meridian",
    "components",
    "stacks/assumptions",
    "stacks/tables.yaml",
    "requirements.lock",
    "Pulumi.yaml",
)
_CODE = frozenset({".py", ".yaml", ".lock", ".json"})


def merged_plan(session: Session, units: Iterable[str]) -> Plan:
    """Return the plan of the preview that has just run in this session; a unit that failed at once has no resources in it."""
    found: dict[str, tuple[PlannedResource, ...]] = {}
    for unit in units:
        log = event_log(session, unit)
        if not log.exists():
            found[unit] = ()  # its engine ended before it planned anything: the result says why
            continue
        with log.open("rb") as lines:
            found[unit] = read_unit(unit, lines)
    return Plan(
        session.environment,
        session.providers.value,
        revision(session.checkout),
        inputs(session.checkout, session.environment),
        found,
    )


def inputs(checkout: Checkout, environment: str) -> dict[str, str]:
    """Return the digests of all that the program reads, and the versions of the provider SDKs."""
    data = {
        str(file.relative_to(checkout.root)): _digest([file])
        for file in sorted((checkout.stacks / environment).glob("*.yaml"))
    }
    code = {
        name: _digest(_files(checkout.root / name)) for name in _SOURCES if (checkout.root / name).exists()
    }
    versions = {f"version of {name}": importlib.metadata.version(name) for name in _SDKS}
    return {**data, **code, **versions}


def revision(checkout: Checkout) -> str:
    """Return the tree of the checkout's commit; `unversioned` outside of version control.

    The tree, not the commit: a merge makes a new commit of the tree that was reviewed. Uncommitted changes show in `inputs`.
    """
    try:
        said = subprocess.run(
            ["git", "rev-parse", "HEAD^{tree}"],
            cwd=checkout.root,
            capture_output=True,
            text=True,
            check=False,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return "unversioned"
    return said.stdout.strip() if said.returncode == 0 else "unversioned"


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return sorted(
        file for file in path.rglob("*") if file.suffix in _CODE and "__pycache__" not in file.parts
    )


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.name}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]
