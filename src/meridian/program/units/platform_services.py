"""What runs on a cluster's ground: operators and their objects, the way in, the agents and the portal."""

from __future__ import annotations

import pulumi

from components.datadog.agent import DatadogAgent, DatadogAgentArgs
from components.kubernetes.cluster_autoscaler import ClusterAutoscaler, ClusterAutoscalerArgs
from components.kubernetes.gateway import Gateway, GatewayArgs, internal_issuer
from components.kubernetes.manifests import Manifests, ManifestsArgs
from components.kubernetes.namespaces import Namespaces
from components.kubernetes.portal import Portal, PortalArgs
from components.kubernetes.secret_store import ExternalSecret, SecretStore, SecretStoreArgs
from components.kubernetes.service_accounts import ServiceAccounts
from meridian.program import images, naming, versions
from meridian.program.context import Context
from meridian.program.target import Target

_CERTIFICATES, _SECRETS, _GATEWAY, _DATADOG = versions.OPERATORS


def services(
    context: Context,
    target: Target,
    namespaces: Namespaces,
    accounts: ServiceAccounts,
    ground: list[pulumi.Resource],
) -> None:
    """Make everything that the platform runs itself; the database is a component of its own.

    The operators' definitions are a unit of their own, upstream of this one.
    """
    images.refuse_unknown(context.environment.platform.image_digests)
    names = namespaces.names
    certificates = _operator(context, target, namespaces, _CERTIFICATES, ground)
    issuer = internal_issuer(f"{target.kind}-internal", target.labels, _after(target, *certificates))
    secrets = _operator(context, target, namespaces, _SECRETS, [*ground, issuer, accounts])
    gateway = _operator(context, target, namespaces, _GATEWAY, ground)
    datadog = _operator(context, target, namespaces, _DATADOG, ground)

    hostnames = _hostnames(context, target)
    Gateway(
        f"{target.kind}-gateway",
        GatewayArgs(
            hostnames=hostnames,
            zone=context.environment.edge.zone,
            certificates=context.environment.platform.certificates,
            cloud=target.cloud,
            namespace=names["ingress"],
            routes_from=["portal"],
            labels=target.labels,
        ),
        _after(target, *gateway, *certificates),
    )
    _secret_store(context, target, namespaces, secrets)
    _agents(context, target, namespaces, datadog)
    _portal(context, target, namespaces, accounts, hostnames)
    if target.cloud == "aws":
        ClusterAutoscaler(
            f"{target.kind}-autoscaler",
            ClusterAutoscalerArgs(
                cluster=target.site.cluster.name,
                region=target.site.region,
                image=images.pinned(versions.CLUSTER_AUTOSCALER, context.environment.platform.image_digests),
                namespace=names["autoscaler"],
                service_account=accounts.names["autoscaler"],
                priority_class="meridian-controllers",
                labels=target.labels,
            ),
            target.options,
        )


def _operator(
    context: Context,
    target: Target,
    namespaces: Namespaces,
    operator: str,
    after: list[pulumi.Resource],
) -> list[pulumi.Resource]:
    """Run an operator; return what its objects wait for: itself, or what it would have waited for where it does not run."""
    if not context.environment.platform.operators:
        return after
    return [
        Manifests(
            f"{target.kind}-{operator}",
            ManifestsArgs(
                objects=images.pinned(
                    versions.manifests(operator), context.environment.platform.image_digests
                ),
                namespaces=namespaces.names,
                labels=target.labels,
            ),
            _after(target, *after),
        )
    ]


def _secret_store(
    context: Context, target: Target, namespaces: Namespaces, operator: list[pulumi.Resource]
) -> None:
    prefix = naming.secrets_prefix(context.environment, target.region.key)
    SecretStore(
        f"{target.kind}-secrets",
        SecretStoreArgs(
            cloud=target.cloud,
            region=target.site.region,
            project=context.environment.gcp.project,
            secrets={
                "datadog": ExternalSecret(
                    namespace=namespaces.names["datadog"],
                    name=context.environment.platform.datadog.keys_from,
                    source=f"{prefix}datadog",
                    keys=("api-key", "app-key"),
                ),
                "dns": ExternalSecret(
                    namespace=namespaces.names["cert-manager"],
                    name="cloudflare-dns",
                    source=f"{prefix}cloudflare-dns",
                    keys=("token",),
                ),
            },
            namespaces=("datadog", "cert-manager", "portal"),
            labels=target.labels,
        ),
        _after(target, *operator),
    )


def _agents(
    context: Context, target: Target, namespaces: Namespaces, operator: list[pulumi.Resource]
) -> None:
    DatadogAgent(
        f"{target.kind}-agents",
        DatadogAgentArgs(
            agent=context.environment.platform.datadog,
            cluster=target.site.cluster.name,
            environment=context.environment.environment,
            region=target.region.key,
            residency=target.region.residency,
            cloud=target.cloud,
            namespace=namespaces.names["datadog"],
            priority_class="meridian-agents",
            labels=target.labels,
        ),
        _after(target, *operator),
    )


def _portal(
    context: Context,
    target: Target,
    namespaces: Namespaces,
    accounts: ServiceAccounts,
    hostnames: list[str],
) -> None:
    environment = context.environment
    Portal(
        f"{target.kind}-portal",
        PortalArgs(
            portal=environment.platform.portal,
            namespace=namespaces.names["portal"],
            service_account=accounts.names["portal"],
            priority_class="meridian-portal",
            hostnames=hostnames,
            gateway_namespace="ingress",
            health_path=environment.edge.monitor.path,
            environment={
                "DD_ENV": environment.environment,
                "MERIDIAN_REGION": target.region.key,
                "MERIDIAN_RESIDENCY": target.region.residency,
            },
            labels=target.labels,
        ),
        _after(target, accounts),
    )


def _hostnames(context: Context, target: Target) -> list[str]:
    """Return the names that this cluster answers to: the EU's own name in the EU only."""
    edge = context.environment.edge
    return [edge.hostname, *([edge.eu_hostname] if target.region.key in edge.eu_regions else [])]


def _after(target: Target, *resources: pulumi.Resource) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions.merge(
        target.options, pulumi.ResourceOptions(depends_on=list(resources) or None)
    )
