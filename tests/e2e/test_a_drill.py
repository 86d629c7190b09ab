"""Drills on the whole estate: its own edge unit steers, six real control planes serve, and nothing is left of a drill."""

from __future__ import annotations

import json
import os
import signal
from typing import Any

import pytest
from estate_checkout import CLUSTERS, EstateCheckout, until

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane, pytest.mark.timeout(600)]

SCALE = "0.1"
OF_THE_EU = {"local-eu-gke", "local-eu-eks"}


def whole(estate: EstateCheckout) -> dict[str, Any]:
    """Return what must be the same before and after: clusters, pools, the time scale; fails where a cluster is away."""
    router = json.loads(estate.run("local", "router", "--json"))
    clusters = {row["name"]: row["state"] for row in json.loads(estate.run("local", "clusters", "--json"))}
    assert clusters == dict.fromkeys(CLUSTERS, "running")
    return {
        "pools": {pool["name"]: pool["state"] for pool in router["pools"]},
        "scale": router["time_scale"],
        "resources": len(estate.inventory()),
    }


@pytest.mark.parametrize(
    ("lose", "eu", "us"),
    [
        ("europe-west1-gke", "local-eu-eks", "local-us-gke"),
        ("region:us", "local-eu-gke", "local-asia-gke"),
    ],
)
def test_a_loss_is_served_where_the_data_says_nobody_of_the_eu_abroad_and_kept_as_evidence(
    estate: EstateCheckout, lose: str, eu: str, us: str
) -> None:
    before = whole(estate)
    said = estate.run("drill", "failover", "local", "--lose", lose, "--scale", SCALE, "--json")
    found = json.loads(said)
    assert found["held"]
    promised = {each["population"]: each["serves"] for each in found["promises"]}
    assert promised == {"us": us, "eu": eu, "eu, own name": eu, "asia": "local-asia-gke"}
    served = {each["population"]: each["served_by"] for each in found["figures"]}
    assert all(cluster in served[population] for population, cluster in promised.items())
    of_the_eu = [a for a in found["answers"] if a["population"].startswith("eu") and a["cluster"]]
    assert of_the_eu
    assert {answer["cluster"] for answer in of_the_eu} <= OF_THE_EU
    assert all(each["home"] is not None for each in found["figures"])
    assert whole(estate) == before

    records = sorted((estate.root / ".meridian/evidence/local/drills").glob("*.json"))
    kept = json.loads(records[-1].read_text())
    assert kept["digest"] in estate.run("drill", "verify", "local")
    assert kept["result"]["lost"]["clusters"] == found["lost"]["clusters"]


def test_ctrl_c_in_the_middle_of_a_drill_leaves_the_estate_as_it_was(estate: EstateCheckout) -> None:
    before = whole(estate)
    drill = estate.start("drill", "failover", "local", "--lose", "region:us", "--scale", SCALE, "--json")
    note = estate.root / ".meridian" / "local" / "drill.json"

    def away() -> bool:
        rows = json.loads(estate.run("local", "clusters", "--json"))
        return {row["state"] for row in rows if "-us-" in row["name"]} == {"stopped"}

    until(lambda: drill.poll() is not None or (note.exists() and away()), "both clusters of the US are away")
    os.killpg(drill.pid, signal.SIGINT)
    _, told = drill.communicate(timeout=240)
    assert drill.returncode == 130, told[-2000:]
    assert not note.exists()
    until(lambda: settled(estate, before), "every pool is healthy again")
    assert whole(estate) == before


def settled(estate: EstateCheckout, before: dict[str, Any]) -> bool:
    """True once the router calls every pool what it called it before."""
    router = json.loads(estate.run("local", "router", "--json"))
    return {pool["name"]: pool["state"] for pool in router["pools"]} == before["pools"]
