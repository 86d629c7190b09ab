"""A plan without a cluster: what the SDK declares is checked, names and namespaces are filled in."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2 as pb
from pulumi.runtime.proto import provider_pb2_grpc

from meridian.local.kubernetes.provider import KubernetesProvider
from meridian.local.kubernetes.settings import PLANNED
from meridian.local.schema import SchemaStore
from meridian.protocol.values import UNKNOWN, Secret, decode, encode

DEPLOYMENT, SECRET = "kubernetes:apps/v1:Deployment", "kubernetes:core/v1:Secret"


def urn(token: str, name: str = "web") -> str:
    return f"urn:pulumi:local-us::meridian::{token}::{name}"


@pytest.fixture(scope="module")
def stub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    server = grpc.server(ThreadPoolExecutor(2))
    schemas = SchemaStore("kubernetes", tmp_path_factory.mktemp("schema"))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(KubernetesProvider("1.0.0", schemas), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        made = provider_pb2_grpc.ResourceProviderStub(channel)
        made.Configure(pb.ConfigureRequest(args=encode({"kubeconfig": PLANNED, "namespace": "shop"})))
        yield made
    server.stop(None)


def check(
    stub: Any, token: str, inputs: dict[str, Any], olds: dict[str, Any] | None = None, **given: Any
) -> Any:
    request = pb.CheckRequest(urn=urn(token), news=encode(inputs), olds=encode(olds or {}), **given)
    return stub.Check(request)


def reasons(answer: Any) -> str:
    return "\n".join(failure.reason for failure in answer.failures)


def container(**more: Any) -> dict[str, Any]:
    pod = {"containers": [{"name": "web", "image": "web:1", **more}]}
    return {"spec": {"selector": {"matchLabels": {"a": "b"}}, "template": {"spec": pod}}}


def test_an_object_without_a_name_gets_one_and_keeps_it(stub: Any) -> None:
    first = decode(check(stub, DEPLOYMENT, container(), randomSeed=b"1").inputs)
    named = first["metadata"]
    assert named["name"].startswith("web-")
    assert named["namespace"] == "shop"
    assert named["annotations"] == {"pulumi.com/autonamed": "true"}
    again = decode(check(stub, DEPLOYMENT, container(), first, randomSeed=b"2").inputs)
    assert again["metadata"]["name"] == named["name"]
    other = decode(check(stub, DEPLOYMENT, container(), randomSeed=b"2").inputs)
    assert other["metadata"]["name"] != named["name"]


def test_the_engines_own_way_of_naming_is_followed(stub: Any) -> None:
    options = pb.CheckRequest.AutonamingOptions
    proposed = options(proposed_name="web-main", mode=options.ENFORCE)
    answer = check(stub, DEPLOYMENT, container(), autonaming=proposed)
    assert decode(answer.inputs)["metadata"]["name"] == "web-main"
    off = check(stub, DEPLOYMENT, container(), autonaming=options(mode=options.DISABLE))
    assert "metadata.name: is missing" in reasons(off)


def test_what_lies_in_no_namespace_gets_none(stub: Any) -> None:
    answer = check(stub, "kubernetes:core/v1:Namespace", {"metadata": {"name": "data"}})
    assert "namespace" not in decode(answer.inputs)["metadata"]


def test_api_version_and_kind_come_from_the_type(stub: Any) -> None:
    found = decode(check(stub, "kubernetes:core/v1:ConfigMap", {"data": {"a": "b"}}).inputs)
    assert (found["apiVersion"], found["kind"]) == ("v1", "ConfigMap")


def test_a_property_that_does_not_exist_is_refused_deep_inside_with_the_nearest_name(stub: Any) -> None:
    answer = check(stub, DEPLOYMENT, container(imagePulPolicy="Always"))
    assert "spec.template.spec.containers[0].imagePulPolicy" in reasons(answer)
    assert "imagePullPolicy" in reasons(answer)


def test_text_is_no_number_and_a_number_no_text(stub: Any) -> None:
    answer = check(stub, DEPLOYMENT, container(env=[{"name": "PORT", "value": 80}]))
    assert "env[0].value: 80 is an int, but a string is needed" in reasons(answer)
    answer = check(stub, DEPLOYMENT, {**container(), "spec": {**container()["spec"], "replicas": "3"}})
    assert 'spec.replicas: "3" is a string' in reasons(answer)


def test_a_share_or_a_number_is_taken_where_both_may_stand(stub: Any) -> None:
    for value in ("25%", 1):
        spec = {"selector": {"matchLabels": {"a": "b"}}, "maxUnavailable": value}
        assert not check(stub, "kubernetes:policy/v1:PodDisruptionBudget", {"spec": spec}).failures


def test_a_custom_resource_is_taken_as_it_is(stub: Any) -> None:
    token = "kubernetes:datadoghq.com/v2alpha1:DatadogAgent"
    answer = check(stub, token, {"metadata": {"name": "agent"}, "spec": {"global": {"clusterName": UNKNOWN}}})
    assert not answer.failures
    found = decode(answer.inputs)
    assert (found["apiVersion"], found["kind"]) == ("datadoghq.com/v2alpha1", "DatadogAgent")
    assert found["spec"]["global"]["clusterName"] is UNKNOWN


def test_a_patch_needs_a_name_and_changes_the_kind_itself(stub: Any) -> None:
    token = "kubernetes:core/v1:NamespacePatch"
    assert "metadata.name: is missing" in reasons(check(stub, token, {}))
    answer = check(stub, token, {"metadata": {"name": "default", "labels": {"a": "b"}}})
    assert decode(answer.inputs)["kind"] == "Namespace"


def test_a_list_is_no_object(stub: Any) -> None:
    assert "is a list" in reasons(check(stub, "kubernetes:core/v1:ConfigMapList", {"items": []}))


def test_values_of_a_secret_are_secret_and_in_no_message(stub: Any) -> None:
    answer = check(stub, SECRET, {"stringData": {"password": "correct horse"}})
    assert decode(answer.inputs)["stringData"] == Secret({"password": "correct horse"})
    wrong = check(stub, SECRET, {"data": {"password": 271828}})
    assert wrong.failures
    assert "271828" not in reasons(wrong)


def test_what_only_the_cluster_can_tell_is_unknown(stub: Any) -> None:
    token = "kubernetes:core/v1:Service"
    inputs = check(stub, token, {"spec": {"ports": [{"port": 80}]}}).inputs
    made = stub.Create(pb.CreateRequest(urn=urn(token), properties=inputs, preview=True))
    found = decode(made.properties)
    assert found["status"] is UNKNOWN
    assert found["spec"]["clusterIP"] is UNKNOWN
    assert found["metadata"]["name"].startswith("web-")


def test_a_plan_changes_nothing(stub: Any) -> None:
    with pytest.raises(grpc.RpcError, match="cluster of this provider is not known"):
        stub.Create(pb.CreateRequest(urn=urn(DEPLOYMENT), properties=encode(container())))


def test_a_kubeconfig_that_is_not_known_yet_does_not_silence_the_checks(stub: Any) -> None:
    answer = stub.CheckConfig(pb.CheckRequest(news=encode({"kubeconfig": UNKNOWN})))
    assert decode(answer.inputs) == {"kubeconfig": PLANNED}


def test_components_built_inside_the_official_provider_are_refused_with_the_fix(stub: Any) -> None:
    with pytest.raises(grpc.RpcError, match=r"kubernetes\.yaml\.ConfigGroup"):
        stub.Construct(pb.ConstructRequest(type="kubernetes:yaml/v2:ConfigGroup", name="all"))
    with pytest.raises(grpc.RpcError, match="not embedded"):
        check(stub, "kubernetes:helm.sh/v3:Release", {})


def test_manifests_of_the_sdks_own_components_are_read(stub: Any) -> None:
    text = "kind: List\napiVersion: v1\nitems:\n- {apiVersion: v1, kind: Namespace, metadata: {name: a}}\n---\n---\nkind: Pod\n"
    arguments = encode({"text": text, "defaultNamespace": "b"})
    answer = stub.Invoke(pb.InvokeRequest(tok="kubernetes:yaml:decode", args=arguments))
    result = decode(getattr(answer, "return"))["result"]
    assert [each["kind"] for each in result] == ["Namespace", "Pod"]
    assert result[1]["metadata"] == {"namespace": "b"}
    broken = stub.Invoke(pb.InvokeRequest(tok="kubernetes:yaml:decode", args=encode({"text": "a: [\n"})))
    assert "line 2" in broken.failures[0].reason


def test_a_definition_may_be_spelled_as_by_its_publisher_or_by_the_sdk(stub: Any) -> None:
    def spelled(word: str, value: Any = True) -> Any:
        schema = {"type": "object", word: value}
        version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
        names = {"plural": "widgets", "kind": "Widget"}
        spec = {"group": "example.org", "scope": "Cluster", "names": names, "versions": [version]}
        given = {"metadata": {"name": "widgets.example.org"}, "spec": spec}
        return check(stub, "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition", given)

    published = spelled("x-kubernetes-preserve-unknown-fields")
    assert reasons(published) == ""
    assert decode(published.inputs) == decode(spelled("x_kubernetes_preserve_unknown_fields").inputs)
    assert "knows no property 'x_kubernetes_wishes'" in reasons(spelled("x-kubernetes-wishes"))
