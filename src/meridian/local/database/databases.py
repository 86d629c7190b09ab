"""The databases of one checkout, as the daemon keeps them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from meridian.local.database.cockroach.nodes import Cockroach
from meridian.local.database.cockroach.plan import ClusterPlan
from meridian.local.database.postgres import Postgres
from meridian.local.database.server import Server

_LOG = logging.getLogger("meridian.local")


class Databases:
    """One server, started on demand; safe to call from several threads.

    Which one is decided when the first database is made and stays until the last is dropped: data does not move.
    """

    def __init__(self, folder: Path) -> None:
        self._postgres = Postgres(folder)
        self._cockroach = Cockroach(folder / "cockroach")
        self._lock = threading.RLock()

    def ensure(self, name: str, cluster: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return how to reach a database, making it and starting the server as needed; raises LocalError.

        `cluster` says how CockroachDB's nodes are started (`ClusterPlan`); without it a new server is PostgreSQL.
        """
        from psycopg import sql

        with self._lock:
            if cluster is not None and not self._postgres.initialised:
                self._cockroach.adopt(ClusterPlan.of(cluster))
            server = self._server
            server.ensure()
            with server.connect() as connection:
                known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
                if not known:
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            return {**server.address(), "database": name}

    def find(self, name: str) -> dict[str, Any] | None:
        """Return how to reach a database; None when there is none of this name."""
        with self._lock:
            server = self._server
            if not server.initialised:
                return None
            server.ensure()
            return {**server.address(), "database": name} if name in self.names() else None

    def drop(self, name: str) -> None:
        """Drop a database and end its sessions; the server stops with the last one."""
        from psycopg import sql

        with self._lock:
            server = self._server
            if not server.initialised:
                return
            server.ensure()
            with server.connect() as connection:
                drop = sql.SQL("DROP DATABASE IF EXISTS {} {}")
                connection.execute(drop.format(sql.Identifier(name), sql.SQL(server.drop_suffix)))
            if not self.names():
                server.remove()

    def names(self) -> list[str]:
        """Return the databases that were made; none while the server is stopped."""
        with self._lock:
            server = self._server
            if not server.running:
                return []
            with server.connect() as connection:
                rows = connection.execute(
                    "SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY datname"
                ).fetchall()
            return [row[0] for row in rows if row[0] not in server.own]

    def status(self) -> dict[str, Any]:
        """Return engine, state, process and databases; starts nothing."""
        with self._lock:
            server = self._server
            return {"engine": server.engine, **server.status(), "databases": self.names()}

    def restore(self) -> None:
        """Start the server again where one was made: after a kill, a reboot or `meridian down`."""
        with self._lock:
            server = self._server
            if server.initialised:
                try:
                    server.ensure()
                    if not self.names():
                        server.stop()
                except Exception:
                    _LOG.exception("restoring the database")

    def stop(self) -> None:
        """Stop the server."""
        with self._lock:
            self._server.stop()

    @property
    def _server(self) -> Server:
        return self._cockroach if self._cockroach.initialised else self._postgres
