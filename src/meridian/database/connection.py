"""How a database is reached; encrypted and verified unless it never leaves this machine."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic.alias_generators import to_camel

from meridian.provider.errors import ProviderError

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_CONNECT_SECONDS = 20


class Connection(BaseModel):
    """Host, user and what proves both sides: a client certificate, or on this machine a password."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)

    host: str = Field(min_length=1)
    port: int = Field(ge=1, le=65535)
    user: str = Field(min_length=1)
    password: SecretStr | None = None
    authority: str | None = None
    """Certificates (PEM) of the authorities that may have signed the server's."""
    certificate: str | None = None
    key: SecretStr | None = None

    @model_validator(mode="after")
    def _verified(self) -> Connection:
        if self.authority is None and self.host not in _LOOPBACK:
            raise ValueError(
                f"{self.host} is another machine and its certificate would not be verified; fix: give authority"
            )
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together; fix: give both")
        return self


@contextmanager
def connect(connection: Connection, database: str) -> Iterator[psycopg.Connection[Any]]:
    """Connect in autocommit; raises ProviderError when nobody answers or the sign-in is refused.

    libpq reads a client's key from a file only: it lies in a folder of its own that is removed before anything runs.
    """
    with tempfile.TemporaryDirectory(prefix="meridian-sql-") as folder:
        try:
            settings = make_conninfo(
                host=connection.host,
                port=connection.port,
                user=connection.user,
                password=connection.password.get_secret_value() if connection.password else None,
                dbname=database,
                connect_timeout=_CONNECT_SECONDS,
                application_name="meridian",
                **_encryption(connection, Path(folder)),
            )
            opened = psycopg.connect(settings, autocommit=True)
        except psycopg.OperationalError as error:
            raise ProviderError(
                f"{connection.user}@{connection.host}:{connection.port}/{database}",
                f"the database does not let us in: {str(error).strip()}",
                "see docs/data.md, 'Reaching the database'",
            ) from error
    with opened:
        yield opened


def _encryption(connection: Connection, folder: Path) -> dict[str, str]:
    if connection.authority is None:
        return {"sslmode": "disable"}
    settings = {"sslmode": "verify-full", "sslrootcert": _file(folder, "ca.crt", connection.authority)}
    if connection.certificate is not None and connection.key is not None:
        settings["sslcert"] = _file(folder, "client.crt", connection.certificate)
        settings["sslkey"] = _file(folder, "client.key", connection.key.get_secret_value())
    return settings


def _file(folder: Path, name: str, text: str) -> str:
    path = folder / name
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(text)
    return str(path)
