"""What a cluster's network policies let through, read from its API server: default denials, and the flows of policies/flows.yaml.

The policies are evaluated, no packet is sent: whether the cluster's network enforces them is the cloud's promise
(GKE Dataplane V2, the VPC CNI's network policy agent), and the local clusters have no pod network.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from kubernetes import client
from pydantic import Field

from meridian.compliance.files import read
from meridian.model.base import Model
from meridian.program.ip_plan import control_plane_ranges
from meridian.verify.catalogue import DENIES, FLOWS
from meridian.verify.cluster import Cluster, raw
from meridian.verify.reachability import Address, End, Pod, Policy, allowed
from meridian.verify.result import Checked, judged, some

_PROVIDERS_OWN = ("default", "kube-", "gke-", "gmp-", "amazon-")
"""Namespaces that Kubernetes and the clouds bring; what runs there is theirs, and nothing of ours is put there."""


class Place(Model):
    """An end of a flow: a pod, an address of each cloud, or the API server."""

    namespace: str | None = None
    app: str = "anything"
    labels: dict[str, str] = Field(default_factory=dict)
    address: dict[Literal["gcp", "aws"], str] | str | None = None
    """None without a namespace: the cluster's own API server."""


class Expected(Model):
    """One connection, and whether it must pass."""

    source: str
    target: str
    port: Annotated[int, Field(ge=1, le=65535)]
    protocol: Literal["TCP", "UDP"] = "TCP"
    passes: bool
    why: Annotated[str, Field(min_length=10)]

    def __str__(self) -> str:
        """Return it as people say it."""
        return f"{self.source} to {self.target}:{self.port}/{self.protocol}"


class Flows(Model):
    """`flows.yaml`."""

    places: dict[str, Place]
    flows: Annotated[tuple[Expected, ...], Field(min_length=1)]
    probed: tuple[int, ...]
    """Ports on which a pod that no flow knows is tried in every namespace."""


def load_flows(policies: Path) -> Flows:
    """Return the flows of the folder `policies/`; raises ModelErrors."""
    return read(policies / "flows.yaml", Flows)


def ends(flows: Flows, cloud: str, control_plane: str) -> dict[str, End]:
    """Return every place as it is on a cluster of a cloud whose API server answers in this range."""
    found: dict[str, End] = {}
    for name, place in flows.places.items():
        if place.namespace is not None:
            found[name] = Pod(place.namespace, place.app, place.labels)
        elif isinstance(place.address, str):
            found[name] = Address(place.address)
        elif place.address is not None:
            found[name] = Address(next(ip for key, ip in place.address.items() if key == cloud))
        else:
            found[name] = Address(str(ip_address(ip_network(control_plane).network_address + 2)))
    return found


def faults(
    policies: Sequence[Policy], flows: Flows, places: dict[str, End], namespaces: Sequence[str]
) -> list[str]:
    """Return every flow that is not as expected, and every namespace in which an unknown pod hears a stranger."""
    wrong = [
        f"{flow} {'is refused' if flow.passes else 'passes'}"
        for flow in flows.flows
        if allowed(policies, places[flow.source], places[flow.target], flow.port, flow.protocol)
        != flow.passes
    ]
    stranger = Pod("default", "stranger")
    return wrong + [
        f"a stranger to an unknown pod of {namespace}:{port} passes"
        for namespace in namespaces
        for port in flows.probed
        if allowed(policies, stranger, Pod(namespace, "unknown"), port)
    ]


def open_namespaces(policies: Sequence[Policy], namespaces: Sequence[str]) -> list[str]:
    """Return the namespaces in which no policy denies all that nothing else allows."""
    denied = {policy["metadata"]["namespace"] for policy in policies if _denies_all(policy["spec"])}
    return [name for name in namespaces if name not in denied]


def check(cluster: Cluster, flows: Flows) -> Iterator[Checked]:
    """Yield whether every namespace denies by default, and whether every flow is as expected."""
    with cluster.api() as api:
        core, networking = client.CoreV1Api(api), client.NetworkingV1Api(api)
        there = [
            str(each["metadata"]["name"])
            for each in raw(core.list_namespace(_preload_content=False))["items"]
        ]
        policies: list[dict[str, Any]] = raw(
            networking.list_network_policy_for_all_namespaces(_preload_content=False)
        )["items"]
    ours = [name for name in there if not name.startswith(_PROVIDERS_OWN)]
    left = [name for name in there if name not in ours]
    missing = [name for name in cluster.environment.platform.namespaces if name not in there]
    wrong = [
        *(f"{name} is not there" for name in missing),
        *(f"{name} is open" for name in open_namespaces(policies, ours)),
    ]
    yield judged(
        DENIES,
        cluster.name,
        f"read {len(there)} namespaces and {len(policies)} network policies from the API server",
        "each namespace has a policy that selects all pods and allows nothing, both ways",
        f"{some(wrong) if wrong else f'{len(ours)} namespaces denied: ' + ', '.join(ours)}; "
        f"not ours, not judged: {', '.join(left)}",
        bool(ours) and not wrong,
    )
    places = ends(flows, cluster.cloud, control_plane_ranges(cluster.site)[0])
    namespaces = list(cluster.environment.platform.namespaces)
    wrong = faults(policies, flows, places, namespaces)
    wanted = sum(flow.passes for flow in flows.flows)
    yield judged(
        FLOWS,
        cluster.name,
        f"evaluated {len(policies)} network policies of the API server; no packet was sent",
        f"{wanted} flows of policies/flows.yaml pass, {len(flows.flows) - wanted} are refused; "
        f"a stranger reaches nobody in {len(namespaces)} namespaces on {len(flows.probed)} ports",
        some(wrong) if wrong else "each as expected",
        not wrong,
    )


def _denies_all(spec: Policy) -> bool:
    return (
        not spec.get("podSelector")
        and {"Ingress", "Egress"} <= set(spec.get("policyTypes") or ())
        and not spec.get("ingress")
        and not spec.get("egress")
    )
