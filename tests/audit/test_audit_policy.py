"""The audit policy as data, and what a real API server writes by it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client, config
from ruamel.yaml import YAML

from meridian.local.controlplane import ControlPlanes, ControlPlaneSpec
from meridian.model import load_environment
from meridian.paths import find_checkout

ROOT = Path(__file__).parents[2]
POLICY = ROOT / "policies/audit/policy.yaml"
VALUE = "s3cret-value-that-no-log-may-hold"


def _rules() -> list[dict[str, Any]]:
    return list(YAML(typ="safe").load(POLICY)["rules"])


@pytest.mark.parametrize("environment", ["local", "staging", "prod"])
def test_bodies_of_configmaps_are_kept_for_exactly_the_namespaces_that_we_write(environment: str) -> None:
    kept = next(rule for rule in _rules() if rule["level"] == "RequestResponse")
    assert set(kept["namespaces"]) == set(load_environment(ROOT, environment).platform.namespaces)


def test_the_first_rule_that_fits_a_secret_or_a_token_keeps_no_body() -> None:
    for wanted in ("secrets", "serviceaccounts/token", "pods/exec"):
        first = next(
            rule
            for rule in _rules()
            if "users" not in rule
            and any(wanted in group.get("resources", ()) for group in rule.get("resources", ()))
        )
        assert first["level"] == "Metadata", wanted


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict[str, Any]], str]:
    """Changes that were made on a real API server, and its log afterwards."""
    programs = find_checkout(ROOT).bin
    if not (programs / "kube-apiserver").exists():
        pytest.skip("no control plane; `meridian toolchain` brings it")
    root = tmp_path_factory.mktemp("audited")
    planes = ControlPlanes(root / "planes", programs, root / "kube")
    spec = ControlPlaneSpec(
        id="audited", name="audited", cloud="gcp", region="us-central1", version="1.34",
        service_cidr="10.96.0.0/16", pod_cidr="10.244.0.0/16", audit_policy=POLICY.read_text(),
    )  # fmt: skip
    try:
        endpoint = planes.ensure(spec)
        api = config.new_client_from_config(str(endpoint.kubeconfig))
        core, apps = client.CoreV1Api(api), client.AppsV1Api(api)
        core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name="portal")))
        named = client.V1ObjectMeta(name="audited")
        core.create_namespaced_secret("portal", client.V1Secret(metadata=named, string_data={"key": VALUE}))
        core.read_namespaced_secret("audited", "portal")
        core.patch_namespaced_secret("audited", "portal", {"stringData": {"key": f"{VALUE}-2"}})
        core.create_namespaced_config_map(
            "portal", client.V1ConfigMap(metadata=named, data={"log-level": "unusually-loud"})
        )
        core.create_namespaced_config_map("default", client.V1ConfigMap(metadata=named, data={"key": VALUE}))
        container = client.V1Container(name="web", image="example.invalid/web@sha256:" + "0" * 64)
        apps.create_namespaced_deployment("portal", _deployment(container))
        core.delete_namespaced_secret("audited", "portal")
        log = planes.audit_log(spec.id)
        deadline = time.monotonic() + 30
        while '"verb":"delete"' not in log.read_text() and time.monotonic() < deadline:
            time.sleep(0.1)
        text = log.read_text()
    finally:
        planes.stop_all()
    return [json.loads(line) for line in text.splitlines()], text


def _deployment(container: client.V1Container) -> client.V1Deployment:
    labels = {"app": "web"}
    return client.V1Deployment(
        metadata=client.V1ObjectMeta(name="audited"),
        spec=client.V1DeploymentSpec(
            selector=client.V1LabelSelector(match_labels=labels),
            template=client.V1PodTemplateSpec(
                metadata=client.V1ObjectMeta(labels=labels), spec=client.V1PodSpec(containers=[container])
            ),
        ),
    )


def _of(events: list[dict[str, Any]], resource: str, verb: str, namespace: str = "portal") -> dict[str, Any]:
    (found,) = (
        event
        for event in events
        if event["verb"] == verb
        and event.get("objectRef", {}).get("resource") == resource
        and event["objectRef"].get("namespace") == namespace
        and event["objectRef"].get("name") == "audited"
        and event["user"]["username"] == "meridian-admin"
    )
    return found


@pytest.mark.e2e
@pytest.mark.controlplane
@pytest.mark.parametrize("verb", ["create", "get", "patch", "delete"])
def test_who_touched_a_secret_is_written_and_no_body(
    changed: tuple[list[dict[str, Any]], str], verb: str
) -> None:
    event = _of(changed[0], "secrets", verb)
    assert event["level"] == "Metadata"
    assert "requestObject" not in event and "responseObject" not in event
    assert event["sourceIPs"] == ["127.0.0.1"]
    assert event["responseStatus"]["code"] in (200, 201)


@pytest.mark.e2e
@pytest.mark.controlplane
def test_no_value_of_a_secret_lies_anywhere_in_the_log(changed: tuple[list[dict[str, Any]], str]) -> None:
    import base64

    assert VALUE not in changed[1]
    assert base64.b64encode(VALUE.encode()).decode().rstrip("=") not in changed[1]


@pytest.mark.e2e
@pytest.mark.controlplane
def test_what_was_changed_is_written_for_our_own_settings_and_deployments(
    changed: tuple[list[dict[str, Any]], str],
) -> None:
    events, _ = changed
    assert _of(events, "configmaps", "create")["requestObject"]["data"] == {"log-level": "unusually-loud"}
    deployment = _of(events, "deployments", "create")
    assert deployment["requestObject"]["spec"]["template"]["spec"]["containers"][0]["name"] == "web"
    assert "requestObject" not in _of(events, "configmaps", "create", "default")
