"""Runs the health checks of every pool and keeps what they find."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

from meridian.files import write_whole
from meridian.local.router.events import EventLog
from meridian.local.router.health import HealthView, OriginHealth, Probed, Result
from meridian.local.router.resolver import Resolver
from meridian.local.router.resources import Monitor, Origin, Pool, Resources

Check = Callable[[Monitor, Origin, Resolver], "asyncio.Future[Result]"]


class Monitors:
    """One task per origin and pool; `scale` multiplies intervals. Health is kept over restarts, as Cloudflare's is."""

    def __init__(self, check: Check, events: EventLog, scale: float = 1.0, kept: Path | None = None) -> None:
        self._check = check
        self._events = events
        self._kept = kept
        self._tasks: dict[Probed, asyncio.Task[None]] = {}
        self._specs: dict[Probed, tuple[Monitor, Origin]] = {}
        self._pools: Mapping[str, Pool] = {}
        self._resolver = Resolver({})
        self.scale = scale
        self.origins: dict[Probed, OriginHealth] = _restore(kept)

    @property
    def view(self) -> HealthView:
        """The health of everything now."""
        return HealthView(self.origins)

    def follow(self, resources: Resources, resolver: Resolver) -> None:
        """Check what the resources say from now on; what did not change keeps its health and its rhythm."""
        self._pools, self._resolver = resources.pools, resolver
        wanted = {
            (pool.id, origin.name): (monitor, origin)
            for pool in resources.pools.values()
            if pool.enabled and (monitor := resources.monitors.get(pool.monitor or "")) is not None
            for origin in pool.origins
            if origin.enabled
        }
        for key in [key for key, spec in self._specs.items() if wanted.get(key) != spec]:
            self._tasks.pop(key).cancel()
            before = self._specs.pop(key)
            if key not in wanted or wanted[key][1].address != before[1].address:
                self.origins.pop(key, None)
        for key in set(self.origins) - set(wanted):
            del self.origins[key]
        for key, spec in wanted.items():
            if key not in self._specs:
                self._specs[key] = spec
                self.origins.setdefault(key, OriginHealth(since=time.time()))
                self._tasks[key] = asyncio.create_task(self._watch(key, *spec))

    def restart(self) -> None:
        """Check everything at once and go on in a new rhythm: after the time scale changed."""
        for key, task in list(self._tasks.items()):
            task.cancel()
            self._tasks[key] = asyncio.create_task(self._watch(key, *self._specs[key]))

    async def close(self) -> None:
        """End all checks."""
        tasks = list(self._tasks.values())
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(self, key: Probed, monitor: Monitor, origin: Origin) -> None:
        due = time.monotonic()
        # A cancellation that meets a check's own time limit may be lost in it: whoever is replaced or removed ends here.
        while self._tasks.get(key) is asyncio.current_task():
            try:
                result = await self._check(monitor, origin, self._resolver)
            except Exception as error:
                result = Result(False, f"{type(error).__name__}: {error}")
            if self._tasks.get(key) is not asyncio.current_task():
                return
            self._note(key, monitor, result)
            # An interval runs from the start of a check; one that took longer is followed by the next at once.
            due = max(due + monitor.interval * self.scale, time.monotonic())
            await asyncio.sleep(due - time.monotonic())

    def _note(self, key: Probed, monitor: Monitor, result: Result) -> None:
        pool = self._pools.get(key[0])
        if pool is None or key not in self.origins:
            return
        before, pool_before = self.origins[key], self.view.state(pool)
        after = self.origins[key] = before.observe(monitor, result, time.time())
        if after.state == before.state:
            return
        self._events.add("origin", f"{pool.name}/{key[1]}", " ".join((after.state, after.reason)).strip())
        pool_after = self.view.state(pool)
        if pool_after != pool_before:
            self._events.add("pool", pool.name, f"{pool_before} -> {pool_after}")
        self._save()

    def _save(self) -> None:
        if self._kept is not None:
            write_whole(
                self._kept, json.dumps([[*key, asdict(found)] for key, found in self.origins.items()])
            )


def _restore(file: Path | None) -> dict[Probed, OriginHealth]:
    found: dict[Probed, OriginHealth] = {}
    if file is not None:
        with suppress(OSError, ValueError, TypeError):
            for pool, origin, health in json.loads(file.read_text()):
                found[pool, origin] = replace(OriginHealth(**health), passes=0, failures=0)
    return found
