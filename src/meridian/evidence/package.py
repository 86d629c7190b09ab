"""Writes a package: every file, then the manifest, then its signature."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from meridian.evidence import oscal, pages, sarif, table
from meridian.evidence.flow_svg import draw
from meridian.evidence.flows import flow_map
from meridian.evidence.model import Evidence
from meridian.evidence.processing import record
from meridian.evidence.signing import MANIFEST, SIGNATURE, manifest
from meridian.files import write_whole
from meridian.model.environment import Environment


@dataclass(frozen=True)
class Package:
    """What was written."""

    folder: Path
    files: tuple[str, ...]
    digest: str
    """SHA-256 of the manifest: whoever keeps it can tell the package from any other."""


def contents(evidence: Evidence, environment: Environment) -> dict[str, bytes]:
    """Return every file but the manifest."""
    flows = flow_map(environment, evidence.plan)
    map_ = draw(flows)
    processing = record(environment, evidence.registers, evidence.plan, flows, evidence.made)
    texts = {
        "assessment-results.json": oscal.render(evidence),
        "controls.csv": table.render(evidence),
        "findings.sarif": sarif.render(evidence),
        "report.html": pages.report(evidence, map_),
        "processing-record.json": json.dumps(processing, indent=1) + "\n",
        "processing-record.html": pages.processing_record(processing, map_),
        "data-flows.svg": map_ + "\n",
    }
    return {name: text.encode() for name, text in texts.items()}


def write(
    evidence: Evidence, environment: Environment, folder: Path, key: Ed25519PrivateKey | None
) -> Package:
    """Write the package; a former one in the folder is replaced, and stands without manifest meanwhile."""
    files = contents(evidence, environment)
    listed = manifest(files)
    folder.mkdir(parents=True, exist_ok=True)
    for name in (SIGNATURE, MANIFEST):
        (folder / name).unlink(missing_ok=True)
    if key:
        files[SIGNATURE] = key.sign(listed)
    files[MANIFEST] = listed
    for name, content in files.items():
        write_whole(folder / name, content)
    return Package(folder, tuple(files), hashlib.sha256(listed).hexdigest())
