"""One real control plane as the estate's own are: encrypted secrets, TLS 1.3, the audit policy, sign-on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from meridian.local.authority import Authority
from meridian.local.controlplane import ControlPlanes, ControlPlaneSpec, Endpoint, OidcSpec
from meridian.local.issuer import Issuer
from meridian.paths import find_checkout

ROOT = Path(__file__).parents[2]
PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")
ISSUER = "https://login.meridian-local.example"


@dataclass
class Running:
    """A control plane and what stands around it."""

    planes: ControlPlanes
    spec: ControlPlaneSpec
    endpoint: Endpoint
    issuer: Issuer
    oidc: OidcSpec

    def restarted(self, **changes: object) -> None:
        """Run it with other settings."""
        self.endpoint = self.planes.ensure(replace(self.spec, **changes))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    programs = find_checkout(Path(__file__).parent).bin
    if not all((programs / name).exists() for name in PROGRAMS):
        pytest.skip("no control plane; `meridian toolchain` brings it")
    root = tmp_path_factory.mktemp("verified")
    planes = ControlPlanes(root / "planes", programs, root / "kube")
    issuer = Issuer(root / "issuer", Authority(root / "authority"))
    spec = ControlPlaneSpec(
        id="test-aws-one",
        name="local-eu-eks",
        cloud="aws",
        region="eu-west-1",
        version="1.34",
        service_cidr="10.96.0.0/16",
        pod_cidr="10.244.0.0/16",
        encryption_key=b"k" * 32,
        audit_policy=(ROOT / "policies/audit/policy.yaml").read_text(),
        tls_minimum="1.3",
    )
    oidc = OidcSpec(
        ISSUER,
        "kubernetes",
        "email",
        "groups",
        "sign-on:",
        ca_pem=issuer.authority_pem,
        discovery_url=issuer.discovery(ISSUER),
    )
    try:
        yield Running(planes, spec, planes.ensure(spec), issuer, oidc)
    finally:
        planes.stop_all()
        issuer.stop()
