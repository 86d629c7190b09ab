"""One cluster of a region, as what runs on it sees it."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.outputs import ClusterOutputs
from meridian.model.regions import AwsSite, Cloud, GcpSite, Region
from meridian.program import providers
from meridian.program.context import Context
from meridian.program.refs import Upstream

_KIND: dict[Cloud, str] = {"gcp": "gke", "aws": "eks"}
_PURPOSES: dict[Cloud, tuple[str, ...]] = {
    "gcp": ("disks", "database"),
    "aws": ("disks", "database", "backups", "secrets"),
}


@dataclass(frozen=True)
class Target:
    """One cluster to be furnished, blind to its cloud but for what its components ask."""

    kind: str
    """`gke` or `eks`: what logical names begin with."""
    region: Region
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


def target(context: Context, region: Region, upstream: Upstream, cloud: Cloud) -> Target:
    """Return one cluster with its provider; nothing else may make one."""
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
        region=region,
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
