"""How a loss is spelt, and what the design promises during it: of the production estate's model."""

import pytest

from meridian.drills.errors import UsageError
from meridian.drills.promise import promises
from meridian.drills.target import default, parse, target, targets
from meridian.model import load_environment
from meridian.paths import find_checkout

PROD = load_environment(find_checkout().root, "prod")
GKE, EKS = (PROD.regions["eu"].sites()[cloud].cluster.name for cloud in ("gcp", "aws"))


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        (GKE, "cluster", GKE),
        (f"cluster:{GKE}", "cluster", GKE),
        ("eu-gke", "cluster", GKE),
        ("eu-aws", "cluster", EKS),
        ("europe-west1-gke", "cluster", GKE),
        ("region:eu", "region", "eu"),
        ("eu", "region", "eu"),
        ("cloud:aws", "cloud", "aws"),
        ("node:eu-1", "node", "eu-1"),
    ],
)
def test_a_loss_is_spelt_in_the_ways_that_people_write_it(text: str, kind: str, name: str) -> None:
    found = parse(PROD, text)
    assert (found.kind, found.name) == (kind, name)


@pytest.mark.parametrize("text", ["europe-west1-gkee", "moon:eu", "region:mars", "", "node:", "cluster:eu"])
def test_what_does_not_exist_is_refused_with_what_does(text: str) -> None:
    with pytest.raises(UsageError, match="fix:"):
        parse(PROD, text)


def test_every_spelling_of_the_list_is_understood() -> None:
    found = targets(PROD)
    assert len(found) == 6 + 3 + 2 + 9
    assert [parse(PROD, each.spelling) for each in found] == found


def test_only_a_cluster_can_be_lost_with_its_machines() -> None:
    with pytest.raises(UsageError, match="anyhow"):
        parse(PROD, "region:eu", machines=True)
    assert parse(PROD, "eu-gke", machines=True).nodes == ("eu-1", "eu-2")
    assert parse(PROD, "eu-gke").nodes == ()
    assert default(PROD).name == GKE


def served(text: str, machines: bool = False) -> dict[str, str | None]:
    found = promises(PROD, parse(PROD, text, machines=machines))
    return {each.population.name: each.serves for each in found.populations}


def test_a_loss_whose_way_in_hangs_is_kept_as_a_drill_of_its_own_and_no_node_hangs() -> None:
    target = parse(PROD, "eu-gke")
    assert (target.slug, target.hanging().slug) == ("cluster-prod-eu-gke", "cluster-prod-eu-gke-hang")
    with pytest.raises(UsageError, match="--how"):
        parse(PROD, "node:eu-1").hanging()


def test_the_sibling_takes_over_from_a_lost_cluster_whose_machines_go_on() -> None:
    assert served("eu-gke") == {"us": "prod-us-gke", "eu": EKS, "eu, own name": EKS, "asia": "prod-asia-gke"}


def test_with_its_machines_a_cluster_takes_its_regions_quorum_along_and_the_eu_goes_nowhere() -> None:
    found = promises(PROD, parse(PROD, "eu-gke", machines=True))
    assert served("eu-gke", machines=True) == {
        "us": "prod-us-gke", "eu": None, "eu, own name": None, "asia": "prod-asia-gke",
    }  # fmt: skip
    assert found.without_quorum == (
        "eu has no quorum: eu-1, eu-2 of eu-1, eu-2, eu-3 are lost, and 2 of 3 are needed",
    )
    assert found.unhealthy == (GKE, EKS)


def test_a_lost_region_is_served_by_the_models_table_and_the_eu_by_nobody() -> None:
    assert served("region:us")["us"] == "prod-asia-gke"
    assert served("region:eu") == {
        "us": "prod-us-gke", "eu": None, "eu, own name": None, "asia": "prod-asia-gke",
    }  # fmt: skip


def test_one_of_three_nodes_changes_nothing_and_the_cloud_with_the_majority_everything() -> None:
    assert served("node:eu-1") == {each.population.name: each.home for each in promises(PROD, parse(PROD, "node:eu-1")).populations}  # fmt: skip
    assert promises(PROD, target(PROD, "node", "eu-1")).unhealthy == ()
    assert set(served("cloud:gcp").values()) == {None}
    assert None not in served("cloud:aws").values()
