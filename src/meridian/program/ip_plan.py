"""Who may route to whom, from the model's ranges; makes nothing up."""

from __future__ import annotations

from meridian.model import Environment
from meridian.model.regions import AwsSite, Cloud, GcpSite, Region
from meridian.model.topology import database_ranges


def google_ranges(region: Region) -> tuple[str, ...]:
    """Return what lies behind a region's Google network for others: nodes and pods, never services."""
    return str(region.gcp.network.nodes), str(region.gcp.network.pods)


def amazon_ranges(region: Region) -> tuple[str, ...]:
    """Return what lies behind a region's transit gateway on AWS: the VPC."""
    return (str(region.aws.network.vpc),)


def site_ranges(region: Region) -> dict[Cloud, tuple[str, ...]]:
    """Return both sites' ranges."""
    return {"gcp": google_ranges(region), "aws": amazon_ranges(region)}


def peers(environment: Environment, key: str, cloud: Cloud) -> tuple[str, ...]:
    """Return every range of the estate but the site's own, in a stable order."""
    return tuple(
        sorted(
            cidr
            for other, region in environment.regions.items()
            for site, ranges in site_ranges(region).items()
            if (other, site) != (key, cloud)
            for cidr in ranges
        )
    )


def database_flows(environment: Environment, key: str, cloud: Cloud) -> tuple[str, ...]:
    """Return whose pods may reach the database's ports on a site: the sites that hold nodes; none where none are held.

    The site's own are among them: on AWS the nodes carry a security group that knows no inside.
    """
    if not any(node.cloud == cloud for node in environment.regions[key].database.values()):
        return ()
    return tuple(str(cidr) for cidr in database_ranges(environment.regions))


def control_plane_ranges(site: GcpSite | AwsSite) -> tuple[str, ...]:
    """Return where a cluster's API server has its own addresses: GKE's /28, or on EKS the private subnets."""
    if isinstance(site, GcpSite):
        return (str(site.network.control_plane),)
    return tuple(str(subnet) for subnet in site.network.private)
