"""The tokens that a cluster outside Google Cloud signs for its pods, taken by Google Cloud."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_gcp import iam

from meridian.model.platform import Identity


@dataclass(frozen=True, kw_only=True)
class ClusterFederationArgs:
    """The pool, and the cluster whose issuer's keys Google reads from its public address."""

    project: str
    pool_id: pulumi.Input[str]
    provider_id: str
    issuer: pulumi.Input[str]
    identities: Sequence[Identity]
    """Nobody else of the cluster gets a token, whatever else the pool's principals may."""


class ClusterFederation(pulumi.ComponentResource):
    """A provider of the pool. Its audience is Google's default, so a token for another provider is refused.

    A subject names no cluster: the same account of each cluster of the estate is one principal, as on GKE.
    """

    resource: pulumi.Output[str]
    """The provider's full name, by which tokens name it as their audience."""

    def __init__(
        self, name: str, args: ClusterFederationArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("meridian:gcp:ClusterFederation", name, None, opts)
        subjects = ", ".join(f"'{subject(identity)}'" for identity in args.identities)
        provider = iam.WorkloadIdentityPoolProvider(
            name,
            project=args.project,
            workload_identity_pool_id=args.pool_id,
            workload_identity_pool_provider_id=args.provider_id,
            attribute_mapping={"google.subject": "assertion.sub"},
            attribute_condition=f"assertion.sub in [{subjects}]",
            oidc=iam.WorkloadIdentityPoolProviderOidcArgs(issuer_uri=args.issuer),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.resource = pulumi.Output.concat("//iam.googleapis.com/", provider.name)
        self.register_outputs({"resource": self.resource})


def subject(identity: Identity) -> str:
    """Return a service account as every Kubernetes cluster names it in its tokens."""
    return f"system:serviceaccount:{identity.namespace}:{identity.service_account}"
