"""Whose requests are kept where, as filters of Cloudflare's Logpush: every request passes exactly one of them."""

from __future__ import annotations

import json
from typing import Any

from meridian.model.environment import Environment
from meridian.model.steering import visitors


def log_filters(environment: Environment) -> dict[str, str]:
    """Return for each region that has visitors the filter of their requests, as Logpush reads it.

    The first EU region takes what comes to the EU's own name, and every country that no other region serves: a country
    that nobody knows is taken for one of the EU. Logs spell countries in lower case; both are listed.
    """
    home = environment.edge.eu_regions[0]
    served = {region: visitors(environment, region) for region in environment.regions}
    elsewhere = sorted(
        country for region, countries in served.items() if region != home for country in countries
    )
    host = environment.edge.eu_hostname
    filters = {
        region: _text({"and": [_country("in", countries), _host("!eq", host)]})
        for region, countries in served.items()
        if region != home and countries
    }
    return {home: _text({"or": [_country("!in", elsewhere), _host("eq", host)]}), **filters}


def _country(operator: str, countries: list[str] | tuple[str, ...]) -> dict[str, Any]:
    listed = [*countries, *(country.lower() for country in countries)]
    return {"key": "ClientCountry", "operator": operator, "value": listed}


def _host(operator: str, host: str) -> dict[str, Any]:
    return {"key": "ClientRequestHost", "operator": operator, "value": host}


def _text(where: dict[str, Any]) -> str:
    return json.dumps({"where": where}, separators=(",", ":"))
