"""What a control plane is asked to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SUPPORTED_MINOR = "1.34"


@dataclass(frozen=True)
class Taint:
    """A node taint."""

    key: str
    value: str
    effect: str


@dataclass(frozen=True)
class OidcSpec:
    """Who else may sign a user's token."""

    issuer_url: str
    client_id: str
    username_claim: str = "sub"
    groups_claim: str | None = None
    username_prefix: str | None = None
    groups_prefix: str | None = None
    ca_pem: str | None = None
    discovery_url: str | None = None
    """Where the issuer's discovery document is read, when not under the issuer's own address."""


@dataclass(frozen=True)
class ControlPlaneSpec:
    """One cluster; `id` is stable and becomes a folder and an etcd prefix."""

    id: str
    name: str
    cloud: str
    region: str
    version: str
    service_cidr: str
    pod_cidr: str
    encryption_key: bytes | None = None
    audit_policy: str | None = None
    """An audit policy's text (audit.k8s.io/v1); none: no audit log."""
    tls_minimum: str = "1.2"
    oidc: OidcSpec | None = None


@dataclass(frozen=True)
class NodePoolSpec:
    """Equal simulated nodes, spread evenly over zones."""

    name: str
    zones: tuple[str, ...]
    count: int
    machine_type: str
    cpu: int
    memory_gib: float
    pods: int = 110
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()


@dataclass(frozen=True)
class Endpoint:
    """How to reach a running control plane."""

    url: str
    ca_pem: str
    kubeconfig: Path
    version: str
