"""Every unit of production wired on the recording engine: what must hold for all of them."""

from __future__ import annotations

import gc
import json
import re
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
import pytest
from recording import Recorded, Recording, record_stack
from ruamel.yaml import YAML

from meridian.local.schema.store import SchemaStore
from meridian.model import load_environment
from meridian.model.topology import database_ranges
from meridian.model.units import definitions_of, platform_of, region_of
from meridian.program.main import run
from meridian.program.refs import Upstream

ROOT = Path(__file__).parents[2]
REGIONS = ("us", "eu", "asia")
PLATFORMS = tuple(platform_of(region) for region in REGIONS)
DEFINITIONS = tuple(definitions_of(region) for region in REGIONS)
UNITS = ("foundation", *REGIONS, *DEFINITIONS, "mesh", *PLATFORMS)
REFERENCE = "pulumi:pulumi:StackReference"
COMPUTED = {
    "aws:eks/cluster:Cluster": {
        "endpoint": "https://A1.eks.amazonaws.com",
        "certificateAuthority": {"data": "Q0E="},
        "identities": [{"oidcs": [{"issuer": "https://oidc.eks.amazonaws.com/id/A1"}]}],
        "vpcConfig": {"clusterSecurityGroupId": "sg-cluster"},
    },
    "aws:ec2/launchTemplate:LaunchTemplate": {"latestVersion": 1},
    "aws:ec2/vpnConnection:VpnConnection": {
        f"tunnel{number}{field}": f"{field}-{number}"
        for number in (1, 2)
        for field in ("Address", "PresharedKey", "CgwInsideAddress", "VgwInsideAddress")
    },
    "gcp:compute/haVpnGateway:HaVpnGateway": {
        "vpnInterfaces": [{"id": 0, "ipAddress": "34.0.0.1"}, {"id": 1, "ipAddress": "34.0.0.2"}]
    },
    "gcp:container/cluster:Cluster": {
        "endpoint": "10.0.0.2",
        "masterAuth": {"clusterCaCertificate": "Q0E="},
    },
    "gcp:compute/network:Network": {
        "selfLink": "https://www.googleapis.com/compute/v1/projects/p/global/networks/n"
    },
    "aws:ec2transitgateway/transitGateway:TransitGateway": {"associationDefaultRouteTableId": "tgw-rtb-1"},
    "aws:route53/zone:Zone": {"zoneId": "Z1"},
    "tls:index/privateKey:PrivateKey": {"privateKeyPem": "the key", "privateKeyPemPkcs8": "a key"},
    "tls:index/certRequest:CertRequest": {"certRequestPem": "a request"},
    "tls:index/locallySignedCert:LocallySignedCert": {"certPem": "a signed certificate"},
    "tls:index/selfSignedCert:SelfSignedCert": {"certPem": "a certificate"},
}
CLUSTER = {
    field: field
    for field in ("name", "endpoint", "ca_certificate", "kubeconfig", "workload_identity", "network_id", "id")
}
FOUND = {
    "clusters": {"gke": CLUSTER, "eks": CLUSTER},
    "workloads": {
        "pool": "prod-pods",
        "principals": "principal://iam.googleapis.com/projects/1/pools/prod-pods",
    },
    "ci": {"aws_deployer": "arn:aws:iam::100000000001:role/meridian-prod-ci-deployer"},
    "gcp": {
        "network_link": "https://www.googleapis.com/compute/v1/projects/p/global/networks/n",
        "eks_provider": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/e",
        "network": "network",
        "keys": {"disks": "key-disks", "database": "key-database"},
    },
    "aws": {
        "vpc": "vpc-1",
        "transit_gateway": "tgw-1",
        "transit_route_table": "tgw-rtb-1",
        "keys": {purpose: f"arn:{purpose}" for purpose in ("disks", "database", "backups", "secrets")},
    },
}


@cache
def unit(name: str, environment: str = "prod") -> Recording:
    stack = f"{environment}-{name}"
    # A platform is recorded as a preview: an `up` refuses an image whose digest nobody has checked.
    return record_stack(
        stack,
        lambda: run(stack),
        {**COMPUTED, REFERENCE: {"outputs": FOUND}},
        preview=name in PLATFORMS,
    )


def clouds(name: str) -> list[Recorded]:
    """Every resource of a unit that a cloud holds."""
    return [
        made for made in unit(name).resources if made.custom and not made.type.startswith("pulumi:providers:")
    ]


@pytest.fixture(scope="module")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SchemaStore]:
    cache_folder = tmp_path_factory.mktemp("schemas")
    return {cloud: SchemaStore(cloud, cache_folder) for cloud in ("gcp", "aws")}


@pytest.mark.parametrize("name", UNITS)
def test_every_resource_has_a_provider_that_somebody_chose(name: str) -> None:
    assert [made.name for made in clouds(name) if not made.provider] == []


