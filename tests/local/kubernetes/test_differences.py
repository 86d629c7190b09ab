"""Which changes are made in place and which need a new object."""

from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2 as pb

from meridian.local.kubernetes import diff
from meridian.local.kubernetes.lifecycle import Effect
from meridian.local.kubernetes.objects import kind_of
from meridian.local.kubernetes.settings import Settings, moved, settings
from meridian.protocol.values import UNKNOWN, Secret

NAMED = {"metadata": {"name": "a", "namespace": "default"}}


def compare(token: str, olds: dict[str, Any], news: dict[str, Any], **more: Any) -> Any:
    kind = kind_of(f"kubernetes:{token}", True)
    given = more.pop("settings", Settings())
    before, after = {**NAMED, **olds}, {**NAMED, **news}
    return diff.compare(kind, before, after, given, kind.namespaced, **more)


@pytest.mark.parametrize(
    ("token", "path", "old", "new"),
    [
        ("apps/v1:Deployment", "spec.selector.matchLabels.app", "a", "b"),
        ("apps/v1:DaemonSet", "spec.selector.matchLabels.app", "a", "b"),
        ("apps/v1:StatefulSet", "spec.serviceName", "a", "b"),
        ("apps/v1:StatefulSet", "spec.podManagementPolicy", "OrderedReady", "Parallel"),
        ("apps/v1:StatefulSet", "spec.volumeClaimTemplates", [{"spec": {"x": 1}}], [{"spec": {"x": 2}}]),
        ("batch/v1:Job", "spec.template.spec.restartPolicy", "Never", "OnFailure"),
        ("core/v1:Service", "spec.clusterIP", None, "None"),
        ("core/v1:Secret", "type", "Opaque", "kubernetes.io/tls"),
        ("core/v1:Secret", "data", Secret({"a": "1"}), Secret({"a": "2"})),
        ("core/v1:ConfigMap", "data.a", "1", "2"),
        ("core/v1:PersistentVolumeClaim", "spec.storageClassName", "a", "b"),
        ("core/v1:Pod", "spec.containers", [{"image": "a"}], [{"image": "b"}]),
        ("core/v1:ResourceQuota", "spec.scopes", ["BestEffort"], ["Terminating"]),
        ("storage.k8s.io/v1:StorageClass", "parameters.type", "a", "b"),
        ("storage.k8s.io/v1:StorageClass", "provisioner", "a", "b"),
        ("scheduling.k8s.io/v1:PriorityClass", "value", 1, 2),
        ("rbac.authorization.k8s.io/v1:RoleBinding", "roleRef.name", "a", "b"),
        ("apps/v1:Deployment", "metadata.name", "a", "b"),
        ("apps/v1:Deployment", "metadata.namespace", "a", "b"),
    ],
)
def test_what_cannot_change_in_place_is_replaced(token: str, path: str, old: Any, new: Any) -> None:
    found = compare(token, nested(path, old), nested(path, new))
    assert list(found.replaces) == [path.split(".")[0]]
    assert all(
        pb.PropertyDiff.Kind.Name(each.kind).endswith("_REPLACE") for each in found.detailedDiff.values()
    )


@pytest.mark.parametrize(
    ("token", "path", "old", "new"),
    [
        ("apps/v1:Deployment", "spec.replicas", 1, 2),
        ("apps/v1:StatefulSet", "spec.template.spec.priorityClassName", "a", "b"),
        ("apps/v1:StatefulSet", "spec.updateStrategy.type", "OnDelete", "RollingUpdate"),
        ("batch/v1:CronJob", "spec.jobTemplate.spec.template.spec.restartPolicy", "Never", "OnFailure"),
        ("core/v1:Service", "spec.type", "ClusterIP", "LoadBalancer"),
        ("core/v1:PersistentVolumeClaim", "spec.resources.requests.storage", "1Gi", "2Gi"),
        ("core/v1:Namespace", "metadata.labels.a", "b", "c"),
        ("storage.k8s.io/v1:StorageClass", "allowVolumeExpansion", False, True),
        ("rbac.authorization.k8s.io/v1:RoleBinding", "subjects", [{"name": "a"}], [{"name": "b"}]),
        ("example.org/v1:Widget", "spec.template", "a", "b"),
    ],
)
def test_the_rest_is_changed_in_place(token: str, path: str, old: Any, new: Any) -> None:
    found = compare(token, nested(path, old), nested(path, new))
    assert found.changes == pb.DiffResponse.DIFF_SOME
    assert not found.replaces


def nested(path: str, value: Any) -> dict[str, Any]:
    """Return an object that has a value at a dotted path; a name and a namespace are kept."""
    first, *rest = path.split(".")
    inner = value
    for step in reversed(rest):
        inner = {step: inner}
    if first == "metadata":
        return {"metadata": {**NAMED["metadata"], **inner}}
    return {first: inner}


def test_nothing_differs_from_itself() -> None:
    found = compare("core/v1:ConfigMap", {"data": {"a": "1"}}, {"data": {"a": "1"}})
    assert found.changes == pb.DiffResponse.DIFF_NONE


def test_a_namespace_that_is_not_said_is_the_default_one() -> None:
    found = compare("core/v1:ConfigMap", {}, {"metadata": {"name": "a"}})
    assert found.changes == pb.DiffResponse.DIFF_NONE
    elsewhere = compare(
        "core/v1:ConfigMap", {}, {"metadata": {"name": "a"}}, settings=Settings(namespace="shop")
    )
    assert list(elsewhere.replaces) == ["metadata"]


