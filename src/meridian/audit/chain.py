"""A journal in which every entry holds the digest of the one before: what is changed, cut out or cut off later shows.

A chain proves order and wholeness, not authorship: who may write the files may write all of them anew. So heads are
printed, and evidence packages carry them under the user's signature.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from meridian.files import write_private

START = "0" * 64
"""What the first entry names as the digest before it."""
_LOCK_SECONDS = 30.0


class ChainError(RuntimeError):
    """Raised when a journal is not what was written: the file, the rule and the fix."""


@dataclass(frozen=True)
class Head:
    """The last entry: its number (the first is 1; 0 is an empty journal) and its digest."""

    number: int
    digest: str

    def __str__(self) -> str:
        """Return the form that `meridian audit verify --expect` takes."""
        return f"{self.number}:{self.digest}"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a journal; `entry` 0 is the journal as a whole."""

    entry: int
    reason: str


class Chain:
    """One journal: a file of JSON lines and, beside it, a file with its head."""

    def __init__(self, file: Path) -> None:
        self.file = file

    @property
    def name(self) -> str:
        """The journal's name, such as actions."""
        return self.file.stem

    @property
    def _head_file(self) -> Path:
        return self.file.with_suffix(".head")

    def append(self, kind: str, content: Mapping[str, Any], now: datetime | None = None) -> Head:
        """Write one entry and return the new head; raises ChainError when the journal's end is not what was written."""
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(self.file.with_suffix(".lock"), timeout=_LOCK_SECONDS, mode=0o600):
            lines = self._whole_lines()
            last = Head(0, START)
            if lines:
                last, problem = _read(lines[-1], len(lines), None)
                if problem:
                    raise ChainError(_broken(self.file, problem))
            noted = self.head()
            if noted and (noted.number > last.number or (noted.number == last.number and noted != last)):
                raise ChainError(_broken(self.file, Problem(last.number, _cut(noted, last))))
            entry = {
                "number": last.number + 1,
                "time": (now or datetime.now(UTC)).isoformat(timespec="milliseconds"),
                "kind": kind,
                "content": content,
                "before": last.digest,
            }
            digest = _digest(entry)
            line = json.dumps({**entry, "digest": digest}, sort_keys=True, default=str)
            with os.fdopen(os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as stream:
                stream.write(line.encode() + b"\n")
                stream.flush()
                os.fsync(stream.fileno())
            head = Head(last.number + 1, digest)
            self._note(head)
            return head

    def head(self) -> Head | None:
        """Return the head as it was noted at the last write; None for a journal that was never written."""
        try:
            number, digest = self._head_file.read_text().strip().split(":")
            return Head(int(number), digest)
        except FileNotFoundError:
            return None
        except ValueError:
            return Head(0, "unreadable")

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield every entry that can be read."""
        for line in self._lines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict):
                yield entry

    def problems(self, expected: Head | None = None) -> list[Problem]:
        """Return all that is wrong; with `expected`, a head that was kept elsewhere, also whether it is still part of it."""
        found: list[Problem] = []
        digests = {0: START}
        last = Head(0, START)
        for number, line in enumerate(self._lines(), 1):
            head, problem = _read(line, number, last.digest)
            if problem:
                found.append(problem)
            last = Head(number, head.digest)
            digests[number] = head.digest
        noted = self.head()
        if noted is None and last.number:
            found.append(Problem(0, "the note of its head is gone"))
        for known in (noted, expected):
            if known and digests.get(known.number) != known.digest:
                found.append(Problem(min(known.number, last.number), _cut(known, last)))
        return found

    def _lines(self) -> list[str]:
        try:
            return self.file.read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return []

    def _whole_lines(self) -> list[str]:
        """Return the lines; the torn one of a writer that was killed in the midst of it is taken off first."""
        try:
            raw = self.file.read_bytes()
        except FileNotFoundError:
            return []
        whole = raw[: raw.rfind(b"\n") + 1]
        if whole != raw:
            os.truncate(self.file, len(whole))
        return whole.decode(errors="replace").splitlines()

    def _note(self, head: Head) -> None:
        write_private(self._head_file, str(head))


def _read(line: str, number: int, before: str | None) -> tuple[Head, Problem | None]:
    """Return an entry's head, and what is wrong with it; `before` None does not look at the entry before."""
    try:
        entry = json.loads(line)
        digest = str(entry.pop("digest"))
    except (ValueError, KeyError, AttributeError):
        return Head(number, "unreadable"), Problem(number, "it is no entry")
    head = Head(number, digest)
    if _digest(entry) != digest:
        return head, Problem(number, "its content is not what its digest says: it was changed")
    if entry.get("number") != number:
        return head, Problem(
            number, f"it says that it is number {entry.get('number')}: entries are missing or doubled"
        )
    if before is not None and entry.get("before") != before:
        return head, Problem(
            number, "it does not follow on the entry before: one was changed, taken out or put in"
        )
    return head, None


def _digest(entry: Mapping[str, Any]) -> str:
    canonical = json.dumps(entry, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _cut(known: Head, last: Head) -> str:
    if known.number > last.number:
        return f"it ends at entry {last.number}, but entry {known.number} was written: its end was cut off"
    return (
        f"entry {known.number} had digest {known.digest[:12]} when it was written: it was written anew since"
    )


def _broken(file: Path, problem: Problem) -> str:
    return (
        f"{file}: entry {problem.entry}: {problem.reason}; an entry is only ever added to a journal that is whole; "
        "fix: find out who changed it, move its files away as evidence, and a new journal begins"
    )
