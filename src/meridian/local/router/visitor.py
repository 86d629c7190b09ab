"""Who asks: Cloudflare knows it from the data centre and the address, the local router from a port or a header."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

from meridian.local.router.resources import REGIONS

HEADER = "Meridian-Visitor"
"""`REGION[/COUNTRY[/POP]]`, such as `WEU/DE/FRA`; goes before the port's own population."""

# Where a region's visitors are taken to be, for proximity steering: a large city of each region, an assumption of ours.
_PLACES: Mapping[str, tuple[float, float]] = {
    "EEU": (52.2, 21.0),
    "ENAM": (40.7, -74.0),
    "ME": (25.2, 55.3),
    "NAF": (30.0, 31.2),
    "NEAS": (35.7, 139.7),
    "NSAM": (4.7, -74.1),
    "OC": (-33.9, 151.2),
    "SAF": (-26.2, 28.0),
    "SAS": (19.1, 72.9),
    "SEAS": (1.35, 103.8),
    "SSAM": (-23.5, -46.6),
    "WEU": (50.1, 8.7),
    "WNAM": (37.8, -122.4),
}
_FORM = re.compile(r"([A-Za-z]{2,4})(?:/([A-Za-z]{2}))?(?:/([A-Za-z]{3}))?")
_EARTH_KM = 6371.0


@dataclass(frozen=True)
class Visitor:
    """A visitor's place and address; empty where it is not known."""

    region: str = ""
    country: str = ""
    pop: str = ""
    ip: str = ""

    @property
    def place(self) -> tuple[float, float] | None:
        """Latitude and longitude for proximity steering."""
        return _PLACES.get(self.region)


def parse(text: str, ip: str = "") -> Visitor:
    """Return the visitor that a header names; raises ValueError with value, rule and fix."""
    found = _FORM.fullmatch(text.strip())
    if not found or found[1].upper() not in REGIONS:
        raise ValueError(
            f"{HEADER}: {text}: the form is REGION[/COUNTRY[/POP]] with a region of {', '.join(REGIONS)}; "
            "fix: write for example WEU/DE/FRA"
        )
    region, country, pop = (part.upper() if part else "" for part in found.groups())
    return Visitor(region, country, pop, ip)


def kilometres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the great-circle distance between two places (haversine)."""
    (lat1, lon1), (lat2, lon2) = (tuple(map(radians, each)) for each in (one, other))
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * _EARTH_KM * asin(sqrt(half))
