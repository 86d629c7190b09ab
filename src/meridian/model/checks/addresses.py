"""The IP plan: no two ranges overlap anywhere, because all networks are routed to each other."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from meridian.model.environment import Environment
from meridian.model.problems import Path, Problem, dotted

PRIVATE = tuple(
    IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
)
# GKE and AWS reserve these for their own use on nodes (GKE docs "reserved IP ranges"; EKS docs "Docker bridge"), 2026-11.
RESERVED = {IPv4Network("172.17.0.0/16"): "the container runtime's bridge on EKS nodes"}


def _ranges(environment: Environment) -> list[tuple[Path, IPv4Network]]:
    return [
        (("regions", name, cloud, "network", field), cidr)
        for name, region in environment.regions.items()
        for cloud, site in region.sites().items()
        for field, cidr in site.network.ranges().items()
    ]


def overlaps(environment: Environment) -> Iterator[Problem]:
    """No range of the estate overlaps another; the later one of a pair is reported."""
    ranges = _ranges(environment)
    for index, (path, cidr) in enumerate(ranges):
        for other_path, other in ranges[:index]:
            if cidr.overlaps(other):
                yield Problem(
                    path,
                    cidr,
                    f"overlaps {other} of {dotted(other_path)}; every network is routed to every other",
                    "choose a free range (docs/architecture.md shows the IP plan)",
                )


def subnets_inside_vpc(environment: Environment) -> Iterator[Problem]:
    """AWS subnets lie inside their VPC and overlap with none of its subnets."""
    for name, region in environment.regions.items():
        network = region.aws.network
        seen: list[tuple[Path, IPv4Network]] = []
        for field, cidrs in (("private", network.private), ("public", network.public)):
            for index, cidr in enumerate(cidrs):
                path: Path = ("regions", name, "aws", "network", field, index)
                if not cidr.subnet_of(network.vpc):
                    yield Problem(
                        path,
                        cidr,
                        f"is not inside the VPC's {network.vpc}",
                        "choose a subnet of the VPC's range",
                    )
                for other_path, other in seen:
                    if cidr.overlaps(other):
                        yield Problem(
                            path,
                            cidr,
                            f"overlaps {other} of {dotted(other_path)}",
                            "choose a free part of the VPC's range",
                        )
                seen.append((path, cidr))


def sizes(environment: Environment) -> Iterator[Problem]:
    """Ranges have the sizes that the clouds take."""
    for name, region in environment.regions.items():
        control_plane = region.gcp.network.control_plane
        if control_plane.prefixlen != 28:
            yield Problem(
                ("regions", name, "gcp", "network", "control_plane"),
                control_plane,
                "a GKE control plane's range is a /28",
                f"write {control_plane.network_address}/28",
            )
        vpc = region.aws.network.vpc
        if not 16 <= vpc.prefixlen <= 28:
            yield Problem(
                ("regions", name, "aws", "network", "vpc"),
                vpc,
                "a VPC's range is between /16 and /28",
                "choose a /16 to /28",
            )
        for cloud, services in (("gcp", region.gcp.network.services), ("aws", region.aws.network.services)):
            if not 12 <= services.prefixlen <= 24:
                yield Problem(
                    ("regions", name, cloud, "network", "services"),
                    services,
                    "a service range is between /12 and /24 (EKS's bounds)",
                    "choose a /20",
                )


def private_space(environment: Environment) -> Iterator[Problem]:
    """Every range is private and not reserved by a cloud."""
    for path, cidr in _ranges(environment):
        if not any(cidr.subnet_of(private) for private in PRIVATE):
            yield Problem(
                path,
                cidr,
                "is not private address space (RFC 1918, RFC 6598)",
                "choose a range inside 10.0.0.0/8",
            )
        for reserved, owner in RESERVED.items():
            if cidr.overlaps(reserved):
                yield Problem(path, cidr, f"overlaps {reserved}, {owner}", "choose a range inside 10.0.0.0/8")


def autonomous_systems(environment: Environment) -> Iterator[Problem]:
    """Every BGP speaker has a number of its own."""
    seen: dict[int, Path] = {environment.mesh.aws_backbone_asn: ("mesh", "aws_backbone_asn")}
    for name, region in environment.regions.items():
        for cloud, site in region.sites().items():
            path: Path = ("regions", name, cloud, "network", "asn")
            other = seen.setdefault(site.network.asn, path)
            if other != path:
                yield Problem(
                    path,
                    site.network.asn,
                    f"{dotted(other)} has this number already",
                    "choose a free one of 64512-65534",
                )
