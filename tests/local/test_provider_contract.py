"""The provider protocol over gRPC, with no engine: what the clouds give, and what they refuse."""

import re
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2 as pb

from meridian.local import drift
from meridian.local.faults import Fault
from meridian.protocol.values import UNKNOWN, Secret, plain

VPC, SUBNET = "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet"
NETWORK, SUBNETWORK = "gcp:compute/network:Network", "gcp:compute/subnetwork:Subnetwork"
ROLE, LOGS = "aws:iam/role:Role", "aws:cloudwatch/logGroup:LogGroup"
BUCKET, VPN = "aws:s3/bucket:Bucket", "aws:ec2/vpnConnection:VpnConnection"


def refused(call: Any, *words: str) -> None:
    with pytest.raises(grpc.RpcError) as error:
        call()
    for word in words:
        assert word in error.value.details()


def test_an_unknown_property_is_refused_with_the_nearest_name(aws: Any) -> None:
    failures = aws.check(VPC, "v", {"cidrBlok": "10.0.0.0/16"}).failures
    assert failures[0].property == "cidrBlok"
    assert "cidrBlock" in failures[0].reason


def test_an_unknown_nested_property_is_refused_at_its_path(gcp: Any) -> None:
    inputs = {"location": "us-central1", "privateClusterConfig": {"enablePrivateNode": True}}
    assert (
        gcp.check("gcp:container/cluster:Cluster", "c", inputs).failures[0].property
        == "privateClusterConfig.enablePrivateNode"
    )


def test_a_missing_property_is_refused(aws: Any) -> None:
    assert [failure.property for failure in aws.check(SUBNET, "s", {}).failures] == ["vpcId"]


@pytest.mark.parametrize("value", [5, ["10.0.0.0/16"], "10.0.0.1/16", "nonsense/8"])
def test_a_value_that_is_no_network_is_refused(aws: Any, value: Any) -> None:
    failures = aws.check(VPC, "v", {"cidrBlock": value}).failures
    assert bool(failures) == (value != 5)  # the bridge turns numbers into text, as the real one does


def test_a_type_that_the_sdk_does_not_declare_is_refused(aws: Any) -> None:
    refused(lambda: aws.check("aws:ec2/vbc:Vbc", "v", {}), "aws:ec2/vbc:Vbc", "no such type")


def test_a_provider_without_region_is_refused(clouds: Any) -> None:
    refused(lambda: clouds.instance("aws", region=""), "region")


def test_a_resource_without_name_gets_one_that_stays(gcp: Any) -> None:
    name = dict(gcp.check(NETWORK, "main", {}).inputs)["name"]
    assert re.fullmatch(r"main-[0-9a-f]{7}", name)
    assert dict(gcp.check(NETWORK, "main", {}, olds={"name": name}).inputs)["name"] == name


def test_ids_arns_and_links_have_their_real_shape(aws: Any, gcp: Any) -> None:
    identifier, outputs = aws.create(VPC, "v", {"cidrBlock": "10.0.0.0/16"})
    assert re.fullmatch(r"vpc-[0-9a-f]{17}", identifier)
    assert outputs["arn"] == f"arn:aws:ec2:us-east-1:123456789012:vpc/{identifier}"
    identifier, outputs = gcp.create(NETWORK, "n", {"name": "main"})
    assert identifier == "projects/meridian-test/global/networks/main"
    assert outputs["selfLink"] == f"https://www.googleapis.com/compute/v1/{identifier}"


def test_a_preview_knows_the_inputs_and_nothing_else(clouds: Any) -> None:
    planner = clouds.instance("aws", plan=True)
    identifier, outputs = planner.create(VPC, "v", {"cidrBlock": "10.0.0.0/16"}, preview=True)
    assert identifier == ""
    assert outputs["cidrBlock"] == "10.0.0.0/16"
    assert outputs["arn"] is UNKNOWN
    assert outputs["region"] == "us-east-1"
    assert clouds.inventory.all() == []


def test_a_plan_without_preview_stores_nothing(clouds: Any) -> None:
    clouds.instance("gcp", plan=True).create(NETWORK, "n", {})
    assert clouds.inventory.all() == []


def test_a_reference_to_nothing_is_refused(aws: Any, gcp: Any) -> None:
    refused(
        lambda: aws.create(SUBNET, "s", {"vpcId": "vpc-0123456789abcdef0", "cidrBlock": "10.0.0.0/24"}),
        "vpc-0123456789abcdef0",
    )
    network = "projects/meridian-test/global/networks/none"
    refused(lambda: gcp.create(SUBNETWORK, "s", {"network": network, "ipCidrRange": "10.0.0.0/24"}), network)


