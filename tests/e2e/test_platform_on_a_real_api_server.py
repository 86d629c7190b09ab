"""Production's platform and the init job, object by object, on a real API server: dry runs and Pod Security's refusals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client, config
from kubernetes.client.rest import ApiException
from kubernetes.dynamic import DynamicClient
from platform_unit import init_job, objects

from meridian.local.controlplane import ControlPlanes
from meridian.local.controlplane.spec import ControlPlaneSpec
from meridian.paths import find_checkout

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane, pytest.mark.timeout(300)]
FIRST = ("CustomResourceDefinition", "Namespace", "PriorityClass", "ServiceAccount")
"""What other objects need to be there: a dry run leaves nothing behind."""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    programs = find_checkout(Path(__file__).parent).bin
    root = tmp_path_factory.mktemp("plane")
    planes = ControlPlanes(root / "planes", programs, root / "kube")
    spec = ControlPlaneSpec(
        id="test-platform",
        name="platform",
        cloud="gcp",
        region="europe-west1",
        version="1.34",
        service_cidr="10.32.0.0/12",  # holds both clusters' service ranges: the resolver has a fixed address
        pod_cidr="10.244.0.0/16",
    )
    try:
        endpoint = planes.ensure(spec)
        made = config.new_client_from_config(str(endpoint.kubeconfig))
        dynamic = DynamicClient(made)
        for kind in FIRST:
            for body in (*ordered("gke"), *ordered("eks")):
                if body["kind"] == kind:
                    apply(dynamic, body, dry=False)
                if body["kind"] == kind == "Namespace":
                    apply(dynamic, default_account(body["metadata"]["name"]), dry=False)
        yield made
    finally:
        planes.stop_all()


def ordered(cluster: str) -> list[dict[str, Any]]:
    return [counted(without_secrets(each)) for each in (*objects(cluster), *init_job())]


def default_account(namespace: str) -> dict[str, Any]:
    """What a controller makes in each namespace, in its own time."""
    about = {"name": "default", "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": about}


def without_secrets(body: dict[str, Any]) -> dict[str, Any]:
    """A Secret without its values: the recording engine wraps them, and a preview knows none."""
    for part, filler in (("data", "eA=="), ("stringData", "x")):
        if body["kind"] == "Secret" and part in body:
            body = {**body, part: {"one": filler}}
    return body


def counted(node: Any) -> Any:
    """The engine's numbers as whole ones."""
    if isinstance(node, float) and node.is_integer():
        return int(node)
    if isinstance(node, dict):
        return {key: counted(value) for key, value in node.items()}
    return [counted(each) for each in node] if isinstance(node, list) else node


def apply(dynamic: DynamicClient, body: dict[str, Any], *, dry: bool) -> None:
    resource = dynamic.resources.get(api_version=body["apiVersion"], kind=body["kind"])
    resource.server_side_apply(
        body=body,
        name=body["metadata"]["name"],
        namespace=body["metadata"].get("namespace"),
        field_manager="test",
        force_conflicts=True,
        query_params=[("fieldValidation", "Strict"), *([("dryRun", "All")] if dry else [])],
    )


@pytest.mark.parametrize("cluster", ["gke", "eks"])
def test_the_api_server_takes_every_object_of_production_in_a_dry_run(api: Any, cluster: str) -> None:
    dynamic, refused = DynamicClient(api), []
    checked = 0
    for body in ordered(cluster):
        if body["kind"] in FIRST:
            continue
        try:
            apply(dynamic, body, dry=True)
        except ApiException as error:
            refused.append(f"{body['kind']} {body['metadata']['name']}: {error.body!r}"[:400])
        checked += 1
    assert "\n".join(refused) == "" and checked > 100


def pods(cluster: str) -> Iterator[dict[str, Any]]:
    """Return a pod of every template, in its namespace; volumes that the API server itself would claim are empty."""
    for body in ordered(cluster):
        spec = body.get("spec", {})
        template = spec.get("template", {})
        if "containers" not in template.get("spec", {}):
            continue
        claimed = [
            {"name": claim["metadata"]["name"], "emptyDir": {}}
            for claim in spec.get("volumeClaimTemplates", ())
        ]
        yield {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                **template["metadata"],
                "name": "one",
                "namespace": body["metadata"]["namespace"],
            },
            "spec": {
                **template["spec"],
                "volumes": [*template["spec"].get("volumes", ()), *claimed],
            },
        }


@pytest.mark.parametrize("cluster", ["gke", "eks"])
def test_pod_security_takes_a_pod_of_every_template_in_its_namespace(api: Any, cluster: str) -> None:
    core, refused, checked = client.CoreV1Api(api), [], set()
    for each in pods(cluster):
        namespace, image = each["metadata"]["namespace"], each["spec"]["containers"][0]["image"]
        try:
            core.create_namespaced_pod(namespace, each, dry_run="All")
        except ApiException as error:
            refused.append(f"{namespace} {image}: {error.body!r}"[:600])
        checked.add(namespace)
    assert "\n".join(refused) == ""
    operators = {"cert-manager", "external-secrets", "datadog-operator", "ingress"}
    assert checked == {"database", "portal", *operators, *({"autoscaler"} if cluster == "eks" else ())}


def pod(**security: Any) -> dict[str, Any]:
    restricted = {
        "allowPrivilegeEscalation": False,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    container = {
        "name": "one",
        "image": "registry.example/one:1",
        "securityContext": {**restricted, **security},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "one"},
        "spec": {"containers": [container]},
    }


@pytest.mark.parametrize(
    "security",
    [
        {"privileged": True, "allowPrivilegeEscalation": True},
        {"runAsNonRoot": False},
        {"capabilities": {"add": ["NET_ADMIN"], "drop": ["ALL"]}},
        {"seccompProfile": {"type": "Unconfined"}},
    ],
)
@pytest.mark.parametrize("namespace", ["portal", "database", "ingress", "cert-manager", "external-secrets"])
def test_a_pod_that_is_not_restricted_is_refused(api: Any, namespace: str, security: dict[str, Any]) -> None:
    with pytest.raises(ApiException) as caught:
        client.CoreV1Api(api).create_namespaced_pod(namespace, pod(**security), dry_run="All")
    assert caught.value.status == 403 and "violates PodSecurity" in caught.value.body


def test_a_restricted_pod_is_taken(api: Any) -> None:
    client.CoreV1Api(api).create_namespaced_pod("portal", pod(), dry_run="All")
