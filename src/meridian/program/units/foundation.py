"""foundation: what belongs to no region - services, audit, CI's sign-in, budgets, the database's authority."""

from __future__ import annotations

import pulumi

from components.aws.audit import AccountAudit, AccountAuditArgs
from components.aws.backup_bucket import LockedBucketArgs
from components.aws.budget import AccountBudget, AccountBudgetArgs
from components.aws.ci_federation import CiFederation as AwsFederation
from components.aws.ci_federation import CiFederationArgs as AwsFederationArgs
from components.aws.keys import RegionKeys as AwsKeys
from components.aws.keys import RegionKeysArgs as AwsKeysArgs
from components.cloudflare.pull_certificate import PullCertificate, PullCertificateArgs
from components.cockroach.certificates import Certificates, CertificatesArgs
from components.gcp.audit import ProjectAudit, ProjectAuditArgs
from components.gcp.budget import ProjectBudget, ProjectBudgetArgs
from components.gcp.ci_federation import CiFederation as GcpFederation
from components.gcp.ci_federation import CiFederationArgs as GcpFederationArgs
from components.gcp.keys import RegionKeys as GcpKeys
from components.gcp.keys import RegionKeysArgs as GcpKeysArgs
from components.gcp.services import ProjectServices, ProjectServicesArgs
from components.gcp.workload_pool import WorkloadPool, WorkloadPoolArgs
from meridian.program import naming, providers
from meridian.program.context import Context


def wire(context: Context) -> None:
    """Make the unit."""
    environment, prefix = context.environment, context.prefix
    days, archive = environment.compliance.key_rotation_days, environment.compliance.log_archive
    google_region, amazon_region = context.log_location()
    google, amazon = (
        providers.google(environment, google_region),
        providers.amazon(environment, amazon_region),
    )
    on_google, on_amazon = providers.using(google), providers.using(amazon)
    project, account = environment.gcp.project, environment.aws.account_id

    services = ProjectServices("services", ProjectServicesArgs(project=project), on_google)
    after_services = pulumi.ResourceOptions.merge(on_google, pulumi.ResourceOptions(depends_on=[services]))
    google_keys = GcpKeys(
        "keys-gcp",
        GcpKeysArgs(
            name=f"{prefix}-foundation",
            region=google_region,
            project_number=environment.gcp.project_number,
            rotation_days=days,
            protect=context.protect,
        ),
        after_services,
    )
    audit = ProjectAudit(
        "audit-gcp",
        ProjectAuditArgs(
            project=project,
            bucket=naming.bucket(environment, "gcp", "audit"),
            location=google_region,
            archive=archive,
            protect=context.protect,
            key_id=google_keys.keys["logs"],
        ),
        after_services,
    )
    federation = GcpFederation(
        "ci-gcp",
        GcpFederationArgs(project=project, environment=environment.environment, ci=environment.ci),
        after_services,
    )
    workloads = WorkloadPool(
        "workloads-gcp",
        WorkloadPoolArgs(project=project, pool_id=f"{environment.environment}-pods"),
        after_services,
    )
    ProjectBudget(
        "budget-gcp",
        ProjectBudgetArgs(
            project=project,
            project_number=environment.gcp.project_number,
            billing_account=environment.gcp.billing_account,
            environment=environment.environment,
            budget=environment.budget,
        ),
        after_services,
    )

    amazon_keys = AwsKeys(
        "keys-aws",
        AwsKeysArgs(
            prefix=f"{prefix}-foundation",
            account_id=account,
            region=amazon_region,
            rotation_days=days,
            protect=context.protect,
        ),
        on_amazon,
    )
    trail = AccountAudit(
        "audit-aws",
        AccountAuditArgs(
            account_id=account,
            trail=f"{prefix}-audit",
            home_region=amazon_region,
            archive=LockedBucketArgs(
                bucket=naming.bucket(environment, "aws", "audit"),
                key=amazon_keys.keys["logs"],
                retention_days=archive.retention_days,
                locked=archive.locked,
                protect=context.protect,
            ),
        ),
        on_amazon,
    )
    roles = AwsFederation(
        "ci-aws", AwsFederationArgs(ci=environment.ci, account_id=account, prefix=prefix), on_amazon
    )
    AccountBudget(
        "budget-aws",
        AccountBudgetArgs(budget=environment.budget, account_id=account, name=f"{prefix}-monthly"),
        on_amazon,
    )

    on_tls = providers.using(providers.tls_keys())
    database = Certificates(
        "database-ca",
        CertificatesArgs(environment=environment, common_name=f"{prefix} database", protect=context.protect),
        on_tls,
    )
    pull = PullCertificate(
        "origin-pull",
        PullCertificateArgs(
            common_name=f"{prefix} edge", organization=environment.owner, protect=context.protect
        ),
        on_tls,
    )
    pulumi.export("audit", {"gcp": audit.archive_bucket, "aws": trail.archive})
    pulumi.export(
        "ci",
        {
            "gcp_provider": federation.provider_name,
            "gcp_deployer": federation.deployer_email,
            "gcp_previewer": federation.previewer_email,
            "aws_deployer": roles.deployer,
            "aws_previewer": roles.previewer,
        },
    )
    pulumi.export("workloads", {"pool": workloads.id, "principals": workloads.principals})
    # Not the authority's key: whoever holds it could be any node or user.
    pulumi.export("database_certificates", database.as_exports())
    pulumi.export("origin_pull", {"certificate": pull.certificate, "key": pull.key})
