"""The edge: every region has somewhere to go, nobody of the EU is sent abroad, failover meets its bound."""

from __future__ import annotations

from collections.abc import Iterator

from meridian.model.environment import Environment
from meridian.model.problems import Problem


def fallbacks(environment: Environment) -> Iterator[Problem]:
    """Every region names who takes over; nobody falls back on itself or on what does not exist."""
    for name, region in environment.regions.items():
        if name not in environment.edge.fallback:
            yield Problem(
                ("edge", "fallback"),
                name,
                "this region has no entry",
                f"add `{name}: [...]` with the regions that take over, in order; empty for the EU's only region",
            )
        elif (
            not environment.edge.fallback[name] and region.residency != "eu" and len(environment.regions) > 1
        ):
            yield Problem(
                ("edge", "fallback", name),
                [],
                "a region outside the EU needs one that takes over",
                "name at least one other region",
            )
    for name, others in environment.edge.fallback.items():
        if name not in environment.regions:
            yield Problem(
                ("edge", "fallback", name),
                name,
                "there is no such region",
                f"choose one of {', '.join(environment.regions)}",
            )
        for index, other in enumerate(others):
            path = ("edge", "fallback", name, index)
            if other == name:
                yield Problem(path, other, "a region cannot take over from itself", "name another region")
            elif other not in environment.regions:
                yield Problem(
                    path, other, "there is no such region", f"choose one of {', '.join(environment.regions)}"
                )
            elif other in others[:index]:
                yield Problem(path, other, "the region is listed twice", "name each once")


def residency(environment: Environment) -> Iterator[Problem]:
    """EU traffic falls back inside the EU only (GDPR art. 44)."""
    for name, others in environment.edge.fallback.items():
        region = environment.regions.get(name)
        if region is None or region.residency != "eu":
            continue
        for index, other in enumerate(others):
            target = environment.regions.get(other)
            if target is not None and target.residency != "eu":
                yield Problem(
                    ("edge", "fallback", name, index),
                    other,
                    f"would send EU traffic to {target.residency}",
                    "name EU regions only; with one EU region leave the list empty (its second cloud takes over)",
                )


def hostnames(environment: Environment) -> Iterator[Problem]:
    """Both host names lie in the zone and differ."""
    edge = environment.edge
    for field in ("hostname", "eu_hostname"):
        value = getattr(edge, field)
        if not value.endswith(f".{edge.zone}"):
            yield Problem(
                ("edge", field),
                value,
                f"does not lie in the zone {edge.zone}",
                f"write a name under {edge.zone}",
            )
    if edge.hostname == edge.eu_hostname:
        yield Problem(
            ("edge", "eu_hostname"),
            edge.eu_hostname,
            "the EU's host name is its own, with EU-only pools",
            "choose another name",
        )


def failover_time(environment: Environment) -> Iterator[Problem]:
    """The monitors find a loss, and the edge acts on it, within the bound."""
    edge = environment.edge
    worst = edge.monitor.worst_detection_seconds() + edge.propagation_seconds
    if worst > edge.failover_seconds:
        monitor = edge.monitor
        yield Problem(
            ("edge", "monitor"),
            f"interval {monitor.interval} s, timeout {monitor.timeout} s, retries {monitor.retries}, down after {monitor.consecutive_down}",
            f"worst case {monitor.consecutive_down} x {monitor.interval} + {monitor.retries + 1} x {monitor.timeout} "
            f"+ {edge.propagation_seconds} = {worst} s is above failover_seconds {edge.failover_seconds}",
            "shorten the interval to 10-15 s with two failures",
        )
