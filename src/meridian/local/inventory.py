"""What exists in the embedded clouds: durable, in SQLite; secret values are encrypted at rest."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from meridian.files import make_private
from meridian.local.errors import LocalError
from meridian.protocol.values import UNKNOWN, Secret

_TABLES = """
CREATE TABLE IF NOT EXISTS resources (
  row INTEGER PRIMARY KEY, cloud TEXT NOT NULL, environment TEXT NOT NULL, token TEXT NOT NULL, id TEXT NOT NULL,
  name TEXT NOT NULL, scope TEXT NOT NULL, urn TEXT NOT NULL, inputs TEXT NOT NULL, outputs TEXT NOT NULL,
  acknowledged INTEGER NOT NULL, created REAL NOT NULL, place TEXT NOT NULL,
  UNIQUE (environment, token, place, id));
CREATE INDEX IF NOT EXISTS resources_names ON resources (token, scope, name);
CREATE TABLE IF NOT EXISTS handles (value TEXT NOT NULL, row INTEGER NOT NULL REFERENCES resources ON DELETE CASCADE);
CREATE INDEX IF NOT EXISTS handles_values ON handles (value);
CREATE TABLE IF NOT EXISTS uses (value TEXT NOT NULL, row INTEGER NOT NULL REFERENCES resources ON DELETE CASCADE);
CREATE INDEX IF NOT EXISTS uses_values ON uses (value);
"""
_MARK = "$secret"
_ANEW = "put back a copy, or begin anew: `make clean` and `make up`"


@dataclass(frozen=True)
class Record:
    """One resource of a cloud."""

    row: int
    cloud: str
    environment: str
    token: str
    id: str
    name: str
    urn: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    acknowledged: bool


class Inventory:
    """Thread-safe: one connection behind one lock, every call one transaction."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        key = folder / "inventory.key"
        try:
            self._fernet = Fernet(_key(key))
        except ValueError as error:
            raise LocalError(str(key), f"is no key ({error})", _ANEW) from None
        self._lock = threading.RLock()
        self.revision = 0
        """Grows with every change: who follows the inventory compares it."""
        self._db = sqlite3.connect(folder / "inventory.db", check_same_thread=False, isolation_level=None)
        (folder / "inventory.db").chmod(0o600)
        # NORMAL in WAL survives the death of a process; only a power cut may lose the last moments.
        try:
            self._db.executescript(
                f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; {_TABLES}"
            )
        except sqlite3.DatabaseError as error:
            raise LocalError(str(folder / "inventory.db"), f"cannot be used ({error})", _ANEW) from None

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def add(
        self,
        record: Record,
        scope: str,
        handles: Iterable[str],
        uses: Iterable[str],
        place: str = "",
    ) -> None:
        """Store a new resource with the values by which others may name it and the values that it names.

        `place` is the region where ids are only unique by region (a log group's, a key alias's).
        """
        with self._lock, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            cursor = self._db.execute(
                "INSERT INTO resources (cloud, environment, token, id, name, scope, urn, inputs, outputs, acknowledged, created, place)"
                " VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
                (
                    *(
                        record.cloud,
                        record.environment,
                        record.token,
                        record.id,
                        record.name,
                        scope,
                        record.urn,
                    ),
                    *(
                        self._dump(record.inputs),
                        self._dump(record.outputs),
                        int(record.acknowledged),
                        time.time(),
                        place,
                    ),
                ),
            )
            self._link(cursor.lastrowid or 0, handles, uses)
            self.revision += 1

    def replace(self, record: Record, handles: Iterable[str], uses: Iterable[str]) -> None:
        """Store a resource's new inputs and outputs."""
        with self._lock, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute(
                "UPDATE resources SET inputs=?, outputs=?, acknowledged=?, name=? WHERE row=?",
                (
                    self._dump(record.inputs),
                    self._dump(record.outputs),
                    int(record.acknowledged),
                    record.name,
                    record.row,
                ),
            )
            self._db.execute("DELETE FROM handles WHERE row=?", (record.row,))
            self._db.execute("DELETE FROM uses WHERE row=?", (record.row,))
            self._link(record.row, handles, uses)
            self.revision += 1

    def acknowledge(self, environment: str, token: str, identifier: str, place: str = "") -> None:
        """Note that the engine knows of a resource."""
        with self._lock, self._db:
            self._db.execute(
                "UPDATE resources SET acknowledged=1 WHERE environment=? AND token=? AND id=? AND place=? AND acknowledged=0",
                (environment, token, identifier, place),
            )

    def remove(self, row: int) -> None:
        """Forget a resource."""
        with self._lock, self._db:
            self._db.execute("DELETE FROM resources WHERE row=?", (row,))
            self.revision += 1

    def by_id(self, environment: str, token: str, identifier: str, place: str = "") -> Record | None:
        """Return the resource of a type with this id."""
        return self._one(
            "environment=? AND token=? AND id=? AND place=?", (environment, token, identifier, place)
        )

    def by_name(self, token: str, scope: str, name: str) -> Record | None:
        """Return the resource that holds a name in its scope."""
        return self._one("token=? AND scope=? AND name=?", (token, scope, name))

    def lost(self, environment: str, token: str, urn: str) -> Record | None:
        """Return a resource that was made for this URN but whose engine never heard of it."""
        return self._one("environment=? AND token=? AND urn=? AND acknowledged=0", (environment, token, urn))

    def named(self, environment: str, value: str) -> Record | None:
        """Return the resource that answers to an id, ARN, self link or the like."""
        return self._one(
            "environment=? AND row IN (SELECT row FROM handles WHERE value=?)", (environment, value)
        )

    def links(self, row: int) -> tuple[list[str], list[str]]:
        """Return by which values a resource is named, and which values it names."""
        with self._lock:
            handles = self._db.execute("SELECT value FROM handles WHERE row=?", (row,)).fetchall()
            uses = self._db.execute("SELECT value FROM uses WHERE row=?", (row,)).fetchall()
        return [value for (value,) in handles], [value for (value,) in uses]

    def dependants(self, record: Record) -> list[Record]:
        """Return what names this resource."""
        return self._many(
            "environment=? AND cloud=? AND row<>? AND row IN (SELECT uses.row FROM uses JOIN handles USING (value) WHERE handles.row=?)",
            (record.environment, record.cloud, record.row, record.row),
        )

    def all(
        self, cloud: str | None = None, environment: str | None = None, token: str | None = None
    ) -> list[Record]:
        """Return all resources, oldest first."""
        wanted = {"cloud": cloud, "environment": environment, "token": token}
        given = {name: value for name, value in wanted.items() if value is not None}
        where = " AND ".join(f"{name}=?" for name in given) or "1"
        return self._many(f"{where} ORDER BY row", tuple(given.values()))

    def _link(self, row: int, handles: Iterable[str], uses: Iterable[str]) -> None:
        self._db.executemany(
            "INSERT INTO handles VALUES (?,?)", [(value, row) for value in dict.fromkeys(handles)]
        )
        self._db.executemany("INSERT INTO uses VALUES (?,?)", [(value, row) for value in dict.fromkeys(uses)])

    def _one(self, where: str, values: tuple[Any, ...]) -> Record | None:
        found = self._many(f"{where} LIMIT 1", values)
        return found[0] if found else None

    def _many(self, where: str, values: tuple[Any, ...]) -> list[Record]:
        # Every `where` is a constant of this file; values are bound.
        query = f"SELECT row, cloud, environment, token, id, name, urn, inputs, outputs, acknowledged FROM resources WHERE {where}"  # noqa: S608
        with self._lock:
            rows = self._db.execute(query, values).fetchall()
        return [
            Record(
                *(row, cloud, environment, token, identifier, name, urn),
                inputs=self._load(inputs),
                outputs=self._load(outputs),
                acknowledged=bool(acknowledged),
            )
            for row, cloud, environment, token, identifier, name, urn, inputs, outputs, acknowledged in rows
        ]

    def _dump(self, value: Mapping[str, Any]) -> str:
        return json.dumps(self._seal(value))

    def _load(self, text: str) -> dict[str, Any]:
        opened = self._open(json.loads(text))
        return opened if isinstance(opened, dict) else {}

    def _seal(self, value: Any) -> Any:
        if isinstance(value, Secret):
            return {_MARK: self._fernet.encrypt(json.dumps(self._seal(value.value)).encode()).decode()}
        if isinstance(value, Mapping):
            return {name: self._seal(each) for name, each in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._seal(each) for each in value]
        return None if value is UNKNOWN else value

    def _open(self, value: Any) -> Any:
        if isinstance(value, dict):
            if set(value) == {_MARK}:
                return Secret(self._open(json.loads(self._fernet.decrypt(value[_MARK].encode()))))
            return {name: self._open(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self._open(each) for each in value]
        return value


def _key(file: Path) -> bytes:
    """Return the encryption key, made whole on first use, readable by its owner only."""
    if not file.exists():
        make_private(file, Fernet.generate_key())
    return file.read_bytes()
