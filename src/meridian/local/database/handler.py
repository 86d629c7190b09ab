"""`meridian:local:Database`: a database on this machine as a resource; the daemon keeps its server."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from meridian.local import rendezvous
from meridian.paths import find_checkout
from meridian.provider.errors import ProviderError
from meridian.provider.handler import KIND, Diff, Found, Handler, Inputs, Made, Outputs

TOKEN = "meridian:local:Database"  # noqa: S105 - a type token


class DatabaseInputs(Inputs):
    """A database's name."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")


class LocalDatabases(Handler[DatabaseInputs]):
    """Asks the checkout's daemon; the password is an output and secret."""

    token: ClassVar[str] = TOKEN
    inputs = DatabaseInputs
    fixed: ClassVar[frozenset[str]] = frozenset({"name"})
    secret_outputs: ClassVar[frozenset[str]] = frozenset({"password"})
    unknown_outputs: ClassVar[frozenset[str]] = frozenset({"engine", "host", "port", "user", "password"})

    def diff(self, old: DatabaseInputs, new: DatabaseInputs, outputs: Outputs) -> Diff:
        """Differ also when the server came back at another address."""
        found = super().diff(old, new, outputs)
        if found.changed:
            return found
        now = _outputs(_ask("ensure", old.name))
        moved = any(now[name] != outputs.get(name) for name in ("engine", "host", "port", "password"))
        return Diff({"port": KIND.UPDATE}) if moved else Diff()

    def create(self, new: DatabaseInputs) -> Made:
        """Make the database; start the server when it does not run."""
        return Made(new.name, _outputs(_ask("ensure", new.name)))

    def read(self, id: str, inputs: DatabaseInputs | None, outputs: Outputs) -> Found[DatabaseInputs] | None:
        """Return how to reach it, None when it was dropped."""
        found = _ask("find", id)
        return Found(id, _outputs(found), DatabaseInputs(name=id)) if found else None

    def update(self, id: str, old: DatabaseInputs, new: DatabaseInputs, outputs: Outputs) -> Outputs:
        """Take over the address where it is now."""
        return _outputs(_ask("ensure", new.name))

    def delete(self, id: str, inputs: DatabaseInputs, outputs: Outputs) -> None:
        """Drop the database: it is of this machine only."""
        _ask("drop", id)


def _outputs(address: dict[str, Any]) -> dict[str, Any]:
    kept = {name: address[name] for name in ("engine", "host", "port", "user")}
    return {**kept, "password": Path(address["password_file"]).read_text()}


def _ask(action: str, name: str) -> Any:
    try:
        link = rendezvous.ensure(find_checkout().root, sys.executable)
        try:
            return link.call("database", action=action, name=name)
        finally:
            link.close()
    except (rendezvous.DaemonError, OSError) as error:
        raise ProviderError(f"database {name}", str(error), "see `meridian local logs`") from error
