"""A drill that was judged, as data: the same document is printed, reported and kept as evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from math import floor
from typing import Any

from meridian.drills.judge import Bounds, Measured, failed_over_at, judge, measured
from meridian.drills.promise import Promises
from meridian.drills.recording import Recording
from meridian.proofs.result import Finding
from meridian.wording import counted

SIMULATED = (
    "on the embedded clouds: real control planes, origins and requests; the edge is meridian's router, which "
    "simulates Cloudflare's load balancer without its propagation; database nodes are accounted for, not run"
)


@dataclass(frozen=True)
class Drill:
    """What was lost, what was promised, what was seen."""

    environment: str
    promises: Promises
    recording: Recording
    bounds: Bounds

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Every claim."""
        return judge(self.recording, self.promises, self.bounds)

    @property
    def broken(self) -> tuple[Finding, ...]:
        """The demanded claims that do not hold."""
        return tuple(finding for finding in self.findings if finding.broken)

    @property
    def figures(self) -> tuple[Measured, ...]:
        """Each population's figures."""
        return tuple(measured(self.recording, promise) for promise in self.promises.populations)

    @property
    def failed_over(self) -> float | None:
        """Seconds from the loss until the router had found all of it."""
        at = failed_over_at(self.recording, self.promises)
        return None if at is None else at - self.recording.lost_at

    def timeline(self) -> list[tuple[float, str]]:
        """Return what happened, in seconds from the loss."""
        return sorted((round(at - self.recording.lost_at, 3), text) for at, text in self._moments())

    def _moments(self) -> Iterator[tuple[float, str]]:
        seen, target = self.recording, self.promises.target
        yield seen.began, f"requests from {len(self.promises.populations)} populations begin"
        yield seen.lost_at, f"{target} is taken away"
        yield seen.gone_at, "all of it is gone"
        yield seen.back_at, f"{target} is brought back"
        yield seen.running_at, "all of it runs again"
        yield seen.ended, "requests end"
        for event in seen.events:
            yield event.at, f"the router finds {event.cluster} {event.kind}"
        for promise, each in zip(self.promises.populations, self.figures, strict=True):
            if each.last_bad is not None:
                told = counted(each.errors, "bad answer")
                yield seen.lost_at + each.last_bad, f"{each.population}: the last of {told}"
            if each.served_by == (promise.home,) and not each.errors:
                continue  # they never left home: nothing to come back from, no first good answer to wait for
            if each.first_good is not None:
                yield seen.lost_at + each.first_good, f"{each.population}: first good answer after the loss"
            if each.home is not None:
                yield seen.back_at + each.home, f"{each.population}: served at home again"

    def by_second(self) -> list[dict[str, Any]]:
        """Return for each second from the loss and each population the good and bad answers, and who served."""
        seconds: dict[tuple[int, str], Counter[str]] = {}
        for answer in self.recording.answers:
            key = (floor(answer.began - self.recording.lost_at), answer.population)
            who = answer.cluster if answer.good else f"error {answer.status or 'no answer'}"
            seconds.setdefault(key, Counter())[who] += 1
        return [
            {
                "second": second,
                "population": name,
                "good": sum(n for who, n in counts.items() if not who.startswith("error ")),
                "errors": sum(n for who, n in counts.items() if who.startswith("error ")),
                "who": dict(sorted(counts.items())),
            }
            for (second, name), counts in sorted(seconds.items())
        ]

    def to_json(self, *, answers: bool = False) -> dict[str, Any]:
        """Return plain data; with `answers` every single one."""
        seen, target = self.recording, self.promises.target
        found: dict[str, Any] = {
            "drill": "failover",
            "environment": self.environment,
            "lost": {"kind": target.kind, "name": target.name, "clusters": target.clusters, "nodes": target.nodes, "machines": target.machines, "how": target.how},
            "held": not self.broken,
            "simulated": SIMULATED,
            "time_scale": seen.scale,
            "clients_per_population": seen.clients,
            "began": seen.began,
            "ended": seen.ended,
            "bounds": asdict(self.bounds),
            "failed_over_seconds": self.failed_over,
            "promises": [
                {"population": p.population.name, "hostname": p.population.hostname, "from": f"{p.population.code}/{p.population.country}", "home": p.home, "serves": p.serves, "why": p.why}
                for p in self.promises.populations
            ],
            "without_quorum": self.promises.without_quorum,
            "figures": [asdict(each) for each in self.figures],
            "findings": [asdict(each) for each in self.findings],
            "timeline": self.timeline(),
            "by_second": self.by_second(),
            "before": seen.before,
            "after": seen.after,
        }  # fmt: skip
        if answers:
            found["answers"] = [asdict(each) for each in seen.answers]
        return found
