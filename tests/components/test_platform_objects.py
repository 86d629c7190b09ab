"""Custom resources fit the publishers' own definitions; the agents collect what the seed's ConfigMap asked for."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import jsonschema
import pytest
from platform_unit import environment, kind, objects

from meridian.program import versions

CUSTOM = ("cert-manager.io", "external-secrets.io", "gateway.networking.k8s.io", "datadoghq.com")


@cache
def definitions() -> dict[tuple[str, str], dict[str, Any]]:
    """Every vendored schema by apiVersion and kind, closed to unknown fields as the API server's pruning would be."""
    found = {}
    for operator in versions.OPERATORS:
        for each in versions.manifests(operator, "definitions"):
            for version in each["spec"]["versions"]:
                name = f"{each['spec']['group']}/{version['name']}"
                schema = copy.deepcopy(version["schema"]["openAPIV3Schema"])
                schema["properties"].pop("metadata", None)
                found[name, each["spec"]["names"]["kind"]] = closed(schema)
    return found


def closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    made = {key: closed(value) for key, value in schema.items()}
    if (
        isinstance(made.get("properties"), dict)
        and made.get("type") == "object"
        and not schema.get("x-kubernetes-preserve-unknown-fields")
    ):
        made.setdefault("additionalProperties", False)
    return made


def custom(cluster: str) -> list[dict[str, Any]]:
    return [each for each in objects(cluster) if each["apiVersion"].split("/")[0] in CUSTOM]


@pytest.mark.parametrize("cluster", ["gke", "eks"])
def test_every_custom_resource_fits_its_publishers_definition(cluster: str) -> None:
    checked = set()
    for each in custom(cluster):
        body = {key: value for key, value in each.items() if key != "metadata"}
        jsonschema.validate(body, definitions()[each["apiVersion"], each["kind"]])
        checked.add(each["kind"])
    assert {"DatadogAgent", "Gateway", "HTTPRoute", "ClusterIssuer", "Certificate"} <= checked
    assert {"ClusterSecretStore", "ExternalSecret", "GatewayClass"} <= checked


def test_a_misspelt_field_of_a_custom_resource_is_found() -> None:
    agent = next(each for each in custom("gke") if each["kind"] == "DatadogAgent")
    body = {key: copy.deepcopy(value) for key, value in agent.items() if key != "metadata"}
    body["spec"]["features"]["logCollection"]["containerCollectAl"] = True
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(body, definitions()[agent["apiVersion"], agent["kind"]])


@pytest.mark.parametrize("cluster", ["gke", "eks"])
def test_the_agents_cover_every_line_of_the_seeds_configuration(cluster: str) -> None:
    (agent,) = kind(cluster, "DatadogAgent").values()
    spec, features = agent["spec"], agent["spec"]["features"]
    assert features["logCollection"]["enabled"] and features["logCollection"]["containerCollectAll"]
    assert features["apm"]["enabled"] is True
    assert features["liveProcessCollection"] == {
        "enabled": True,
        "scrubProcessArguments": True,
        "stripProcessArguments": False,
    }
    assert "env:prod" in spec["global"]["tags"] and "region:eu" in spec["global"]["tags"]
    for feature in ("npm", "cws", "cspm", "dogstatsd"):
        assert features[feature].get("enabled", True) is True


def test_no_key_of_datadog_is_a_value_anywhere() -> None:
    (agent,) = kind("gke", "DatadogAgent").values()
    assert agent["spec"]["global"]["credentials"] == {
        "apiSecret": {"secretName": "datadog-keys", "keyName": "api-key"},
        "appSecret": {"secretName": "datadog-keys", "keyName": "app-key"},
    }
    made = kind("gke", "ExternalSecret")["datadog/datadog-keys"]["spec"]
    assert [each["secretKey"] for each in made["data"]] == ["api-key", "app-key"]
    assert {each["remoteRef"]["key"] for each in made["data"]} == {"meridian-prod-eu-datadog"}


@pytest.mark.parametrize(
    ("region", "site"), [("us", "datadoghq.com"), ("eu", "datadoghq.eu"), ("asia", "ap1.datadoghq.com")]
)
def test_telemetry_stays_where_its_regions_data_stays(region: str, site: str) -> None:
    (agent,) = kind("eks", "DatadogAgent", region).values()
    assert agent["spec"]["global"]["site"] == site


def test_the_eus_own_name_is_answered_in_the_eu_only() -> None:
    edge = environment().edge
    for region in ("us", "eu", "asia"):
        names = kind("gke", "HTTPRoute", region)["portal/portal"]["spec"]["hostnames"]
        assert (edge.eu_hostname in names) == (region in edge.eu_regions)


def test_the_portals_replicas_are_the_autoscalers() -> None:
    assert "replicas" not in kind("gke", "Deployment")["portal/portal"]["spec"]
    scaling = kind("gke", "HorizontalPodAutoscaler")["portal/portal"]["spec"]
    assert (scaling["minReplicas"], scaling["maxReplicas"]) == (6, 60)


def test_every_pod_outside_the_exceptions_is_restricted() -> None:
    checked = 0
    for cluster in ("gke", "eks"):
        for key, made in {**kind(cluster, "Deployment"), **kind(cluster, "Job")}.items():
            pod = made["spec"]["template"]["spec"]
            for container in pod["containers"]:
                own, all_of = container.get("securityContext", {}), pod.get("securityContext", {})
                assert own.get("allowPrivilegeEscalation") is False, key
                assert own["capabilities"]["drop"] == ["ALL"], key
                assert own.get("runAsNonRoot", all_of.get("runAsNonRoot")) is True, key
                profile = own.get("seccompProfile") or all_of.get("seccompProfile")
                assert profile == {"type": "RuntimeDefault"}, key
                checked += 1
    assert checked > 10


def test_a_vendored_manifest_that_somebody_changed_is_refused(tmp_path: Any, monkeypatch: Any) -> None:
    for file in versions.VENDORED.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    changed = tmp_path / "gateway.objects.json"
    changed.write_text(changed.read_text().replace("envoyproxy/gateway", "elsewhere/gateway"))
    monkeypatch.setattr(versions, "VENDORED", tmp_path)
    versions.manifests.cache_clear()
    try:
        with pytest.raises(versions.ManifestChangedError, match="fix: `scripts/vendor-manifests`"):
            versions.manifests("gateway")
    finally:
        versions.manifests.cache_clear()


def test_where_no_container_runs_only_the_definitions_of_our_own_objects_are_installed() -> None:
    made = kind("gke", "CustomResourceDefinition", "eu", "local")
    assert set(made) == versions.OWN
    assert "cert-manager/cert-manager" not in kind("gke", "Deployment", "eu", "local")
    assert "cert-manager/cert-manager" in kind("gke", "Deployment")
