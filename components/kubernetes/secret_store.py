"""Secrets of the cloud's own store, brought into the cluster by external-secrets; no value passes through Pulumi."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from components.kubernetes.metadata import metadata

API = "external-secrets.io/v1"
STORE = "region"


@dataclass(frozen=True, kw_only=True)
class ExternalSecret:
    """One Kubernetes Secret; `keys` are its keys, each a property of the same JSON in the cloud's store."""

    namespace: pulumi.Input[str]
    name: str
    source: str
    """Name in the cloud's store."""
    keys: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SecretStoreArgs:
    """Where the region's secrets lie, and which of them this cluster needs."""

    cloud: str
    region: str
    project: str
    secrets: Mapping[str, ExternalSecret]
    namespaces: tuple[str, ...]
    """Only these may use the store."""
    labels: Mapping[str, str]


class SecretStore(pulumi.ComponentResource):
    """One store per cluster, read as the operator's own cloud identity, and its external secrets.

    Puts no secret into the cloud's store: a person or a rotation does (docs/platform.md).
    """

    def __init__(self, name: str, args: SecretStoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:kubernetes:SecretStore", name, None, opts)
        store = CustomResource(
            name,
            API,
            "ClusterSecretStore",
            spec={"provider": _provider(args), "conditions": [{"namespaces": sorted(args.namespaces)}]},
            metadata=metadata(STORE, args.labels),
            opts=pulumi.ResourceOptions(parent=self),
        )
        for key, secret in args.secrets.items():
            CustomResource(
                f"{name}-{key}",
                API,
                "ExternalSecret",
                spec={
                    "refreshInterval": "1h",
                    "secretStoreRef": {"kind": "ClusterSecretStore", "name": STORE},
                    "target": {"name": secret.name, "creationPolicy": "Owner", "deletionPolicy": "Retain"},
                    "data": [
                        {"secretKey": each, "remoteRef": {"key": secret.source, "property": each}}
                        for each in secret.keys
                    ],
                },
                metadata=metadata(secret.name, args.labels, secret.namespace),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[store]),
            )
        self.register_outputs({})


def _provider(args: SecretStoreArgs) -> dict[str, Any]:
    if args.cloud == "gcp":
        # `location` asks for regional secrets: a global one is kept wherever Google chooses.
        return {"gcpsm": {"projectID": args.project, "location": args.region}}
    return {"aws": {"service": "SecretsManager", "region": args.region}}
