"""Runs a failover drill on the embedded clouds: take away, watch, bring back; the estate is as before, however it ends."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from meridian.drills import journal
from meridian.drills.errors import DrillError
from meridian.drills.judge import Bounds
from meridian.drills.promise import Promises, populations, promises
from meridian.drills.recording import Recording, Seen
from meridian.drills.result import Drill
from meridian.drills.target import Target
from meridian.drills.traffic import Traffic
from meridian.local.client import DaemonError, LocalClouds
from meridian.local.router.client import PoolStatus, RouterClient, RouterStatus
from meridian.model.environment import Environment
from meridian.paths import Checkout
from meridian.proofs.failover import worst_seconds

Say = Callable[[str], None]
_POLL_SECONDS = 0.1
_LEAST_HOLD_SECONDS = 2.5
"""Long enough for some answers of every visitor at any scale."""
_HANGING_HOLD_SECONDS = 8.0
"""Visitors who wait in vain ask less often."""
_SETTLE_SECONDS = 180.0
"""How long control planes may take to answer again: real time, whatever the scale."""


def bounds(environment: Environment) -> Bounds:
    """Return what the model asks for, and the failover proof's worst case."""
    edge, monitor = environment.edge, environment.edge.monitor
    detection = monitor.worst_detection_seconds()
    timeouts = detection - monitor.consecutive_down * monitor.interval
    return Bounds(edge.failover_seconds, worst_seconds(environment), detection, timeouts)