def test_the_engine_has_no_default_provider_to_fall_back_on() -> None:
    project = YAML().load((ROOT / "Pulumi.yaml").read_text())
    assert project["config"]["pulumi:disable-default-providers"] == ["*"]


@pytest.mark.parametrize("name", (*UNITS, "edge"))
def test_no_two_resources_of_a_unit_share_type_and_name(name: str) -> None:
    made = record_stack(
        f"prod-{name}", lambda: run(f"prod-{name}"), {**COMPUTED, REFERENCE: {"outputs": {}}}, preview=True
    )
    named = [(each.type, each.name) for each in made.resources]
    assert sorted(set(named)) == sorted(named)


@pytest.mark.parametrize("name", UNITS)
def test_every_provider_names_its_account_and_its_region(name: str) -> None:
    for made in unit(name).resources:
        if made.type == "pulumi:providers:gcp":
            assert made.inputs["project"] == "meridian-prod" and made.inputs["region"]
        if made.type == "pulumi:providers:aws":
            assert json.loads(made.inputs["allowedAccountIds"]) == ["100000000001"] and made.inputs["region"]


@pytest.mark.parametrize("name", UNITS)
def test_everything_that_can_carry_labels_says_whose_it_is(
    name: str, schemas: dict[str, SchemaStore]
) -> None:
    digests = []
    for made in clouds(name):
        cloud = made.type.split(":")[0]
        schema = schemas[cloud].get(made.type) if cloud in schemas else None
        fields = ("tags",) if cloud == "aws" else ("resourceLabels", "labels")
        field = next((each for each in fields if schema and each in schema.inputs), None)
        if field is None or made.type == "gcp:monitoring/notificationChannel:NotificationChannel":
            continue
        labels = made.inputs.get(field)
        assert labels, f"{made.type} {made.name} carries none"
        assert (labels["environment"], labels["unit"], labels["managed-by"]) == ("prod", name, "meridian")
        region = region_of(name)
        assert labels["residency"] == (region if region in REGIONS else "global")
        digests.append(labels["meridian-urn"])
    # Definitions are the publishers' own: they carry labels of ours inside their metadata only.
    assert len(digests) == len(set(digests)) and (digests or name in DEFINITIONS)


_STATEFUL = re.compile(
    r":(kms/key:Key|kms/cryptoKey:CryptoKey|s3/bucket:Bucket|storage/bucket:Bucket"
    r"|eks/cluster:Cluster|container/cluster:Cluster)$"
)


@pytest.mark.parametrize("name", UNITS)
def test_what_holds_data_is_protected_and_outlives_its_removal_from_the_program(name: str) -> None:
    stateful = [made for made in clouds(name) if _STATEFUL.search(made.type)]
    assert stateful or name in ("mesh", *DEFINITIONS, *PLATFORMS)
    assert [made.name for made in stateful if not (made.protect and made.retain_on_delete)] == []


def test_on_the_laptop_nothing_is_protected_so_that_destroy_can_destroy() -> None:
    for name in UNITS:
        assert [made.name for made in unit(name, "local").resources if made.protect] == []


# Google Cloud writes a place as region, zone or `location`; AWS gives each provider one region.
_PLACES = ("region", "location", "zone", "availabilityZone")


@pytest.mark.parametrize("name", REGIONS)
def test_nothing_of_a_region_lies_outside_it(name: str) -> None:
    region = load_environment(ROOT, "prod").regions[name]
    allowed = (region.gcp.region, region.aws.region)
    for made in clouds(name):
        assert any(
            f"::{cloud}-{place}::" in made.provider
            for cloud, place in zip(("gcp", "aws"), allowed, strict=True)
        )
        for field in _PLACES:
            place = made.inputs.get(field)
            assert place is None or place.startswith(allowed), f"{made.type} {made.name}: {field} {place}"
        for place in made.inputs.get("nodeLocations", []):
            assert place.startswith(allowed), f"{made.type} {made.name}: {place}"


def test_audit_logs_lie_in_the_eu() -> None:
    places = {made.inputs["location"] for made in unit("foundation").all("gcp:storage/bucket:Bucket")}
    assert places == {"europe-west1"}
    assert "::aws-eu-west-1::" in unit("foundation").one("aws:s3/bucket:Bucket").provider


