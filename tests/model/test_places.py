"""The clouds' regions: every one that the providers publish, each with its jurisdiction and zones of its own."""

import pytest

from meridian.model.places import AWS_REGIONS, GCP_REGIONS, Place


@pytest.mark.parametrize(("table", "least"), [(GCP_REGIONS, 42), (AWS_REGIONS, 34)])
def test_the_table_holds_every_published_region_with_zones_of_its_own(
    table: dict[str, Place], least: int
) -> None:
    assert len(table) == least
    zones = [zone for place in table.values() for zone in place.zones]
    assert len(zones) == len(set(zones))
    assert all(zone.startswith(region) for region, place in table.items() for zone in place.zones)


@pytest.mark.parametrize("region", ["europe-west2", "europe-west6", "eu-west-2", "eu-central-2"])
def test_london_and_zurich_are_not_in_the_eu(region: str) -> None:
    assert {**GCP_REGIONS, **AWS_REGIONS}[region].residency == "other"


@pytest.mark.parametrize("region", ["europe-central2", "europe-southwest1", "eu-south-1", "eu-south-2"])
def test_warsaw_madrid_milan_and_aragon_are(region: str) -> None:
    assert {**GCP_REGIONS, **AWS_REGIONS}[region].residency == "eu"
