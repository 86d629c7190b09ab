"""Service accounts that act in the cloud without a stored key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import core

from components.kubernetes.metadata import metadata
from meridian.model.platform import Identity


@dataclass(frozen=True, kw_only=True)
class ServiceAccountsArgs:
    """The model's identities; on Google Cloud also the account that each acts as, by the identity's key."""

    identities: Mapping[str, Identity]
    namespaces: Mapping[str, pulumi.Input[str]]
    google_accounts: Mapping[str, pulumi.Input[str]]
    """Email by key; empty on EKS, where the Pod Identity association is the cloud's own object."""
    labels: Mapping[str, str]


class ServiceAccounts(pulumi.ComponentResource):
    """The accounts; their cloud side is components/gcp/workload_identity.py and components/aws/pod_identity.py.

    A pod gets the API server's token only where its own spec asks for it.
    """

    names: Mapping[str, pulumi.Output[str]]

    def __init__(
        self, name: str, args: ServiceAccountsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("meridian:kubernetes:ServiceAccounts", name, None, opts)
        names: dict[str, pulumi.Output[str]] = {}
        for key, identity in args.identities.items():
            email = args.google_accounts.get(key)
            made = core.v1.ServiceAccount(
                f"{name}-{key}",
                metadata=metadata(
                    identity.service_account,
                    args.labels,
                    args.namespaces[identity.namespace],
                    {"iam.gke.io/gcp-service-account": email} if email is not None else None,
                ),
                automount_service_account_token=False,
                opts=pulumi.ResourceOptions(parent=self),
            )
            names[key] = made.metadata.name.apply(str)
        self.names = names
        self.register_outputs({"names": names})
