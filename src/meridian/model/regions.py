"""One region of the estate: a primary on Google Cloud and a failover on AWS, in the same jurisdiction."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from meridian.model.base import Cidr, Key, Model, PrivateAsn
from meridian.model.clusters import Cluster

Residency = Literal["us", "eu", "asia", "other"]
"""Where a region's data stays; `other` promises no jurisdiction: no law holds it anywhere."""
Cloud = Literal["gcp", "aws"]
Zones = Annotated[tuple[str, ...], Field(min_length=3, max_length=3)]


class GcpNetwork(Model):
    """The ranges of one VPC network on Google Cloud."""

    nodes: Cidr
    pods: Cidr
    services: Cidr
    control_plane: Cidr
    """A /28 of the private control plane (GKE private clusters)."""
    asn: PrivateAsn
    """Cloud Router's side of the BGP sessions."""

    def ranges(self) -> dict[str, Cidr]:
        """Return every range by its field's name."""
        return {
            "nodes": self.nodes,
            "pods": self.pods,
            "services": self.services,
            "control_plane": self.control_plane,
        }


class AwsNetwork(Model):
    """The ranges of one VPC on AWS; pods take addresses of the private subnets (VPC CNI)."""

    vpc: Cidr
    private: Annotated[tuple[Cidr, ...], Field(min_length=3, max_length=3)]
    """One private subnet per zone, in the order of `zones`."""
    public: Annotated[tuple[Cidr, ...], Field(min_length=3, max_length=3)]
    """One public subnet per zone, for NAT gateways and load balancers only."""
    services: Cidr
    asn: PrivateAsn
    """The transit gateway's side of the BGP sessions."""

    def ranges(self) -> dict[str, Cidr]:
        """Return the ranges that must overlap with nothing; subnets lie inside `vpc`."""
        return {"vpc": self.vpc, "services": self.services}


class GcpSite(Model):
    """What lies in one Google Cloud region."""

    region: str
    zones: Zones
    network: GcpNetwork
    cluster: Cluster
    role: Literal["primary", "failover"] = "primary"


class AwsSite(Model):
    """What lies in one AWS region."""

    region: str
    zones: Zones
    network: AwsNetwork
    cluster: Cluster
    role: Literal["primary", "failover"] = "failover"


class DatabaseNode(Model):
    """One CockroachDB node: in which cluster and zone it runs."""

    cloud: Cloud
    zone: str


class Backup(Model):
    """How long this region's backups are kept, and that nobody can shorten it."""

    retention_days: Annotated[int, Field(ge=7, le=3650)] = 35
    locked: bool = True
    """Object lock in compliance mode / a locked retention policy: irreversible on the real clouds."""


class Region(Model):
    """One region: both clouds of one jurisdiction."""

    key: Key
    residency: Residency
    """The jurisdiction that holds this region's data."""
    gcp: GcpSite
    aws: AwsSite
    database: Annotated[dict[Key, DatabaseNode], Field(min_length=1)]
    backup: Backup = Backup()

    def sites(self) -> dict[Cloud, GcpSite | AwsSite]:
        """Return both sites by cloud."""
        return {"gcp": self.gcp, "aws": self.aws}
