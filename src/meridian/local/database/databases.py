"""The databases of one checkout, as the daemon keeps them."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meridian.local.database.postgres import SUPERUSER, Postgres

if TYPE_CHECKING:
    import psycopg

_LOG = logging.getLogger("meridian.local")
_OWN = ("postgres", "template0", "template1")


class Databases:
    """One server, started on demand; safe to call from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = Postgres(folder)
        self._lock = threading.RLock()

    def ensure(self, name: str) -> dict[str, Any]:
        """Return how to reach a database, making it and starting the server as needed; raises LocalError."""
        from psycopg import sql

        with self._lock:
            self._server.ensure()
            with self._connect() as connection:
                known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
                if not known:
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            return self.address(name)

    def find(self, name: str) -> dict[str, Any] | None:
        """Return how to reach a database; None when there is none of this name."""
        with self._lock:
            if not self._server.initialised:
                return None
            self._server.ensure()
            return self.address(name) if name in self.names() else None

    def drop(self, name: str) -> None:
        """Drop a database and end its sessions; the server stops with the last one."""
        from psycopg import sql

        with self._lock:
            if not self._server.initialised:
                return
            self._server.ensure()
            with self._connect() as connection:
                connection.execute(
                    sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
                )
            if not self.names():
                self._server.remove()

    def names(self) -> list[str]:
        """Return the databases that were made; none while the server is stopped."""
        with self._lock:
            if not self._server.running:
                return []
            with self._connect() as connection:
                return self._names(connection)

    def address(self, name: str) -> dict[str, Any]:
        """Return host, port, user, database and where the password lies."""
        return {
            "engine": "postgresql",
            "host": "127.0.0.1",
            "port": self._server.port,
            "user": SUPERUSER,
            "database": name,
            "password_file": str(self._server.password_file),
            "passfile": str(self._server.passfile),
        }

    def status(self) -> dict[str, Any]:
        """Return engine, state, process and databases; starts nothing."""
        with self._lock:
            state = (
                "running"
                if self._server.running
                else "stopped"
                if self._server.initialised
                else "not made yet"
            )
            return {
                "engine": "postgresql",
                "state": state,
                "pid": self._server.pid,
                "port": self._server.port,
                "databases": self.names(),
                "log": str(self._folder / "postgres.log"),
            }

    def restore(self) -> None:
        """Start the server again where one was made: after a kill, a reboot or `meridian down`."""
        with self._lock:
            if self._server.initialised:
                try:
                    self._server.ensure()
                    if not self.names():
                        self._server.stop()
                except Exception:
                    _LOG.exception("restoring the database")

    def stop(self) -> None:
        """Stop the server."""
        with self._lock:
            self._server.stop()

    def _connect(self) -> psycopg.Connection[Any]:
        import psycopg

        return psycopg.connect(
            host="127.0.0.1",
            port=self._server.port,
            user=SUPERUSER,
            password=self._server.password_file.read_text(),
            dbname="postgres",
            autocommit=True,
        )

    @staticmethod
    def _names(connection: psycopg.Connection[Any]) -> list[str]:
        rows = connection.execute("SELECT datname FROM pg_database ORDER BY datname").fetchall()
        return [row[0] for row in rows if row[0] not in _OWN]
