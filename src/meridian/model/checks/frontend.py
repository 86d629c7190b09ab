"""The public page: its names lead to it and to nobody else, and its policy lets in nothing that was not published."""

from __future__ import annotations

from collections.abc import Iterator

from meridian.model.environment import Environment
from meridian.model.problems import Problem

_NEEDED = ("default-src", "base-uri", "form-action", "frame-ancestors")
"""Directives that must say 'none': the first is everybody's default, the others have no default at all."""


def names(environment: Environment) -> Iterator[Problem]:
    """The page's names lie in the zone, are nobody else's, and each has a DNS record that leads to the site."""
    edge, frontend = environment.edge, environment.edge.frontend
    taken = {edge.hostname: "edge.hostname", edge.eu_hostname: "edge.eu_hostname"}
    records = {record.host: (key, record) for key, record in edge.records.items() if record.type == "CNAME"}
    named = [(("edge", "frontend", "hostname"), frontend.hostname)]
    named += [
        (("edge", "frontend", "aliases", index), alias)  # type: ignore[misc]
        for index, alias in enumerate(frontend.aliases)
    ]
    for path, host in named:
        if host in taken:
            yield Problem(path, host, f"{taken[host]} has this host name already", "choose another name")
            continue
        taken[host] = ".".join(map(str, path))
        if not host.endswith(f".{edge.zone}"):
            yield Problem(
                path, host, f"does not lie in the zone {edge.zone}", f"write a name under {edge.zone}"
            )
        elif host not in records:
            yield Problem(
                path,
                host,
                "no CNAME of edge.records has this host, so that nobody finds the page",
                f"add a record with value {frontend.target} and `proxied: false`",
            )
        elif records[host][1].value.rstrip(".") != frontend.target:
            key, record = records[host]
            yield Problem(
                ("edge", "records", key, "value"),
                record.value,
                f"does not lead to the frontend's site {frontend.site}",
                f"write {frontend.target}",
            )


def policy(environment: Environment) -> Iterator[Problem]:
    """The policy closes by default, runs no inline code, and lets the page talk to this environment's hosts only."""
    edge, csp = environment.edge, environment.edge.frontend.csp
    at = ("edge", "frontend", "csp")
    for directive in _NEEDED:
        if csp.get(directive) != ("'none'",):  # type: ignore[call-overload]
            yield Problem(
                (*at, directive) if directive in csp else at,
                list(csp.get(directive, ())),  # type: ignore[call-overload]
                f"{directive} must be closed: what needs more names a directive of its own",
                f"write `{directive}: [\"'none'\"]`",
            )
    allowed = {f"https://{host}" for host in (edge.hostname, edge.eu_hostname)}
    for directive, sources in csp.items():
        for index, source in enumerate(sources):
            path = (*at, directive, index)
            if "unsafe" in source or source in ("data:", "blob:"):
                yield Problem(path, source, "lets injected code or content run", "publish it as a file")
            elif source.startswith("http:") or "*" in source or source in ("https:", "wss:"):
                yield Problem(path, source, "lets anybody in", "name hosts with https://")
            elif "://" in source and source not in allowed:
                yield Problem(
                    path,
                    source,
                    "is another's host: the page has no third party",
                    f"name {' or '.join(sorted(allowed))}",
                )
