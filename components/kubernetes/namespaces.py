"""A cluster's namespaces with their Pod Security level, quota and limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import core

from components.kubernetes.metadata import metadata
from meridian.model.platform import Containers, Namespace, Quota

_POD_SECURITY = "pod-security.kubernetes.io"
_PORTS_EACH = 2


@dataclass(frozen=True, kw_only=True)
class NamespacesArgs:
    """The model's namespaces and the Kubernetes version whose Pod Security standards hold."""

    namespaces: Mapping[str, Namespace]
    version: str
    labels: Mapping[str, str]


class Namespaces(pulumi.ComponentResource):
    """Namespaces, quotas and limit ranges; network policies and roles are components of their own."""

    names: Mapping[str, pulumi.Output[str]]
    """Name by key; it resolves only after the namespace has its quota and limits."""

    def __init__(self, name: str, args: NamespacesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:kubernetes:Namespaces", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        names: dict[str, pulumi.Output[str]] = {}
        for key, model in args.namespaces.items():
            logical = f"{name}-{key}"
            made = core.v1.Namespace(
                logical,
                metadata=metadata(
                    key,
                    {**args.labels, **pod_security(model, args.version)},
                    annotations={"meridian.dev/pod-security-exception": model.reason}
                    if model.reason
                    else None,
                ),
                opts=child,
            )
            inside = made.metadata.name
            quota = core.v1.ResourceQuota(
                logical,
                metadata=metadata("quota", args.labels, inside),
                spec=core.v1.ResourceQuotaSpecArgs(hard=hard_limits(model.quota)),
                opts=child,
            )
            limits = core.v1.LimitRange(
                logical,
                metadata=metadata("limits", args.labels, inside),
                spec=core.v1.LimitRangeSpecArgs(limits=[_container_limits(model.containers)]),
                opts=child,
            )
            names[key] = pulumi.Output.all(inside, quota.id, limits.id).apply(lambda made: str(made[0]))
        self.names = names
        self.register_outputs({"names": names})


def pod_security(namespace: Namespace, version: str) -> dict[str, str]:
    """Return the labels that make the API server enforce, audit and warn about a level of one Kubernetes version.

    Audit and warn stay at `restricted` where a lower level is enforced: the exception remains visible.
    """
    return {
        f"{_POD_SECURITY}/enforce": namespace.pod_security,
        f"{_POD_SECURITY}/audit": "restricted",
        f"{_POD_SECURITY}/warn": "restricted",
        **{f"{_POD_SECURITY}/{mode}-version": f"v{version}" for mode in ("enforce", "audit", "warn")},
    }


def hard_limits(quota: Quota) -> dict[str, str]:
    """Return a quota's hard limits; node ports are given to load balancers only, which take one for each port."""
    return {
        "pods": str(quota.pods),
        "requests.cpu": str(quota.cpu),
        "requests.memory": f"{quota.memory_gib}Gi",
        "limits.memory": f"{quota.memory_gib * 2}Gi",
        "persistentvolumeclaims": str(quota.volumes),
        "requests.storage": f"{quota.storage_gib}Gi",
        "services.loadbalancers": str(quota.load_balancers),
        "services.nodeports": str(quota.load_balancers * _PORTS_EACH),
    }


def _container_limits(model: Containers) -> core.v1.LimitRangeItemArgs:
    return core.v1.LimitRangeItemArgs(
        type="Container",
        default_request={"cpu": f"{model.request_cpu_milli}m", "memory": f"{model.request_memory_mib}Mi"},
        # No default CPU limit: it throttles pods while the node idles; the quota bounds what is asked for.
        default={"memory": f"{model.limit_memory_mib}Mi"},
        max={"cpu": str(model.max_cpu), "memory": f"{model.max_memory_gib}Gi"},
    )
