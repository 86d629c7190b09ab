"""How libpq reaches a database of this machine, from the address that the daemon gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def proofs(address: Mapping[str, Any]) -> dict[str, str]:
    """Return libpq's settings that prove who we are and, over TLS, who the server is."""
    if "passfile" in address:
        return {"passfile": address["passfile"]}
    return {
        "sslmode": "verify-full",
        "sslrootcert": address["authority_file"],
        "sslcert": address["certificate_file"],
        "sslkey": address["key_file"],
    }


def settings(address: Mapping[str, Any]) -> str:
    """Return a connection string; password or key stays in a file that it names."""
    from psycopg.conninfo import make_conninfo

    return make_conninfo(
        host=address["host"],
        port=address["port"],
        user=address["user"],
        dbname=address["database"],
        **proofs(address),
    )
