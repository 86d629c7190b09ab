"""Google Cloud's prices of machine types, from the Cloud Billing Catalog (REST v1, `services.skus.list`); needs an API key.

The catalog knows cores and memory, not machine types: a standard type of n cores has four times as many GiB (Compute
Engine docs, "General-purpose machine family"; the first generation, n1, has 3.75).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import httpx

from meridian.pricing.errors import PricingError, unreachable

ADDRESS = "https://cloudbilling.googleapis.com"
_SKUS = "/v1/services/6F81-5844-456A/skus"
"""Compute Engine's service id in the catalog."""
_TYPE = re.compile(r"(n1|n2d|n2|n4)-standard-(\d+)")
_NAMES = {
    "n1": "N1 Predefined Instance",
    "n2": "N2 Instance",
    "n2d": "N2D AMD Instance",
    "n4": "N4 Instance",
}
_GIB = {"n1": 3.75}
_TIMEOUT = httpx.Timeout(30.0)
_PAGES = 1000


def prices(
    wanted: Iterable[str], regions: Iterable[str], key: str, address: str = ADDRESS
) -> dict[str, dict[str, float]]:
    """Return USD an hour by machine type and region; what the catalog does not list is left out."""
    parts = _parts(_skus(address, key), address)
    found: dict[str, dict[str, float]] = {}
    for name in wanted:
        matched = _TYPE.fullmatch(name)
        if matched is None:
            continue
        family, cores = matched[1], int(matched[2])
        for region in regions:
            core, memory = (parts.get((f"{_NAMES[family]} {part}", region)) for part in ("Core", "Ram"))
            if core is not None and memory is not None:
                found.setdefault(name, {})[region] = round(cores * (core + _GIB.get(family, 4) * memory), 6)
    return found


def _parts(skus: Iterator[Mapping[str, Any]], address: str) -> dict[tuple[str, str], float]:
    """Return the price of each family's core and GiB by region, on demand."""
    found: dict[tuple[str, str], float] = {}
    for sku in skus:
        try:
            name = sku["description"].split(" running in ")[0]
            if sku["category"]["usageType"] != "OnDemand" or not name.endswith((" Core", " Ram")):
                continue
            (rate,) = sku["pricingInfo"][0]["pricingExpression"]["tieredRates"]
            price = rate["unitPrice"]
            if price["currencyCode"] != "USD":
                raise PricingError(
                    f"{address}: {name} in {price['currencyCode']}", "prices are in USD", "ask again"
                )
            amount = int(price.get("units") or 0) + int(price.get("nanos") or 0) / 1e9
            found |= {(name, region): amount for region in sku["serviceRegions"]}
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise PricingError(
                f"{address}: {str(sku)[:80]}", f"this is no SKU of the catalog ({error})", "ask again later"
            ) from None
    return found


def _skus(address: str, key: str) -> Iterator[Mapping[str, Any]]:
    page = ""
    for _ in range(_PAGES):
        try:
            # The key goes in a header: an address lands in logs.
            answer = httpx.get(
                address + _SKUS,
                params={"currencyCode": "USD", "pageSize": 5000, **({"pageToken": page} if page else {})},
                headers={"X-Goog-Api-Key": key},
                timeout=_TIMEOUT,
            )
        except httpx.HTTPError as error:
            raise unreachable(address, error) from None
        if answer.status_code != 200:
            raise PricingError(
                address,
                f"the catalog answers {answer.status_code}",
                "give a valid key of an API that is enabled",
            )
        try:
            body = answer.json()
            yield from body["skus"]
        except (ValueError, KeyError, TypeError) as error:
            raise PricingError(address, f"no page of SKUs ({error})", "ask again later") from None
        page = body.get("nextPageToken", "")
        if not page:
            return
