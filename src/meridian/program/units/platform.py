"""us-platform, eu-platform, asia-platform: what runs on both clusters of one region."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.aws.pod_identity import PodIdentities, PodIdentitiesArgs
from components.gcp.workload_identity import WorkloadIdentities, WorkloadIdentitiesArgs
from components.kubernetes.classes import Classes, ClassesArgs
from components.kubernetes.namespaces import Namespaces, NamespacesArgs
from components.kubernetes.network_policies import NetworkPolicies, NetworkPoliciesArgs
from components.kubernetes.rbac import Rbac, RbacArgs
from components.kubernetes.service_accounts import ServiceAccounts, ServiceAccountsArgs
from components.outputs import ClusterOutputs
from meridian.model.regions import AwsSite, Cloud, GcpSite, Region
from meridian.program import naming, providers
from meridian.program.context import Context
from meridian.program.database import DatabasePlacement
from meridian.program.graph import region_of
from meridian.program.ip_plan import control_plane_ranges
from meridian.program.refs import Upstream

_KIND: dict[Cloud, str] = {"gcp": "gke", "aws": "eks"}


@dataclass(frozen=True)
class Target:
    """One cluster to be furnished, blind to its cloud but for what its components ask."""

    kind: str
    site: GcpSite | AwsSite
    outputs: ClusterOutputs
    keys: dict[str, pulumi.Output[str]]
    """The region's keys by purpose, in the cloud's own spelling."""
    provider: pulumi.ProviderResource
    labels: dict[str, str]

    @property
    def cloud(self) -> str:
        """The cluster's cloud, `gcp` or `aws`."""
        return self.outputs.cloud

    @property
    def options(self) -> pulumi.ResourceOptions:
        """Options that put a component on this cluster and nowhere else."""
        return providers.using(self.provider)


def wire(context: Context) -> None:
    """Make the unit; a cluster that does not answer fails this unit and no other."""
    key = region_of(context.unit) or context.unit
    region, upstream = context.environment.regions[key], Upstream(context.environment, key)
    database = DatabasePlacement(context)
    for cloud in region.sites():
        target = _target(context, region, upstream, cloud)
        namespaces = _ground(context, target)
        emails = _cloud_identities(context, region, target, upstream)
        accounts = ServiceAccounts(
            f"{target.kind}-identities",
            ServiceAccountsArgs(
                identities=context.environment.platform.identities,
                namespaces=namespaces.names,
                google_accounts=emails,
                labels=target.labels,
            ),
            target.options,
        )
        database.place(
            target.kind, target.site.cluster.name, target.provider, namespaces.names, accounts.names
        )


def _ground(context: Context, target: Target) -> Namespaces:
    """Lay what every workload stands on: namespaces, policies, roles and classes."""
    platform, kind = context.environment.platform, target.kind
    namespaces = Namespaces(
        f"{kind}-ns",
        NamespacesArgs(
            namespaces=platform.namespaces, version=target.site.cluster.version, labels=target.labels
        ),
        target.options,
    )
    NetworkPolicies(
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
    Rbac(
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
    Classes(
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
    return namespaces


def _cloud_identities(
    context: Context, region: Region, target: Target, upstream: Upstream
) -> dict[str, pulumi.Output[str]]:
    """Make the cloud's side of the service accounts; return the Google accounts that they act as."""
    environment, cluster = context.environment, target.site.cluster.name
    if target.cloud == "aws":
        PodIdentities(
            f"{target.kind}-pods",
            PodIdentitiesArgs(
                identities=environment.platform.identities,
                account_id=environment.aws.account_id,
                region=target.site.region,
                cluster=cluster,
                backups=naming.bucket(environment, "aws", f"backups-{region.key}"),
                keys=target.keys,
                secrets_prefix=naming.secrets_prefix(environment, region.key),
            ),
            providers.using(providers.amazon(environment, target.site.region)),
        )
        return {}
    made = WorkloadIdentities(
        f"{target.kind}-workloads",
        WorkloadIdentitiesArgs(
            identities=environment.platform.identities,
            project=environment.gcp.project,
            cluster=cluster,
            pool=target.outputs.workload_identity,
            backups=upstream.get("gcp", "backups"),
            encryption_key=target.keys["database"],
            secrets_prefix=naming.secrets_prefix(environment, region.key),
        ),
        providers.using(providers.google(environment, target.site.region)),
    )
    return dict(made.emails)


def _target(context: Context, region: Region, upstream: Upstream, cloud: Cloud) -> Target:
    kind, site = _KIND[cloud], region.sites()[cloud]

    def told(field: str) -> pulumi.Output[str]:
        return upstream.get("clusters", kind, field).apply(str)

    outputs = ClusterOutputs(
        name=told("name"),
        endpoint=told("endpoint"),
        ca_certificate=told("ca_certificate"),
        kubeconfig=told("kubeconfig"),
        workload_identity=told("workload_identity"),
        cloud=cloud,
        region=site.region,
        network_id=told("network_id"),
        id=told("id"),
    )
    return Target(
        kind=kind,
        site=site,
        outputs=outputs,
        keys={purpose: upstream.get(cloud, "keys", purpose) for purpose in _PURPOSES[cloud]},
        provider=providers.kubernetes(kind, outputs.kubeconfig, outputs.id),
        labels={
            "meridian.dev/environment": context.environment.environment,
            "meridian.dev/region": region.key,
            "meridian.dev/residency": region.residency,
        },
    )


_PURPOSES: dict[Cloud, tuple[str, ...]] = {
    "gcp": ("disks", "database"),
    "aws": ("disks", "database", "backups", "secrets"),
}
