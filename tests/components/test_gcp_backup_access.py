"""Every database node writes and reads backups on Google Cloud, from either cloud, and no stored key lets it."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from platform_unit import environment, resources
from recording import Recorded, Recording, record

from components.cockroach.google import FOLDER, credential_file
from components.gcp.backup_access import BackupAccess, BackupAccessArgs
from components.gcp.cluster_federation import ClusterFederation, ClusterFederationArgs
from components.gcp.workload_pool import WorkloadPool, WorkloadPoolArgs
from meridian.model.topology import backup_identities

PROVIDER = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/prod-pods/providers/eks-eu"
POOL = "gcp:iam/workloadIdentityPool:WorkloadIdentityPool"
TAKEN = "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider"


@cache
def made() -> Recording:
    """The pool, one cluster's federation and one bucket's grants, as foundation and a region make them."""
    prod = environment()
    identities = backup_identities(prod)

    def build() -> dict[str, Any]:
        pool = WorkloadPool("pool", WorkloadPoolArgs(project="p", pool_id="prod-pods"))
        federation = ClusterFederation(
            "eks-google",
            ClusterFederationArgs(
                project="p",
                pool_id=pool.id,
                provider_id="eks-eu",
                issuer="https://oidc.eks.eu-west-1.amazonaws.com/id/A1",
                identities=list(identities.values()),
            ),
        )
        BackupAccess(
            "access",
            BackupAccessArgs(
                bucket="backups-eu",
                key_id="key-backups",
                project="p",
                project_number="1",
                identities=identities,
                federated=pool.principals,
            ),
        )
        return {"resource": federation.resource}

    name = "projects/1/locations/global/workloadIdentityPools/prod-pods"
    return record(build, {POOL: {"name": name}, TAKEN: {"name": f"{name}/providers/eks-eu"}})[0]


def sets(cluster: str) -> list[Recorded]:
    return [each for each in resources(cluster) if each.type == "kubernetes:apps/v1:StatefulSet"]


def test_nodes_on_both_clouds_write_and_read_the_bucket_and_use_its_key_but_delete_nothing() -> None:
    rights: dict[str, set[str]] = {}
    for kind in (
        "gcp:storage/bucketIAMMember:BucketIAMMember",
        "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember",
    ):
        for each in made().all(kind):
            rights.setdefault(each.inputs["member"], set()).add(each.inputs["role"])
    pools = "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools"
    wanted = {
        "roles/storage.objectCreator",
        "roles/storage.objectViewer",
        "roles/cloudkms.cryptoKeyEncrypterDecrypter",
    }
    assert rights == {
        f"{pools}/p.svc.id.goog/subject/ns/database/sa/cockroachdb": wanted,
        f"{pools}/prod-pods/subject/system:serviceaccount:database:cockroachdb": wanted,
    }


def test_google_takes_the_tokens_of_the_cluster_s_issuer_for_the_database_s_account_only() -> None:
    (provider,) = made().all(TAKEN)
    assert provider.inputs["oidc"] == {"issuerUri": "https://oidc.eks.eu-west-1.amazonaws.com/id/A1"}
    assert provider.inputs["attributeMapping"] == {"google.subject": "assertion.sub"}
    condition = provider.inputs["attributeCondition"]
    assert condition == "assertion.sub in ['system:serviceaccount:database:cockroachdb']"


def test_a_node_on_eks_mounts_a_short_token_for_its_provider_and_the_file_that_names_it() -> None:
    assert sets("eks")
    for each in sets("eks"):
        pod = each.inputs["spec"]["template"]["spec"]
        (volume,) = [one for one in pod["volumes"] if one["name"] == "google"]
        config, token = volume["projected"]["sources"]
        assert token["serviceAccountToken"] == {
            "audience": f"https:{PROVIDER}",
            "expirationSeconds": 3600,
            "path": "token",
        }
        (container,) = pod["containers"]
        (mount,) = [one for one in container["volumeMounts"] if one["name"] == "google"]
        assert mount == {"name": "google", "mountPath": FOLDER, "readOnly": True}
        (variable,) = [
            one["value"] for one in container["env"] if one["name"] == "GOOGLE_APPLICATION_CREDENTIALS"
        ]
        (mounted,) = [
            one.inputs["data"]
            for one in resources("eks")
            if one.type == "kubernetes:core/v1:ConfigMap"
            and one.inputs["metadata"]["name"] == config["configMap"]["name"]
        ]
        assert variable == f"{FOLDER}/{next(iter(mounted))}"
        assert json.loads(next(iter(mounted.values())))["audience"] == PROVIDER
        assert pod["automountServiceAccountToken"] is False


def test_the_credential_file_points_at_the_mounted_token_and_holds_no_secret() -> None:
    told = json.loads(credential_file(PROVIDER))
    assert told["type"] == "external_account" and told["credential_source"]["file"] == f"{FOLDER}/token"
    assert not {"private_key", "client_secret", "service_account_impersonation_url"} & set(told)


def test_a_node_on_gke_mounts_nothing_for_the_cloud_gives_it_its_identity() -> None:
    assert sets("gke")
    for each in sets("gke"):
        assert "google" not in {one["name"] for one in each.inputs["spec"]["template"]["spec"]["volumes"]}
