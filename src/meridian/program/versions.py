"""Versions and digests of every operator that the platforms install; the only place that names them.

The manifests lie in components/kubernetes/vendored, made by `scripts/vendor-manifests` from the operators' own Go
modules: the module's go.sum hash proves the source, the files' SHA-256 what was made of it. Chart repositories and
image registries are not asked, so images go by tag and not by digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

VENDORED = Path(__file__).parents[3] / "components" / "kubernetes" / "vendored"
HELM = "v3.22.0"
"""Renders the charts when the manifests are made; nothing needs it afterwards."""


class ManifestChangedError(RuntimeError):
    """Raised when a vendored file is not the one whose digest stands here."""


@dataclass(frozen=True, kw_only=True)
class Operator:
    """One operator: where its manifests come from, and what they are."""

    module: str
    version: str
    sum: str
    """go.sum's hash of the module's files."""
    namespace: str
    digest: str
    """SHA-256 of the vendored manifests."""
    definitions: tuple[str, ...]
    """Files of the module that hold the custom resource definitions, from the module's root."""
    definitions_digest: str
    chart: str | None = None
    """The chart's folder in the module; None: plain files, `plain`."""
    values: Mapping[str, Any] = field(default_factory=dict)
    plain: tuple[str, ...] = ()
    image: str | None = None
    """Takes the place of the plain files' image."""


OPERATORS: dict[str, Operator] = {
    "cert-manager": Operator(
        module="github.com/cert-manager/cert-manager",
        version="v1.21.2",
        sum="h1:UWgoYM+KLNtRlqmoWOKjKBOBUPVHeepQ6/ac3ERJW68=",
        namespace="cert-manager",
        chart="deploy/charts/cert-manager",
        values={
            "startupapicheck": {"enabled": False},
            "global": {
                "leaderElection": {"namespace": "cert-manager"},
                "rbac": {"aggregateClusterRoles": False},
                "priorityClassName": "meridian-controllers",
            },
        },
        digest="887ec1c46468bd9359323c386900be3932ffc51c11894769c06dc1f2fc69dbfc",
        definitions=tuple(
            f"deploy/crds/{name}.yaml"
            for name in (
                "cert-manager.io_certificaterequests",
                "cert-manager.io_certificates",
                "cert-manager.io_clusterissuers",
                "cert-manager.io_issuers",
                "acme.cert-manager.io_challenges",
                "acme.cert-manager.io_orders",
            )
        ),
        definitions_digest="5ca00988d4c23e8995674be022842cbbc5a2e0d62dce64da0744962bfc7c2703",
    ),
    "external-secrets": Operator(
        module="github.com/external-secrets/external-secrets",
        version="v1.3.2",
        sum="h1:u2J8RjlHIeF0oZCqtl92adI/uZWUwOesJIDkfql6LqQ=",
        namespace="external-secrets",
        chart="deploy/charts/external-secrets",
        values={
            # The account is bound to the cloud by the estate itself (platform.identities).
            "serviceAccount": {"create": False, "name": "external-secrets", "automount": True},
            "rbac": {
                "aggregateToView": False,
                "aggregateToEdit": False,
                "servicebindings": {"create": False},
            },
            # One store per cluster; every other kind would be one more definition on each of them.
            "processSecretStore": False,
            "processClusterExternalSecret": False,
            "processPushSecret": False,
            "processClusterPushSecret": False,
            "processClusterGenerator": False,
            "priorityClassName": "meridian-controllers",
            "webhook": {
                "certManager": {
                    "enabled": True,
                    "addInjectorAnnotations": True,
                    "cert": {
                        "issuerRef": {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": "internal"}
                    },
                }
            },
            "certController": {"create": False},
        },
        digest="2c36f6626672e763bd384e2d229a4b2979e4c74343e48999d00e99a6d0f2d968",
        definitions=tuple(
            f"config/crds/bases/external-secrets.io_{name}.yaml"
            for name in ("clustersecretstores", "externalsecrets")
        ),
        definitions_digest="db31e91ff9374da3c5599a0535704b74dfa3010ed01608392765beae4b656f5d",
    ),
    "gateway": Operator(
        module="github.com/envoyproxy/gateway",
        version="v1.9.1",
        sum="h1:vAVp6/AlBXJ1aOhp1mxL7fNEzVEfjADUguUhm2wzxQY=",
        namespace="ingress",
        chart="charts/gateway-helm",
        values={"deployment": {"priorityClassName": "meridian-controllers"}},
        digest="dfe12722dad4ebcde907041f1c8b1420d79bf8df914cc772f029e2cc9a045021",
        definitions=("charts/gateway-helm/charts/crds/crds/gatewayapi-crds.yaml",),
        definitions_digest="ea2bf750c2397ad0144a8bc2c77d0de649011f5952385130a96edea42e4c8663",
    ),
    "datadog-operator": Operator(
        module="github.com/DataDog/datadog-operator",
        version="v1.30.0",
        sum="h1:0EsfnraJBrMD7B6/sU268Na9uuUUNIfyWRwVwzL/Rpo=",
        namespace="datadog-operator",
        plain=tuple(
            f"config/{name}.yaml"
            for name in (
                "rbac/service_account",
                "rbac/role",
                "rbac/role_binding",
                "rbac/leader_election_role",
                "rbac/leader_election_role_binding",
                "manager/manager",
            )
        ),
        image="gcr.io/datadoghq/operator:1.30.0",
        digest="80835636d4f81be58823e500e57bb5235d54ff8165b40ea87d6726570fda3b06",
        definitions=tuple(
            f"config/crd/bases/v1/datadoghq.com_{name}.yaml"
            for name in ("datadogagents", "datadogagentinternals")
        ),
        definitions_digest="34a395420c996d4b079e9e988ebc9f4f5dc9f9c5934965d5b745b4cb903729cb",
    ),
}


CLUSTER_AUTOSCALER = "registry.k8s.io/autoscaling/cluster-autoscaler:v1.34.1"
"""Its minor version is the clusters' (cluster-autoscaler README, "Releases")."""


OWN = frozenset(
    {
        "certificates.cert-manager.io",
        "clusterissuers.cert-manager.io",
        "clustersecretstores.external-secrets.io",
        "datadogagents.datadoghq.com",
        "externalsecrets.external-secrets.io",
        "gatewayclasses.gateway.networking.k8s.io",
        "gateways.gateway.networking.k8s.io",
        "httproutes.gateway.networking.k8s.io",
    }
)
"""The definitions of which the platform itself makes objects; the others are their operators' own."""


@cache
def manifests(name: str, kind: str = "objects") -> tuple[dict[str, Any], ...]:
    """Return an operator's `objects` or `definitions`; raises ManifestChangedError."""
    operator = OPERATORS[name]
    expected = operator.digest if kind == "objects" else operator.definitions_digest
    path = VENDORED / f"{name}.{kind}.json"
    text = path.read_bytes()
    found = hashlib.sha256(text).hexdigest()
    if found != expected:
        raise ManifestChangedError(
            f"{path.name}: its SHA-256 is {found}, versions.py says {expected or 'nothing'}; "
            "fix: `scripts/vendor-manifests`, and look at what changed"
        )
    return tuple(json.loads(text))
