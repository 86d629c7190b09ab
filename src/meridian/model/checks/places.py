"""Regions, zones and who is primary where: places that exist, in the jurisdiction that the data needs."""

from __future__ import annotations

from collections.abc import Iterator

from meridian.model.environment import Environment
from meridian.model.names import bucket_name
from meridian.model.places import AWS_REGIONS, GCP_REGIONS, Place
from meridian.model.problems import Problem
from meridian.model.regions import Cloud
from meridian.model.units import may_be_region

KNOWN: dict[Cloud, dict[str, Place]] = {"gcp": GCP_REGIONS, "aws": AWS_REGIONS}
BUCKET_NAME_LIMIT = 63
"""Characters of a bucket's name, on Google Cloud Storage and on S3."""


def region_keys(environment: Environment) -> Iterator[Problem]:
    """A region's key is its file's name: the unit and the stack are named after it."""
    for name, region in environment.regions.items():
        if region.key != name:
            yield Problem(
                ("regions", name, "key"),
                region.key,
                f"the key is the file's name, {name}",
                f"write `key: {name}` or rename the file",
            )
        if not may_be_region(name):
            yield Problem(
                ("regions", name, "key"),
                region.key,
                "the estate has a unit of this name, and each region is a unit named as its file",
                "rename the file and the key, for example after the continent",
            )


def clouds_regions(environment: Environment) -> Iterator[Problem]:
    """Each cloud's region exists and lies in the jurisdiction of the region's residency."""
    seen: dict[tuple[str, str], str] = {}
    for name, region in environment.regions.items():
        for cloud, site in region.sites().items():
            path = ("regions", name, cloud, "region")
            place = KNOWN[cloud].get(site.region)
            if place is None:
                yield Problem(
                    path,
                    site.region,
                    f"{cloud} has no such region in our table",
                    f"choose one of {', '.join(sorted(KNOWN[cloud]))}",
                )
            elif place.residency != region.residency:
                fitting = sorted(
                    key for key, other in KNOWN[cloud].items() if other.residency == region.residency
                )
                yield Problem(
                    path,
                    site.region,
                    f"lies in {place.residency}, but this region's data must stay in {region.residency}",
                    f"choose one of {', '.join(fitting)}",
                )
            other = seen.setdefault((cloud, site.region), name)
            if other != name:
                yield Problem(
                    path,
                    site.region,
                    f"region {other} already uses it",
                    "use each cloud region once in an environment",
                )


def zones(environment: Environment) -> Iterator[Problem]:
    """Three different zones, each of the site's own region."""
    for name, region in environment.regions.items():
        for cloud, site in region.sites().items():
            place = KNOWN[cloud].get(site.region)
            for index, zone in enumerate(site.zones):
                path = ("regions", name, cloud, "zones", index)
                if place is not None and zone not in place.zones:
                    yield Problem(
                        path, zone, f"{site.region} has no such zone", f"choose of {', '.join(place.zones)}"
                    )
                if zone in site.zones[:index]:
                    yield Problem(
                        path,
                        zone,
                        "the zone is listed twice",
                        "name three different zones, so that one can be lost",
                    )


def roles(environment: Environment) -> Iterator[Problem]:
    """One site of a region is primary and the other its failover."""
    for name, region in environment.regions.items():
        if region.gcp.role == region.aws.role:
            yield Problem(
                ("regions", name, "aws", "role"),
                region.aws.role,
                f"both sites are {region.aws.role}",
                "make one of them primary and the other failover",
            )


def bucket_names(environment: Environment) -> Iterator[Problem]:
    """Environment, region and account together make the name of a bucket, which has a limit."""
    for name in environment.regions:
        for cloud in KNOWN:
            bucket = bucket_name(environment, cloud, f"backups-{name}")
            if len(bucket) > BUCKET_NAME_LIMIT:
                yield Problem(
                    ("regions", name, "key"),
                    name,
                    f"the bucket {bucket} would have {len(bucket)} characters; {BUCKET_NAME_LIMIT} are the limit",
                    "shorten the region's file name and key, or the environment's name",
                )
                break
