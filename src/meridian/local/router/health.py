"""When an origin counts as healthy: a state machine without a clock or a network of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from meridian.local.router.resources import Monitor, Origin, Pool

State = Literal["unknown", "healthy", "unhealthy"]
Probed = tuple[str, str]
"""What is probed: a pool's id and an origin's name."""

# Weight of the newest round trip in the moving average; Cloudflare names an EWMA and no constant, this one is ours.
_NEWEST = 0.3


@dataclass(frozen=True)
class Result:
    """One health check's end: `reason` says why it failed, `seconds` how long the answer took."""

    passed: bool
    reason: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class OriginHealth:
    """What is known of one origin; times in seconds of the caller's clock."""

    state: State = "unknown"
    since: float = 0.0
    checked: float | None = None
    reason: str = "not checked yet"
    passes: int = 0
    failures: int = 0
    rtt: float | None = None

    def observe(self, monitor: Monitor, result: Result, now: float) -> OriginHealth:
        """Return the health after a check.

        The first result decides (create-monitor: "unknown until the results of the first check are available");
        after that only `consecutive_down` failures or `consecutive_up` passes in a row change it (health-details).
        """
        passes = self.passes + 1 if result.passed else 0
        failures = 0 if result.passed else self.failures + 1
        rtt = self.rtt
        if result.passed:
            rtt = result.seconds if rtt is None else (1 - _NEWEST) * rtt + _NEWEST * result.seconds
        state: State = self.state
        if state == "unknown":
            state = "healthy" if result.passed else "unhealthy"
        elif state == "healthy" and failures >= monitor.consecutive_down:
            state = "unhealthy"
        elif state == "unhealthy" and passes >= monitor.consecutive_up:
            state = "healthy"
        return replace(
            self,
            state=state,
            since=now if state != self.state else self.since,
            checked=now,
            reason="" if result.passed else result.reason,
            passes=passes,
            failures=failures,
            rtt=rtt,
        )


@dataclass(frozen=True)
class HealthView:
    """The health of everything at one moment, as steering sees it."""

    origins: Mapping[Probed, OriginHealth]

    def usable(self, pool: Pool, origin: Origin) -> bool:
        """True when an origin may get traffic.

        Without a monitor health is not considered; with one, an unknown origin counts as down (health-details, notes).
        """
        if not origin.enabled:
            return False
        if pool.monitor is None:
            return True
        found = self.origins.get((pool.id, origin.name))
        return found is not None and found.state == "healthy"

    def healthy(self, pool: Pool) -> bool:
        """True when a pool is enabled and at least `minimum_origins` of its origins are usable."""
        usable = sum(self.usable(pool, origin) for origin in pool.origins)
        return pool.enabled and usable >= pool.minimum_origins

    def state(self, pool: Pool) -> str:
        """Return a pool's health in the dashboard's words: healthy, degraded, critical, unknown or disabled."""
        if not pool.enabled:
            return "disabled"
        enabled = [origin for origin in pool.origins if origin.enabled]
        if pool.monitor is None or not any(self._known(pool, origin) for origin in enabled):
            return "unknown"
        if not self.healthy(pool):
            return "critical"
        return "healthy" if all(self.usable(pool, origin) for origin in enabled) else "degraded"

    def rtt(self, pool: Pool) -> float | None:
        """Return the mean round trip to a pool's usable origins in seconds; None when nothing is known."""
        found = [self.origins.get((pool.id, origin.name)) for origin in pool.origins if origin.enabled]
        known = [each.rtt for each in found if each is not None and each.rtt is not None]
        return sum(known) / len(known) if known else None

    def _known(self, pool: Pool, origin: Origin) -> bool:
        found = self.origins.get((pool.id, origin.name))
        return found is not None and found.state != "unknown"
