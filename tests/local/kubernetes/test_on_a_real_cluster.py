"""Server-side apply, dry runs, waiting, conflicts, imports and deletions on one real control plane."""

import json
import time
from typing import Any

import grpc
import pytest
from kubernetes_driving import Instance, Plane, kubeconfig, not_ready
from pulumi.runtime.proto import provider_pb2 as pb

from meridian.local.faults import Fault
from meridian.protocol.values import Secret, encode

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]

NAMESPACE, CONFIG, SECRET = "core/v1:Namespace", "core/v1:ConfigMap", "core/v1:Secret"
DEPLOYMENT, SERVICE, CLAIM = "apps/v1:Deployment", "core/v1:Service", "core/v1:PersistentVolumeClaim"
STATEFUL, QUOTA, CRD = (
    "apps/v1:StatefulSet",
    "core/v1:ResourceQuota",
    "apiextensions.k8s.io/v1:CustomResourceDefinition",
)


def k8s(token: str) -> str:
    return f"kubernetes:{token}"


def refused(call: Any, *words: str) -> str:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    said = str(caught.value.details())
    for word in words:
        assert word in said, said
    return said


def workload(name: str, namespace: str = "default", **pod: Any) -> dict[str, Any]:
    labels = {"app": name}
    spec = {"containers": [{"name": "main", "image": "registry.example/main:1"}], **pod}
    return {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def test_a_deployment_is_applied_and_waited_for(provider: Instance) -> None:
    made, outputs = provider.create(k8s(DEPLOYMENT), workload("ready"))
    assert made == "default/ready"
    assert outputs["status"]["availableReplicas"] == 1
    assert "managedFields" not in outputs["metadata"]


def test_a_dry_run_shows_what_the_api_server_would_make(provider: Instance, plane: Plane) -> None:
    _, outputs = provider.create(k8s(DEPLOYMENT), workload("dry"), preview=True)
    assert outputs["spec"]["strategy"]["type"] == "RollingUpdate"
    assert plane.cluster.get("apps/v1", "Deployment", "default", "dry") is None


def test_a_dry_run_tells_what_pod_security_refuses(provider: Instance) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    provider.create(k8s(NAMESPACE), {"metadata": {"name": "strict", "labels": labels}})
    pod = {
        "metadata": {"name": "root", "namespace": "strict"},
        "spec": workload("x")["spec"]["template"]["spec"],
    }
    refused(
        lambda: provider.create(k8s("core/v1:Pod"), pod, preview=True),
        "dry run of Pod strict/root",
        "violates PodSecurity",
        "fix:",
    )


def test_a_dry_run_tells_what_a_quota_refuses(provider: Instance) -> None:
    provider.create(k8s(NAMESPACE), {"metadata": {"name": "narrow"}})
    quota = {"metadata": {"name": "few", "namespace": "narrow"}, "spec": {"hard": {"configmaps": "1"}}}
    provider.create(k8s(QUOTA), quota)
    made = {"metadata": {"name": "too-many", "namespace": "narrow"}, "data": {"a": "b"}}
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:  # the quota counts once its controller has seen the namespace
        try:
            provider.create(k8s(CONFIG), made, preview=True)
        except grpc.RpcError as error:
            assert "exceeded quota" in str(error.details())
            return
        time.sleep(0.3)
    pytest.fail("the quota was never in force")


def test_a_namespace_that_is_only_planned_lets_a_dry_run_pass_but_not_a_wrong_object(
    provider: Instance,
) -> None:
    named = {"name": "later", "namespace": "planned-only"}
    _, outputs = provider.create(k8s(CONFIG), {"metadata": named, "data": {"a": "b"}}, preview=True)
    assert outputs["metadata"]["namespace"] == "planned-only"
    wrong = workload("wrong", "planned-only")
    wrong["spec"]["template"]["spec"]["containers"][0]["ports"] = [{"containerPort": 99999}]
    refused(lambda: provider.create(k8s(DEPLOYMENT), wrong, preview=True), "99999", "fix: correct the field")


def test_a_conflict_names_the_owner_the_field_and_the_way_out(provider: Instance, plane: Plane) -> None:
    before = {"metadata": {"name": "shared", "namespace": "default"}, "data": {"a": "1"}}
    made, outputs = provider.create(k8s(CONFIG), before)
    theirs = {**before, "apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "2"}}
    plane.cluster.apply(theirs, "somebody-else", force=True)
    after = {**before, "data": {"a": "3"}}
    refused(
        lambda: provider.update(k8s(CONFIG), made, outputs, after),
        "data.a",
        "somebody-else",
        "pulumi.com/patchForce",
    )
    refused(lambda: provider.update(k8s(CONFIG), made, outputs, after, preview=True), "somebody-else")
    forced = {"name": "shared", "namespace": "default", "annotations": {"pulumi.com/patchForce": "true"}}
    assert provider.update(k8s(CONFIG), made, outputs, {**after, "metadata": forced})["data"] == {"a": "3"}


def test_what_is_no_longer_in_the_program_goes_and_what_others_added_stays(
    provider: Instance, plane: Plane
) -> None:
    before = {"metadata": {"name": "two", "namespace": "default"}, "data": {"a": "1", "b": "1"}}
    made, outputs = provider.create(k8s(CONFIG), before)
    theirs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": before["metadata"], "data": {"c": "1"}}
    plane.cluster.apply(theirs, "somebody-else")
    found = provider.update(k8s(CONFIG), made, outputs, {**before, "data": {"a": "1"}})
    assert found["data"] == {"a": "1", "c": "1"}


def test_a_name_that_is_taken_is_refused_in_the_preview_already(provider: Instance, plane: Plane) -> None:
    named = {"name": "taken", "namespace": "default"}
    plane.cluster.apply(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": named, "data": {"x": "y"}}, "kubectl"
    )
    for preview in (True, False):
        refused(
            lambda preview=preview: provider.create(k8s(CONFIG), {"metadata": named}, preview=preview),
            "exists already",
            "kubectl",
            "import",
        )
    upserting = plane.instance(upsertExistingObjects="true")
    assert upserting.create(k8s(CONFIG), {"metadata": named, "data": {"a": "b"}})[0] == "default/taken"


def test_what_a_lost_reply_left_behind_is_taken_over(provider: Instance, plane: Plane) -> None:
    given = {"metadata": {"name": "lost", "namespace": "default"}, "data": {"a": "b"}}
    plane.faults.add(Fault("lost-reply", k8s(CONFIG), "create"))
    refused(lambda: provider.create(k8s(CONFIG), given), "reply was lost")
    assert provider.create(k8s(CONFIG), given)[0] == "default/lost"
    refused(lambda: provider.create(k8s(CONFIG), given, name="another"), "exists already")


def test_a_definition_and_a_resource_of_it_come_up_in_one_go(provider: Instance) -> None:
    schema = {
        "type": "object",
        "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer", "maximum": 5}}}},
    }
    definition = {
        "metadata": {"name": "widgets.example.org"},
        "spec": {
            "group": "example.org",
            "scope": "Cluster",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget"},
            "versions": [
                {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
            ],
        },
    }
    widget = k8s("example.org/v1:Widget")
    # The garbage collector learns of a new kind every 30 s only: in the foreground the deletion would wait for it.
    background = {"pulumi.com/deletionPropagationPolicy": "background"}
    given = {"metadata": {"name": "w", "annotations": background}, "spec": {"size": 3}}
    assert provider.create(widget, given, preview=True)[1]["spec"] == {"size": 3}
    definition_id, _ = provider.create(k8s(CRD), definition)
    made, outputs = provider.create(widget, given)
    assert (made, outputs["spec"]) == ("w", {"size": 3})
    refused(
        lambda: provider.update(widget, made, outputs, {**given, "spec": {"size": 9}}, preview=True),
        "spec.size",
    )
    refused(
        lambda: provider.update(widget, made, outputs, {**given, "spec": {"colour": "red"}}, preview=True),
        "colour",
    )
    provider.delete(widget, made, outputs)
    provider.delete(k8s(CRD), definition_id)
    provider.delete(widget, made, outputs)  # its definition is gone, and so is it


def test_what_is_not_ready_says_why_and_the_next_run_continues(provider: Instance) -> None:
    nowhere = workload("stuck", nodeSelector={"disk": "huge"})
    with pytest.raises(grpc.RpcError) as caught:
        provider.create(k8s(DEPLOYMENT), nowhere, timeout=3)
    failed = not_ready(caught.value)
    assert failed.id == "default/stuck"
    said = "\n".join(failed.reasons)
    assert "0 of 1 pods are available" in said
    assert "Unschedulable" in said
    assert "node affinity" in said or "node(s) didn't match" in said
    from meridian.protocol.values import decode

    again = provider.update(k8s(DEPLOYMENT), failed.id, decode(failed.properties), workload("stuck"))
    assert again["status"]["availableReplicas"] == 1


def test_what_keeps_pods_from_being_made_is_told(provider: Instance) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    provider.create(k8s(NAMESPACE), {"metadata": {"name": "hard", "labels": labels}})
    with pytest.raises(grpc.RpcError) as caught:
        provider.create(k8s(DEPLOYMENT), workload("rooted", "hard"), timeout=4)
    assert "violates PodSecurity" in "\n".join(not_ready(caught.value).reasons)


def test_the_annotations_of_the_official_provider_are_followed(provider: Instance) -> None:
    nowhere = workload("unwatched", nodeSelector={"disk": "huge"})
    nowhere["metadata"]["annotations"] = {"pulumi.com/skipAwait": "true"}
    assert provider.create(k8s(DEPLOYMENT), nowhere)[0] == "default/unwatched"
    brief = workload("brief", nodeSelector={"disk": "huge"})
    brief["metadata"]["annotations"] = {"pulumi.com/timeoutSeconds": "1"}
    refused(lambda: provider.create(k8s(DEPLOYMENT), brief, timeout=0), "not ready within 1 s")


def test_a_service_is_ready_with_its_endpoints_and_says_when_it_has_none(provider: Instance) -> None:
    provider.create(k8s(DEPLOYMENT), workload("served"))
    port = [{"port": 80}]
    named = {"name": "served", "namespace": "default"}
    made = {"metadata": named, "spec": {"selector": {"app": "served"}, "ports": port}}
    assert provider.create(k8s(SERVICE), made)[1]["spec"]["clusterIP"].startswith("10.96.")
    none = {"metadata": {**named, "name": "none"}, "spec": {"selector": {"app": "nobody"}, "ports": port}}
    refused(lambda: provider.create(k8s(SERVICE), none, timeout=2), "no ready endpoint", "app=nobody")
    headless = {"metadata": {**named, "name": "hl"}, "spec": {**none["spec"], "clusterIP": "None"}}
    assert provider.create(k8s(SERVICE), headless)[0] == "default/hl"


def test_an_object_is_imported_and_drift_is_read(provider: Instance, plane: Plane) -> None:
    named = {"name": "drifting", "namespace": "default", "labels": {"a": "b"}}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": named, "data": {"k": "v"}}
    plane.cluster.apply(body, "kubectl")
    made, outputs, inputs = provider.read(k8s(CONFIG), "default/drifting")
    assert made == "default/drifting"
    assert inputs == body
    plane.cluster.apply({**body, "data": {"k": "changed"}}, "kubectl")
    assert provider.read(k8s(CONFIG), made, inputs, outputs)[2]["data"] == {"k": "changed"}
    assert provider.read(k8s(CONFIG), "default/never")[0] == ""


def test_a_refresh_of_what_did_not_change_changes_nothing(provider: Instance) -> None:
    given = workload("calm")
    container = given["spec"]["template"]["spec"]["containers"][0]
    container["resources"] = {"requests": {"cpu": "1000m", "memory": "1024Mi"}}
    inputs = provider.inputs(k8s(DEPLOYMENT), given)
    made, outputs = provider.create(k8s(DEPLOYMENT), given)
    assert provider.read(k8s(DEPLOYMENT), made, inputs, outputs)[2] == inputs


def test_values_of_a_secret_stay_secret_everywhere(
    provider: Instance, caplog: pytest.LogCaptureFixture
) -> None:
    given = {"metadata": {"name": "key", "namespace": "default"}, "stringData": {"token": "correct horse"}}
    made, outputs = provider.create(k8s(SECRET), given)
    assert isinstance(outputs["data"], Secret)
    _, read, inputs = provider.read(k8s(SECRET), made, provider.inputs(k8s(SECRET), given), outputs)
    assert inputs["stringData"] == Secret({"token": "correct horse"})
    assert isinstance(read["data"], Secret)
    wrong = {**given, "metadata": {"name": "bad", "namespace": "default"}, "data": {"x": "not base64 at all"}}
    del wrong["stringData"]
    said = refused(lambda: provider.create(k8s(SECRET), wrong))
    assert "not base64 at all" not in said
    assert "correct horse" not in caplog.text


def test_what_can_never_change_is_replaced_by_the_api_servers_own_word(provider: Instance) -> None:
    before = workload("set")
    before["spec"] |= {"serviceName": "set", "minReadySeconds": 0}
    made, outputs = provider.create(k8s(STATEFUL), before)
    after = json.loads(json.dumps(before))
    after["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.example/main:2"
    assert not provider.diff(k8s(STATEFUL), made, before, after, outputs).replaces
    job = {
        "metadata": {"name": "once", "namespace": "default"},
        "spec": {"template": {"spec": {"restartPolicy": "Never"}}},
    }
    job["spec"]["template"]["spec"]["containers"] = [{"name": "main", "image": "registry.example/main:1"}]
    job_id, job_outputs = provider.create(k8s("batch/v1:Job"), job)
    index = {**job, "spec": {**job["spec"], "completionMode": "Indexed", "completions": 1}}
    found = provider.diff(
        k8s("batch/v1:Job"), job_id, {**job, "spec": {**job["spec"], "completions": 1}}, index, job_outputs
    )
    assert list(found.replaces) == ["spec"]
    assert found.deleteBeforeReplace


def test_a_patch_changes_its_fields_only_and_gives_them_up(provider: Instance, plane: Plane) -> None:
    token = k8s("core/v1:NamespacePatch")
    given = {"metadata": {"name": "kube-public", "labels": {"patched": "yes"}}}
    made, outputs = provider.create(token, given)
    assert made == "kube-public"
    provider.delete(token, made, outputs)
    live = plane.cluster.get("v1", "Namespace", None, "kube-public")
    assert live is not None
    assert "patched" not in live["metadata"]["labels"]
    refused(lambda: provider.create(token, {"metadata": {"name": "never"}}), "nothing to patch")


def test_a_deletion_is_waited_for_and_says_what_holds_it(provider: Instance, plane: Plane) -> None:
    named = {"name": "held", "namespace": "default", "finalizers": ["example.org/keep"]}
    made, outputs = provider.create(k8s(CONFIG), {"metadata": named})
    refused(lambda: provider.delete(k8s(CONFIG), made, outputs, timeout=1), "example.org/keep")
    free = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "held", "namespace": "default"}}
    plane.cluster.apply({**free, "metadata": {**free["metadata"], "finalizers": []}}, "pulumi", force=True)
    provider.update(k8s(CONFIG), made, outputs, {"metadata": free["metadata"]})
    provider.delete(k8s(CONFIG), made, outputs)
    provider.delete(k8s(CONFIG), made, outputs)  # what is gone is no error
    assert provider.read(k8s(CONFIG), made)[0] == ""


