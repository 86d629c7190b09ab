"""Keeps what a verification found, with its digest in the journal of evidence."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from meridian.audit.actions import EVIDENCE, journal
from meridian.paths import Checkout
from meridian.verify.result import Checked, Outcome


def keep(checkout: Checkout, environment: str, found: Sequence[Checked]) -> Path:
    """Write the results under .meridian/evidence in one step and note their SHA-256; return the file."""
    now = datetime.now(UTC)
    folder = checkout.work / "evidence" / environment / "verify"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / f"{now:%Y%m%dT%H%M%S%fZ}.json"
    content = {
        "environment": environment,
        "time": now.isoformat(timespec="seconds"),
        "checks": [each.to_json() for each in found],
    }
    raw = json.dumps(content, indent=1).encode() + b"\n"
    fresh = file.with_name(f".{file.name}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(raw)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(file)
    entry = {
        "environment": environment,
        "file": str(file.relative_to(checkout.work)),
        "sha256": hashlib.sha256(raw).hexdigest(),
        "outcomes": {each.value: sum(one.outcome is each for one in found) for each in Outcome},
    }
    journal(checkout, EVIDENCE).append("verify", entry, now)
    return file
