"""`meridian:local:Database`: a database on this machine as a resource; the daemon keeps its server."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from meridian.local import rendezvous
from meridian.local.database.cockroach import program
from meridian.paths import find_checkout
from meridian.provider.errors import ProviderError
from meridian.provider.handler import KIND, Diff, Found, Handler, Inputs, Made, Outputs, Plan

TOKEN = "meridian:local:Database"  # noqa: S105 - a type token


class ClusterInputs(Inputs):
    """How CockroachDB's nodes are started where a cockroach is on PATH: see `ClusterPlan` for the places."""

    nodes: dict[str, tuple[str, ...]] = Field(min_length=1)
    """Each node's arguments, by the node's key."""
    log_config: str
    clients: tuple[str, ...] = ()
    """SQL users that get a client certificate in the checkout, besides root."""


class DatabaseInputs(Inputs):
    """A database's name, and what it takes to run it on CockroachDB; none: it is always PostgreSQL."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")
    cluster: ClusterInputs | None = None


class LocalDatabases(Handler[DatabaseInputs]):
    """Asks the checkout's daemon; password and key are outputs and secret.

    The engine is chosen by what is on PATH when the database is made, so a plan knows it; then it stays.
    """

    token: ClassVar[str] = TOKEN
    inputs = DatabaseInputs
    fixed: ClassVar[frozenset[str]] = frozenset({"name"})
    secret_outputs: ClassVar[frozenset[str]] = frozenset({"password", "key"})
    unknown_outputs: ClassVar[frozenset[str]] = frozenset(
        {"engine", "host", "port", "user", "password", "authority", "certificate", "key"}
    )

    def diff(self, old: DatabaseInputs, new: DatabaseInputs, outputs: Outputs) -> Diff:
        """Differ also when the server came back at another address; PostgreSQL cares for no node's flags."""
        if outputs.get("engine") == "postgresql":
            old = old.model_copy(update={"cluster": new.cluster})
        found = super().diff(old, new, outputs)
        if found.changed:
            return found
        now = _outputs(_ask("ensure", old))
        moved = any(now[name] != outputs.get(name) for name in now)
        return Diff({"port": KIND.UPDATE}) if moved else Diff()

    def plan(self, old: DatabaseInputs | None, new: DatabaseInputs, outputs: Outputs) -> Plan:
        """Say which server it will be and why."""
        if old is not None or new.cluster is None:
            return Plan()
        found = program.find()
        if found is None:
            return Plan({"engine": "postgresql"}, ["-- PostgreSQL: no cockroach is on PATH"])
        if found.refused:
            told = f"-- PostgreSQL: {found.path} is not used: {found.refused}"
            return Plan({"engine": "postgresql"}, [told])
        count = len(new.cluster.nodes)
        told = f"-- CockroachDB {found.version}: {count} processes of {found.path}"
        return Plan({"engine": "cockroachdb"}, [told])

    def create(self, new: DatabaseInputs) -> Made:
        """Make the database; start the server when it does not run."""
        return Made(new.name, _outputs(_ask("ensure", new)))

    def read(self, id: str, inputs: DatabaseInputs | None, outputs: Outputs) -> Found[DatabaseInputs] | None:
        """Return how to reach it, None when it was dropped."""
        kept = DatabaseInputs(name=id, cluster=inputs.cluster if inputs else None)
        found = _ask("find", kept)
        return Found(id, _outputs(found), kept) if found else None

    def update(self, id: str, old: DatabaseInputs, new: DatabaseInputs, outputs: Outputs) -> Outputs:
        """Take over the address where it is now; nodes whose flags changed start anew."""
        return _outputs(_ask("ensure", new))

    def delete(self, id: str, inputs: DatabaseInputs, outputs: Outputs) -> None:
        """Drop the database: it is of this machine only."""
        _ask("drop", inputs)


def _outputs(address: dict[str, Any]) -> dict[str, Any]:
    """Return the outputs; a proof that the engine does not use is empty, so that a plan knows it too."""
    kept = {name: address[name] for name in ("engine", "host", "port", "user")}
    proofs = {
        name: Path(address[file]).read_text() if (file := f"{name}_file") in address else ""
        for name in ("password", "authority", "certificate", "key")
    }
    return {**kept, **proofs}


def _cluster(given: ClusterInputs | None) -> dict[str, Any] | None:
    """Return what the daemon starts: PATH is that of whoever runs `up`, the daemon's may be of another day."""
    found = program.find() if given is not None else None
    if given is None or found is None or found.refused:
        return None
    return {"program": str(found.path), **given.model_dump()}


def _ask(action: str, inputs: DatabaseInputs) -> Any:
    try:
        link = rendezvous.ensure(find_checkout().root, sys.executable)
        try:
            cluster = _cluster(inputs.cluster) if action == "ensure" else None
            return link.call("database", action=action, name=inputs.name, cluster=cluster)
        finally:
            link.close()
    except (rendezvous.DaemonError, OSError) as error:
        raise ProviderError(f"database {inputs.name}", str(error), "see `meridian local logs`") from error
