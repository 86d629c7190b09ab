"""Environments of any number of regions, made of production's data: the same estate, only more of it."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Collection, Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from meridian.model.places import AWS_REGIONS, GCP_REGIONS

OWN = ("us", "eu", "asia")
"""Production's own regions; every further one is made after the first of them."""
_WINDOWS = [
    (day, hour)
    for day in ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
    for hour in range(0, 24, 4)
    if day not in ("SA", "SU") or hour == 12
]
"""Hours in which none of production's own clusters is upgraded."""


def pairs(taken: Collection[str]) -> Iterator[tuple[str, str, str]]:
    """Yield (residency, Google Cloud's region, AWS's region) of what is not taken: each once, three zones in both."""
    for residency in ("us", "eu", "asia", "other"):
        sides = (
            [
                name
                for name, place in table.items()
                if place.residency == residency and len(place.zones) > 2 and name not in taken
            ]
            for table in (GCP_REGIONS, AWS_REGIONS)
        )
        yield from ((residency, *pair) for pair in zip(*sides, strict=False))


def write(stacks: Path, name: str, count: int) -> None:
    """Write environment `name` with `count` regions beside prod; raises ValueError for more than there are pairs."""
    yaml = YAML()
    source = {key: yaml.load(stacks / "prod" / f"{key}.yaml") for key in (*OWN, "estate")}
    taken = {source[key][cloud]["region"] for key in OWN for cloud in ("gcp", "aws")}
    free = list(pairs(taken))
    if count > len(OWN) + len(free):
        raise ValueError(f"{count} regions: the clouds have {len(OWN) + len(free)} pairs in one jurisdiction")
    shutil.rmtree(stacks / name, ignore_errors=True)
    (stacks / name).mkdir()
    regions = {key: source[key] for key in OWN}
    for number, pair in enumerate(free[: count - len(OWN)], len(OWN)):
        regions[f"r{number}"] = _region(source["us"], f"r{number}", number, *pair)
    for key, content in (("estate", _estate(source["estate"], regions)), *regions.items()):
        text = StringIO()
        yaml.dump(content, text)
        # Clusters, buckets and zones are named after their environment.
        (stacks / name / f"{key}.yaml").write_text(text.getvalue().replace("prod", name))


def _region(model: Any, key: str, number: int, residency: str, gcp: str, aws: str) -> Any:
    made = copy.deepcopy(model)
    made["key"], made["residency"] = key, residency
    for cloud, product in (("gcp", "gke"), ("aws", "eks")):
        made[cloud]["cluster"]["name"] = f"prod-{key}-{product}"
    first = 4 * number + 100
    made["gcp"] |= {"region": gcp, "zones": list(GCP_REGIONS[gcp].zones[:3])}
    made["gcp"]["network"] |= {
        "nodes": f"10.{first}.0.0/20", "services": f"10.{first}.16.0/20", "control_plane": f"10.{first}.32.0/28",
        "pods": f"10.{first + 1}.0.0/16", "asn": 64700 + 2 * number,
    }  # fmt: skip
    made["aws"] |= {"region": aws, "zones": list(AWS_REGIONS[aws].zones[:3])}
    made["aws"]["network"] |= {
        "vpc": f"10.{first + 2}.0.0/16",
        "private": [f"10.{first + 2}.{third}.0/19" for third in (0, 32, 64)],
        "public": [f"10.{first + 2}.{third}.0/24" for third in (96, 97, 98)],
        "services": f"10.{first + 3}.0.0/20", "asn": 64701 + 2 * number,
    }  # fmt: skip
    # One window a week for each cluster that holds database nodes: a week has none for sixty, so one cloud holds them.
    day, hour = _WINDOWS[number - len(OWN)]
    made["gcp"]["cluster"]["maintenance"] = {"day": day, "start": f"{hour:02}:00", "hours": 4}
    made["aws"]["cluster"]["maintenance"]["day"] = "MO" if day != "MO" else "TU"
    zones = enumerate(made["gcp"]["zones"], 1)
    made["database"] = {f"{key}-{node}": {"cloud": "gcp", "zone": zone} for node, zone in zones}
    made["gcp"]["cluster"]["pools"]["database"]["min_nodes"] = 3
    return made


def _estate(estate: Any, regions: Mapping[str, Any]) -> Any:
    estate["database"] |= {"nodes": 3 * len(regions), "super_regions": {key: [key] for key in regions}}
    estate["platform"]["namespaces"]["database"]["quota"] |= {"cpu": 30, "memory_gib": 80}
    of_the_eu = [key for key, region in regions.items() if region["residency"] == "eu"]
    estate["edge"]["eu_regions"] = of_the_eu
    estate["edge"]["fallback"] = {
        key: [each for each in of_the_eu if each != key][:1]
        if key in of_the_eu
        else ["asia" if key == "us" else "us"]
        for key in regions
    }
    if any(region["residency"] == "other" for region in regions.values()):
        estate["platform"]["datadog"]["sites"]["other"] = "datadoghq.com"
    return estate
