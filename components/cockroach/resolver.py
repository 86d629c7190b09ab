"""The names of database nodes in one cluster: CoreDNS beside the cluster's own, which the clouds manage and restore."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment, DeploymentSpecArgs
from pulumi_kubernetes.core.v1 import (
    AffinityArgs,
    CapabilitiesArgs,
    ConfigMap,
    ConfigMapVolumeSourceArgs,
    ContainerArgs,
    ContainerPortArgs,
    HTTPGetActionArgs,
    PodAffinityTermArgs,
    PodAntiAffinityArgs,
    PodSecurityContextArgs,
    PodSpecArgs,
    PodTemplateSpecArgs,
    ProbeArgs,
    ResourceRequirementsArgs,
    SeccompProfileArgs,
    SecurityContextArgs,
    Service,
    ServicePortArgs,
    ServiceSpecArgs,
    TopologySpreadConstraintArgs,
    VolumeArgs,
    VolumeMountArgs,
    WeightedPodAffinityTermArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget, PodDisruptionBudgetSpecArgs

from components.cockroach.corefile import corefile
from components.cockroach.network_policies import RESOLVER, RESOLVER_PORT
from components.cockroach.node import SKIP_AWAIT
from meridian.model.database import Database
from meridian.model.regions import Cloud

NAME = "cockroachdb-resolver"


@dataclass(frozen=True, kw_only=True)
class ResolverArgs:
    """Which names are answered here, and at which addresses this resolver is asked."""

    database: Database
    cloud: Cloud
    namespace: pulumi.Input[str]
    priority_class: str
    own: Mapping[str, str]
    others: Mapping[str, Sequence[str]]
    cluster_address: str
    """Address in the cluster's service range: pods name it as their resolver, so it is fixed."""
    inner_addresses: Sequence[str]
    """Addresses of the load balancer inside the estate's networks, which the other clusters' resolvers ask."""
    askers: Sequence[str]
    """Ranges of those other resolvers' pods; both clouds make the firewall's rule for the balancer from them."""


