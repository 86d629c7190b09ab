"""Who did what to an environment from this checkout: one journal of actions, beside those of drills and evidence."""

from __future__ import annotations

import getpass
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from meridian.audit.chain import Chain, Head
from meridian.paths import Checkout

ACTIONS, EVIDENCE, DRILLS = "actions", "evidence", "drills"


def folder(checkout: Checkout) -> Path:
    """Return where a checkout's journals lie."""
    return checkout.work / "audit"


def journal(checkout: Checkout, name: str) -> Chain:
    """Return one journal."""
    return Chain(folder(checkout) / f"{name}.jsonl")


def journals(checkout: Checkout) -> list[Chain]:
    """Return every journal that was ever written, also one whose file is gone and whose head is left."""
    found = {file.stem for suffix in ("*.jsonl", "*.head") for file in folder(checkout).glob(suffix)}
    return [journal(checkout, name) for name in sorted(found)]


def note(checkout: Checkout, kind: str, environment: str, content: Mapping[str, Any]) -> Head:
    """Write down an action with its user, host and command line; raises ChainError for a journal that was tampered with."""
    who = {
        "user": getpass.getuser(),
        "host": socket.gethostname(),
        "command": " ".join(["meridian", *sys.argv[1:]]),
    }
    return journal(checkout, ACTIONS).append(kind, {"environment": environment, **who, **content})
