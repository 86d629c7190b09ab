"""The running router as the rest of Meridian sees it: who serves whom, how each origin is, what happened."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meridian.local import rendezvous
from meridian.local.rendezvous import DaemonError
from meridian.local.router.events import Event

_SECONDS = 10.0


@dataclass(frozen=True)
class Served:
    """Where a population's new visitors go now."""

    pool: str
    origin: str
    reason: str


@dataclass(frozen=True)
class OriginStatus:
    """One origin; times in seconds since 1970, `rtt` in seconds."""

    name: str
    address: str
    local: str
    enabled: bool
    weight: float
    state: str
    since: float | None
    checked: float | None
    reason: str
    rtt: float | None


@dataclass(frozen=True)
class PoolStatus:
    """One pool; `state` is healthy, degraded, critical, unknown or disabled."""

    id: str
    name: str
    state: str
    minimum_origins: int
    origins: tuple[OriginStatus, ...]


@dataclass(frozen=True)
class BalancerStatus:
    """One load balancer; `serving` by population, None where nothing is left."""

    hostname: str
    policy: str
    proxied: bool
    enabled: bool
    serving: Mapping[str, Served | None]


@dataclass(frozen=True)
class RouterStatus:
    """All that the router says of itself; `listeners` are HTTPS ports on 127.0.0.1 by population."""

    pid: int
    time_scale: float
    authority: Path
    listeners: Mapping[str, int]
    balancers: tuple[BalancerStatus, ...]
    pools: tuple[PoolStatus, ...]
    served: tuple[Mapping[str, Any], ...]
    events: tuple[Event, ...]

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> RouterStatus:
        """Return the status of what the router sent."""
        return cls(
            pid=int(given["pid"]),
            time_scale=float(given["time_scale"]),
            authority=Path(given["authority"]),
            listeners=given["listeners"],
            balancers=tuple(
                BalancerStatus(
                    **{
                        **each,
                        "serving": {k: Served(**v) if v else None for k, v in each["serving"].items()},
                    }
                )
                for each in given["balancers"]
            ),
            pools=tuple(
                PoolStatus(**{**each, "origins": tuple(OriginStatus(**o) for o in each["origins"])})
                for each in given["pools"]
            ),
            served=tuple(given["served"]),
            events=tuple(Event(**each) for each in given["events"]),
        )


@dataclass(frozen=True)
class RouterClient:
    """A running router; every method raises DaemonError when it does not answer."""

    port: int
    token: str

    @classmethod
    def connect(cls, local: Path) -> RouterClient | None:
        """Return the router of a checkout's `.meridian/local`; None when none runs, also when a stale file is left."""
        try:
            found = json.loads((local / "router.json").read_text())
            if rendezvous.started_at(int(found["pid"])) != found["started"]:
                return None
            return cls(int(found["status"]), str(found["token"]))
        except (OSError, ValueError, KeyError):
            return None

    def raw(self) -> dict[str, Any]:
        """Return the status as the router sends it."""
        return dict(self._get("/"))

    def status(self) -> RouterStatus:
        """Return who serves whom and how each origin is."""
        return RouterStatus.read(self.raw())

    def events(self, since: int = 0) -> list[Event]:
        """Return the events after a number, oldest first; at most the last thousand."""
        return [Event(**each) for each in self._get(f"/events?since={since}")]

    def _get(self, path: str) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", headers={"Authorization": f"Bearer {self.token}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - loopback
                return json.load(answer)
        except (urllib.error.URLError, OSError, ValueError) as error:
            raise DaemonError(
                f"the router does not answer: {error}; fix: see `meridian local logs` and .meridian/local/logs/router.log"
            ) from error
