"""EKS: what the cluster and its pools promise, and that it tells the same as GKE."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest
from model_factory import aws_site, gcp_site
from recording import Recording, record

from components.aws.eks_cluster import EksCluster, EksClusterArgs
from components.gcp.gke_cluster import GkeCluster, GkeClusterArgs
from components.outputs import ClusterOutputs
from meridian.model.platform import SignOn

CLUSTER, POOL, TEMPLATE = (
    "aws:eks/cluster:Cluster",
    "aws:eks/nodeGroup:NodeGroup",
    "aws:ec2/launchTemplate:LaunchTemplate",
)
COMPUTED = {
    CLUSTER: {
        "endpoint": "https://A1.gr7.eu-west-1.eks.amazonaws.com",
        "certificateAuthority": {"data": "Q0E="},
        "identities": [{"oidcs": [{"issuer": "https://oidc.eks.eu-west-1.amazonaws.com/id/A1"}]}],
    },
    TEMPLATE: {"latestVersion": 3},
}


def build(
    protect: bool = True, sign_on: SignOn | None = None, **changes: object
) -> tuple[Recording, dict[str, object]]:
    def program() -> dict[str, object]:
        site = aws_site(**changes)
        made = EksCluster(
            "eu",
            EksClusterArgs(
                site=site,
                network_id="vpc",
                subnets={zone: f"subnet-{zone}" for zone in site.zones},
                database_security_group="sg-database",
                secrets_key="key-secrets",
                disk_key="key-disks",
                log_key="key-logs",
                log_retention_days=365,
                deployer_role="arn:aws:iam::100000000001:role/deployer",
                protect=protect,
                sign_on=sign_on,
            ),
        )
        return made.outputs.as_exports()

    return record(program, COMPUTED)


def gke_exports() -> dict[str, object]:
    args = GkeClusterArgs(
        site=gcp_site(),
        project="p",
        network_id="net",
        subnetwork_id="subnet",
        pods_range="pods",
        services_range="services",
        secrets_key_id="key-secrets",
        disks_key_id="key-disks",
        protect=True,
    )
    computed = {"gcp:container/cluster:Cluster": {"masterAuth": {"clusterCaCertificate": "Q0E="}}}
    return record(lambda: GkeCluster("eu", args).outputs.as_exports(), computed)[1]


def test_the_control_plane_answers_inside_the_network_only() -> None:
    vpc = build()[0].one(CLUSTER).inputs["vpcConfig"]
    assert vpc["endpointPrivateAccess"] is True and vpc["endpointPublicAccess"] is False
    assert vpc["subnetIds"] == ["subnet-eu-west-1a", "subnet-eu-west-1b", "subnet-eu-west-1c"]


def test_kubernetes_secrets_are_encrypted_with_the_estates_own_key() -> None:
    encryption = build()[0].one(CLUSTER).inputs["encryptionConfig"]
    assert encryption == {"resources": ["secrets"], "provider": {"keyArn": "key-secrets"}}


def test_every_control_plane_component_is_logged_to_a_group_made_before_the_cluster() -> None:
    recording, _ = build()
    logged = recording.one(CLUSTER).inputs["enabledClusterLogTypes"]
    assert set(logged) == {"api", "audit", "authenticator", "controllerManager", "scheduler"}
    group = recording.one("aws:cloudwatch/logGroup:LogGroup")
    assert group.inputs["name"] == "/aws/eks/meridian-eu-aws/cluster"
    assert (group.inputs["kmsKeyId"], group.inputs["retentionInDays"]) == ("key-logs", 365)
    order = [made.type for made in recording.resources]
    assert order.index(group.type) < order.index(CLUSTER)


def test_access_is_by_entries_and_whoever_creates_the_cluster_is_no_administrator() -> None:
    recording, _ = build()
    assert recording.one(CLUSTER).inputs["accessConfig"] == {
        "authenticationMode": "API",
        "bootstrapClusterCreatorAdminPermissions": False,
    }
    entry = recording.one("aws:eks/accessEntry:AccessEntry")
    assert entry.inputs["principalArn"] == "arn:aws:iam::100000000001:role/deployer"


def test_every_node_takes_imdsv2_only_and_no_pod_reaches_the_nodes_identity() -> None:
    templates = build()[0].all(TEMPLATE)
    assert len(templates) == 2
    for template in templates:
        metadata = template.inputs["metadataOptions"]
        assert metadata["httpTokens"] == "required" and metadata["httpPutResponseHopLimit"] == 1


def test_every_disk_is_encrypted_with_the_regions_key_and_goes_with_its_node() -> None:
    for template in build()[0].all(TEMPLATE):
        (disk,) = template.inputs["blockDeviceMappings"]
        assert disk["ebs"]["encrypted"] == "true" and disk["ebs"]["kmsKeyId"] == "key-disks"
        assert disk["ebs"]["deleteOnTermination"] == "true"


def test_node_limits_are_totals_and_the_autoscalers_size_is_left_alone() -> None:
    pool = build()[0].one(POOL, "eu-general")
    assert pool.inputs["scalingConfig"] == {"minSize": 10, "maxSize": 50, "desiredSize": 10}
    assert pool.ignore_changes == ("scalingConfig.desiredSize",)
    assert len(pool.inputs["subnetIds"]) == 3


def test_a_taint_of_the_model_reaches_the_pool_in_the_words_of_eks() -> None:
    pool = build()[0].one(POOL, "eu-data").inputs
    assert pool["taints"] == [{"key": "role", "value": "data", "effect": "NO_EXECUTE"}]
    assert pool["labels"] == {"meridian.dev/pool": "data", "role": "data"}


def test_a_pool_follows_the_newest_version_of_its_template() -> None:
    assert build()[0].one(POOL, "eu-general").inputs["launchTemplate"]["version"] == "3"


def test_add_ons_are_the_estates_own_and_pods_sign_in_by_pod_identity() -> None:
    recording, _ = build()
    assert recording.one(CLUSTER).inputs["bootstrapSelfManagedAddons"] is False
    assert {addon.inputs["addonName"] for addon in recording.all("aws:eks/addon:Addon")} == {
        "vpc-cni",
        "kube-proxy",
        "coredns",
        "metrics-server",
        "eks-pod-identity-agent",
        "aws-ebs-csi-driver",
    }
    association = recording.one("aws:eks/podIdentityAssociation:PodIdentityAssociation").inputs
    assert association["serviceAccount"] == "ebs-csi-controller-sa"


def test_the_issuer_of_the_clusters_tokens_is_trusted_for_sts_only() -> None:
    provider = build()[0].one("aws:iam/openIdConnectProvider:OpenIdConnectProvider").inputs
    assert provider["url"] == "https://oidc.eks.eu-west-1.amazonaws.com/id/A1"
    assert provider["clientIdLists"] == ["sts.amazonaws.com"]


def test_every_role_is_taken_by_one_service() -> None:
    trusted = {
        role.name: json.loads(role.inputs["assumeRolePolicy"])["Statement"][0]["Principal"]
        for role in build()[0].all("aws:iam/role:Role")
    }
    assert trusted == {
        "eu-control": {"Service": "eks.amazonaws.com"},
        "eu-nodes": {"Service": "ec2.amazonaws.com"},
        "eu-storage": {"Service": "pods.eks.amazonaws.com"},
    }


@pytest.mark.parametrize(("channel", "support"), [("REGULAR", "STANDARD"), ("EXTENDED", "EXTENDED")])
def test_only_the_extended_channel_pays_for_extended_support(channel: str, support: str) -> None:
    made = build(release_channel=channel)[0].one(CLUSTER)
    assert made.inputs["upgradePolicy"] == {"supportType": support}


@pytest.mark.parametrize("protect", [True, False])
def test_protection_follows_the_argument(protect: bool) -> None:
    made = build(protect, deletion_protection=protect)[0].one(CLUSTER)
    assert (made.protect, made.retain_on_delete) == (protect, protect)
    assert made.inputs["deletionProtection"] is protect


def test_the_kubeconfig_holds_an_exec_plugin_and_no_token() -> None:
    user = json.loads(str(build()[1]["kubeconfig"]))["users"][0]["user"]
    assert list(user) == ["exec"] and user["exec"]["command"] == "aws"
    assert user["exec"]["args"][:2] == ["--region", "eu-west-1"]


def test_gke_and_eks_tell_the_same_in_the_same_shape() -> None:
    eks, gke = build()[1], gke_exports()
    assert list(eks) == list(gke) == [field.name for field in fields(ClusterOutputs)]
    for told in (eks, gke):
        assert all(isinstance(value, str) and value for value in told.values()), told
        assert str(told["endpoint"]).startswith("https://")
        document = json.loads(str(told["kubeconfig"]))
        assert document["clusters"][0]["cluster"]["server"] == told["endpoint"]


def test_every_resource_of_the_component_is_its_child() -> None:
    children = [made for made in build()[0].resources if made.custom]
    assert children and all("meridian:aws:EksCluster" in made.parent for made in children)


def test_tokens_of_the_identity_provider_are_taken_and_its_groups_keep_their_names() -> None:
    sign_on = SignOn(
        issuer="https://login.meridian.example",
        client_id="kubernetes",
        google_group="gke-security-groups@meridian.example",
    )
    config = "aws:eks/identityProviderConfig:IdentityProviderConfig"
    oidc = build(sign_on=sign_on)[0].one(config).inputs["oidc"]
    assert (oidc["issuerUrl"], oidc["clientId"]) == ("https://login.meridian.example", "kubernetes")
    assert oidc["groupsClaim"] == "groups" and "groupsPrefix" not in oidc
    assert oidc["usernamePrefix"] == "sign-on:"
    assert config not in [made.type for made in build()[0].resources]
