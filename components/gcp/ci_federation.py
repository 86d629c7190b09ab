"""CI signs in with its own short-lived token; no key is ever made."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_gcp import iam, projects, serviceaccount

from meridian.model.settings import Ci

_PREVIEW_ROLES = ("roles/viewer", "roles/iam.securityReviewer")
_DEPLOY_ROLES = (
    "roles/compute.admin",
    "roles/container.admin",
    "roles/cloudkms.admin",
    "roles/storage.admin",
    "roles/logging.configWriter",
    "roles/dns.admin",
    "roles/iam.serviceAccountAdmin",
    "roles/iam.serviceAccountUser",
    "roles/iam.workloadIdentityPoolAdmin",
    "roles/resourcemanager.projectIamAdmin",
    "roles/serviceusage.serviceUsageAdmin",
    "roles/networkconnectivity.hubAdmin",
)


@dataclass(frozen=True, kw_only=True)
class CiFederationArgs:
    """Whose tokens are taken."""

    ci: Ci
    project: str


class CiFederation(pulumi.ComponentResource):
    """A pool for one repository; its branch deploys, its pull requests only read."""

    provider: pulumi.Output[str]
    deployer: pulumi.Output[str]
    previewer: pulumi.Output[str]

    def __init__(self, name: str, args: CiFederationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:gcp:CiFederation", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        pool = iam.WorkloadIdentityPool(
            name, workload_identity_pool_id="meridian-ci", display_name="Meridian CI", opts=child
        )
        provider = iam.WorkloadIdentityPoolProvider(
            f"{name}-host",
            workload_identity_pool_id=pool.workload_identity_pool_id,
            workload_identity_pool_provider_id="code-host",
            attribute_mapping={
                "google.subject": "assertion.sub",
                "attribute.repository": "assertion.repository",
                # Push and pull request of the same repository must not be the same principal.
                "attribute.deploys": f"assertion.ref == 'refs/heads/{args.ci.branch}' && assertion.event_name != 'pull_request' ? 'yes' : 'no'",
            },
            attribute_condition=f"assertion.repository == '{args.ci.repository}'",
            oidc=iam.WorkloadIdentityPoolProviderOidcArgs(issuer_uri=args.ci.issuer),
            opts=child,
        )

        def account(key: str, attribute: str, roles: tuple[str, ...]) -> serviceaccount.Account:
            made = serviceaccount.Account(
                f"{name}-{key}", account_id=f"meridian-ci-{key}", display_name=f"CI {key}", opts=child
            )
            serviceaccount.IAMMember(
                f"{name}-{key}-federated",
                service_account_id=made.name,
                role="roles/iam.workloadIdentityUser",
                member=pool.name.apply(lambda path: f"principalSet://iam.googleapis.com/{path}/{attribute}"),
                opts=child,
            )
            for role in roles:
                projects.IAMMember(
                    f"{name}-{key}-{role.rsplit('/', 1)[1].replace('.', '-').lower()}",
                    project=args.project,
                    role=role,
                    member=made.member,
                    opts=child,
                )
            return made

        self.deployer = account("deployer", "attribute.deploys/yes", _DEPLOY_ROLES).email
        self.previewer = account(
            "previewer", f"attribute.repository/{args.ci.repository}", _PREVIEW_ROLES
        ).email
        self.provider = provider.name
        self.register_outputs(
            {"provider": self.provider, "deployer": self.deployer, "previewer": self.previewer}
        )
