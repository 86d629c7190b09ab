"""What was run on a database and what it is on its way to; kept in the database itself, chained by hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import psycopg

from meridian.provider.errors import ProviderError

_TABLES = (
    "CREATE SCHEMA IF NOT EXISTS meridian",
    """CREATE TABLE IF NOT EXISTS meridian.ledger (
  number INT8 PRIMARY KEY,
  plan TEXT NOT NULL,
  step INT8 NOT NULL,
  key TEXT NOT NULL,
  statement TEXT NOT NULL,
  previous TEXT NOT NULL,
  hash TEXT NOT NULL,
  run_by TEXT NOT NULL DEFAULT current_user,
  run_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CONSTRAINT ledger_once UNIQUE (plan, step)
)""",
    """CREATE TABLE IF NOT EXISTS meridian.target (
  id INT8 PRIMARY KEY CHECK (id = 1),
  plan TEXT NOT NULL,
  base TEXT,
  desired TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('applying', 'done')),
  changed_at TIMESTAMPTZ NOT NULL DEFAULT now()
)""",
)
_START = "0" * 64


@dataclass(frozen=True)
class Entry:
    """One statement that was run."""

    number: int
    plan: str
    step: int
    key: str
    statement: str
    previous: str
    hash: str

    def follows(self, previous: str) -> bool:
        """True when nothing of the entry, nor of those before it, was changed."""
        return self.previous == previous and self.hash == _hash(
            previous, self.number, self.plan, self.step, self.key, self.statement
        )


@dataclass(frozen=True)
class Target:
    """What the database is to be, or is; `base` is what it was when the plan was made (None: empty)."""

    plan: str
    base: str | None
    desired: str
    state: Literal["applying", "done"]


class Ledger:
    """The ledger of one database."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def exists(self) -> bool:
        """True when a schema was ever begun here."""
        row = self._connection.execute(
            "SELECT 1 FROM information_schema.tables WHERE table_schema = 'meridian' AND table_name = 'target'"
        ).fetchone()
        return row is not None

    def prepare(self) -> None:
        """Make the ledger's tables where they are not there yet."""
        if not self.exists():
            for statement in _TABLES:
                self._connection.execute(statement)

    def target(self) -> Target | None:
        """Return what the database is, or was last, on its way to."""
        row = self._connection.execute(
            "SELECT plan, base, desired, state FROM meridian.target WHERE id = 1"
        ).fetchone()
        return Target(*row) if row else None

    def begin(self, plan: str, base: str | None, desired: str) -> None:
        """Say where the database is going, before the first statement."""
        self._connection.execute(
            "INSERT INTO meridian.target (id, plan, base, desired, state) VALUES (1, %s, %s, %s, 'applying') "
            "ON CONFLICT (id) DO UPDATE SET plan = excluded.plan, base = excluded.base, "
            "desired = excluded.desired, state = excluded.state, changed_at = now()",
            [plan, base, desired],
        )

    def finish(self, plan: str) -> None:
        """Say that it has arrived."""
        self._connection.execute(
            "UPDATE meridian.target SET state = 'done', changed_at = now() WHERE id = 1 AND plan = %s", [plan]
        )

    def entries(self) -> list[Entry]:
        """Return every entry in order; raises ProviderError when one was changed behind our back."""
        rows = self._connection.execute(
            "SELECT number, plan, step, key, statement, previous, hash FROM meridian.ledger ORDER BY number"
        ).fetchall()
        entries = [Entry(*row) for row in rows]
        verify(entries)
        return entries

    def anchor(self) -> str:
        """Return `number:hash` of the last entry, for keeping elsewhere; "" when there is none."""
        entries = self.entries()
        return f"{entries[-1].number}:{entries[-1].hash}" if entries else ""

    def hold(self, anchor: str) -> None:
        """Raise ProviderError unless the ledger still has the entry of an anchor: a cut-off end is in no chain."""
        if not anchor:
            return
        number, _, digest = anchor.partition(":")
        if not any(str(each.number) == number and each.hash == digest for each in self.entries()):
            raise ProviderError(
                f"meridian.ledger, entry {number}",
                "the state has seen it and it is gone or another: the ledger was cut off, or a backup restored",
                "find out which; after a restore raise database.access.restored (docs/data.md, 'The ledger')",
            )

    def done(self, plan: str) -> dict[int, str]:
        """Return the statements of a plan that were run, by step."""
        return {entry.step: entry.statement for entry in self.entries() if entry.plan == plan}

    def add(self, plan: str, step: int, key: str, statement: str) -> None:
        """Write that a statement was run; in the statement's own transaction where there is one."""
        last = self._connection.execute(
            "SELECT number, hash FROM meridian.ledger ORDER BY number DESC LIMIT 1"
        ).fetchone()
        number, previous = (last[0] + 1, last[1]) if last else (1, _START)
        self._connection.execute(
            "INSERT INTO meridian.ledger (number, plan, step, key, statement, previous, hash) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [
                number,
                plan,
                step,
                key,
                statement,
                previous,
                _hash(previous, number, plan, step, key, statement),
            ],
        )


def verify(entries: Sequence[Entry]) -> None:
    """Raise ProviderError at the first entry that does not follow from the one before."""
    previous = _START
    for entry in entries:
        if not entry.follows(previous):
            raise ProviderError(
                f"meridian.ledger, entry {entry.number}",
                "its hash does not follow from the entry before: somebody changed the ledger",
                "compare with a backup's ledger before anything else is run (docs/data.md, 'The ledger')",
            )
        previous = entry.hash


def plan_id(base: str | None, desired: str, statements: Iterable[str]) -> str:
    """Return the name of a plan: the digest of where from, where to and how."""
    return _hash(base or "", desired, *statements)


def _hash(*parts: str | int) -> str:
    digest = hashlib.sha256()
    for part in parts:
        data = str(part).encode()
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()
