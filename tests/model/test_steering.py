"""Who is sent where, worked out from the model: nobody of the EU leaves it, whatever is down."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meridian.model import Environment, environments, load_environment
from meridian.model.edge_geography import CODES, COUNTRIES, EU_COUNTRIES
from meridian.model.edge_paths import leaks, paths
from meridian.model.steering import balancers, failover_order, pools, region_of, visitors

ROOT = Path(__file__).parents[2]
ESTATES = environments(ROOT)
PROD = load_environment(ROOT, "prod")


def origins(environment: Environment) -> tuple[dict[str, tuple[str, ...]], set[str]]:
    """Return every pool's origins, and the origins that lie in the EU."""
    found = pools(environment)
    inside = {pool.origin for pool in found.values() if pool.residency == "eu"}
    return {key: (pool.origin,) for key, pool in found.items()}, inside


def plan(name: str, **changes: object) -> dict[str, object]:
    """Return a load balancer of prod as plain data, with changes."""
    return {**dataclasses.asdict(balancers(PROD)[name]), **changes}


def test_every_country_of_iso_3166_stands_once_in_a_code() -> None:
    listed = [country for _, countries in CODES.values() for country in countries]
    assert len(listed) == len(set(listed)) == 250  # 249 of ISO 3166-1, and Kosovo
    assert set(EU_COUNTRIES) <= set(listed)
    assert len(EU_COUNTRIES) == 27 + 3 + 7


@pytest.mark.parametrize("name", ESTATES)
def test_an_eu_visitor_never_leaves_the_eu_on_any_path(name: str) -> None:
    environment = load_environment(ROOT, name)
    known, inside = origins(environment)
    for key, balancer in balancers(environment).items():
        assert leaks(dataclasses.asdict(balancer), known, inside, only_eu_visitors=key == "eu") == []


def test_a_regions_primary_comes_first_then_its_second_cloud_then_the_models_next_region() -> None:
    assert failover_order(PROD, "us") == ("us-gcp", "us-aws", "asia-gcp", "asia-aws")
    assert failover_order(PROD, "eu") == ("eu-gcp", "eu-aws")


def test_eu_territory_in_other_continents_codes_is_served_by_the_eu() -> None:
    elsewhere = {country for country in EU_COUNTRIES if COUNTRIES[country] not in ("WEU", "EEU")}
    assert elsewhere == {"CY", "GF", "GP", "MF", "MQ", "RE", "YT"}
    assert {region_of(PROD, country) for country in EU_COUNTRIES} == {"eu"}
    assert region_of(PROD, "XX") == "eu"  # unknown: as if it were in the EU


def test_every_visitor_belongs_to_one_region() -> None:
    listed = [country for region in PROD.regions for country in visitors(PROD, region)]
    assert sorted(listed) == sorted(COUNTRIES)


@pytest.mark.parametrize(
    ("name", "change", "way"),
    [
        ("eu", {"fallback_pool": "us-gcp"}, "fallback_pool"),
        ("eu", {"default_pools": ("eu-gcp", "us-gcp")}, "default_pools[1]"),
        ("eu", {"region_pools": {"ENAM": ("us-gcp",)}}, "region_pools.ENAM[0]"),
        ("eu", {"country_pools": {"US": ("us-gcp",)}}, "country_pools.US[0]"),
        ("eu", {"pop_pools": {"FRA": ("asia-gcp",)}}, "pop_pools.FRA[0]"),
        ("eu", {"rules": ({"name": "override"},)}, "rules[0]"),
        ("eu", {"default_pools": ("gone",)}, "default_pools[0]"),
        ("app", {"fallback_pool": "us-aws"}, "fallback_pool"),
        ("app", {"default_pools": ("us-aws",)}, "default_pools[0]"),
        ("app", {"region_pools": {"WEU": ("eu-gcp", "us-gcp")}}, "region_pools.WEU[1]"),
        ("app", {"country_pools": {}}, "country_pools.DE"),
        ("app", {"pop_pools": {"IAD": ("us-gcp",)}}, "pop_pools.IAD[0]"),
    ],
)
def test_each_way_out_of_the_eu_is_found(name: str, change: dict[str, object], way: str) -> None:
    known, inside = origins(PROD)
    found = leaks(plan(name, **change), known, inside, only_eu_visitors=name == "eu")
    assert way in {path.by for path in found}


def test_a_pool_with_one_origin_abroad_is_a_way_out() -> None:
    known, inside = origins(PROD)
    mixed = {**known, "eu-gcp": (*known["eu-gcp"], "prod-us-gke.origin.meridian.example")}
    found = leaks(plan("eu"), mixed, inside, only_eu_visitors=True)
    assert {(path.by, path.origin) for path in found} == {
        ("default_pools[0]", "prod-us-gke.origin.meridian.example")
    }


@given(
    st.dictionaries(
        st.sampled_from(sorted(CODES)),
        st.lists(st.sampled_from(["eu-gcp", "eu-aws", "us-gcp", "asia-aws"]), max_size=4),
    )
)
def test_no_list_with_a_pool_abroad_passes_for_the_eus_own_name(lists: dict[str, list[str]]) -> None:
    known, inside = origins(PROD)
    found = leaks(plan("eu", region_pools=lists), known, inside, only_eu_visitors=True)
    abroad = sum(pool in ("us-gcp", "asia-aws") for listed in lists.values() for pool in listed)
    assert len(found) == abroad


def test_a_path_is_listed_for_every_pool_of_every_list() -> None:
    balancer = dataclasses.asdict(balancers(PROD)["app"])
    listed = len(list(paths(balancer, origins(PROD)[0])))
    assert listed == 1 + 2 + sum(len(each) for each in balancer["region_pools"].values()) + 2 * len(
        EU_COUNTRIES
    )


def test_no_two_environments_share_a_zone() -> None:
    zones = [load_environment(ROOT, name).edge.zone for name in ESTATES]
    assert len(set(zones)) == len(zones)