@dataclass
class FailoverDrill:
    """One drill; `clients` visitors per population, `scale` multiplies the edge's seconds meanwhile (None: as it is)."""

    checkout: Checkout
    environment: Environment
    target: Target
    clients: int = 2
    scale: float | None = None
    say: Say = print
    _worker: ThreadPoolExecutor = field(init=False)
    _pending: Future[object] | None = field(init=False, default=None)
    _clouds: LocalClouds = field(init=False)
    _router: RouterClient = field(init=False)

    def run(self) -> Drill:
        """Run it and return what was seen, judged; raises DrillError before anything is touched when it cannot be run."""
        self._clouds, self._router = ready(self.checkout)
        kept = self._router.status().time_scale
        before = _estate(self._clouds, self._router)
        _refuse_losses(before, self.environment)
        promised = promises(self.environment, self.target)
        journal.begin(self.checkout, self.environment.environment, self.target, kept)
        with _interrupts(), ThreadPoolExecutor(1) as worker:
            self._worker, self._pending = worker, None
            try:
                recording = self._record(promised, self.scale or kept, before)
            finally:
                self._restore()
            after = self._settled(before)
        return Drill(
            self.environment.environment,
            promised,
            replace(recording, before=before, after=after),
            bounds(self.environment),
        )

    def _record(self, promised: Promises, scale: float, before: Mapping[str, Any]) -> Recording:
        self._clouds.pace(scale)
        self._wait(lambda: self._router.status().time_scale == scale, 10)
        self._everything_healthy(before)
        status = self._router.status()
        last = max((event.number for event in self._router.events()), default=0)
        traffic = Traffic(
            populations(self.environment),
            status.listeners,
            str(status.authority),
            self.environment.edge.monitor.path,
            self.clients,
            scale,
            {pool.name: _cluster_of(pool, self.environment) for pool in status.pools},
        )
        began = time.time()
        traffic.start()
        try:
            self._hold(scale, self.environment.edge.monitor.interval)
            lost_at = time.time()
            self._tell(0.0, f"{self.target} is taken away")
            self._call(
                lambda: self._clouds.lose(
                    self.target.kind,
                    self.target.name,
                    machines=self.target.machines,
                    how=self.target.how,
                )
            )
            gone_at = time.time()
            self._tell(gone_at - lost_at, "all of it is gone")
            self._until_found(promised, last, lost_at, scale)
            stopped = tuple(c for c in self._clouds.lost()["clusters"] if c in self.target.clusters)
            back_at = time.time()
            self._tell(back_at - lost_at, f"{self.target} is brought back")
            self._call(lambda: self._clouds.bring_back(self.target.kind, self.target.name))
            running_at = time.time()
            self._tell(running_at - lost_at, "all of it runs again")
            self._everything_healthy(before)
            self._tell(time.time() - lost_at, "every pool is healthy again")
            self._hold(scale, self.environment.edge.monitor.interval)
        finally:
            traffic.stop()
        return Recording(
            scale=scale,
            clients=self.clients,
            began=began,
            lost_at=lost_at,
            gone_at=gone_at,
            back_at=back_at,
            running_at=running_at,
            ended=time.time(),
            answers=tuple(sorted(traffic.answers, key=lambda answer: answer.began)),
            events=tuple(self._events(last)),
            stopped=stopped,
        )

    def _until_found(self, promised: Promises, last: int, lost_at: float, scale: float) -> None:
        """Wait until the router has found all that it must, at most until the bound; then look on for a while."""
        edge = self.environment.edge
        missing = set(promised.unhealthy)
        deadline = lost_at + edge.failover_seconds * scale
        while missing and time.time() < deadline:
            time.sleep(_POLL_SECONDS)
            for event in self._events(last):
                if event.kind == "critical" and event.cluster in missing:
                    self._tell(event.at - lost_at, f"the router finds {event.cluster} critical")
                    missing.discard(event.cluster)
        # Where nothing must be found, a false alarm would have come by then.
        quiet = edge.monitor.worst_detection_seconds() if not promised.unhealthy else edge.monitor.interval
        self._hold(scale, quiet)
        if self.target.how == "hang":
            time.sleep(_HANGING_HOLD_SECONDS)

    def _events(self, last: int) -> Iterator[Seen]:
        """Yield what the router found of whole pools, by cluster."""
        clusters = {p.name: _cluster_of(p, self.environment) for p in self._router.status().pools}
        for event in self._router.events(last):
            if event.kind == "pool" and event.subject in clusters:
                state = event.text.rpartition(" -> ")[2]
                yield Seen(event.at, state, clusters[event.subject], event.text)

    def _everything_healthy(self, before: Mapping[str, Any]) -> None:
        """Wait until every pool is as healthy as it was."""
        self._wait(lambda: _pools(self._router.status()) == before["pools"], _SETTLE_SECONDS)

    def _settled(self, before: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return how the estate is once it is as before, or after a while as it is then."""
        clouds, router = ready(self.checkout)
        deadline = time.monotonic() + _SETTLE_SECONDS
        while (after := _estate(clouds, router)) != before and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        return after

    def _restore(self) -> None:
        """Bring back what is away, also after Ctrl-C; a second one does not stop that."""
        kept = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            if self._pending is not None:
                # The daemon goes on with what it was told, whoever waits for it.
                wait([self._pending])
            journal.end(self.checkout)
        finally:
            for number, handler in kept.items():
                signal.signal(number, handler)

    def _call(self, action: Callable[[], object]) -> None:
        self._pending = self._worker.submit(action)
        self._pending.result()

    def _tell(self, seconds: float, text: str) -> None:
        """Say what happened when, as the timeline of the result says it: in seconds from the loss."""
        self.say(f"{seconds:+8.2f} s  {text}")

    def _hold(self, scale: float, seconds: float) -> None:
        time.sleep(max(_LEAST_HOLD_SECONDS, seconds * scale))

    @staticmethod
    def _wait(condition: Callable[[], bool], seconds: float) -> None:
        """Wait for a condition; what does not come true is judged, not raised."""
        deadline = time.monotonic() + seconds
        while not condition() and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)


def ready(checkout: Checkout) -> tuple[LocalClouds, RouterClient]:
    """Return the running clouds and their router; raises DrillError when there is none."""
    clouds = LocalClouds.connect(checkout)
    if clouds is None:
        raise DrillError(
            "drill", "the embedded clouds of this checkout do not run", "`meridian up local` starts them"
        )
    router = clouds.router()
    if router is None:
        raise DrillError(
            "drill",
            "no load balancer exists in the embedded clouds, so there is no router",
            "`meridian up local`",
        )
    return clouds, router


def _refuse_losses(before: Mapping[str, Any], environment: Environment) -> None:
    """Refuse an estate that is not whole: its drill would prove nothing."""
    known = environment.clusters()
    away = [f"cluster {n}" for n in before["stopped clusters"]] + [f"node {n}" for n in before["lost nodes"]]
    if away:
        kind, _, name = away[0].partition(" ")
        raise DrillError(", ".join(away), "is away already", f"`meridian local {kind} start {name}`")
    absent = sorted(set(known) - set(before["clusters"]))
    if absent:
        raise DrillError(", ".join(absent), "does not exist in the embedded clouds", "`meridian up local`")
    sick = sorted(name for name, state in before["pools"].items() if state != "healthy")
    if sick:
        raise DrillError(
            ", ".join(sick),
            "the router does not call this pool healthy",
            "see why with `meridian local router`",
        )


def _estate(clouds: LocalClouds, router: RouterClient) -> dict[str, Any]:
    """Return what must be the same before and after."""
    lost = clouds.lost()
    try:
        status = router.status()
    except DaemonError:
        return {"stopped clusters": lost["clusters"], "lost nodes": lost["database"]["lost"]}
    return {
        "clusters": {each.name: each.state for each in clouds.clusters()},
        "stopped clusters": lost["clusters"],
        "lost nodes": lost["database"]["lost"],
        "pools": _pools(status),
        "time scale": status.time_scale,
    }


def _pools(status: RouterStatus) -> dict[str, str]:
    return {pool.name: pool.state for pool in status.pools}


def _cluster_of(pool: PoolStatus, environment: Environment) -> str:
    """Return the cluster behind a pool: the origin's name, or a label of its address."""
    known = environment.clusters()
    for origin in pool.origins:
        for word in (origin.name, *origin.address.split(".")):
            if word in known:
                return word
    return pool.name


@contextmanager
def _interrupts() -> Iterator[None]:
    """Take a SIGTERM as Ctrl-C, and Ctrl-C also where a shell started this in the background and has it ignored."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    kept = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
