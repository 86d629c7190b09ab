"""Every way that a request can take through a load balancer as it is planned, and those that leave the EU.

Works on a plan (pool keys) and on recorded or stored resources (pool ids) alike: a name is a name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from meridian.model.edge_geography import EU_CODES, EU_COUNTRIES

LISTS = ("region_pools", "country_pools", "pop_pools")


@dataclass(frozen=True)
class Path:
    """One way in: by which setting (such as `region_pools.WEU[2]`) to which pool and origin address."""

    by: str
    pool: str
    origin: str


def paths(balancer: Mapping[str, Any], origins: Mapping[str, Collection[str]]) -> Iterator[Path]:
    """Yield every path of a load balancer's inputs (snake_case); a pool that `origins` does not know has the origin `?`.

    Custom rules may override any list, so that each counts as a path to an unknown pool.
    """
    named = [("fallback_pool", balancer["fallback_pool"])]
    named += [(f"default_pools[{n}]", pool) for n, pool in enumerate(balancer.get("default_pools") or ())]
    for field in LISTS:
        for key, listed in sorted((balancer.get(field) or {}).items()):
            named += [(f"{field}.{key}[{n}]", pool) for n, pool in enumerate(listed)]
    named += [(f"rules[{n}]", "?") for n, _ in enumerate(balancer.get("rules") or ())]
    for by, pool in named:
        for origin in origins.get(pool, ("?",)):
            yield Path(by, pool, origin)


def leaks(
    balancer: Mapping[str, Any],
    origins: Mapping[str, Collection[str]],
    eu_origins: Collection[str],
    *,
    only_eu_visitors: bool,
) -> list[Path]:
    """Return the paths on which a visitor from the EU leaves it.

    With `only_eu_visitors` every path counts (the EU's own name). Otherwise lists of countries and codes outside the
    EU do not: whom they send, no EU country's list does, for a country's list goes before its code's. The fallback
    and default pools always count.
    """
    found = [path for path in paths(balancer, origins) if path.origin not in eu_origins]
    if only_eu_visitors:
        return found
    known = balancer.get("country_pools") or {}
    missing = [Path(f"country_pools.{country}", "?", "?") for country in EU_COUNTRIES if country not in known]
    return missing + [path for path in found if not _elsewhere(path.by)]


def _elsewhere(by: str) -> bool:
    field, _, rest = by.partition(".")
    key = rest.split("[")[0]
    return (field == "region_pools" and key not in EU_CODES) or (
        field == "country_pools" and key not in EU_COUNTRIES
    )
