"""Results of drills as evidence: one file each, each with its digest and the digest of the one before.

An edited, removed or inserted record breaks the chain, and the head says how long it is. Whoever can write the folder
can write a whole new chain: keep the digest that a drill prints somewhere else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meridian.audit.actions import DRILLS, journal
from meridian.files import write_private
from meridian.paths import Checkout

FIRST = "0" * 64
_HEAD = "HEAD"


@dataclass(frozen=True)
class Record:
    """One kept result."""

    file: Path
    content: Mapping[str, Any]

    @property
    def slug(self) -> str:
        """Which drill it was."""
        return str(self.content.get("slug", ""))

    @property
    def ended(self) -> float:
        """When it ended, in seconds since 1970."""
        return float(self.content["result"]["ended"])

    @property
    def held(self) -> bool:
        """Whether all that is demanded held."""
        return bool(self.content["result"]["held"])


def folder(checkout: Checkout, environment: str) -> Path:
    """Return where an environment's results are kept."""
    return checkout.work / "evidence" / environment / "drills"


def keep(checkout: Checkout, environment: str, slug: str, result: Mapping[str, Any]) -> Record:
    """Add a result to the chain and note its digest in the audit journal of drills; raises ChainError when that was changed."""
    place = folder(checkout, environment)
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    known = sorted(place.glob("*.json"))
    number = int(known[-1].name.split("-", 1)[0]) + 1 if known else 1
    previous = str(json.loads(known[-1].read_text())["digest"]) if known else FIRST
    body = json.loads(json.dumps({"number": number, "previous": previous, "slug": slug, "result": result}))
    content = {**body, "digest": digest(body)}
    file = place / f"{number:04}-{slug}.json"
    write_private(file, (json.dumps(content, indent=1) + "\n").encode())
    write_private(place / _HEAD, json.dumps({"number": number, "digest": content["digest"]}).encode())
    entry = {
        "environment": environment,
        "file": str(file.relative_to(checkout.work)),
        "digest": content["digest"],
    }
    journal(checkout, DRILLS).append("drill", {**entry, "held": bool(result["held"])})
    return Record(file, content)


def records(checkout: Checkout, environment: str) -> list[Record]:
    """Return every readable record, oldest first; `verify` tells of the others."""
    found = []
    for file in sorted(folder(checkout, environment).glob("*.json")):
        try:
            content = json.loads(file.read_text())
            record = Record(file, content)
            _ = (record.ended, record.held)
        except (OSError, ValueError, KeyError, TypeError):
            continue
        found.append(record)
    return found


def verify(checkout: Checkout, environment: str) -> list[str]:
    """Return what is wrong with the chain, and nothing when it is whole."""
    place = folder(checkout, environment)
    problems = []
    previous, expected = FIRST, 1
    for file in sorted(place.glob("*.json")):
        try:
            content = json.loads(file.read_text())
            number = content["number"]
            body = {key: value for key, value in content.items() if key != "digest"}
            if content["digest"] != digest(body):
                problems.append(f"{file.name}: edited after it was kept: its digest is another")
            if number != int(file.name.split("-", 1)[0]):
                problems.append(f"{file.name}: renamed: it is number {number}")
            if number != expected:
                problems.append(f"{file.name}: {_gap(expected, number)}")
            elif content["previous"] != previous:
                problems.append(f"{file.name}: does not follow the record before it")
            previous, expected = content["digest"], number + 1
        except (OSError, ValueError, KeyError, TypeError) as error:
            problems.append(f"{file.name}: cannot be read: {error}")
            previous, expected = "", expected + 1
    problems += _head(place, previous, expected - 1)
    return problems


def digest(body: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a record without its digest, written in one way only."""
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _gap(expected: int, number: int) -> str:
    missing = range(expected, number)
    return (
        f"number {', '.join(map(str, missing))} before it is missing"
        if missing
        else "its number stands twice"
    )


def _head(place: Path, last: str, count: int) -> list[str]:
    file = place / _HEAD
    if not file.exists():
        return [f"{_HEAD} is missing"] if count else []
    try:
        head = json.loads(file.read_text())
        number, kept = int(head["number"]), str(head["digest"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [f"{_HEAD}: cannot be read: {error}"]
    if number > count:
        return [f"number {', '.join(map(str, range(count + 1, number + 1)))} at the end is missing"]
    return [] if (number, kept) == (count, last) else [f"{_HEAD} does not name the last record"]