# The clouds' own limits: Google's resource names end at 63 characters and service accounts' at 30, IAM roles at 64,
# policies at 128, bucket names at 63, workload identity pools at 32.
_LIMITS = {
    "aws:iam/role:Role": ("name", 64),
    "aws:iam/policy:Policy": ("name", 128),
    "aws:s3/bucket:Bucket": ("bucket", 63),
    "aws:eks/cluster:Cluster": ("name", 100),
    "aws:eks/nodeGroup:NodeGroup": ("nodeGroupName", 63),
    "aws:cloudtrail/trail:Trail": ("name", 128),
    "aws:cloudwatch/logGroup:LogGroup": ("name", 512),
    "aws:kms/alias:Alias": ("name", 256),
    "gcp:serviceaccount/account:Account": ("accountId", 30),
    "gcp:container/cluster:Cluster": ("name", 40),
    "gcp:container/nodePool:NodePool": ("name", 39),
    "gcp:iam/workloadIdentityPool:WorkloadIdentityPool": ("workloadIdentityPoolId", 32),
    "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider": (
        "workloadIdentityPoolProviderId",
        32,
    ),
}


def too_long(recording: Recording) -> list[str]:
    found = []
    for made in recording.resources:
        field, limit = _LIMITS.get(made.type, ("name", 63) if made.type.startswith("gcp:") else ("", 0))
        name = made.inputs.get(field)
        if isinstance(name, str) and "/" not in name and "." not in name and len(name) > limit:
            found.append(f"{made.type} {made.name}: {name!r} has {len(name)}, limit {limit}")
    return found


