"""A small estate of real control planes: the laptop's, with its EU region only, and what the edge unit would make of it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from meridian.local.client import LocalClouds
from meridian.local.cluster_specs import EKS, GKE
from meridian.local.edge import BALANCER, MONITOR, POOL
from meridian.local.inventory import Inventory, Record
from meridian.model import load_environment
from meridian.model.edge_geography import CODES
from meridian.model.environment import Environment
from meridian.model.steering import balancers, pools
from meridian.model.topology import nodes
from meridian.paths import Checkout, find_checkout

ROOT = find_checkout(Path(__file__).parent)
_FILES = ("local/estate.yaml", "local/eu.yaml", "tables.yaml")


def small_estate(folder: Path) -> tuple[Checkout, Environment]:
    """Write a checkout with one region, two clusters and three database nodes, and its resources into the inventory."""
    made = Checkout(folder)
    (made.stacks / "local").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text("name: meridian\nruntime: python\n")
    _one_region(made.stacks)
    # What the API servers log stands in the checkout too.
    shutil.copytree(ROOT.root / "policies" / "audit", folder / "policies" / "audit")
    made.work.mkdir()
    made.bin.symlink_to(ROOT.bin)
    environment = load_environment(folder, "local")
    fill(made, environment)
    return made, environment


def _one_region(target: Path) -> None:
    """Keep the EU only; five nodes, for the database's own ranges are kept five times."""
    estate, region, tables = (YAML().load((ROOT.stacks / file).read_text()) for file in _FILES)
    estate["edge"]["codes"] = {"eu": sorted(CODES)}
    estate["edge"]["fallback"] = {"eu": []}
    estate["database"].update(nodes=5, partitions={"eu": {"constraint": "eu"}}, primary_region="eu")
    estate["database"]["super_regions"] = {"eu": ["eu"]}
    estate["platform"]["datadog"]["sites"] = {"eu": estate["platform"]["datadog"]["sites"]["eu"]}
    estate["database"].update(memory_gib=16, cpu=4)
    region["database"] |= {
        "eu-4": {"cloud": "gcp", "zone": "europe-west1-d"},
        "eu-5": {"cloud": "aws", "zone": "eu-west-1b"},
    }
    for cloud in ("gcp", "aws"):
        region[cloud]["cluster"]["pools"]["database"]["min_nodes"] = 3
    tables["countries"] = {"eu": tables["countries"]["eu"]}
    for file, data in zip(_FILES, (estate, region, tables), strict=True):
        YAML().dump(data, target / file)


def fill(checkout: Checkout, environment: Environment) -> None:
    """Put clusters and the edge's resources into the inventory, as the units make them of the model."""
    inventory = Inventory(checkout.local)
    for cloud, token, name, inputs, outputs in _records(environment):
        inventory.add(
            Record(0, cloud, environment.environment, token, name, name, f"urn:{name}", inputs, outputs, True), "", [], []
        )  # fmt: skip
    inventory.close()


def _records(environment: Environment) -> list[tuple[str, str, str, dict[str, Any], dict[str, Any]]]:
    known, monitor = pools(environment), environment.edge.monitor
    found: list[tuple[str, str, str, dict[str, Any], dict[str, Any]]] = []
    for name, (region, cloud, _) in environment.clusters().items():
        place = region.sites()[cloud].region
        if cloud == "gcp":
            labels = {"resourceLabels": {"unit": region.key}}
            found.append(("gcp", GKE, name, labels, {"location": place, "masterVersion": "1.34.0-gke.1"}))
        else:
            tags = {"tags": {"unit": region.key}}
            found.append(("aws", EKS, name, tags, {"region": place, "version": "1.34"}))
    asked = {
        "type": "https", "path": monitor.path, "interval": monitor.interval, "timeout": monitor.timeout,
        "retries": monitor.retries, "consecutiveDown": monitor.consecutive_down, "consecutiveUp": monitor.consecutive_up,
    }  # fmt: skip
    found.append(("cloudflare", MONITOR, "monitor", asked, {}))
    for pool in known.values():
        name = pool.cluster.name
        origin = {"name": name, "address": pool.origin}
        found.append(
            ("cloudflare", POOL, name, {"name": name, "monitor": "monitor", "origins": [origin]}, {})
        )
    for key, each in balancers(environment).items():
        lists = {
            "defaultPools": list(each.default_pools),
            "fallbackPool": each.fallback_pool,
            "regionPools": {code: list(listed) for code, listed in each.region_pools.items()},
            "countryPools": {country: list(listed) for country, listed in each.country_pools.items()},
        }
        inputs = {
            **_named(lists, {key: pool.cluster.name for key, pool in known.items()}),
            "name": each.hostname,
            "proxied": True,
            "steeringPolicy": each.policy,
            "adaptiveRouting": {"failoverAcrossPools": True},
            "sessionAffinity": environment.edge.affinity.mode,
            "sessionAffinityTtl": environment.edge.affinity.seconds,
            "sessionAffinityAttributes": {"zeroDowntimeFailover": "sticky"},
        }
        found.append(("cloudflare", BALANCER, key, inputs, {}))
    return found


def _named(value: Any, names: dict[str, str]) -> Any:
    """Replace pool keys by the names under which the pools lie in the inventory."""
    if isinstance(value, dict):
        return {key: _named(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [_named(each, names) for each in value]
    return names[value]


def tell(clouds: LocalClouds, environment: Environment) -> None:
    """Say which database nodes there are, as `up` does."""
    groups: dict[str, dict[str, str]] = {}
    for node in nodes(environment):
        groups.setdefault(node.region, {})[node.key] = node.cluster
    clouds.tell_replicas(environment.environment, groups)
