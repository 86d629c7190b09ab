"""Roles, admission and network policies of the estate on one real API server: as planned they pass, each weakened one is found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client
from kubernetes.dynamic import DynamicClient
from platform_unit import environment, objects

from meridian.verify import access, by_kubeconfig, flows, pods
from meridian.verify.catalogue import ACCESS, DENIES, FLOWS, PODS, TLS
from meridian.verify.cluster import Cluster
from meridian.verify.result import Outcome
from meridian.verify.run import run

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]
POLICIES = Path(__file__).parents[2] / "policies"
KINDS = ("Namespace", "ClusterRole", "ClusterRoleBinding", "RoleBinding", "NetworkPolicy")
NAME = next(name for name in environment().clusters() if name.endswith("eu-eks"))


@pytest.fixture(scope="module")
def cluster(control_plane: Any) -> Iterator[Cluster]:
    """The control plane with production's namespaces, roles and network policies of one cluster."""
    made = Cluster(NAME, control_plane.endpoint.kubeconfig, environment())
    with made.api() as api:
        dynamic = DynamicClient(api)
        for kind in KINDS:
            for body in objects("eks"):
                if body["kind"] == kind:
                    dynamic.resources.get(api_version=body["apiVersion"], kind=kind).server_side_apply(
                        body=body,
                        name=body["metadata"]["name"],
                        namespace=body["metadata"].get("namespace"),
                        field_manager="test",
                    )
        for namespace in environment().platform.namespaces:
            try:
                client.CoreV1Api(api).create_namespaced_service_account(
                    namespace, {"metadata": {"name": "default"}}
                )
            except client.ApiException as error:
                # The controllers make it too.
                assert error.status == 409, error
    yield made


def asked(cluster: Cluster) -> Any:
    return access.check(cluster, access.load_matrix(POLICIES))


def read(cluster: Cluster) -> Any:
    return {each.check: each for each in flows.check(cluster, flows.load_flows(POLICIES))}


def test_the_planned_platform_is_what_matrix_standard_and_flows_expect(cluster: Cluster) -> None:
    for found in (asked(cluster), pods.check(cluster), *read(cluster).values()):
        assert found.outcome is Outcome.PASSED, found


@contextmanager
def changed(cluster: Cluster, kind: str, version: str, name: str, **change: Any) -> Iterator[None]:
    """Patch an object and put it back."""
    with cluster.api() as api:
        resource = DynamicClient(api).resources.get(api_version=version, kind=kind)
        place = {"name": name, "namespace": change.pop("namespace", None)}
        before = resource.get(**place).to_dict()
        merge = "application/merge-patch+json"
        resource.patch(body=change, content_type=merge, **place)
        try:
            yield
        finally:
            resource.patch(body=_back(change, before), content_type=merge, **place)


def _back(change: Any, before: Any) -> Any:
    """Return the merge patch that undoes another one."""
    if not isinstance(change, dict):
        return before
    return {key: _back(value, (before or {}).get(key)) for key, value in change.items()}


def test_a_role_that_reads_secrets_and_one_that_lost_its_rights_are_found(cluster: Cluster) -> None:
    rules = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]
    with changed(cluster, "ClusterRole", "rbac.authorization.k8s.io/v1", "meridian:viewer", rules=rules):
        found = asked(cluster)
    assert found.outcome is Outcome.FAILED
    assert "viewer get pods in portal is refused" in found.seen and "more" in found.seen
    wider = access.Matrix(
        cells=(access.Cell(resource="pods", verbs=("get",), namespaces=("portal",), why="nobody may"),)
    )
    assert "viewer get pods in portal is allowed" in access.check(cluster, wider).seen


def test_a_namespace_that_enforces_less_is_found(cluster: Cluster) -> None:
    labels = {"labels": {"pod-security.kubernetes.io/enforce": "baseline"}}
    with changed(cluster, "Namespace", "v1", "portal", metadata=labels):
        found = pods.check(cluster)
    assert found.outcome is Outcome.FAILED and "portal, root: taken" in found.seen
    assert "portal, privileged" not in found.seen


def test_a_default_denial_that_was_opened_is_found(cluster: Cluster) -> None:
    with changed(
        cluster,
        "NetworkPolicy",
        "networking.k8s.io/v1",
        "default-deny",
        namespace="database",
        spec={"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": [{}]},
    ):
        found = read(cluster)
    assert found[DENIES].outcome is Outcome.FAILED and "database is open" in found[DENIES].seen
    assert found[FLOWS].outcome is Outcome.FAILED
    assert "visitor to database:26257/TCP passes" in found[FLOWS].seen


def test_a_kubeconfig_reaches_its_cluster_and_the_rest_is_told_as_not_checked(cluster: Cluster) -> None:
    given = by_kubeconfig.clusters(environment(), [f"{NAME}={cluster.kubeconfig}"])
    found = run(by_kubeconfig.tasks(environment(), POLICIES, given))
    done = {each.check for each in found if each.subject == NAME and each.outcome is Outcome.PASSED}
    assert done == {ACCESS, PODS, DENIES, FLOWS, TLS}
    others = [each for each in found if each.subject != NAME or each.check not in done]
    assert {each.outcome for each in others} == {Outcome.NOT_CHECKED} and all(each.seen for each in others)
    assert {each.subject for each in found} == {*environment().clusters(), "database", "edge"}


def test_a_user_without_rights_checks_nothing_and_nothing_passes(
    cluster: Cluster, control_plane: Any, tmp_path: Path
) -> None:
    """Somebody whose token is no longer taken."""
    import yaml

    config = yaml.safe_load(cluster.kubeconfig.read_text())
    config["users"][0]["user"] = {"token": "expired"}
    (tmp_path / "config").write_text(yaml.safe_dump(config))
    given = by_kubeconfig.clusters(environment(), [f"{NAME}={tmp_path / 'config'}"])
    found = {
        each.check: each
        for each in run(by_kubeconfig.tasks(environment(), POLICIES, given))
        if each.subject == NAME
    }
    for check in (ACCESS, PODS, DENIES, FLOWS):
        assert found[check].outcome is Outcome.NOT_CHECKED and "may not ask" in found[check].seen