@pytest.mark.parametrize("name", UNITS)
def test_every_name_is_one_that_its_cloud_takes(name: str) -> None:
    assert too_long(unit(name)) == [] and too_long(unit(name, "staging")) == []
    for made in clouds(name):
        chosen = made.inputs.get("name")
        if made.type.startswith("gcp:compute/"):
            assert re.fullmatch(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", chosen), f"{made.type} {chosen}"


def test_no_two_units_share_a_name_that_is_unique_in_the_world_or_the_account() -> None:
    unique = (
        "aws:s3/bucket:Bucket",
        "gcp:storage/bucket:Bucket",
        "aws:iam/role:Role",
        "aws:iam/policy:Policy",
    )
    names = [
        (made.type, made.inputs.get("bucket") or made.inputs["name"])
        for environment in ("prod", "staging", "local")
        for name in UNITS
        for made in unit(name, environment).resources
        if made.type in unique
    ]
    assert len(names) > 20 and len(names) == len(set(names))


@pytest.mark.parametrize("name", REGIONS)
def test_a_regions_stack_tells_both_clusters_in_the_same_words_and_what_the_mesh_needs(name: str) -> None:
    exports = unit(name).exports
    clusters = exports["clusters"]
    assert list(clusters["gke"]) == list(clusters["eks"])
    assert (clusters["gke"]["cloud"], clusters["eks"]["cloud"]) == ("gcp", "aws")
    assert {"network_link", "router", "backups", "keys"} <= set(exports["gcp"])
    assert {"vpc", "transit_gateway", "transit_route_table", "backups", "keys"} <= set(exports["aws"])


def test_the_foundation_tells_who_deploys_and_keeps_the_database_s_keys_secret() -> None:
    exports = unit("foundation").exports
    assert set(exports) == {"audit", "ci", "workloads", "database_certificates", "origin_pull"}
    assert exports["ci"]["aws_deployer"] and exports["ci"]["gcp_deployer"]
    told = exports["database_certificates"]
    assert told["4dabf18193072939515e22adb298388d"] == "1b47061264138c4ac30d75fd1eb44270", "no secret"
    assert told["value"]["bundle"] == "a certificate\n"
    assert told["value"]["nodes"]["eu-3"] == {"certificate": "a signed certificate", "key": "a key"}
    logins = {"app", "signon", "exporter", "eraser", "auditor", "operator", "backup"}
    assert set(told["value"]["clients"]) == {"root", *logins}
    # Whoever held the authority's own key could be any node.
    assert "the key" not in json.dumps(told)


@pytest.mark.parametrize("name", REGIONS)
def test_the_database_s_ports_are_open_between_its_nodes_ranges_on_both_clouds_and_for_no_other(
    name: str,
) -> None:
    expected = [str(cidr) for cidr in database_ranges(load_environment(ROOT, "prod").regions)]
    (rule,) = [
        made
        for made in unit(name).all("gcp:compute/firewall:Firewall")
        for flow in made.inputs.get("allows", [])
        if {"26257", "8080"} & set(flow.get("ports") or [])
    ]
    assert rule.inputs["sourceRanges"] == expected
    assert rule.inputs["allows"] == [{"protocol": "tcp", "ports": ["26257", "8080"]}]
    group = unit(name).one("aws:ec2/securityGroup:SecurityGroup", "network-aws-database")
    assert [(one["fromPort"], one["toPort"], one["cidrBlocks"]) for one in group.inputs["ingress"]] == [
        (26257, 26257, expected),
        (8080, 8080, expected),
    ]


def test_the_database_s_pools_grow_only_in_the_zones_of_its_nodes() -> None:
    pool = unit("eu").one("gcp:container/nodePool:NodePool", "gke-database").inputs
    assert pool["nodeLocations"] == ["europe-west1-b", "europe-west1-c"]
    (subnet,) = unit("eu").one("aws:eks/nodeGroup:NodeGroup", "eks-database").inputs["subnetIds"]
    assert "network-aws-a-private" in subnet


def test_pods_on_eks_reach_other_networks_under_their_own_addresses() -> None:
    settings = unit("eu").one("aws:eks/addon:Addon", "eks-vpc-cni").inputs["configurationValues"]
    kept = json.loads(settings)["env"]["AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS"].split(",")
    assert {"10.33.0.0/16", "10.17.0.0/16", "10.24.0.0/16"} <= set(kept)
    assert "10.40.0.0/16" not in kept


def test_every_pair_of_regions_is_peered_and_every_network_hangs_on_the_hub() -> None:
    mesh = unit("mesh")
    peerings = mesh.all("aws:ec2transitgateway/peeringAttachment:PeeringAttachment")
    assert sorted(made.name for made in peerings) == ["asia-eu", "asia-us", "eu-us"]
    assert len(mesh.all("gcp:networkconnectivity/spoke:Spoke")) == 3
    assert set(mesh.exports["private_zones"]) == {"gcp", "aws"}


@pytest.mark.parametrize("name", UNITS)
def test_the_same_resources_are_planned_before_anything_exists(name: str) -> None:
    planned = record_stack(
        f"prod-{name}", lambda: run(f"prod-{name}"), {**COMPUTED, REFERENCE: {"outputs": {}}}, preview=True
    )
    assert sorted((made.type, made.name) for made in planned.resources) == sorted(
        (made.type, made.name) for made in unit(name).resources
    )


def upstream(path: tuple[str, ...], outputs: dict[str, Any], *, preview: bool) -> dict[str, Any]:
    seen: dict[str, Any] = {}

    def program() -> None:
        value = Upstream(load_environment(ROOT, "prod"), "foundation").get(*path)
        value.apply(lambda known: seen.update(value=known))
        pulumi.export("value", value)

    recording = record_stack("prod-us", program, {REFERENCE: {"outputs": outputs}}, preview=preview)
    return {**seen, "exports": recording.exports}


def test_an_upstreams_value_is_handed_on() -> None:
    assert upstream(("ci", "aws_deployer"), FOUND, preview=False)["value"] == FOUND["ci"]["aws_deployer"]


def test_what_an_upstream_has_not_made_yet_is_unknown_in_a_preview() -> None:
    told = upstream(("ci", "aws_deployer"), {}, preview=True)
    assert "value" not in told, "an apply ran on a value that nobody knows"


def test_what_an_upstream_lacks_is_an_error_in_an_up_with_stack_and_fix() -> None:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with pytest.raises(
            Exception, match=r"stack prod-foundation has no output ci\.aws_deployer; fix: "
        ) as caught:
            upstream(("ci", "aws_deployer"), {}, preview=False)
        gc.collect()
    assert isinstance(caught.value, pulumi.RunError)
    assert [str(each.message) for each in said if each.category is RuntimeWarning] == []


@pytest.mark.parametrize(
    ("stack", "told"),
    [
        ("prod", "a stack is named <environment>-<unit>"),
        ("-eu", "a stack is named <environment>-<unit>"),
        ("prod-", "a stack is named <environment>-<unit>"),
        ("prod-attic", "has no unit 'attic'; fix: choose one of foundation, "),
        ("moon-eu", "there is no such environment"),
    ],
)
def test_a_stack_that_means_nothing_is_refused_without_a_traceback(stack: str, told: str) -> None:
    with pytest.raises(pulumi.RunError, match=re.escape(told)):
        run(stack)


def test_a_resource_without_a_provider_is_refused_by_name() -> None:
    from pulumi_aws import ec2

    from meridian.program.guard import install

    def program() -> None:
        install(load_environment(ROOT, "prod"), "us")
        ec2.Vpc("stray", cidr_block="10.0.0.0/16")

    with pytest.raises(pulumi.RunError, match=r"aws:ec2/vpc:Vpc stray: has no provider; fix: "):
        record_stack("prod-us", program)


def test_a_child_whose_component_was_given_no_provider_is_refused_too() -> None:
    from components.aws.private_dns import PrivateZone, PrivateZoneArgs
    from meridian.program.guard import install

    def program() -> None:
        install(load_environment(ROOT, "prod"), "us")
        PrivateZone("names", PrivateZoneArgs(zone="meridian.internal", vpcs={"us": ("vpc", "us-east-1")}))

    with pytest.raises(pulumi.RunError, match=r"aws:route53/zone:Zone names: has no provider; fix: "):
        record_stack("prod-us", program)
