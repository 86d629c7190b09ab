"""Every name by which a node is reached, for its certificate; imports no Pulumi."""

from __future__ import annotations

from meridian.model.environment import Environment
from meridian.model.topology import NAMESPACE, host

PUBLIC = "cockroachdb-public"
"""The service that clients inside a cluster use."""


def node_names(environment: Environment, key: str) -> tuple[str, ...]:
    """Return a node's names: the estate's own first, then its services', its pod's and the loopback's."""
    services = [
        f"{service}{suffix}"
        for service in (key, PUBLIC)
        for suffix in ("", f".{NAMESPACE}", f".{NAMESPACE}.svc", f".{NAMESPACE}.svc.cluster.local")
    ]
    pod = f"{key}-0.{key}.{NAMESPACE}.svc.cluster.local"
    return (host(environment, key), *services, pod, "localhost")
