"""GKE: what the cluster and its pools promise."""

from __future__ import annotations

import json

import pytest
from model_factory import gcp_site
from recording import Recording, record

from components.gcp.gke_cluster import GkeCluster, GkeClusterArgs
from components.gcp.node_identity import account_id

CLUSTER, POOL = "gcp:container/cluster:Cluster", "gcp:container/nodePool:NodePool"


def build(protect: bool = True, **changes: object) -> tuple[Recording, dict[str, object]]:
    def program() -> dict[str, object]:
        made = GkeCluster(
            "eu",
            GkeClusterArgs(
                site=gcp_site(**changes),
                project="meridian-prod",
                network_id="net",
                subnetwork_id="subnet",
                pods_range="pods",
                services_range="services",
                secrets_key_id="key-secrets",
                disks_key_id="key-disks",
                protect=protect,
            ),
        )
        return made.outputs.as_exports()

    return record(program)


def test_node_limits_are_totals_of_the_cluster_and_never_per_zone() -> None:
    recording, _ = build()
    scaling = recording.one(POOL, "eu-general").inputs["autoscaling"]
    assert scaling["totalMinNodeCount"] == 10 and scaling["totalMaxNodeCount"] == 50
    assert not {"minNodeCount", "maxNodeCount"} & set(scaling)


def test_the_control_plane_and_the_nodes_have_no_public_address() -> None:
    inputs = build()[0].one(CLUSTER).inputs
    private = inputs["privateClusterConfig"]
    assert private["enablePrivateNodes"] is True and private["enablePrivateEndpoint"] is True
    dns = inputs["controlPlaneEndpointsConfig"]["dnsEndpointConfig"]
    assert dns["allowExternalTraffic"] is False


def test_kubernetes_secrets_are_encrypted_with_the_estates_own_key() -> None:
    encryption = build()[0].one(CLUSTER).inputs["databaseEncryption"]
    assert encryption == {"state": "ENCRYPTED", "keyName": "key-secrets"}


def test_every_control_plane_component_is_logged() -> None:
    logged = build()[0].one(CLUSTER).inputs["loggingConfig"]["enableComponents"]
    assert {"APISERVER", "CONTROLLER_MANAGER", "SCHEDULER"} <= set(logged)


def test_every_pool_is_shielded_encrypted_and_hides_the_metadata_server() -> None:
    pools = build()[0].all(POOL)
    assert len(pools) == 2
    for pool in pools:
        node = pool.inputs["nodeConfig"]
        assert node["bootDiskKmsKey"] == "key-disks"
        assert node["workloadMetadataConfig"] == {"mode": "GKE_METADATA"}
        assert node["shieldedInstanceConfig"]["enableSecureBoot"] is True


def test_a_taint_of_the_model_reaches_the_pool_in_the_words_of_gke() -> None:
    node = build()[0].one(POOL, "eu-data").inputs["nodeConfig"]
    assert node["taints"] == [{"key": "role", "value": "data", "effect": "NO_EXECUTE"}]


@pytest.mark.parametrize("protect", [True, False])
def test_protection_follows_the_argument(protect: bool) -> None:
    made = build(protect)[0].one(CLUSTER)
    assert (made.protect, made.retain_on_delete) == (protect, protect)
    assert made.inputs["deletionProtection"] is protect


def test_the_declared_tls_minimum_is_the_only_label_that_the_component_sets() -> None:
    made = build(tls_minimum="1.2")[0].one(CLUSTER)
    assert made.inputs["resourceLabels"] == {"meridian-tls-minimum": "1-2"}


def test_a_maintenance_window_over_midnight_ends_on_the_next_day() -> None:
    window = {"day": "SU", "start": "22:00", "hours": 6}
    made = build(maintenance=window)[0].one(CLUSTER)
    policy = made.inputs["maintenancePolicy"]["recurringWindow"]
    assert policy["startTime"] == "2026-01-04T22:00:00Z" and policy["endTime"] == "2026-01-05T04:00:00Z"


def test_the_kubeconfig_holds_an_exec_plugin_and_no_token() -> None:
    _, outputs = build()
    user = json.loads(str(outputs["kubeconfig"]))["users"][0]["user"]
    assert list(user) == ["exec"] and user["exec"]["command"] == "gke-gcloud-auth-plugin"


def test_every_resource_of_the_component_is_its_child() -> None:
    recording, _ = build()
    children = [made for made in recording.resources if made.custom]
    assert children and all("meridian:gcp:GkeCluster" in made.parent for made in children)


def test_two_long_cluster_names_give_two_account_ids_of_at_most_thirty_characters() -> None:
    first, second = account_id("meridian-production-europe-a"), account_id("meridian-production-europe-b")
    assert first != second and len(first) <= 30 and len(second) <= 30
