"""Kubernetes clusters and their node pools: the same words for GKE and EKS."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from meridian.model.base import Key, Model, Name


class Taint(Model):
    """A node taint."""

    key: str
    value: str
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] = "NoSchedule"


class NodePool(Model):
    """One pool of equal machines."""

    machine_type: str
    """The cloud's machine type, such as n1-standard-8 or m5.2xlarge."""
    min_nodes: Annotated[int, Field(ge=0, le=1000)]
    """Least number of nodes, per cluster in total, never per zone."""
    max_nodes: Annotated[int, Field(ge=1, le=1000)]
    """Largest number of nodes, per cluster in total, never per zone."""
    disk_gib: Annotated[int, Field(ge=20, le=16384)] = 100
    labels: dict[str, str] = Field(default_factory=dict)
    taints: tuple[Taint, ...] = ()


class Maintenance(Model):
    """The weekly window in which the provider may upgrade the control plane and nodes (UTC)."""

    day: Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"] = "SU"
    start: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "02:00"
    hours: Annotated[int, Field(ge=4, le=24)] = 6
    """Length; GKE wants at least 48 hours of windows in 32 days, four windows of 4 hours do not give that."""


class Cluster(Model):
    """One Kubernetes cluster; its cloud and region are those of the section that holds it."""

    name: Name
    version: Annotated[str, Field(pattern=r"^1\.\d{2}$")] = "1.34"
    """Kubernetes minor version."""
    release_channel: Literal["RAPID", "REGULAR", "STABLE", "EXTENDED"] = "REGULAR"
    """GKE's channel; on EKS, EXTENDED buys extended support and every other value standard support."""
    pools: Annotated[dict[Key, NodePool], Field(min_length=1)]
    maintenance: Maintenance = Maintenance()
    tls_minimum: Literal["1.2", "1.3"] = "1.3"
    """Declared minimum of the control plane's TLS; EKS and GKE have no such input and offer 1.2 and up."""
    deletion_protection: bool = True
