"""Writes what the price lists say into `stacks/assumptions/prices.yaml`: all of it or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML

from meridian.files import write_whole
from meridian.model.one_file import read
from meridian.model.prices import Prices
from meridian.pricing import aws, gcp
from meridian.pricing.errors import PricingError

FACTOR = 3.0
"""A price that is so many times more or less than the one of before is not taken unseen."""


@dataclass(frozen=True)
class Change:
    """A price that differs from the one of before."""

    name: str
    region: str
    before: float
    now: float


def refresh(
    file: Path, *, gcp_key: str = "", aws_address: str = aws.ADDRESS, gcp_address: str = gcp.ADDRESS
) -> list[Change]:
    """Read the lists and write the file; raises PricingError or ModelErrors before anything is written. No key: Google is not asked."""
    read(file, f"stacks/assumptions/{file.name}", Prices)  # what is wrong already is told by its line
    yaml = YAML()
    yaml.width = 4096
    yaml.preserve_quotes = True
    data = yaml.load(file.read_text())
    listed: Mapping[str, Any] = data["prices"]
    found = _from_aws(listed, aws_address) | (_from_gcp(listed, gcp_key, gcp_address) if gcp_key else {})
    changes = []
    for (name, region), now in sorted(found.items()):
        before = float(listed[name]["regions"][region])
        _refuse_odd(name, region, before, now)
        if before != now:
            changes.append(Change(name, region, before, now))
        listed[name]["regions"][region] = now
    today = f"{datetime.now(UTC):%Y-%m}"
    for name in {name for name, _ in found}:
        if {(name, region) for region in listed[name]["regions"]} <= set(found):
            listed[name]["date"], listed[name]["source"] = today, "read from the cloud's own price list"
    _write(file, yaml, data)
    return changes


def _from_aws(listed: Mapping[str, Any], address: str) -> dict[tuple[str, str], float]:
    wanted = {name: list(price["regions"]) for name, price in listed.items() if _of_aws(name, price)}
    found: dict[tuple[str, str], float] = {}
    for region in sorted({region for regions in wanted.values() for region in regions}):
        names = [name for name, regions in wanted.items() if region in regions]
        said = aws.prices(region, names, address)
        missing = sorted(set(names) - set(said))
        if missing:
            raise PricingError(
                f"{', '.join(missing)} in {region}", "the price list has no such thing", "take the line out"
            )
        found |= {(name, region): price for name, price in said.items()}
    return found


def _of_aws(name: str, price: Mapping[str, Any]) -> bool:
    return bool(price.get("regions")) and ("." in name or name == "gp3")


def _from_gcp(listed: Mapping[str, Any], key: str, address: str) -> dict[tuple[str, str], float]:
    wanted = {name: list(price["regions"]) for name, price in listed.items() if "-standard-" in name}
    regions = sorted({region for of in wanted.values() for region in of})
    said = gcp.prices(wanted, regions, key, address)
    missing = [
        f"{name} in {region}"
        for name, of in wanted.items()
        for region in of
        if region not in said.get(name, {})
    ]
    if missing:
        raise PricingError(", ".join(missing), "the catalog has no such machine", "take the line out")
    return {(name, region): said[name][region] for name, of in wanted.items() for region in of}


def _refuse_odd(name: str, region: str, before: float, now: float) -> None:
    if now <= 0 or (before > 0 and not 1 / FACTOR <= now / before <= FACTOR):
        raise PricingError(
            f"{name} in {region}: {now:g} USD, {before:g} before",
            f"a price above 0 and within {FACTOR:g} times the one of before is taken",
            "look at the cloud's price page; if it is right, write it into the file by hand",
        )


def _write(file: Path, yaml: YAML, data: Any) -> None:
    text = StringIO()
    yaml.dump(data, text)
    try:
        Prices.model_validate(YAML(typ="safe").load(text.getvalue()))
    except ValidationError as error:
        raise PricingError(
            str(file), f"would not be valid any more ({error.error_count()} problems)", "report it"
        ) from None
    write_whole(file, text.getvalue())
