"""The clouds' regions and zones that an estate may name, with the jurisdiction in which they lie.

Sources: Google Cloud "Regions and zones" and AWS "Regions and Availability Zones", 2026-11. A region that is not
listed is refused until somebody adds it here with its jurisdiction, which is the point of the table.
"""

from __future__ import annotations

from dataclasses import dataclass

from meridian.model.regions import Residency


@dataclass(frozen=True)
class Place:
    """A cloud's region."""

    residency: Residency
    zones: tuple[str, ...]


def _gcp(residency: Residency, region: str, zones: str) -> tuple[str, Place]:
    return region, Place(residency, tuple(f"{region}-{zone}" for zone in zones))


def _aws(residency: Residency, region: str, zones: str) -> tuple[str, Place]:
    return region, Place(residency, tuple(f"{region}{zone}" for zone in zones))


GCP_REGIONS: dict[str, Place] = dict(
    (
        _gcp("us", "us-central1", "abcf"),
        _gcp("us", "us-east1", "bcd"),
        _gcp("us", "us-east4", "abc"),
        _gcp("us", "us-west1", "abc"),
        _gcp("eu", "europe-west1", "bcd"),
        _gcp("eu", "europe-west3", "abc"),
        _gcp("eu", "europe-west4", "abc"),
        _gcp("eu", "europe-north1", "abc"),
        _gcp("asia", "asia-east1", "abc"),
        _gcp("asia", "asia-northeast1", "abc"),
        _gcp("asia", "asia-southeast1", "abc"),
    )
)

AWS_REGIONS: dict[str, Place] = dict(
    (
        _aws("us", "us-east-1", "abcdef"),
        _aws("us", "us-east-2", "abc"),
        _aws("us", "us-west-2", "abcd"),
        _aws("eu", "eu-west-1", "abc"),
        _aws("eu", "eu-central-1", "abc"),
        _aws("eu", "eu-north-1", "abc"),
        _aws("eu", "eu-west-3", "abc"),
        _aws("asia", "ap-southeast-1", "abc"),
        _aws("asia", "ap-northeast-1", "acd"),
        _aws("asia", "ap-south-1", "abc"),
    )
)
