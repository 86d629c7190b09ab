"""The nodes as processes on a laptop: the pods' flags, with places that the machine fills. Imports no Pulumi."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.cockroach.flags import Runtime, StoreKey, start_flags
from components.cockroach.logs import log_config
from meridian.model.environment import Environment
from meridian.model.topology import Node, join_nodes, nodes

_MIN_GROUP_MIB = 50


@dataclass(frozen=True, kw_only=True)
class Processes:
    """What each node is started with; the places are those of `meridian.local.database.cockroach.plan`."""

    nodes: Mapping[str, tuple[str, ...]]
    log_config: str
    clients: tuple[str, ...]
    """Who signs in by certificate besides root: the host rules of `stacks/tables.yaml` let in nobody by password."""

    def as_input(self) -> dict[str, Any]:
        """Return what travels to the provider."""
        return {
            "nodes": {name: list(flags) for name, flags in self.nodes.items()},
            "logConfig": self.log_config,
            "clients": list(self.clients),
        }


def processes(environment: Environment) -> Processes:
    """Return the estate's nodes as processes on the loopback: localities, TLS, clocks and encryption are the pods' own."""
    return Processes(
        nodes={node.key: _flags(node, environment) for node in nodes(environment)},
        log_config=_logs(environment),
        clients=tuple(sorted(set(environment.database.certificates.clients.values()) - {"root"})),
    )


def _flags(node: Node, environment: Environment) -> tuple[str, ...]:
    database = environment.database
    address = f"127.0.0.1:{{sql:{node.key}}}"
    generation = database.encryption.generation
    runtime = Runtime(
        listen=address,
        http=f"127.0.0.1:{{http:{node.key}}}",
        advertise=address,
        join=[f"127.0.0.1:{{sql:{each.key}}}" for each in join_nodes(environment)],
        store="{folder}/store",
        certificates="{certificates}",
        log_config="{folder}/logs.yaml",
        store_key=StoreKey(
            key=f"{{key:{generation}}}", old_key=f"{{key:{generation - 1}}}" if generation > 1 else "plain"
        ),
        memory_mib=database.access.process_mib,
    )
    return tuple(start_flags(node, database, runtime))


def _logs(environment: Environment) -> str:
    """Return the pods' logs in small: nobody collects a process's stderr, so only errors go there."""
    small = environment.database.logs.model_copy(update={"max_group_mib": _MIN_GROUP_MIB})
    found = json.loads(log_config(small, "{folder}/logs"))
    channels = found["sinks"]["stderr"]["channels"]
    found["sinks"]["stderr"]["channels"] = {
        "ERROR": sorted(name for each in channels.values() for name in each)
    }
    return json.dumps(found, indent=2)
