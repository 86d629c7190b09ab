"""Which connections pass on a platform and which must not, by a pure reading of its network policies."""

from __future__ import annotations

import pytest
from network_evaluator import Address, End, Pod, allowed
from platform_unit import environment, kind

PORTAL, DATABASE = Pod("portal", "portal"), Pod("database", "cockroachdb")
INGRESS, AGENT = Pod("ingress", "envoy"), Pod("datadog", "agent")
DNS = Pod("kube-system", "dns", {"k8s-app": "kube-dns"})
VISITOR, OFFICE = Address("203.0.113.7"), Address("10.99.0.7")
METADATA = {"gke": Address("169.254.169.254"), "eks": Address("169.254.170.23")}
API = {"gke": Address("10.32.32.2"), "eks": Address("10.40.0.9")}

PASS: list[tuple[End, End, int, str]] = [
    (VISITOR, INGRESS, 10443, "TCP"),
    (INGRESS, PORTAL, 8080, "TCP"),
    (PORTAL, DATABASE, 26257, "TCP"),
    (PORTAL, DNS, 53, "UDP"),
    (DATABASE, DNS, 53, "TCP"),
    (PORTAL, AGENT, 8126, "TCP"),
    (PORTAL, AGENT, 8125, "UDP"),
    (AGENT, VISITOR, 443, "TCP"),
    (AGENT, PORTAL, 8080, "TCP"),
    (AGENT, DATABASE, 8080, "TCP"),
    (Pod("external-secrets"), VISITOR, 443, "TCP"),
    (Pod("cert-manager"), VISITOR, 443, "TCP"),
]
REFUSED: list[tuple[End, End, int, str]] = [
    (VISITOR, PORTAL, 8080, "TCP"),
    (VISITOR, DATABASE, 26257, "TCP"),
    (VISITOR, INGRESS, 22, "TCP"),
    (OFFICE, INGRESS, 10443, "TCP"),
    (INGRESS, DATABASE, 26257, "TCP"),
    (Pod("portal", "intruder"), DATABASE, 26257, "TCP"),
    (INGRESS, Pod("portal", "intruder"), 8080, "TCP"),
    (PORTAL, DATABASE, 8080, "TCP"),
    (PORTAL, INGRESS, 10443, "TCP"),
    (PORTAL, OFFICE, 443, "TCP"),
    (PORTAL, VISITOR, 25, "TCP"),
    (DATABASE, PORTAL, 8080, "TCP"),
    (AGENT, DATABASE, 26257, "TCP"),
    (Pod("external-secrets"), DATABASE, 26257, "TCP"),
    (Pod("cert-manager"), PORTAL, 8080, "TCP"),
    (INGRESS, VISITOR, 443, "TCP"),
    (Pod("default"), DATABASE, 26257, "TCP"),
]


def passes(cluster: str, source: End, target: End, port: int, protocol: str) -> bool:
    return allowed(list(kind(cluster, "NetworkPolicy").values()), source, target, port, protocol)


@pytest.mark.parametrize("cluster", ["gke", "eks"])
@pytest.mark.parametrize(("source", "target", "port", "protocol"), PASS)
def test_a_wanted_flow_passes(cluster: str, source: End, target: End, port: int, protocol: str) -> None:
    assert passes(cluster, source, target, port, protocol)


@pytest.mark.parametrize("cluster", ["gke", "eks"])
@pytest.mark.parametrize(("source", "target", "port", "protocol"), REFUSED)
def test_what_no_flow_names_is_refused(
    cluster: str, source: End, target: End, port: int, protocol: str
) -> None:
    assert not passes(cluster, source, target, port, protocol)


@pytest.mark.parametrize("cluster", ["gke", "eks"])
def test_credentials_of_the_cloud_reach_only_who_acts_in_it(cluster: str) -> None:
    address = METADATA[cluster]
    assert passes(cluster, DATABASE, address, 80, "TCP") and passes(cluster, PORTAL, address, 80, "TCP")
    assert not passes(cluster, INGRESS, address, 80, "TCP") and not passes(cluster, AGENT, address, 80, "TCP")


@pytest.mark.parametrize("cluster", ["gke", "eks"])
def test_only_who_watches_the_cluster_reaches_its_api_server(cluster: str) -> None:
    address = API[cluster]
    assert passes(cluster, AGENT, address, 443, "TCP")
    assert passes(cluster, Pod("cert-manager"), address, 443, "TCP")
    assert not passes(cluster, PORTAL, address, 443, "TCP")
    assert not passes(cluster, DATABASE, address, 443, "TCP")


@pytest.mark.parametrize("cluster", ["gke", "eks"])
@pytest.mark.parametrize("namespace", sorted(environment().platform.namespaces))
def test_a_pod_that_no_flow_knows_hears_nobody(cluster: str, namespace: str) -> None:
    stranger = Pod("default", "stranger")
    for port in (80, 443, 8080, 8443, 10250, 26257):
        assert not passes(cluster, stranger, Pod(namespace, "unknown"), port, "TCP")
