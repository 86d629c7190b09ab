"""A cluster's network policies: everything closed, then the model's flows on both of their ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi_kubernetes import networking
from pulumi_kubernetes.meta import v1 as meta

from components.kubernetes.metadata import APP, metadata
from meridian.model.platform import Flow

PRIVATE = ("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
"""What `@internet` leaves out: RFC 1918, RFC 6598 and link-local, where clouds hand out credentials."""

_IDENTITY = {"gcp": "169.254.169.254/32", "aws": "169.254.170.23/32"}
"""GKE's metadata server (GKE docs, "Workload Identity Federation", 2026-11: with Dataplane V2 policies allow port 80);
the EKS Pod Identity Agent (EKS docs, "Pod Identity agent")."""

_CLUSTER_NAME = "kubernetes.io/metadata.name"
Rule = tuple[Sequence[networking.v1.NetworkPolicyPeerArgs], Sequence[networking.v1.NetworkPolicyPortArgs]]


@dataclass(frozen=True, kw_only=True)
class NetworkPoliciesArgs:
    """Flows of the model, the namespaces they join and where the cluster's API server answers."""

    namespaces: Mapping[str, pulumi.Input[str]]
    flows: Mapping[str, Flow]
    cloud: str
    control_plane: Sequence[str]
    """Ranges in which the API server's own addresses lie."""
    labels: Mapping[str, str]


@dataclass
class _Pods:
    """The pods that one policy selects, and what they may do."""

    ingress: list[Rule] = field(default_factory=list)
    egress: list[Rule] = field(default_factory=list)


class NetworkPolicies(pulumi.ComponentResource):
    """One `default-deny` per namespace and one policy per app with its flows; DNS is open to all, names alone leak little.

    Hosts' own pods (hostNetwork) are outside of every policy, as Kubernetes has it.
    """

    def __init__(
        self, name: str, args: NetworkPoliciesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("meridian:kubernetes:NetworkPolicies", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        for namespace, inside in args.namespaces.items():
            networking.v1.NetworkPolicy(
                f"{name}-{namespace}-default-deny",
                metadata=metadata("default-deny", args.labels, inside),
                spec=networking.v1.NetworkPolicySpecArgs(
                    pod_selector=meta.LabelSelectorArgs(), policy_types=["Ingress", "Egress"]
                ),
                opts=child,
            )
        for (namespace, app), pods in _by_pods(args).items():
            networking.v1.NetworkPolicy(
                f"{name}-{namespace}-{app or 'all'}",
                metadata=metadata(f"allow-{app or 'all'}", args.labels, args.namespaces[namespace]),
                spec=networking.v1.NetworkPolicySpecArgs(
                    pod_selector=_selector(app),
                    policy_types=[
                        direction
                        for direction, rules in (("Ingress", pods.ingress), ("Egress", pods.egress))
                        if rules
                    ],
                    ingress=[
                        networking.v1.NetworkPolicyIngressRuleArgs(from_=list(peers), ports=list(ports))
                        for peers, ports in pods.ingress
                    ]
                    or None,
                    egress=[
                        networking.v1.NetworkPolicyEgressRuleArgs(to=list(peers), ports=list(ports))
                        for peers, ports in pods.egress
                    ]
                    or None,
                ),
                opts=child,
            )
        self.register_outputs({})


def _by_pods(args: NetworkPoliciesArgs) -> dict[tuple[str, str], _Pods]:
    found: dict[tuple[str, str], _Pods] = {(namespace, ""): _dns() for namespace in args.namespaces}
    for flow in args.flows.values():
        ports = [
            networking.v1.NetworkPolicyPortArgs(port=port, protocol=flow.protocol) for port in flow.ports
        ]
        for place, other, direction in (
            (flow.source, flow.target, "egress"),
            (flow.target, flow.source, "ingress"),
        ):
            if place.startswith("@"):
                continue
            namespace, _, app = place.partition("/")
            pods = found.setdefault((namespace, app), _Pods())
            getattr(pods, direction).append((list(_peers(other, args)), ports))
    return found


def _dns() -> _Pods:
    peer = networking.v1.NetworkPolicyPeerArgs(
        namespace_selector=meta.LabelSelectorArgs(match_labels={_CLUSTER_NAME: "kube-system"}),
        pod_selector=meta.LabelSelectorArgs(match_labels={"k8s-app": "kube-dns"}),
    )
    ports = [networking.v1.NetworkPolicyPortArgs(port=53, protocol=protocol) for protocol in ("UDP", "TCP")]
    return _Pods(egress=[([peer], ports)])


def _peers(place: str, args: NetworkPoliciesArgs) -> Iterator[networking.v1.NetworkPolicyPeerArgs]:
    if place == "@internet":
        yield _range("0.0.0.0/0", PRIVATE)
    elif place == "@control-plane":
        yield from (_range(cidr) for cidr in args.control_plane)
    elif place == "@cloud-identity":
        yield _range(_IDENTITY[args.cloud])
    else:
        namespace, _, app = place.partition("/")
        yield networking.v1.NetworkPolicyPeerArgs(
            namespace_selector=meta.LabelSelectorArgs(match_labels={_CLUSTER_NAME: namespace}),
            pod_selector=_selector(app) if app else None,
        )


def _range(cidr: str, without: Sequence[str] = ()) -> networking.v1.NetworkPolicyPeerArgs:
    return networking.v1.NetworkPolicyPeerArgs(
        ip_block=networking.v1.IPBlockArgs(cidr=cidr, except_=list(without) or None)
    )


def _selector(app: str) -> meta.LabelSelectorArgs:
    return meta.LabelSelectorArgs(match_labels={APP: app} if app else None)
