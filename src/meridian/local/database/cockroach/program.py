"""Whether a cockroach is on PATH that takes what the estate's nodes are started with."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

OLDEST = (25, 2)
"""Row-level security and `--tls-cipher-suites` came with v25.2 (CockroachDB's release notes)."""
_ANSWER_SECONDS = 30.0


@dataclass(frozen=True)
class Program:
    """A cockroach that was found: where, its version, and why it is not used (empty: it is)."""

    path: Path
    version: str
    refused: str = ""


def find(search: str | None = None) -> Program | None:
    """Return the cockroach on PATH (or another search path), None without one; starts nothing but `cockroach version`."""
    found = shutil.which("cockroach", path=search)
    if found is None:
        return None
    path = Path(found).resolve()
    try:
        answer = subprocess.run(
            [str(path), "version", "--build-tag"],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=_ANSWER_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Program(path, "unknown", f"`cockroach version` failed: {error}")
    version = answer.stdout.strip()
    known = re.match(r"v(\d+)\.(\d+)\.", version)
    if answer.returncode or known is None:
        return Program(path, "unknown", "`cockroach version --build-tag` names no version")
    if (int(known[1]), int(known[2])) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        return Program(path, version, f"it is {version} and must be v{oldest} or later")
    return Program(path, version)
