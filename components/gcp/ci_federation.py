"""Deploys from CI without a key: the code host's tokens of one repository become a service account's."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_gcp import iam, projects, serviceaccount

from meridian.model.settings import Ci

DEPLOYER_ROLES = {
    "compute": "roles/compute.networkAdmin",
    "security": "roles/compute.securityAdmin",
    "clusters": "roles/container.admin",
    "keys": "roles/cloudkms.admin",
    "storage": "roles/storage.admin",
    "dns": "roles/dns.admin",
    "logging": "roles/logging.configWriter",
    "accounts": "roles/iam.serviceAccountAdmin",
    "account-user": "roles/iam.serviceAccountUser",
    "iam": "roles/resourcemanager.projectIamAdmin",
    "services": "roles/serviceusage.serviceUsageAdmin",
}
PREVIEWER_ROLES = {"viewer": "roles/viewer", "iam": "roles/iam.securityReviewer"}
"""A pull request's preview reads; it can change nothing."""


@dataclass(frozen=True, kw_only=True)
class CiFederationArgs:
    """The project and who may deploy to it."""

    project: pulumi.Input[str]
    environment: str
    ci: Ci


class CiFederation(pulumi.ComponentResource):
    """Workload identity pool, its provider, and the deployer's and previewer's accounts; makes no key."""

    provider_name: pulumi.Output[str]
    deployer_email: pulumi.Output[str]
    previewer_email: pulumi.Output[str]

    def __init__(self, name: str, args: CiFederationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:gcp:CiFederation", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        pool = iam.WorkloadIdentityPool(
            f"{name}-pool",
            project=args.project,
            workload_identity_pool_id=f"meridian-{args.environment}-ci",
            display_name=f"CI of {args.environment}",
            opts=self._child,
        )
        provider = iam.WorkloadIdentityPoolProvider(
            f"{name}-provider",
            project=args.project,
            workload_identity_pool_id=pool.workload_identity_pool_id,
            workload_identity_pool_provider_id="code-host",
            attribute_mapping={
                "google.subject": "assertion.sub",
                "attribute.repository": "assertion.repository",
                "attribute.ref": "assertion.ref",
                "attribute.event": "assertion.event_name",
            },
            attribute_condition=condition(args.ci),
            oidc=iam.WorkloadIdentityPoolProviderOidcArgs(issuer_uri=args.ci.issuer),
            opts=self._child,
        )
        self.provider_name = provider.name
        self.deployer_email = self._account(
            "deployer", DEPLOYER_ROLES, pool.name, f"attribute.ref/refs/heads/{args.ci.branch}"
        )
        self.previewer_email = self._account(
            "previewer", PREVIEWER_ROLES, pool.name, f"attribute.repository/{args.ci.repository}"
        )
        self.register_outputs(
            {
                "provider_name": self.provider_name,
                "deployer_email": self.deployer_email,
                "previewer_email": self.previewer_email,
            }
        )

    def _account(
        self, key: str, roles: dict[str, str], pool_name: pulumi.Output[str], principals: str
    ) -> pulumi.Output[str]:
        name, args = self._name, self._args
        account = serviceaccount.Account(
            f"{name}-{key}",
            project=args.project,
            account_id=f"{args.environment[:20]}-{key}",
            display_name=f"CI {key} of {args.environment}",
            opts=self._child,
        )
        serviceaccount.IAMMember(
            f"{name}-{key}-federated",
            service_account_id=account.name,
            role="roles/iam.workloadIdentityUser",
            member=pulumi.Output.concat("principalSet://iam.googleapis.com/", pool_name, "/", principals),
            opts=self._child,
        )
        for role_key, role in roles.items():
            projects.IAMMember(
                f"{name}-{key}-{role_key}",
                project=args.project,
                role=role,
                member=pulumi.Output.concat("serviceAccount:", account.email),
                opts=self._child,
            )
        return account.email


def condition(ci: Ci) -> str:
    """Return the CEL condition on a token: this repository, and its branch or one of its pull requests."""
    return (
        f"assertion.repository == '{ci.repository}' && "
        # pull_request_target carries the branch's ref although a stranger starts it.
        f"((assertion.ref == 'refs/heads/{ci.branch}' && assertion.event_name != 'pull_request_target')"
        " || assertion.event_name == 'pull_request')"
    )
