"""What is whose in a live object, and what may be said of it."""

import json
from typing import Any

from kubernetes.client.exceptions import ApiException

from meridian.local.kubernetes import fields, refusals
from meridian.local.kubernetes.objects import kind_of
from meridian.local.kubernetes.outputs import living
from meridian.protocol.values import Secret

LIVE: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {
        "name": "a",
        "namespace": "b",
        "uid": "u",
        "labels": {"mine": "1", "theirs": "2"},
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "x": "y"},
        "managedFields": [
            {
                "manager": "pulumi-kubernetes-1",
                "operation": "Apply",
                "fieldsV1": {
                    "f:metadata": {"f:labels": {"f:mine": {}}},
                    "f:spec": {
                        "f:template": {
                            "f:spec": {
                                "f:containers": {
                                    'k:{"name":"main"}': {".": {}, "f:image": {}, "f:name": {}},
                                }
                            }
                        }
                    },
                },
            },
            {"manager": "kubectl", "operation": "Update", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
            {"manager": "kcm", "operation": "Update", "subresource": "status", "fieldsV1": {"f:status": {}}},
        ],
    },
    "spec": {
        "replicas": 3,
        "template": {
            "spec": {
                "containers": [
                    {"name": "side", "image": "s"},
                    {"name": "main", "image": "m", "imagePullPolicy": "Always"},
                ]
            }
        },
    },
    "status": {"replicas": 3},
}


def test_our_part_of_an_object_is_found_in_its_managed_fields() -> None:
    found = fields.managed_by(LIVE, "pulumi-kubernetes-")
    assert found == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "a", "namespace": "b", "labels": {"mine": "1"}},
        "spec": {"template": {"spec": {"containers": [{"name": "main", "image": "m"}]}}},
    }
    assert fields.managed_by(LIVE, "nobody") is None


def test_an_import_takes_what_anybody_wrote_but_no_status() -> None:
    found = fields.written(LIVE)
    assert found["spec"]["replicas"] == 3
    assert "status" not in found
    assert fields.managers(LIVE) == ["kubectl", "pulumi-kubernetes-1"]


def test_inputs_follow_the_live_object_but_keep_how_they_were_written() -> None:
    inputs = {
        "spec": {"replicas": 1, "cpu": "1000m", "memory": "1Gi", "gone": True},
        "containers": [{"name": "main", "image": "m:1"}],
    }
    live = {
        "spec": {"replicas": 5, "cpu": "1", "memory": "2Gi", "defaulted": 1},
        "containers": [{"name": "injected", "image": "s"}, {"name": "main", "image": "m:2", "tty": False}],
    }
    assert fields.overlaid(inputs, live) == {
        "spec": {"replicas": 5, "cpu": "1000m", "memory": "2Gi"},
        "containers": [{"name": "main", "image": "m:2"}],
    }


def test_lists_without_names_are_compared_whole() -> None:
    assert fields.overlaid({"globalDefault": False, "value": 7}, {"value": 7}) == {
        "globalDefault": False,
        "value": 7,
    }
    assert fields.overlaid({"value": 7}, {}) == {}
    assert fields.overlaid(["a", "b"], ["a", "b"]) == ["a", "b"]
    assert fields.overlaid(["a", "b"], ["a"]) == ["a"]
    rules = [{"verbs": ["get"]}]
    assert fields.overlaid(rules, [*rules, {"verbs": ["*"]}]) == [*rules, {"verbs": ["*"]}]


def test_the_state_has_no_book_keeping_and_no_plain_secret() -> None:
    found = living(kind_of("kubernetes:apps/v1:Deployment", True), LIVE, {}, "me")
    assert "managedFields" not in found["metadata"]
    assert found["metadata"]["annotations"] == {"x": "y"}
    assert LIVE["metadata"]["managedFields"]  # the object itself is left alone
    secret = {"metadata": {"name": "s"}, "data": {"k": "dg=="}}
    assert living(kind_of("kubernetes:core/v1:Secret", True), secret, {})["data"] == Secret({"k": "dg=="})
    config = {"metadata": {"name": "c"}, "data": {"k": "v", "l": "w"}}
    shown = living(
        kind_of("kubernetes:core/v1:ConfigMap", True), config, {"data": {"k": Secret("v"), "l": "w"}}
    )
    assert shown["data"] == {"k": Secret("v"), "l": "w"}


def error(code: int, message: str, **details: Any) -> ApiException:
    found = ApiException(status=code, reason="Reason")
    found.body = json.dumps({"message": message, "reason": "Conflict", "details": details})
    return found


def test_a_conflict_is_told_by_owner_and_field() -> None:
    cause = {
        "reason": "FieldManagerConflict",
        "message": 'conflict with "hpa" using apps/v1',
        "field": ".spec.replicas",
    }
    said = refusals.explain(error(409, "Apply failed", causes=[cause]), "changing a")
    assert 'spec.replicas is owned by "hpa"' in said
    assert "pulumi.com/patchForce" in said


def test_refusals_carry_their_fix_and_what_is_no_status_is_told_as_it_is() -> None:
    assert "securityContext" in refusals.explain(error(403, 'violates PodSecurity "restricted"'), "x")
    assert "ResourceQuota" in refusals.explain(error(403, "exceeded quota: few"), "x")
    plain = ApiException(status=500, reason="Internal")
    plain.body = b"boom"
    assert refusals.explain(plain, "x") == "x: boom"


def test_secrets_are_masked_plain_and_encoded() -> None:
    text = 'cannot decode "Y29ycmVjdCBob3JzZQ==" nor "correct horse" in data'
    masked = refusals.masked(text, {"data": Secret({"a": "Y29ycmVjdCBob3JzZQ=="})})
    assert masked == 'cannot decode "[secret]" nor "[secret]" in data'
    assert refusals.masked("a b", {"data": Secret({"a": "a"})}) == "a b"
