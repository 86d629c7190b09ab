"""us-platform, eu-platform, asia-platform: what runs on both clusters of one region."""

from __future__ import annotations

import pulumi

from components.aws.pod_identity import PodIdentities, PodIdentitiesArgs
from components.gcp.webhook_firewall import WebhookFirewall, WebhookFirewallArgs
from components.gcp.workload_identity import WorkloadIdentities, WorkloadIdentitiesArgs
from components.kubernetes.classes import Classes, ClassesArgs
from components.kubernetes.namespaces import Namespaces, NamespacesArgs
from components.kubernetes.network_policies import NetworkPolicies, NetworkPoliciesArgs
from components.kubernetes.rbac import Rbac, RbacArgs
from components.kubernetes.service_accounts import ServiceAccounts, ServiceAccountsArgs
from meridian.model.platform import Identity
from meridian.model.regions import GcpSite
from meridian.model.units import region_of
from meridian.program import naming, providers
from meridian.program.context import Context
from meridian.program.database import DatabasePlacement
from meridian.program.ip_plan import control_plane_ranges
from meridian.program.refs import Upstream
from meridian.program.target import Target, target
from meridian.program.units.platform_services import services


def wire(context: Context) -> None:
    """Make the unit; a cluster that does not answer fails this unit and no other."""
    key = region_of(context.unit)
    region, upstream = context.environment.regions[key], Upstream(context.environment, key)
    database = DatabasePlacement(context)
    for cloud in region.sites():
        cluster = target(context, region, upstream, cloud)
        namespaces, ground = _ground(context, cluster)
        accounts = _accounts(context, cluster, namespaces, upstream)
        services(context, cluster, namespaces, accounts, [*ground, accounts])
        database.place(
            cluster.kind,
            cluster.site.cluster.name,
            cluster.provider,
            namespaces.names,
            accounts.names,
            # On GKE a pod has Google's identity by itself.
            upstream.get("gcp", "eks_provider").apply(str) if cloud == "aws" else None,
        )


def _ground(context: Context, target: Target) -> tuple[Namespaces, list[pulumi.Resource]]:
    """Lay what every workload stands on: namespaces, policies, roles and classes."""
    platform, kind = context.environment.platform, target.kind
    namespaces = Namespaces(
        f"{kind}-ns",
        NamespacesArgs(
            namespaces=platform.namespaces, version=target.site.cluster.version, labels=target.labels
        ),
        target.options,
    )
    policies = NetworkPolicies(
        f"{kind}-net",
        NetworkPoliciesArgs(
            namespaces=namespaces.names,
            flows=platform.flows,
            cloud=target.cloud,
            control_plane=control_plane_ranges(target.site),
            labels=target.labels,
        ),
        target.options,
    )
    roles = Rbac(
        f"{kind}-rbac",
        RbacArgs(
            access=platform.access,
            deployable={
                key: namespaces.names[key] for key, model in platform.namespaces.items() if model.deployable
            },
            cluster=target.site.cluster.name,
            labels=target.labels,
        ),
        target.options,
    )
    classes = Classes(
        f"{kind}-classes",
        ClassesArgs(
            storage=platform.storage_classes,
            priority=platform.priority_classes,
            cloud=target.cloud,
            zones=target.site.zones,
            volume=context.environment.database.volume,
            keys=target.keys,
            labels=target.labels,
        ),
        target.options,
    )
    return namespaces, [namespaces, policies, roles, classes]


def _accounts(
    context: Context, target: Target, namespaces: Namespaces, upstream: Upstream
) -> ServiceAccounts:
    """Make the service accounts that act in the cloud, with the cloud's side of them."""
    identities = {
        key: identity
        for key, identity in context.environment.platform.identities.items()
        if identity.access != "node-groups" or target.cloud == "aws"
    }
    return ServiceAccounts(
        f"{target.kind}-identities",
        ServiceAccountsArgs(
            identities=identities,
            namespaces=namespaces.names,
            google_accounts=_cloud_identities(context, target, identities, upstream),
            labels=target.labels,
        ),
        target.options,
    )


def _cloud_identities(
    context: Context, target: Target, identities: dict[str, Identity], upstream: Upstream
) -> dict[str, pulumi.Output[str]]:
    """Make the cloud's side of the service accounts; return the Google accounts that they act as."""
    environment, cluster, region = context.environment, target.site.cluster.name, target.region.key
    if target.cloud == "aws":
        PodIdentities(
            f"{target.kind}-pods",
            PodIdentitiesArgs(
                identities=identities,
                account_id=environment.aws.account_id,
                region=target.site.region,
                cluster=cluster,
                backups=naming.bucket(environment, "aws", f"backups-{region}"),
                keys=target.keys,
                secrets_prefix=naming.secrets_prefix(environment, region),
            ),
            providers.using(providers.amazon(environment, target.site.region)),
        )
        return {}
    google = providers.using(providers.google(environment, target.site.region))
    if isinstance(target.site, GcpSite):
        WebhookFirewall(
            f"{target.kind}-webhooks",
            WebhookFirewallArgs(
                site=target.site, network=upstream.get("gcp", "network"), ports=_webhook_ports(context)
            ),
            google,
        )
    made = WorkloadIdentities(
        f"{target.kind}-workloads",
        WorkloadIdentitiesArgs(
            identities=identities,
            project=environment.gcp.project,
            cluster=cluster,
            pool=target.outputs.workload_identity,
            encryption_key=target.keys["database"],
            secrets_prefix=naming.secrets_prefix(environment, region),
        ),
        google,
    )
    return dict(made.emails)


def _webhook_ports(context: Context) -> list[int]:
    """Return the ports on which the flows let the control plane call pods."""
    flows = context.environment.platform.flows.values()
    return sorted({port for flow in flows if flow.source == "@control-plane" for port in flow.ports})
