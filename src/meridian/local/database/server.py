"""What the daemon needs of a database server, whichever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import psycopg


class Server(Protocol):
    """A server under one folder; not safe to call from several threads."""

    engine: str
    own: frozenset[str]
    """The databases that a fresh server has."""
    drop_suffix: str
    """What makes DROP DATABASE drop one that is not empty or in use."""

    @property
    def initialised(self) -> bool:
        """True when this checkout has this server, running or not."""

    @property
    def running(self) -> bool:
        """True while a process of it lives."""

    def ensure(self) -> None:
        """Start it unless it runs; raises LocalError."""

    def stop(self) -> None:
        """Stop it; what is committed stays."""

    def remove(self) -> None:
        """Stop it and remove all that it kept."""

    def connect(self) -> psycopg.Connection[Any]:
        """Connect as the superuser to a database of its own."""

    def address(self) -> dict[str, Any]:
        """Return engine, host, port, user and the files that prove who one is."""

    def status(self) -> dict[str, Any]:
        """Return at least state, pid, port and log; starts nothing."""
