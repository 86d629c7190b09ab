"""The database's nodes over the regions: localities, names, the join list and the ranges."""

from __future__ import annotations

from pathlib import Path

import pytest

from meridian.model import Environment, load_environment
from meridian.model.topology import (
    database_ranges,
    host,
    join_addresses,
    join_nodes,
    nodes,
    nodes_of,
    resolver_addresses,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def prod() -> Environment:
    return load_environment(ROOT, "prod")


def test_nine_nodes_three_in_each_region_on_both_clouds(prod: Environment) -> None:
    placed = nodes(prod)
    assert len(placed) == 9
    for region in prod.regions:
        here = [node for node in placed if node.region == region]
        assert len(here) == 3 and {node.cloud for node in here} == {"gcp", "aws"}


def test_every_locality_has_the_same_tiers_in_the_same_order_and_a_region_that_constraints_name(
    prod: Environment,
) -> None:
    tiers = {tuple(tier.split("=")[0] for tier in node.locality.split(",")) for node in nodes(prod)}
    assert tiers == {("region", "cloud", "zone")}
    regions = {node.locality.split(",")[0].removeprefix("region=") for node in nodes(prod)}
    assert {partition.constraint for partition in prod.database.partitions.values()} <= regions
    (first,) = (node for node in nodes(prod) if node.key == "eu-3")
    assert first.locality == "region=eu,cloud=aws,zone=eu-west-1a"


def test_the_join_list_has_two_of_each_region_on_both_clouds_and_not_every_node(prod: Environment) -> None:
    chosen = join_nodes(prod)
    assert len(chosen) == 6 < len(nodes(prod))
    for region in prod.regions:
        assert {node.cloud for node in chosen if node.region == region} == {"gcp", "aws"}
    assert join_addresses(prod)[0] == "asia-1.db.prod.meridian.internal:26257"


def test_a_node_is_found_by_its_cluster_and_named_in_the_private_zone(prod: Environment) -> None:
    assert [node.key for node in nodes_of(prod, "prod-eu-eks")] == ["eu-3"]
    assert host(prod, "eu-3") == "eu-3.db.prod.meridian.internal"


def test_the_database_s_ranges_are_the_pods_ranges_and_no_other(prod: Environment) -> None:
    ranges = {str(cidr) for cidr in database_ranges(prod.regions)}
    assert {"10.33.0.0/16", "10.40.0.0/19", "10.40.32.0/19", "10.40.64.0/19"} <= ranges
    assert "10.32.0.0/20" not in ranges and "10.40.0.0/16" not in ranges
    assert len(ranges) == 3 * (1 + 3)


def test_the_resolver_s_fixed_addresses_lie_inside_their_ranges(prod: Environment) -> None:
    site = prod.regions["eu"].aws
    for address, cidr in zip(resolver_addresses(site), site.network.private, strict=True):
        assert address in {str(one) for one in cidr.hosts()}
    assert resolver_addresses(prod.regions["eu"].gcp) == ("10.32.15.246",)
