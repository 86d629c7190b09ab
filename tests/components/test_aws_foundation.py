"""AWS's keys, buckets, audit, federation and budget."""

from __future__ import annotations

import json
from typing import Any

import pytest
from model_factory import budget, ci
from recording import Recording, record

from components.aws.audit import AccountAudit, AccountAuditArgs
from components.aws.backup_bucket import BackupBucket, LockedBucketArgs
from components.aws.budget import AccountBudget, AccountBudgetArgs
from components.aws.ci_federation import CiFederation, CiFederationArgs
from components.aws.keys import PURPOSES, RegionKeys, RegionKeysArgs

ACCOUNT = "100000000001"


def keys(rotation_days: int = 90, protect: bool = True) -> Recording:
    args = RegionKeysArgs(
        prefix="meridian-eu",
        account_id=ACCOUNT,
        region="eu-west-1",
        rotation_days=rotation_days,
        protect=protect,
    )
    return record(lambda: dict(RegionKeys("eu", args).keys))[0]


def statements(text: str) -> list[dict[str, Any]]:
    return list(json.loads(text)["Statement"])


def test_there_is_a_key_per_purpose_and_each_turns_over_as_the_model_says() -> None:
    made = keys(180).all("aws:kms/key:Key")
    assert [key.name for key in made] == [f"eu-{purpose}" for purpose in PURPOSES]
    for key in made:
        assert key.inputs["enableKeyRotation"] is True and key.inputs["rotationPeriodInDays"] == 180
        assert key.inputs["deletionWindowInDays"] == 30
        assert not key.inputs.get("multiRegion")


def test_a_rotation_below_the_least_that_aws_takes_is_raised_to_it() -> None:
    assert {key.inputs["rotationPeriodInDays"] for key in keys(30).all("aws:kms/key:Key")} == {90}


@pytest.mark.parametrize("protect", [True, False])
def test_a_key_is_protected_and_retained_as_the_argument_says(protect: bool) -> None:
    for key in keys(protect=protect).all("aws:kms/key:Key"):
        assert (key.protect, key.retain_on_delete) == (protect, protect)


def test_a_key_serves_its_account_and_the_one_service_that_needs_it_under_a_condition() -> None:
    for key in keys().all("aws:kms/key:Key"):
        for statement in statements(key.inputs["policy"]):
            principal = statement["Principal"]
            assert principal != "*" and principal.get("AWS") != "*"
            if "Service" in principal:
                assert statement["Condition"], statement
                assert "kms:*" not in statement["Action"]
    logs = next(key for key in keys().all("aws:kms/key:Key") if key.name == "eu-logs")
    services = [each["Principal"].get("Service") for each in statements(logs.inputs["policy"])]
    assert services == [None, "logs.eu-west-1.amazonaws.com", "cloudtrail.amazonaws.com"]


def bucket(locked: bool = True, protect: bool = True) -> Recording:
    args = LockedBucketArgs(bucket="b", key="key", retention_days=35, locked=locked, protect=protect)
    return record(lambda: {"name": BackupBucket("eu", args).name})[0]


def test_a_backup_bucket_is_versioned_encrypted_and_private() -> None:
    made = bucket()
    assert made.one("aws:s3/bucketVersioning:BucketVersioning").inputs["versioningConfiguration"] == {
        "status": "Enabled"
    }
    (rule,) = made.one(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    ).inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "key"}
    blocked = made.one("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock").inputs
    switches = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    assert all(blocked[switch] is True for switch in switches)
    owner = made.one("aws:s3/bucketOwnershipControls:BucketOwnershipControls").inputs["rule"]
    assert owner == {"objectOwnership": "BucketOwnerEnforced"}


@pytest.mark.parametrize(("locked", "mode"), [(True, "COMPLIANCE"), (False, "GOVERNANCE")])
def test_only_a_locked_bucket_binds_even_the_accounts_root(locked: bool, mode: str) -> None:
    made = bucket(locked)
    assert made.one("aws:s3/bucket:Bucket").inputs["objectLockEnabled"] is True
    rule = made.one("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration").inputs["rule"]
    assert rule == {"defaultRetention": {"mode": mode, "days": 35}}


def test_a_bucket_refuses_whoever_comes_without_tls() -> None:
    policy = bucket().one("aws:s3/bucketPolicy:BucketPolicy").inputs["policy"]
    (deny,) = statements(policy)
    assert (deny["Effect"], deny["Principal"]) == ("Deny", "*")
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert deny["Resource"] == ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]


