"""Where an origin of a pool is on this machine: the stand-in for DNS and the internet between edge and origins."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from meridian.local.router.resources import Origin


@dataclass(frozen=True)
class Place:
    """A listening address on loopback; `server_name` is what its certificate must name, empty: no TLS."""

    host: str
    port: int
    server_name: str = ""

    @property
    def scheme(self) -> str:
        """How to speak to it."""
        return "https" if self.server_name else "http"


class UnresolvedError(RuntimeError):
    """The origin's host name does not resolve: error 1016."""


class UnroutableError(RuntimeError):
    """There is no way to the origin's address: error 523."""


@dataclass(frozen=True)
class Resolver:
    """The table of local origin processes by cluster.

    An origin of a pool is the cluster whose name is the origin's `name`, or a label of its address
    (`origin.prod-eu-gke.example.com`). An address on loopback is taken as it is, for tests. Other addresses do not exist
    here: a host name does not resolve, an IP address has no route.
    """

    clusters: Mapping[str, Place]

    @classmethod
    def read(cls, given: Mapping[str, Mapping[str, Any]]) -> Resolver:
        """Return the resolver of `{cluster: {"port": ..., "server_name": ...}}`."""
        return cls(
            {n: Place("127.0.0.1", int(p["port"]), str(p.get("server_name") or "")) for n, p in given.items()}
        )

    def find(self, origin: Origin) -> Place:
        """Return where an origin listens; raises UnresolvedError or UnroutableError."""
        for name in (origin.name, *origin.address.lower().split(".")):
            if name in self.clusters:
                return self.clusters[name]
        try:
            address = ipaddress.ip_address(origin.address)
        except ValueError:
            raise UnresolvedError(
                f"{origin.address} does not resolve: no local cluster stands for it"
            ) from None
        if not address.is_loopback:
            raise UnroutableError(f"{origin.address} has no route: no local cluster stands for it")
        return Place(origin.address, origin.port or 80)