def test_a_node_group_of_a_cluster_that_does_not_exist_is_refused(aws: Any) -> None:
    inputs = {
        "clusterName": "none",
        "nodeRoleArn": "x",
        "subnetIds": [],
        "scalingConfig": {"desiredSize": 1, "maxSize": 1, "minSize": 1},
    }
    refused(lambda: aws.create("aws:eks/nodeGroup:NodeGroup", "n", inputs), "none", "does not exist")


def test_what_is_in_use_is_not_deleted(aws: Any) -> None:
    vpc, _ = aws.create(VPC, "v", {"cidrBlock": "10.0.0.0/16"})
    subnet, _ = aws.create(SUBNET, "s", {"vpcId": vpc, "cidrBlock": "10.0.0.0/24"})
    refused(lambda: aws.delete(VPC, "v", vpc), vpc, subnet)
    aws.delete(SUBNET, "s", subnet)
    aws.delete(VPC, "v", vpc)
    assert aws.read(VPC, "v", vpc)[0] == ""


def test_a_tag_that_spells_an_id_is_no_use(aws: Any) -> None:
    vpc, _ = aws.create(VPC, "v", {"cidrBlock": "10.0.0.0/16"})
    role, _ = aws.create(ROLE, "r", {"name": "node-role", "assumeRolePolicy": "{}"})
    aws.create(LOGS, "l", {"name": "/x", "tags": {"of": role}})
    aws.delete(ROLE, "r", role)
    assert aws.read(VPC, "v", vpc)[0] == vpc


def test_a_bucket_name_is_unique_in_the_world(clouds: Any, aws: Any) -> None:
    aws.create(BUCKET, "one", {"bucket": "meridian-logs"})
    elsewhere = clouds.instance("aws", region="eu-west-1", allowedAccountIds=["999999999999"])
    refused(lambda: elsewhere.create(BUCKET, "two", {"bucket": "meridian-logs"}), "taken")


def test_a_log_group_name_is_unique_in_its_region_only(clouds: Any, aws: Any) -> None:
    elsewhere = clouds.instance("aws", region="eu-west-1")
    aws.create(LOGS, "a", {"name": "/flow", "retentionInDays": 30})
    elsewhere.create(LOGS, "b", {"name": "/flow", "retentionInDays": 90})
    assert aws.read(LOGS, "a", "/flow")[1]["retentionInDays"] == 30
    assert elsewhere.read(LOGS, "b", "/flow")[1]["retentionInDays"] == 90
    refused(lambda: aws.create(LOGS, "c", {"name": "/flow"}), "/flow")


def test_a_protected_cluster_is_not_deleted(gcp: Any) -> None:
    token = "gcp:container/cluster:Cluster"
    identifier, _ = gcp.create(
        token, "c", {"name": "c", "location": "us-central1", "deletionProtection": True}
    )
    refused(lambda: gcp.delete(token, "c", identifier), "deletionProtection")


def test_a_changed_tag_is_an_update_and_a_changed_network_a_replacement(aws: Any) -> None:
    olds = {"cidrBlock": "10.0.0.0/16", "tags": {"owner": "a"}}
    identifier, _ = aws.create(VPC, "v", olds)
    same = aws.diff(VPC, "v", identifier, olds, olds)
    assert same.changes == pb.DiffResponse.DIFF_NONE
    tagged = aws.diff(VPC, "v", identifier, olds, {**olds, "tags": {"owner": "b"}})
    assert (list(tagged.replaces), list(tagged.detailedDiff)) == ([], ["tags.owner"])
    moved = aws.diff(VPC, "v", identifier, olds, {**olds, "cidrBlock": "10.1.0.0/16"})
    assert list(moved.replaces) == ["cidrBlock"]
    assert not moved.deleteBeforeReplace


def test_a_replaced_resource_that_keeps_its_name_goes_first(gcp: Any) -> None:
    olds = {"name": "main", "autoCreateSubnetworks": False}
    identifier, _ = gcp.create(NETWORK, "n", olds)
    assert gcp.diff(
        NETWORK, "n", identifier, olds, {**olds, "autoCreateSubnetworks": True}
    ).deleteBeforeReplace


def test_no_inputs_then_and_now_is_no_difference(aws: Any) -> None:
    identifier, outputs = aws.create("aws:kms/key:Key", "k", {})
    request = pb.DiffRequest(urn=aws.urn("aws:kms/key:Key", "k"), id=identifier)
    from meridian.protocol.values import encode

    request.olds.CopyFrom(encode(outputs))
    request.old_inputs.SetInParent()
    assert aws.stub.Diff(request).changes == pb.DiffResponse.DIFF_NONE


