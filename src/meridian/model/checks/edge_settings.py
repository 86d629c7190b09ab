"""The edge's settings among each other: what the plan allows, names in the zone, certificates that may be issued."""

from __future__ import annotations

from collections.abc import Iterator

from meridian.model.edge import PLANS
from meridian.model.edge_protection import ISSUERS
from meridian.model.environment import Environment
from meridian.model.problems import Path, Problem

_PRELOAD_SECONDS = 31_536_000
_NETLIFY = (".netlify.app", ".netlify.com", ".netlifyglobalcdn.com")


def plan(environment: Environment) -> Iterator[Problem]:
    """The plan allows the monitor's interval, and Regional Services where the GDPR is answered for."""
    edge = environment.edge
    allowed = PLANS[edge.plan]
    if edge.monitor.interval < allowed.least_interval:
        yield Problem(
            ("edge", "monitor", "interval"),
            edge.monitor.interval,
            f"the {edge.plan} plan checks every {allowed.least_interval} s at most",
            f"write {allowed.least_interval} or more, or take the enterprise plan",
        )
    if "gdpr" in environment.compliance.frameworks and not allowed.regional_services:
        yield Problem(
            ("edge", "plan"),
            edge.plan,
            "TLS of EU visitors can only be kept in the EU with Regional Services, an Enterprise feature",
            "take the enterprise plan",
        )


def monitor(environment: Environment) -> Iterator[Problem]:
    """A check is over before the next begins (Cloudflare refuses a timeout that is not below the interval)."""
    settings = environment.edge.monitor
    longest = (settings.retries + 1) * settings.timeout
    if longest > settings.interval:
        yield Problem(
            ("edge", "monitor", "timeout"),
            settings.timeout,
            f"{settings.retries + 1} x {settings.timeout} s = {longest} s is longer than the interval {settings.interval} s",
            "shorten the timeout or take fewer retries",
        )


def names(environment: Environment) -> Iterator[Problem]:
    """Tools and records lie in the zone, each host name is used once, tools lie where a cluster is."""
    edge = environment.edge
    seen = {edge.hostname: "hostname", edge.eu_hostname: "eu_hostname"}
    named: list[tuple[Path, str]] = [
        (("edge", "access", "tools", key, "hostname"), tool.hostname)
        for key, tool in edge.access.tools.items()
    ]
    named += [
        (("edge", "records", key, "host"), record.host)
        for key, record in edge.records.items()
        if record.type == "CNAME"
    ]
    for path, host in named:
        if not host.endswith(f".{edge.zone}"):
            yield Problem(
                path, host, f"does not lie in the zone {edge.zone}", f"write a name under {edge.zone}"
            )
        other = seen.setdefault(host, str(path[-2]))
        if other != path[-2]:
            yield Problem(path, host, f"{other} has this host name already", "choose another name")
    for key, tool in edge.access.tools.items():
        if tool.region not in environment.regions:
            yield Problem(
                ("edge", "access", "tools", key, "region"),
                tool.region,
                "there is no such region",
                f"choose one of {', '.join(environment.regions)}",
            )


def records(environment: Environment) -> Iterator[Problem]:
    """A host that Netlify serves is DNS-only: a proxy in front breaks its certificates, previews and atomic deploys."""
    for key, record in environment.edge.records.items():
        if record.proxied and record.value.rstrip(".").endswith(_NETLIFY):
            yield Problem(
                ("edge", "records", key, "proxied"),
                True,
                "Netlify advises against a proxy in front of it (its support guide)",
                "write `proxied: false`",
            )
        if (record.type == "MX") != (record.priority is not None):
            yield Problem(
                ("edge", "records", key, "priority"),
                record.priority,
                "an MX record has a priority, and nothing else has one",
                "give it to the MX record only",
            )


def certificates(environment: Environment) -> Iterator[Problem]:
    """The CAA records let the edge's own authority issue."""
    tls = environment.edge.protection.tls
    if ISSUERS[tls.authority] not in tls.caa:
        yield Problem(
            ("edge", "protection", "tls", "caa"),
            list(tls.caa),
            f"forbids the edge's own authority, {tls.authority}, to issue",
            f"add {ISSUERS[tls.authority]}",
        )
    if tls.hsts_preload and tls.hsts_seconds < _PRELOAD_SECONDS:
        yield Problem(
            ("edge", "protection", "tls", "hsts_seconds"),
            tls.hsts_seconds,
            f"the browsers' preload list takes {_PRELOAD_SECONDS} s and more",
            f"write {_PRELOAD_SECONDS}, or `hsts_preload: false`",
        )
