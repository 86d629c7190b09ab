"""Drills on the whole estate: its own edge unit steers, six real control planes serve."""

import json
from typing import Any

import pytest
from estate_checkout import EstateCheckout

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]


def drilled(estate: EstateCheckout, lose: str) -> dict[str, Any]:
    return dict(
        json.loads(estate.run("drill", "failover", "local", "--lose", lose, "--scale", "0.1", "--json"))
    )


@pytest.mark.parametrize(("lose", "eu", "us"), [
    ("europe-west1-gke", "local-eu-eks", "local-us-gke"),
    ("region:us", "local-eu-gke", "local-asia-gke"),
])  # fmt: skip
def test_visitors_are_served_where_the_data_says_and_nobody_of_the_eu_abroad(
    estate: EstateCheckout, lose: str, eu: str, us: str
) -> None:
    found = drilled(estate, lose)
    assert found["held"]
    promised = {each["population"]: each["serves"] for each in found["promises"]}
    assert promised == {"us": us, "eu": eu, "eu, own name": eu, "asia": "local-asia-gke"}
    who = {a["cluster"] for a in found["answers"] if a["population"].startswith("eu") and a["cluster"]}
    assert who <= {"local-eu-gke", "local-eu-eks"}
