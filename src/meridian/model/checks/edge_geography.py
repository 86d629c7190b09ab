"""Who is sent where: every code and country once, nobody of the EU abroad, logs where their persons are."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from meridian.model.edge_geography import CODES, COUNTRIES, EU_CODES, EU_COUNTRIES
from meridian.model.environment import Environment
from meridian.model.problems import Path, Problem


def codes(environment: Environment) -> Iterator[Problem]:
    """Each of Cloudflare's codes exists, and is served by exactly one region that exists; Europe's by one in the EU."""
    seen: dict[str, str] = {}
    for name, listed in environment.edge.codes.items():
        path: Path = ("edge", "codes", name)
        yield from _region(environment, path, name)
        for index, code in enumerate(listed):
            if code not in CODES:
                near = difflib.get_close_matches(code, CODES, 1, 0.5)
                yield Problem(
                    (*path, index),
                    code,
                    "Cloudflare has no such region code",
                    f"did you mean {near[0]}?" if near else f"choose of {', '.join(sorted(CODES))}",
                )
            elif code in seen:
                yield Problem(
                    (*path, index), code, f"region {seen[code]} serves it already", "name each code once"
                )
            elif code in EU_CODES and not _in_eu(environment, name):
                yield Problem(
                    (*path, index),
                    code,
                    f"{CODES[code][0]} holds EU countries and would be sent outside the EU",
                    "move it to a region of the EU",
                )
            seen.setdefault(code, name)
    missing = sorted(CODES.keys() - seen.keys())
    if missing:
        yield Problem(
            ("edge", "codes"), ", ".join(missing), "no region serves it", "add it to the nearest region"
        )


def countries(environment: Environment) -> Iterator[Problem]:
    """Each country exists, its region too, and no country of the EU is sent abroad."""
    for country, name in environment.edge.countries.items():
        path: Path = ("edge", "countries", country)
        if country not in COUNTRIES:
            yield Problem(path, country, "there is no such country", "write its ISO 3166-1 alpha-2 code")
        yield from _region(environment, path, name)
        if country in EU_COUNTRIES and name in environment.regions and not _in_eu(environment, name):
            yield Problem(
                path,
                name,
                f"visitors from {country} are protected by the GDPR and would be sent abroad",
                "name a region of the EU, or leave the country out",
            )


def eu_name(environment: Environment) -> Iterator[Problem]:
    """Behind the EU's host name, and in everybody's fallback pool, are regions of the EU only (GDPR art. 44)."""
    edge = environment.edge
    for index, name in enumerate(edge.eu_regions):
        path: Path = ("edge", "eu_regions", index)
        yield from _region(environment, path, name)
        if name in edge.eu_regions[:index]:
            yield Problem(path, name, "the region is listed twice", "name each once")
        if name in environment.regions and not _in_eu(environment, name):
            yield Problem(
                path,
                name,
                f"{edge.eu_hostname} would be served from {environment.regions[name].residency}",
                "name regions of the EU only",
            )
    path = ("edge", "last_resort")
    yield from _region(environment, path, edge.last_resort)
    if edge.last_resort in environment.regions and not _in_eu(environment, edge.last_resort):
        yield Problem(
            path,
            edge.last_resort,
            "the fallback pool is one for all visitors: with the EU's pools down it would send them abroad",
            "name a region of the EU",
        )


def logs(environment: Environment) -> Iterator[Problem]:
    """Request logs of the EU's visitors lie in the EU."""
    destinations = environment.edge.logs.destinations
    for name, target in destinations.items():
        path: Path = ("edge", "logs", "destinations", name)
        yield from _region(environment, path, name)
        if target != name:
            yield from _region(environment, path, target)
        if _in_eu(environment, name) and target in environment.regions and not _in_eu(environment, target):
            yield Problem(
                path,
                target,
                "requests of EU visitors, with their addresses, would be kept outside the EU",
                "name a region of the EU",
            )


def _in_eu(environment: Environment, name: str) -> bool:
    return name in environment.regions and environment.regions[name].residency == "eu"


def _region(environment: Environment, path: Path, name: str) -> Iterator[Problem]:
    if name not in environment.regions:
        yield Problem(
            path, name, "there is no such region", f"choose one of {', '.join(environment.regions)}"
        )
