"""The clouds' regions and zones that an estate may name, with the jurisdiction in which they lie.

Sources: Google Cloud "Regions and zones" (Compute Engine docs) and "AWS Regions" with its document history (Global
Infrastructure docs), 2026-11; without AWS's partitions for China and the US government. A region that is not listed is
refused until somebody adds it here with its jurisdiction, which is the point of the table. `asia` is what both clouds
call Asia Pacific, `other` what lies in none of the three: the United Kingdom and Switzerland are not in the EU.
Which letters an account sees is AWS's choice; us-west-1 shows two zones to any account, so no site fits there.
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
        _gcp("us", "us-east5", "abc"),
        _gcp("us", "us-south1", "abc"),
        _gcp("us", "us-west1", "abc"),
        _gcp("us", "us-west2", "abc"),
        _gcp("us", "us-west3", "abc"),
        _gcp("us", "us-west4", "abc"),
        _gcp("eu", "europe-central2", "abc"),
        _gcp("eu", "europe-north1", "abc"),
        _gcp("eu", "europe-north2", "abc"),
        _gcp("eu", "europe-southwest1", "abc"),
        _gcp("eu", "europe-west1", "bcd"),
        _gcp("eu", "europe-west3", "abc"),
        _gcp("eu", "europe-west4", "abc"),
        _gcp("eu", "europe-west8", "abc"),
        _gcp("eu", "europe-west9", "abc"),
        _gcp("eu", "europe-west10", "abc"),
        _gcp("eu", "europe-west12", "abc"),
        _gcp("asia", "asia-east1", "abc"),
        _gcp("asia", "asia-east2", "abc"),
        _gcp("asia", "asia-northeast1", "abc"),
        _gcp("asia", "asia-northeast2", "abc"),
        _gcp("asia", "asia-northeast3", "abc"),
        _gcp("asia", "asia-south1", "abc"),
        _gcp("asia", "asia-south2", "abc"),
        _gcp("asia", "asia-southeast1", "abc"),
        _gcp("asia", "asia-southeast2", "abc"),
        _gcp("asia", "australia-southeast1", "abc"),
        _gcp("asia", "australia-southeast2", "abc"),
        _gcp("other", "africa-south1", "abc"),
        _gcp("other", "europe-west2", "abc"),
        _gcp("other", "europe-west6", "abc"),
        _gcp("other", "me-central1", "abc"),
        _gcp("other", "me-central2", "abc"),
        _gcp("other", "me-west1", "abc"),
        _gcp("other", "northamerica-northeast1", "abc"),
        _gcp("other", "northamerica-northeast2", "abc"),
        _gcp("other", "northamerica-south1", "abc"),
        _gcp("other", "southamerica-east1", "abc"),
        _gcp("other", "southamerica-west1", "abc"),
    )
)

AWS_REGIONS: dict[str, Place] = dict(
    (
        _aws("us", "us-east-1", "abcdef"),
        _aws("us", "us-east-2", "abc"),
        _aws("us", "us-west-1", "bc"),
        _aws("us", "us-west-2", "abcd"),
        _aws("eu", "eu-central-1", "abc"),
        _aws("eu", "eu-north-1", "abc"),
        _aws("eu", "eu-south-1", "abc"),
        _aws("eu", "eu-south-2", "abc"),
        _aws("eu", "eu-west-1", "abc"),
        _aws("eu", "eu-west-3", "abc"),
        _aws("asia", "ap-east-1", "abc"),
        _aws("asia", "ap-east-2", "abc"),
        _aws("asia", "ap-northeast-1", "acd"),
        _aws("asia", "ap-northeast-2", "abcd"),
        _aws("asia", "ap-northeast-3", "abc"),
        _aws("asia", "ap-south-1", "abc"),
        _aws("asia", "ap-south-2", "abc"),
        _aws("asia", "ap-southeast-1", "abc"),
        _aws("asia", "ap-southeast-2", "abc"),
        _aws("asia", "ap-southeast-3", "abc"),
        _aws("asia", "ap-southeast-4", "abc"),
        _aws("asia", "ap-southeast-5", "abc"),
        _aws("asia", "ap-southeast-6", "abc"),
        _aws("asia", "ap-southeast-7", "abc"),
        _aws("other", "af-south-1", "abc"),
        _aws("other", "ca-central-1", "abd"),
        _aws("other", "ca-west-1", "abc"),
        _aws("other", "eu-central-2", "abc"),
        _aws("other", "eu-west-2", "abc"),
        _aws("other", "il-central-1", "abc"),
        _aws("other", "me-central-1", "abc"),
        _aws("other", "me-south-1", "abc"),
        _aws("other", "mx-central-1", "abc"),
        _aws("other", "sa-east-1", "abc"),
    )
)