class Resolver(pulumi.ComponentResource):
    """Two CoreDNS pods, their address in the cluster and their address for the other clusters; needs no API access."""

    def __init__(self, name: str, args: ResolverArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:cockroach:Resolver", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        text = corefile(RESOLVER_PORT, args.own, args.others)
        config = ConfigMap(
            f"{name}-config",
            metadata=ObjectMetaArgs(name=NAME, namespace=args.namespace, labels=RESOLVER),
            data={"Corefile": text},
            opts=child,
        )
        Deployment(
            name,
            metadata=ObjectMetaArgs(name=NAME, namespace=args.namespace, labels=RESOLVER),
            spec=DeploymentSpecArgs(
                replicas=2,
                selector=LabelSelectorArgs(match_labels=RESOLVER),
                template=PodTemplateSpecArgs(
                    metadata=ObjectMetaArgs(
                        labels=RESOLVER,
                        annotations={"meridian.dev/config": hashlib.sha256(text.encode()).hexdigest()[:16]},
                    ),
                    spec=_pod(args, config.metadata.name.apply(lambda given: given or NAME)),
                ),
            ),
            opts=child,
        )
        PodDisruptionBudget(
            f"{name}-budget",
            metadata=ObjectMetaArgs(name=NAME, namespace=args.namespace),
            spec=PodDisruptionBudgetSpecArgs(
                max_unavailable=1, selector=LabelSelectorArgs(match_labels=RESOLVER)
            ),
            opts=child,
        )
        Service(
            f"{name}-cluster",
            metadata=ObjectMetaArgs(name=NAME, namespace=args.namespace, labels=RESOLVER),
            spec=ServiceSpecArgs(
                cluster_ip=args.cluster_address,
                selector=RESOLVER,
                ports=[_port("dns", "UDP"), _port("dns-tcp", "TCP")],
            ),
            opts=child,
        )
        Service(
            f"{name}-inner",
            metadata=ObjectMetaArgs(
                name=f"{NAME}-inner",
                namespace=args.namespace,
                labels=RESOLVER,
                annotations={**_balancer(args), **SKIP_AWAIT},
            ),
            spec=ServiceSpecArgs(
                type="LoadBalancer",
                load_balancer_ip=args.inner_addresses[0] if args.cloud == "gcp" else None,
                load_balancer_class="service.k8s.aws/nlb" if args.cloud == "aws" else None,
                load_balancer_source_ranges=list(args.askers),
                # Neither balancer goes through node ports, and the namespace's quota has none.
                allocate_load_balancer_node_ports=False,
                selector=RESOLVER,
                # One protocol: neither cloud's balancer takes both on one address without conditions.
                ports=[_port("dns-tcp", "TCP")],
            ),
            opts=child,
        )
        self.register_outputs({})


def _balancer(args: ResolverArgs) -> dict[str, str]:
    """Return what makes the load balancer an inner one with its fixed addresses, in each cloud's words."""
    if args.cloud == "gcp":
        return {
            "networking.gke.io/load-balancer-type": "Internal",
            "networking.gke.io/internal-load-balancer-allow-global-access": "true",
        }
    prefix = "service.beta.kubernetes.io/aws-load-balancer"
    return {
        f"{prefix}-scheme": "internal",
        f"{prefix}-nlb-target-type": "ip",
        f"{prefix}-private-ipv4-addresses": ",".join(args.inner_addresses),
        f"{prefix}-attributes": "load_balancing.cross_zone.enabled=true",
    }


def _port(name: str, protocol: str) -> ServicePortArgs:
    return ServicePortArgs(name=name, port=53, target_port=RESOLVER_PORT, protocol=protocol)


def _pod(args: ResolverArgs, config: pulumi.Input[str]) -> PodSpecArgs:
    selector = LabelSelectorArgs(match_labels=RESOLVER)
    return PodSpecArgs(
        automount_service_account_token=False,
        priority_class_name=args.priority_class,
        security_context=PodSecurityContextArgs(
            run_as_non_root=True, run_as_user=65532, seccomp_profile=SeccompProfileArgs(type="RuntimeDefault")
        ),
        affinity=AffinityArgs(
            pod_anti_affinity=PodAntiAffinityArgs(
                preferred_during_scheduling_ignored_during_execution=[
                    WeightedPodAffinityTermArgs(
                        weight=100,
                        pod_affinity_term=PodAffinityTermArgs(
                            label_selector=selector, topology_key="kubernetes.io/hostname"
                        ),
                    )
                ]
            )
        ),
        topology_spread_constraints=[
            TopologySpreadConstraintArgs(
                max_skew=1,
                topology_key="topology.kubernetes.io/zone",
                when_unsatisfiable="ScheduleAnyway",
                label_selector=selector,
            )
        ],
        containers=[
            ContainerArgs(
                name="coredns",
                image=args.database.resolver_image.reference(),
                args=["-conf", "/etc/coredns/Corefile"],
                ports=[
                    ContainerPortArgs(name="dns", container_port=RESOLVER_PORT, protocol="UDP"),
                    ContainerPortArgs(name="dns-tcp", container_port=RESOLVER_PORT, protocol="TCP"),
                ],
                resources=ResourceRequirementsArgs(
                    requests={"cpu": "50m", "memory": "64Mi"}, limits={"memory": "128Mi"}
                ),
                liveness_probe=ProbeArgs(http_get=HTTPGetActionArgs(path="/health", port=8081)),
                readiness_probe=ProbeArgs(http_get=HTTPGetActionArgs(path="/ready", port=8181)),
                security_context=SecurityContextArgs(
                    allow_privilege_escalation=False,
                    read_only_root_filesystem=True,
                    # The image's binary carries the file capability; without it in the set it cannot be executed.
                    capabilities=CapabilitiesArgs(drop=["ALL"], add=["NET_BIND_SERVICE"]),
                ),
                volume_mounts=[VolumeMountArgs(name="config", mount_path="/etc/coredns", read_only=True)],
            )
        ],
        volumes=[VolumeArgs(name="config", config_map=ConfigMapVolumeSourceArgs(name=config))],
    )