def test_mutable_config_maps_and_secrets_change_in_place_unless_they_say_immutable() -> None:
    free = Settings(config_map_mutable=True, secret_mutable=True)
    for token in ("core/v1:ConfigMap", "core/v1:Secret"):
        olds, news = {"data": {"a": "1"}}, {"data": {"a": "2"}}
        assert not compare(token, olds, news, settings=free).replaces
        assert compare(token, olds, {**news, "immutable": True}, settings=free).replaces


def test_one_of_a_given_name_is_deleted_before_its_successor_is_made_and_an_autonamed_one_after() -> None:
    olds, news = {"data": {"a": "1"}}, {"data": {"a": "2"}}
    assert compare("core/v1:ConfigMap", olds, news).deleteBeforeReplace
    named = {"metadata": {"name": "a-1", "annotations": {"pulumi.com/autonamed": "true"}}}
    assert not compare("core/v1:ConfigMap", {**named, **olds}, {**named, **news}).deleteBeforeReplace
    renamed = compare("core/v1:ConfigMap", {}, {"metadata": {"name": "b"}})
    assert renamed.replaces
    assert not renamed.deleteBeforeReplace


def test_ignored_changes_are_ignored_with_all_below_them() -> None:
    found = compare(
        "apps/v1:Deployment",
        nested("spec.replicas", 1),
        nested("spec.replicas", 5),
        ignored=["spec.replicas"],
    )
    assert found.changes == pb.DiffResponse.DIFF_NONE


def test_a_value_that_is_not_known_yet_counts_as_a_change() -> None:
    found = compare("core/v1:Service", nested("spec.x", "a"), nested("spec.x", UNKNOWN))
    assert list(found.detailedDiff) == ["spec.x"]


def test_an_object_that_failed_and_asks_for_it_is_replaced() -> None:
    assert list(compare("batch/v1:Job", {}, {}, unready=True).replaces) == ["status"]


def test_a_patch_is_never_replaced_for_what_it_changes() -> None:
    kind = kind_of("kubernetes:core/v1:ConfigMapPatch", True)
    olds, news = {**NAMED, "data": {"a": "1"}}, {**NAMED, "data": {"a": "2"}}
    assert not diff.compare(kind, olds, news, Settings(), True).replaces


def test_the_dry_run_adds_what_else_changes_and_what_needs_a_new_object() -> None:
    olds, news = nested("spec.replicas", 1), nested("spec.replicas", 2)
    answer = compare("apps/v1:Deployment", olds, news)
    now = {"spec": {"replicas": 1, "paused": True}, "metadata": {"generation": 1}, "status": {"x": 1}}
    then = {"spec": {"replicas": 2}, "metadata": {"generation": 2}, "status": {"x": 2}}
    diff.add_effect(answer, Effect(False, now, then), olds, news)
    assert sorted(answer.detailedDiff) == ["spec.paused", "spec.replicas"]
    assert not answer.detailedDiff["spec.paused"].inputDiff
    diff.add_effect(answer, Effect(replaces=True), {**NAMED, **olds}, {**NAMED, **news})
    assert list(answer.replaces) == ["spec"]
    assert answer.deleteBeforeReplace


def kubeconfig(server: str, name: str = "one") -> str:
    return (
        f"clusters: [{{name: {name}, cluster: {{server: {server}}}}}]\n"
        f"contexts: [{{name: c, context: {{cluster: {name}, namespace: shop}}}}]\ncurrent-context: c\n"
    )


def test_a_kubeconfig_gives_server_and_namespace() -> None:
    found = settings({"kubeconfig": kubeconfig("https://a"), "enableServerSideApply": "false"})
    assert (found.server, found.namespace, found.server_side_apply) == ("https://a", "shop", False)
    assert settings({"kubeconfig": kubeconfig("https://a"), "namespace": "b"}).namespace == "b"


def test_another_cluster_replaces_what_lies_on_it_and_another_kubeconfig_of_the_same_one_does_not() -> None:
    one, two = kubeconfig("https://a"), kubeconfig("https://b")
    assert moved({"kubeconfig": one}, {"kubeconfig": two}) == ["kubeconfig"]
    assert moved({"kubeconfig": one}, {"kubeconfig": one.replace("shop", "other")}) == []
    same = {"clusterIdentifier": "us"}
    assert moved({"kubeconfig": one, **same}, {"kubeconfig": two, **same}) == []
    assert moved({"kubeconfig": one, **same}, {"kubeconfig": one, "clusterIdentifier": "eu"}) == [
        "clusterIdentifier"
    ]
    assert moved({"kubeconfig": one}, {"kubeconfig": UNKNOWN}) == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"kubeconfig": "clusters: [\n"}, "no YAML"),
        ({"kubeconfig": "a: b\n"}, "names no cluster"),
        ({"kubeconfig": "nowhere-to-be-found"}, "cannot be read"),
        ({"kubeconfig": kubeconfig("https://a"), "context": "d"}, "choose one of c"),
        ({"renderYamlToDirectory": "out"}, "renders nothing"),
    ],
)
def test_settings_that_cannot_be_used_are_refused_with_the_fix(given: dict[str, Any], words: str) -> None:
    from meridian.local.errors import LocalError

    with pytest.raises(LocalError, match=words):
        settings(given)
