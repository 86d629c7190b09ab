"""Google Cloud's network, keys, buckets, audit, federation and budget."""

from __future__ import annotations

from model_factory import budget, ci, gcp_network
from recording import Recording, record

from components.gcp.audit import ProjectAudit, ProjectAuditArgs
from components.gcp.backup_bucket import BackupBucket, BackupBucketArgs
from components.gcp.budget import ProjectBudget, ProjectBudgetArgs
from components.gcp.ci_federation import CiFederation, CiFederationArgs
from components.gcp.keys import RegionKeys, RegionKeysArgs
from components.gcp.network import Network, NetworkArgs
from components.gcp.private_dns import PrivateZone, PrivateZoneArgs
from components.gcp.services import ProjectServices, ProjectServicesArgs
from meridian.model.regions import Backup
from meridian.model.settings import LogArchive

BUCKET = "gcp:storage/bucket:Bucket"


def network() -> Recording:
    args = NetworkArgs(
        name="meridian-eu", region="europe-west1", network=gcp_network(), flow_logs=True, protect=True
    )
    return record(lambda: {"id": Network("eu", args).network_id})[0]


def test_everything_that_is_not_an_explicit_flow_is_denied_and_logged() -> None:
    rules = network().all("gcp:compute/firewall:Firewall")
    denied = [rule for rule in rules if "denies" in rule.inputs]
    assert [rule.inputs["sourceRanges"] for rule in denied] == [["0.0.0.0/0"]]
    assert all("0.0.0.0/0" not in rule.inputs["sourceRanges"] for rule in rules if "allows" in rule.inputs)
    assert all(rule.inputs["logConfig"] for rule in rules)


def test_the_database_is_reached_on_its_two_ports_from_pods_by_pods_and_by_nobody_else() -> None:
    args = NetworkArgs(
        name="meridian-eu",
        region="europe-west1",
        network=gcp_network(),
        flow_logs=True,
        protect=True,
        peers=("10.99.0.0/16",),
        database_ranges=("10.50.0.0/16",),
        reserved={"names": "10.16.15.246"},
    )
    made = record(lambda: {"id": Network("eu", args).network_id})[0]
    opened = [
        (rule.name, rule.inputs["sourceRanges"], rule.inputs.get("destinationRanges"))
        for rule in made.all("gcp:compute/firewall:Firewall")
        for flow in rule.inputs.get("allows", [])
        if {"26257", "8080"} & set(flow.get("ports") or [])
    ]
    assert opened == [("eu-allow-database", ["10.50.0.0/16"], ["10.32.0.0/14"])]
    assert made.one("gcp:compute/address:Address").inputs["address"] == "10.16.15.246"


def test_a_subnetwork_logs_its_flows_and_reaches_google_privately() -> None:
    inputs = network().one("gcp:compute/subnetwork:Subnetwork").inputs
    assert inputs["privateIpGoogleAccess"] is True and inputs["logConfig"]
    assert {part["rangeName"] for part in inputs["secondaryIpRanges"]} == {"pods", "services"}


def test_every_key_turns_over_as_the_model_says_and_its_agent_may_use_it() -> None:
    args = RegionKeysArgs(
        name="meridian-eu",
        region="europe-west1",
        project_number="123456789012",
        rotation_days=90,
        protect=True,
    )
    recording, _ = record(lambda: dict(RegionKeys("eu", args).keys))
    keys = recording.all("gcp:kms/cryptoKey:CryptoKey")
    assert {key.inputs["rotationPeriod"] for key in keys} == {"7776000s"} and all(key.protect for key in keys)
    grants = recording.all("gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember")
    assert len(grants) == len(keys) == 5
    assert all("service-123456789012@" in grant.inputs["member"] for grant in grants)


def bucket(protect: bool) -> Recording:
    args = BackupBucketArgs(
        bucket="b", location="europe-west1", backup=Backup(), key_id="key", protect=protect
    )
    return record(lambda: {"url": BackupBucket("eu", args).url})[0]


