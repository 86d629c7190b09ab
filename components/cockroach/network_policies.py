"""Who may speak with the database's pods: the estate's own pods on 26257 and 8080, and their resolver on 53."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs
from pulumi_kubernetes.networking.v1 import (
    IPBlockArgs,
    NetworkPolicy,
    NetworkPolicyEgressRuleArgs,
    NetworkPolicyIngressRuleArgs,
    NetworkPolicyPeerArgs,
    NetworkPolicyPortArgs,
    NetworkPolicySpecArgs,
)

from components.cockroach.pod import APP
from meridian.model.database import Database

RESOLVER = {"app.kubernetes.io/name": "cockroachdb-resolver"}
RESOLVER_PORT = 1053
"""Unprivileged inside the pod; its services listen on 53."""
CLUSTER_DNS = {"kubernetes.io/metadata.name": "kube-system"}


@dataclass(frozen=True, kw_only=True)
class NetworkPoliciesArgs:
    """`nodes` are the ranges of every pod that may be a database node, `resolvers` the other sites' fixed addresses."""

    namespace: pulumi.Input[str]
    database: Database
    nodes: Sequence[str]
    resolvers: Sequence[str]
    balancers: Sequence[str]
    """Ranges from which this site's own load balancer passes the other sites' questions on."""


def database_policies(name: str, args: NetworkPoliciesArgs, opts: pulumi.ResourceOptions) -> None:
    """Add the flows to a namespace that is closed by default; SQL from applications is the platform's own flow."""
    node_ports = [_tcp(args.database.sql_port), _tcp(args.database.http_port)]
    peers = [_range(cidr) for cidr in args.nodes]
    questions = [NetworkPolicyPortArgs(protocol=kind, port=RESOLVER_PORT) for kind in ("UDP", "TCP")]
    domain = [NetworkPolicyPortArgs(protocol=kind, port=53) for kind in ("UDP", "TCP")]
    _policy(
        f"{name}-nodes",
        "cockroachdb-nodes",
        APP,
        args.namespace,
        ingress=[NetworkPolicyIngressRuleArgs(from_=peers, ports=node_ports)],
        egress=[
            NetworkPolicyEgressRuleArgs(to=peers, ports=node_ports),
            NetworkPolicyEgressRuleArgs(to=[_pods(RESOLVER)], ports=questions),
        ],
        opts=opts,
    )
    _policy(
        f"{name}-resolver",
        "cockroachdb-resolver",
        RESOLVER,
        args.namespace,
        ingress=[
            NetworkPolicyIngressRuleArgs(from_=[_pods(APP)], ports=questions),
            NetworkPolicyIngressRuleArgs(
                from_=[*peers, *(_range(cidr) for cidr in args.balancers)], ports=[_tcp(RESOLVER_PORT)]
            ),
        ],
        egress=[
            NetworkPolicyEgressRuleArgs(
                to=[
                    NetworkPolicyPeerArgs(namespace_selector=LabelSelectorArgs(match_labels=CLUSTER_DNS)),
                ],
                ports=domain,
            ),
            NetworkPolicyEgressRuleArgs(
                to=[_range(f"{address}/32") for address in args.resolvers], ports=[_tcp(53)]
            ),
        ],
        opts=opts,
    )


def _policy(
    name: str,
    own: str,
    selects: dict[str, str],
    namespace: pulumi.Input[str],
    *,
    ingress: Sequence[NetworkPolicyIngressRuleArgs],
    egress: Sequence[NetworkPolicyEgressRuleArgs],
    opts: pulumi.ResourceOptions,
) -> None:
    NetworkPolicy(
        name,
        metadata=ObjectMetaArgs(name=own, namespace=namespace),
        spec=NetworkPolicySpecArgs(
            pod_selector=LabelSelectorArgs(match_labels=selects),
            policy_types=["Ingress", "Egress"],
            ingress=ingress,
            egress=egress,
        ),
        opts=opts,
    )


def _tcp(port: int) -> NetworkPolicyPortArgs:
    return NetworkPolicyPortArgs(protocol="TCP", port=port)


def _range(cidr: str) -> NetworkPolicyPeerArgs:
    return NetworkPolicyPeerArgs(ip_block=IPBlockArgs(cidr=cidr))


def _pods(labels: dict[str, str]) -> NetworkPolicyPeerArgs:
    return NetworkPolicyPeerArgs(pod_selector=LabelSelectorArgs(match_labels=labels))