def test_an_update_keeps_what_the_cloud_told_once(aws: Any) -> None:
    olds = {"cidrBlock": "10.0.0.0/16", "tags": {"a": "1"}}
    identifier, before = aws.create(VPC, "v", olds)
    after = aws.update(VPC, "v", identifier, before, {**olds, "tags": {"a": "2"}})
    assert after["mainRouteTableId"] == before["mainRouteTableId"]
    assert after["tagsAll"] == {"a": "2"}


def test_an_existing_resource_is_imported_by_its_id(aws: Any) -> None:
    identifier, _ = aws.create(VPC, "v", {"cidrBlock": "10.0.0.0/16"})
    found, outputs, inputs = aws.read(VPC, "imported", identifier)
    assert found == identifier
    assert inputs["cidrBlock"] == outputs["cidrBlock"] == "10.0.0.0/16"


def test_drift_is_read(aws: Any, clouds: Any) -> None:
    identifier, _ = aws.create(VPC, "v", {"cidrBlock": "10.0.0.0/16", "tags": {"owner": "a"}})
    drift.change(clouds.inventory, drift.find(clouds.inventory, identifier), "tags.owner", "mallory")
    assert aws.read(VPC, "v", identifier)[2]["tags"] == {"owner": "mallory"}


def test_throttling_is_retried_and_then_given_up(aws: Any, clouds: Any) -> None:
    clouds.faults.add(Fault("throttle", "aws:ec2/*", "create", 2))
    aws.create(VPC, "v", {"cidrBlock": "10.0.0.0/16"})
    clouds.faults.add(Fault("throttle", "aws:ec2/*", "create", 5))
    refused(lambda: aws.create(VPC, "w", {"cidrBlock": "10.1.0.0/16"}), "throttled")


def test_a_server_error_strikes_once_and_makes_nothing(aws: Any, clouds: Any) -> None:
    clouds.faults.add(Fault("error", VPC, "create"))
    refused(lambda: aws.create(VPC, "v", {"cidrBlock": "10.0.0.0/16"}), "500")
    assert clouds.inventory.all() == []
    aws.create(VPC, "v", {"cidrBlock": "10.0.0.0/16"})


def test_what_a_lost_reply_left_behind_is_taken_over(gcp: Any, clouds: Any) -> None:
    clouds.faults.add(Fault("lost-reply", NETWORK, "create"))
    refused(lambda: gcp.create(NETWORK, "n", {"name": "main"}), "lost")
    assert len(clouds.inventory.all()) == 1
    identifier, _ = gcp.create(NETWORK, "n", {"name": "main"})
    assert [record.id for record in clouds.inventory.all()] == [identifier]


def test_what_the_engine_has_named_is_never_taken_over(gcp: Any) -> None:
    identifier, outputs = gcp.create(NETWORK, "n", {"name": "main"})
    gcp.diff(NETWORK, "n", identifier, outputs, {"name": "main"})
    refused(lambda: gcp.create(NETWORK, "n", {"name": "main"}), "taken")


def test_secrets_are_wrapped_and_never_plain_on_disk(aws: Any, clouds: Any) -> None:
    gateway, _ = aws.create(
        "aws:ec2/customerGateway:CustomerGateway",
        "g",
        {"type": "ipsec.1", "bgpAsn": "65000", "ipAddress": "1.2.3.4"},
    )
    _, outputs = aws.create(
        VPN,
        "v",
        {
            "customerGatewayId": gateway,
            "type": "ipsec.1",
            "tunnel2PresharedKey": Secret("correct horse battery"),
        },
    )
    assert isinstance(outputs["tunnel1PresharedKey"], Secret)
    stored = b"".join(path.read_bytes() for path in Path(clouds.folder).glob("inventory.db*"))
    assert b"correct horse" not in stored
    assert str(plain(outputs["tunnel1PresharedKey"])).encode() not in stored
    assert (Path(clouds.folder) / "inventory.key").stat().st_mode & 0o077 == 0


def test_a_random_password_is_secret_and_stays(clouds: Any) -> None:
    random = clouds.instance("random")
    token = "random:index/randomPassword:RandomPassword"
    identifier, outputs = random.create(token, "p", {"length": 24})
    assert isinstance(outputs["result"], Secret)
    assert len(outputs["result"].value) == 24
    # Two passwords of one environment are two: the real provider's `none` is no name in an inventory.
    other, _ = random.create(token, "q", {"length": 24})
    assert identifier != other
