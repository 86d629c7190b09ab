"""A small, pure reading of networking.k8s.io/v1 NetworkPolicy (Kubernetes docs, "Network Policies").

A connection passes when the source's egress and the target's ingress both allow it; a pod that no policy selects for a
direction is open in it. Written for tests: matchLabels, matchExpressions of `In`, ipBlock with except, numeric ports.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

Policy = Mapping[str, Any]


@dataclass(frozen=True)
class Pod:
    """A pod of the cluster."""

    namespace: str
    app: str = "anything"
    labels: Mapping[str, str] = field(default_factory=dict)

    def all_labels(self) -> dict[str, str]:
        return {"app.kubernetes.io/name": self.app, **self.labels}


@dataclass(frozen=True)
class Address:
    """Something outside the cluster."""

    ip: str


End = Pod | Address


def allowed(policies: Sequence[Policy], source: End, target: End, port: int, protocol: str = "TCP") -> bool:
    """Return whether the connection passes."""
    return _one_way(policies, "egress", source, target, port, protocol) and _one_way(
        policies, "ingress", target, source, port, protocol
    )


def _one_way(
    policies: Sequence[Policy], direction: str, own: End, other: End, port: int, protocol: str
) -> bool:
    if isinstance(own, Address):
        return True
    selecting = [
        policy["spec"]
        for policy in policies
        if policy["metadata"]["namespace"] == own.namespace
        and direction.capitalize() in policy["spec"]["policyTypes"]
        and _matches(policy["spec"]["podSelector"], own.all_labels())
    ]
    if not selecting:
        return True
    peers = "to" if direction == "egress" else "from"
    return any(
        _port(rule.get("ports"), port, protocol) and _peer(rule.get(peers), own.namespace, other)
        for spec in selecting
        for rule in spec.get(direction) or ()
    )


def _port(ports: Sequence[Mapping[str, Any]] | None, port: int, protocol: str) -> bool:
    return not ports or any(
        each.get("port") in (None, port) and each.get("protocol", "TCP") == protocol for each in ports
    )


def _peer(peers: Sequence[Mapping[str, Any]] | None, namespace: str, other: End) -> bool:
    return not peers or any(_is(peer, namespace, other) for peer in peers)


def _is(peer: Mapping[str, Any], namespace: str, other: End) -> bool:
    block = peer.get("ipBlock")
    if block is not None:
        # Pods are not meant by ipBlock: their addresses are not stable.
        return (
            isinstance(other, Address)
            and ip_address(other.ip) in ip_network(block["cidr"])
            and not any(ip_address(other.ip) in ip_network(cidr) for cidr in block.get("except") or ())
        )
    if isinstance(other, Address):
        return False
    spaces, pods = peer.get("namespaceSelector"), peer.get("podSelector")
    inside = (
        other.namespace == namespace
        if spaces is None
        else _matches(spaces, {"kubernetes.io/metadata.name": other.namespace})
    )
    return inside and (pods is None or _matches(pods, other.all_labels()))


def _matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    wanted = selector.get("matchLabels") or {}
    expressions = selector.get("matchExpressions") or ()
    assert all(each["operator"] == "In" for each in expressions), "only In is read here"
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        labels.get(each["key"]) in each["values"] for each in expressions
    )
