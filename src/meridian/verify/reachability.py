"""A small, pure reading of networking.k8s.io/v1 NetworkPolicy (Kubernetes docs, "Network Policies").

A connection passes when the source's egress and the target's ingress both allow it; a pod that no policy selects for a
direction is open in it. Read here: label selectors with all operators, ipBlock with except, numeric ports and their ranges.
A named port raises ValueError: which number it is only the pod tells.
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
        """Return its labels with the one that names its app."""
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
        each.get("protocol", "TCP") == protocol and _holds(each.get("port"), each.get("endPort"), port)
        for each in ports
    )


def _holds(first: int | str | None, last: int | None, port: int) -> bool:
    if isinstance(first, str):
        # It is data that is wrong, not the type of an argument.
        raise ValueError(  # noqa: TRY004
            f"port {first!r} of a network policy: named ports are not read here; write a number"
        )
    return first is None or first <= port <= (last or first)


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
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _expression(each, labels) for each in selector.get("matchExpressions") or ()
    )


def _expression(asked: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, operator, values = asked["key"], asked["operator"], asked.get("values") or ()
    if operator == "Exists":
        return key in labels
    if operator == "DoesNotExist":
        return key not in labels
    # A pod without the label is not in any list, so NotIn takes it (Kubernetes docs, "Labels and Selectors").
    return bool(labels.get(key) in values) is (operator == "In")