def test_a_cluster_that_is_gone_lets_its_objects_go_but_makes_none(plane: Plane) -> None:
    other = json.loads(kubeconfig(plane.endpoint))
    other["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    gone = plane.instance(kubeconfig=json.dumps(other))
    gone.delete(k8s(CONFIG), "default/any", {})
    assert gone.read(k8s(CONFIG), "default/any", {"data": {}})[0] == ""
    refused(lambda: gone.create(k8s(CONFIG), {}), "no such cluster", "meridian up local")


def test_a_server_error_strikes_once(provider: Instance, plane: Plane) -> None:
    given = {"metadata": {"name": "struck", "namespace": "default"}}
    plane.faults.add(Fault("error", "kubernetes:core/v1:*", "create"))
    refused(lambda: provider.create(k8s(CONFIG), given), "500")
    assert provider.create(k8s(CONFIG), given)[0] == "default/struck"


def test_a_manifest_that_is_wrong_never_reaches_the_cluster(provider: Instance) -> None:
    request = pb.CheckRequest(urn=Instance.urn(k8s(CONFIG)), news=encode({"dat": {}}))
    assert "did you mean 'data'" in provider.stub.Check(request).failures[0].reason


def test_a_cluster_that_does_not_answer_fails_fast_and_says_what_to_do(plane: Plane) -> None:
    provider = plane.instance()
    made, outputs = provider.create(k8s(CONFIG), {"metadata": {"name": "away", "namespace": "default"}})
    lenient = plane.instance(deleteUnreachable="true", skipUpdateUnreachable="true")
    plane.planes.stop("test-gcp-one")
    try:
        for call in (
            lambda: provider.create(k8s(CONFIG), {}),
            lambda: provider.create(k8s(CONFIG), {}, preview=True),
            lambda: provider.read(k8s(CONFIG), made),
            lambda: provider.delete(k8s(CONFIG), made, outputs),
        ):
            refused(call, "cluster one at https://127.0.0.1:", "does not answer", "cluster start one")
        lenient.delete(k8s(CONFIG), made, outputs)
        assert lenient.update(k8s(CONFIG), made, outputs, {"data": {"a": "b"}})["metadata"]["name"] == "away"
    finally:
        plane.planes.start("test-gcp-one")
    assert provider.read(k8s(CONFIG), made)[0] == made
