"""What the nodes are started with: flags by node as the estate says them, with places that this machine fills."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from meridian.files import write_private
from meridian.local.errors import LocalError

_PLACE = re.compile(r"\{([a-z]+)(?::([a-z0-9-]+))?\}")


@dataclass(frozen=True, kw_only=True)
class ClusterPlan:
    """The program, each node's flags, the nodes' log configuration and who signs in by certificate besides root.

    Places in both: `{sql:NODE}` and `{http:NODE}` are ports, `{folder}` is the node's own, `{certificates}` the
    folder of certificates, `{key:GENERATION}` a key file of encryption at rest.
    """

    program: str
    nodes: Mapping[str, tuple[str, ...]]
    log_config: str
    clients: tuple[str, ...] = ()

    @staticmethod
    def of(given: Mapping[str, Any]) -> ClusterPlan:
        """Return a plan from plain data."""
        nodes = {str(name): tuple(map(str, flags)) for name, flags in given["nodes"].items()}
        return ClusterPlan(
            program=given["program"],
            nodes=nodes,
            log_config=given["log_config"],
            clients=tuple(map(str, given["clients"])),
        )

    @staticmethod
    def read(file: Path) -> ClusterPlan:
        """Read a kept plan."""
        return ClusterPlan.of(json.loads(file.read_text()))

    def write(self, file: Path) -> None:
        """Keep it for the next start."""
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        told = {
            "program": self.program,
            "nodes": dict(self.nodes),
            "log_config": self.log_config,
            "clients": self.clients,
        }
        write_private(file, json.dumps(told, indent=1).encode())

    def starts_like(self, other: ClusterPlan) -> bool:
        """Return whether two plans differ in nothing but the program."""
        ours, theirs = (replace(each, program="", nodes=dict(each.nodes)) for each in (self, other))
        return ours == theirs

    def localities(self) -> dict[str, str]:
        """Return each node's locality as its flags say it."""
        return {name: _value(flags, "--locality") for name, flags in self.nodes.items()}

    def cluster_name(self) -> str:
        """Return what the nodes call their cluster."""
        return _value(next(iter(self.nodes.values())), "--cluster-name")


def fill(text: str, values: Mapping[str, Callable[[str], str]]) -> str:
    """Put this machine's values into the places of a text; raises LocalError for a place that nobody fills."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise LocalError(
                found[0], f"the places are {', '.join(sorted(values))}", "mend the flags of the nodes"
            )
        return values[found[1]](found[2] or "")

    return _PLACE.sub(value, text)


def _value(flags: tuple[str, ...], name: str) -> str:
    return next((flag.partition("=")[2] for flag in flags if flag.startswith(f"{name}=")), "")
