"""The service account of a cluster's nodes: it may write logs and metrics and pull images, nothing more."""

from __future__ import annotations

import hashlib

import pulumi
from pulumi_gcp import projects, serviceaccount

ROLES = {
    "nodes": "roles/container.defaultNodeServiceAccount",
    "images": "roles/artifactregistry.reader",
}


class NodeIdentity:
    """Adds the account and its roles below a component."""

    email: pulumi.Output[str]
    ready_email: pulumi.Output[str]
    """Resolves only after the roles are granted: nodes without them never become ready."""

    def __init__(
        self, parent: pulumi.Resource, name: str, project: pulumi.Input[str], cluster_name: str
    ) -> None:
        child = pulumi.ResourceOptions(parent=parent)
        account = serviceaccount.Account(
            f"{name}-nodes",
            account_id=account_id(cluster_name),
            display_name=f"Nodes of {cluster_name}",
            opts=child,
        )
        grants = [
            projects.IAMMember(
                f"{name}-nodes-{key}",
                project=project,
                role=role,
                member=account.email.apply(lambda email: f"serviceAccount:{email}"),
                opts=child,
            )
            for key, role in ROLES.items()
        ]
        self.email = account.email
        self.ready_email = pulumi.Output.all(account.email, *[grant.id for grant in grants]).apply(
            lambda parts: str(parts[0])
        )


def account_id(cluster_name: str) -> str:
    """Return the account's id within its 30 characters; a long name keeps a digest, so that none collide."""
    full = f"{cluster_name}-nodes"
    if len(full) <= 30:
        return full
    return f"{cluster_name[:18].rstrip('-')}-{hashlib.sha256(cluster_name.encode()).hexdigest()[:5]}-nodes"