@pytest.mark.parametrize("protect", [True, False])
def test_a_bucket_never_empties_itself_and_is_protected_as_the_argument_says(protect: bool) -> None:
    made = bucket(protect=protect).one("aws:s3/bucket:Bucket")
    assert made.inputs["forceDestroy"] is False
    assert (made.protect, made.retain_on_delete) == (protect, protect)


def audit() -> Recording:
    archive = LockedBucketArgs(bucket="archive", key="key", retention_days=2192, locked=True, protect=True)
    args = AccountAuditArgs(
        account_id=ACCOUNT, trail="meridian-audit", home_region="eu-west-1", archive=archive
    )
    return record(lambda: {"b": AccountAudit("audit", args).archive})[0]


def test_one_trail_sees_every_region_and_its_files_cannot_be_forged() -> None:
    trail = audit().one("aws:cloudtrail/trail:Trail").inputs
    assert trail["isMultiRegionTrail"] is True and trail["includeGlobalServiceEvents"] is True
    assert trail["enableLogFileValidation"] is True and trail["kmsKeyId"] == "key"


def test_the_trail_logs_who_touched_objects_but_not_its_own_writing() -> None:
    selectors = audit().one("aws:cloudtrail/trail:Trail").inputs["advancedEventSelectors"]
    data = next(each for each in selectors if each["name"] == "objects")["fieldSelectors"]
    assert {"field": "resources.ARN", "notStartsWiths": ["arn:aws:s3:::archive/"]} in data


def test_only_this_trail_writes_the_archive() -> None:
    policy = audit().one("aws:s3/bucketPolicy:BucketPolicy").inputs["policy"]
    allowed = [each for each in statements(policy) if each["Effect"] == "Allow"]
    assert [each["Sid"] for each in allowed] == ["TrailAcl", "TrailWrite"]
    trail = f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/meridian-audit"
    for each in allowed:
        assert each["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
        assert each["Condition"]["StringEquals"]["aws:SourceArn"] == trail
    assert allowed[1]["Resource"] == [f"arn:aws:s3:::archive/AWSLogs/{ACCOUNT}/*"]


def federation() -> Recording:
    args = CiFederationArgs(ci=ci(), account_id=ACCOUNT, prefix="meridian-prod")
    return record(lambda: {"d": CiFederation("ci", args).deployer})[0]


def test_only_the_repositorys_branch_deploys_and_its_pull_requests_only_read() -> None:
    made = federation()
    subjects = {}
    for role in made.all("aws:iam/role:Role"):
        (statement,) = statements(role.inputs["assumeRolePolicy"])
        assert statement["Action"] == ["sts:AssumeRoleWithWebIdentity"]
        (operator,) = statement["Condition"]
        assert operator == "StringEquals"
        conditions = statement["Condition"][operator]
        assert conditions["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com"
        subjects[role.name] = conditions["token.actions.githubusercontent.com:sub"]
    assert subjects == {
        "ci-previewer": "repo:example/meridian:pull_request",
        "ci-deployer": "repo:example/meridian:ref:refs/heads/main",
    }
    grants = {
        each.name: each.inputs for each in made.all("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    }
    assert grants["ci-previewer-read"]["policyArn"] == "arn:aws:iam::aws:policy/SecurityAudit"


def test_no_long_lived_key_exists_and_the_deployer_cannot_make_one() -> None:
    made = federation()
    assert not made.all("aws:iam/accessKey:AccessKey") and not made.all("aws:iam/user:User")
    found = statements(made.one("aws:iam/policy:Policy").inputs["policy"])
    denied = next(each for each in found if each["Effect"] == "Deny")
    assert {"iam:CreateUser", "iam:CreateAccessKey", "iam:CreateLoginProfile"} <= set(denied["Action"])


def test_the_deployer_is_no_administrator() -> None:
    found = statements(federation().one("aws:iam/policy:Policy").inputs["policy"])
    for statement in (each for each in found if each["Effect"] == "Allow"):
        assert "*" not in statement["Action"] and "iam:*" not in statement["Action"], statement
        if any(action.startswith("iam:") for action in statement["Action"]):
            assert "*" not in statement["Resource"], statement


def test_the_budget_alerts_on_amazons_share_of_the_ceiling() -> None:
    args = AccountBudgetArgs(budget=budget(), account_id=ACCOUNT, name="meridian-prod-monthly")
    recording, _ = record(lambda: {"u": AccountBudget("budget", args).urn})
    made = recording.one("aws:budgets/budget:Budget").inputs
    assert (made["limitAmount"], made["limitUnit"], made["timeUnit"]) == ("75000", "USD", "MONTHLY")
    assert [each["threshold"] for each in made["notifications"]] == [
        share * 100 for share in budget().alert_at
    ]
    assert all(each["subscriberEmailAddresses"] == ["ops@meridian.example"] for each in made["notifications"])
