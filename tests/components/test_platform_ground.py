"""Namespaces, roles and classes of a platform: what they promise on both clouds."""

from __future__ import annotations

import pytest
from platform_unit import environment, kind, platform, resources

CLUSTERS = ("gke", "eks")


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_every_namespace_is_restricted_but_for_the_exceptions_that_say_why(cluster: str) -> None:
    for name, made in kind(cluster, "Namespace").items():
        labels, model = made["metadata"]["labels"], environment().platform.namespaces[name]
        enforced = labels["pod-security.kubernetes.io/enforce"]
        assert labels["pod-security.kubernetes.io/audit"] == "restricted"
        assert labels["pod-security.kubernetes.io/warn"] == "restricted"
        reason = made["metadata"].get("annotations", {}).get("meridian.dev/pod-security-exception")
        assert (enforced == "restricted") == (reason is None), name
        assert enforced == model.pod_security
    below = [name for name, one in environment().platform.namespaces.items() if one.reason]
    assert below == ["datadog"]


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_every_namespace_has_a_quota_and_limits_and_node_ports_only_for_load_balancers(cluster: str) -> None:
    quotas, limits = kind(cluster, "ResourceQuota"), kind(cluster, "LimitRange")
    assert {key.split("/")[0] for key in quotas} == set(environment().platform.namespaces)
    assert {key.split("/")[0] for key in limits} == set(environment().platform.namespaces)
    for key, quota in quotas.items():
        hard = quota["spec"]["hard"]
        balancers = environment().platform.namespaces[key.split("/")[0]].quota.load_balancers
        assert hard["services.nodeports"] == str(balancers * 2)


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_no_role_of_people_holds_a_wildcard_or_may_grant_rights(cluster: str) -> None:
    for name, role in kind(cluster, "ClusterRole").items():
        if not name.startswith("meridian:"):
            continue
        for rule in role["rules"]:
            assert "*" not in {*rule["apiGroups"], *rule["resources"], *rule["verbs"]}, name
            assert not {"bind", "escalate", "impersonate"} & set(rule["verbs"]), name
            if rule["apiGroups"] == ["rbac.authorization.k8s.io"]:
                assert set(rule["verbs"]) <= {"get", "list", "watch"}, name


def test_only_break_glass_reads_secrets_and_opens_shells() -> None:
    for name, role in kind("gke", "ClusterRole").items():
        if name.startswith("meridian:"):
            seen = {resource for rule in role["rules"] for resource in rule["resources"]}
            assert bool(seen & {"secrets", "pods/exec"}) == (name == "meridian:break-glass"), name


def test_break_glass_says_whom_it_pages_and_which_query_finds_its_use() -> None:
    about = kind("eks", "ClusterRole")["meridian:break-glass"]["metadata"]["annotations"]
    held = environment().platform.access.break_glass
    assert about["meridian.dev/audit-pages"].split(",") == list(held.pages)
    assert (
        held.group in about["meridian.dev/audit-query"] and "prod-eu-eks" in about["meridian.dev/audit-query"]
    )


def test_deployers_are_bound_in_the_opened_namespaces_only() -> None:
    bound = [key for key in kind("gke", "RoleBinding") if key.endswith("/meridian:deployer")]
    assert bound == ["portal/meridian:deployer"]
    assert "meridian:deployer" not in kind("gke", "ClusterRoleBinding")


@pytest.mark.parametrize(
    ("cluster", "provisioner", "zone", "key"),
    [
        ("gke", "pd.csi.storage.gke.io", "topology.gke.io/zone", {"disk-encryption-kms-key": "key-database"}),
        (
            "eks",
            "ebs.csi.aws.com",
            "topology.ebs.csi.aws.com/zone",
            {"kmsKeyId": "arn:database", "encrypted": "true"},
        ),
    ],
)
def test_the_databases_volumes_lie_under_its_regional_key_in_the_pods_zone_and_are_kept(
    cluster: str, provisioner: str, zone: str, key: dict[str, str]
) -> None:
    made = kind(cluster, "StorageClass")["database"]
    assert made["provisioner"] == provisioner and key.items() <= made["parameters"].items()
    assert made["volumeBindingMode"] == "WaitForFirstConsumer" and made["reclaimPolicy"] == "Retain"
    assert made["allowVolumeExpansion"] is True
    (topology,) = made["allowedTopologies"]
    site = environment().regions["eu"].sites()["gcp" if cluster == "gke" else "aws"]
    assert topology["matchLabelExpressions"] == [{"key": zone, "values": list(site.zones)}]


def test_gp3_gets_the_speed_that_the_database_needs() -> None:
    made, wanted = kind("eks", "StorageClass")["database"]["parameters"], environment().database.volume
    assert (made["iops"], made["throughput"]) == (str(wanted.iops), str(wanted.throughput_mib))


def test_one_storage_class_is_the_default() -> None:
    marks = [made["metadata"]["annotations"] for made in kind("gke", "StorageClass").values()]
    assert sorted(mark["storageclass.kubernetes.io/is-default-class"] for mark in marks) == ["false", "true"]


def test_service_accounts_carry_no_token_and_on_gke_the_account_that_they_act_as() -> None:
    for identity in environment().platform.identities.values():
        if identity.access in ("node-groups", "backups"):  # AWS's only, and a principal by itself
            continue
        made = kind("gke", "ServiceAccount")[f"{identity.namespace}/{identity.service_account}"]
        assert made["automountServiceAccountToken"] is False
        assert "@" in made["metadata"]["annotations"]["iam.gke.io/gcp-service-account"]


def test_on_eks_each_account_has_a_role_that_trusts_this_clusters_pods_only() -> None:
    roles = platform().all("aws:iam/role:Role")
    assert len(platform().all("aws:eks/podIdentityAssociation:PodIdentityAssociation")) == len(roles) == 4
    for role in roles:
        trust = role.inputs["assumeRolePolicy"]
        assert "pods.eks.amazonaws.com" in trust and ":cluster/prod-eu-eks" in trust


def test_no_object_is_made_without_the_clusters_own_provider() -> None:
    made = [one for one in platform().resources if one.type.startswith("kubernetes:")]
    assert len(made) == len(resources("gke")) + len(resources("eks"))


def test_gkes_control_plane_reaches_the_webhooks_that_the_flows_name_and_nothing_else() -> None:
    rule = platform().one("gcp:compute/firewall:Firewall").inputs
    assert rule["sourceRanges"] == [str(environment().regions["eu"].gcp.network.control_plane)]
    assert rule["allows"] == [{"protocol": "tcp", "ports": ["8000", "9443", "10250"]}]
