"""AWS's prices on demand, from the public bulk files of a region (AWS Price List Bulk API, "offer files", CSV form).

The file of EC2 in one region has hundreds of megabytes: it is read line by line and never held.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping

import httpx

from meridian.pricing.errors import PricingError, unreachable

ADDRESS = "https://pricing.us-east-1.amazonaws.com"
_FILE = "/offers/v1.0/aws/AmazonEC2/current/{region}/index.csv"
_FIRST_COLUMN = "SKU"
_MACHINE = {
    "Operating System": "Linux",
    "Tenancy": "Shared",
    "Pre Installed S/W": "NA",
    "CapacityStatus": "Used",
    "Unit": "Hrs",
}
_VOLUME = {"Product Family": "Storage", "Unit": "GB-Mo"}
_TIMEOUT = httpx.Timeout(30.0, read=120.0)


def prices(region: str, wanted: Iterable[str], address: str = ADDRESS) -> dict[str, float]:
    """Return USD an hour of machine types and a GB-month of volume types; those that are not listed are left out."""
    url = address + _FILE.format(region=region)
    try:
        with httpx.stream("GET", url, timeout=_TIMEOUT, follow_redirects=True) as answer:
            if answer.status_code != 200:
                raise PricingError(
                    url, f"the price list answers {answer.status_code}", "see that the region exists"
                )
            return _read(url, answer.iter_lines(), set(wanted))
    except httpx.HTTPError as error:
        raise unreachable(url, error) from None


def _read(url: str, lines: Iterator[str], wanted: set[str]) -> dict[str, float]:
    rows = csv.reader(lines)
    heads = next((row for row in rows if row[:1] == [_FIRST_COLUMN]), None)
    if heads is None:
        raise PricingError(
            url, f"no line begins with {_FIRST_COLUMN}: this is no offer file", "ask again later"
        )
    found: dict[str, float] = {}
    for row in rows:
        line = dict(zip(heads, row, strict=False))
        name = _name(line)
        if name not in wanted or line.get("TermType") != "OnDemand" or line.get("Currency") != "USD":
            continue
        amount = _amount(url, name, line.get("PricePerUnit", ""))
        if found.setdefault(name, amount) != amount:
            raise PricingError(
                f"{url}: {name} at {found[name]} and {amount}", "one thing has one price", "ask again later"
            )
    return found


def _name(line: Mapping[str, str]) -> str:
    if all(line.get(key) == value for key, value in _MACHINE.items()):
        return line.get("Instance Type", "")
    if all(line.get(key) == value for key, value in _VOLUME.items()):
        return line.get("Volume API Name", "")
    return ""


def _amount(url: str, name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise PricingError(f"{url}: {name} at {text!r}", "a price is a number", "ask again later") from None