def test_a_protected_backup_bucket_is_locked_for_its_retention_and_private() -> None:
    inputs = bucket(True).one(BUCKET).inputs
    assert inputs["retentionPolicy"] == {"isLocked": True, "retentionPeriod": "3024000"}
    assert inputs["publicAccessPrevention"] == "enforced" and inputs["uniformBucketLevelAccess"] is True
    assert inputs["encryption"] == {"defaultKmsKeyName": "key"}


def test_a_disposable_environments_bucket_is_never_locked() -> None:
    assert bucket(False).one(BUCKET).inputs["retentionPolicy"]["isLocked"] is False


def test_audit_logs_of_every_kind_go_to_a_locked_archive_that_only_the_sink_writes() -> None:
    args = ProjectAuditArgs(project="p", bucket="archive", location="EU", archive=LogArchive(), protect=True)
    recording, _ = record(lambda: {"b": ProjectAudit("audit", args).archive_bucket})
    config = recording.one("gcp:projects/iAMAuditConfig:IAMAuditConfig").inputs
    assert config["service"] == "allServices"
    kinds = {entry["logType"] for entry in config["auditLogConfigs"]}
    assert kinds == {"ADMIN_READ", "DATA_READ", "DATA_WRITE"}
    archive = recording.one(BUCKET).inputs
    assert archive["location"] == "EU" and archive["retentionPolicy"]["isLocked"] is True
    writers = recording.all("gcp:storage/bucketIAMMember:BucketIAMMember")
    assert [writer.inputs["role"] for writer in writers] == ["roles/storage.objectCreator"]


def test_only_the_repositorys_branch_becomes_the_deployer_and_no_key_exists() -> None:
    args = CiFederationArgs(project="p", environment="prod", ci=ci())
    recording, _ = record(lambda: {"p": CiFederation("ci", args).provider_name})
    provider = recording.one("gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider").inputs
    assert "assertion.repository == 'example/meridian'" in provider["attributeCondition"]
    assert "pull_request_target" in provider["attributeCondition"]
    binding = recording.one("gcp:serviceaccount/iAMMember:IAMMember", "ci-deployer-federated").inputs
    assert binding["member"].endswith("/attribute.ref/refs/heads/main")
    assert not recording.all("gcp:serviceaccount/key:Key")


def test_the_previewer_can_change_nothing() -> None:
    args = CiFederationArgs(project="p", environment="prod", ci=ci())
    recording, _ = record(lambda: {"p": CiFederation("ci", args).provider_name})
    grants = recording.all("gcp:projects/iAMMember:IAMMember")
    roles = {grant.inputs["role"] for grant in grants if grant.name.startswith("ci-previewer-")}
    assert roles == {"roles/viewer", "roles/iam.securityReviewer"}


def test_the_budget_alerts_on_google_clouds_share_of_the_ceiling() -> None:
    args = ProjectBudgetArgs(
        project="p",
        project_number="123456789012",
        billing_account="000000-000000-000000",
        environment="prod",
        budget=budget(),
    )
    recording, _ = record(lambda: {"b": ProjectBudget("budget", args).budget_id})
    amount = recording.one("gcp:billing/budget:Budget").inputs["amount"]["specifiedAmount"]
    assert amount == {"currencyCode": "USD", "units": "75000"}


def test_no_api_is_switched_off_when_the_estate_goes() -> None:
    args = ProjectServicesArgs(project="p")
    recording, _ = record(lambda: {"e": ProjectServices("apis", args).enabled})
    services = recording.all("gcp:projects/service:Service")
    assert services and all(service.inputs["disableOnDestroy"] is False for service in services)


def test_a_private_zone_is_seen_by_every_given_network_and_nobody_else() -> None:
    args = PrivateZoneArgs(zone="meridian.internal", networks={"us": "net-us", "eu": "net-eu"})
    recording, _ = record(lambda: {"z": PrivateZone("mesh", args).zone_name})
    zone = recording.one("gcp:dns/managedZone:ManagedZone").inputs
    assert zone["visibility"] == "private" and zone["dnsName"] == "meridian.internal."
    seen = [entry["networkUrl"] for entry in zone["privateVisibilityConfig"]["networks"]]
    assert seen == ["net-eu", "net-us"]
