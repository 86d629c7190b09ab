"""AWS's networks, what joins them with each other and with Google Cloud, and private names."""

from __future__ import annotations

import json
from typing import Any

import pulumi_aws as aws
from model_factory import aws_site, gcp_site
from recording import Recording, record

from components.aws.network import Network, NetworkArgs
from components.aws.private_dns import PrivateZone, PrivateZoneArgs
from components.aws.transit import TransitGateway, TransitGatewayArgs
from components.aws.transit_peering import PeeringSide, TransitPeering, TransitPeeringArgs
from components.interconnect.ha_vpn import HaVpn, HaVpnArgs
from meridian.model.regions import DatabaseNode, Region

PEERS = ("10.16.0.0/20", "10.32.0.0/14")


def network(flow_logs: bool = True) -> Recording:
    args = NetworkArgs(
        site=aws_site(),
        name="meridian-eu",
        cluster="meridian-eu-aws",
        flow_logs=flow_logs,
        log_key="key",
        log_retention_days=365,
        database_ranges=PEERS,
        reserved={"eu-west-1a": "10.64.63.240/28"},
    )
    return record(lambda: {"id": Network("eu", args).id})[0]


def test_every_zone_has_a_nat_of_its_own_and_a_private_subnet_that_uses_it() -> None:
    made = network()
    assert len(made.all("aws:ec2/natGateway:NatGateway")) == 3
    routes = {route.name: route.inputs for route in made.all("aws:ec2/route:Route")}
    for letter in "abc":
        assert routes[f"eu-{letter}-private-nat"]["natGatewayId"] == f"eu-{letter}-nat-id"
        subnet = made.one("aws:ec2/subnet:Subnet", f"eu-{letter}-private").inputs
        assert subnet["availabilityZone"] == f"eu-west-1{letter}"
        association = made.one(
            "aws:ec2/routeTableAssociation:RouteTableAssociation", f"eu-{letter}-private"
        ).inputs
        assert association["routeTableId"] == f"eu-{letter}-private-id"


def test_no_subnet_hands_out_public_addresses_and_no_private_one_has_a_way_in() -> None:
    made = network()
    assert not any(subnet.inputs.get("mapPublicIpOnLaunch") for subnet in made.all("aws:ec2/subnet:Subnet"))
    inward = [route.name for route in made.all("aws:ec2/route:Route") if "gatewayId" in route.inputs]
    assert inward == ["eu-public-internet"]


def test_the_default_security_group_allows_nothing() -> None:
    group = network().one("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup").inputs
    assert group["ingress"] == [] and group["egress"] == []


def test_no_security_group_opens_to_the_world() -> None:
    for group in network().all("aws:ec2/securityGroup:SecurityGroup"):
        for rule in group.inputs["ingress"]:
            assert "0.0.0.0/0" not in rule["cidrBlocks"], group.name


def test_only_the_nodes_own_ranges_reach_the_database_on_its_two_ports() -> None:
    rules = network().one("aws:ec2/securityGroup:SecurityGroup", "eu-database").inputs["ingress"]
    assert {(rule["fromPort"], rule["toPort"]) for rule in rules} == {(26257, 26257), (8080, 8080)}
    assert all(rule["cidrBlocks"] == list(PEERS) for rule in rules)


def test_fixed_addresses_are_kept_from_what_aws_hands_out() -> None:
    (made,) = network().all("aws:ec2/subnetCidrReservation:SubnetCidrReservation")
    assert (made.inputs["cidrBlock"], made.inputs["reservationType"]) == ("10.64.63.240/28", "explicit")


def test_all_traffic_is_logged_under_the_regions_key() -> None:
    made = network()
    log = made.one("aws:ec2/flowLog:FlowLog").inputs
    assert log["trafficType"] == "ALL" and log["maxAggregationInterval"] == 60
    group = made.one("aws:cloudwatch/logGroup:LogGroup").inputs
    assert (group["kmsKeyId"], group["retentionInDays"]) == ("key", 365)
    policy = json.loads(made.one("aws:iam/rolePolicy:RolePolicy").inputs["policy"])
    for statement in policy["Statement"]:
        assert "*" not in statement["Resource"] and all("*" not in action for action in statement["Action"])


def test_an_environment_may_do_without_flow_logs() -> None:
    assert network(flow_logs=False).all("aws:ec2/flowLog:FlowLog") == []


def test_traffic_to_awss_own_services_stays_private() -> None:
    endpoints = [made.inputs for made in network().all("aws:ec2/vpcEndpoint:VpcEndpoint")]
    names = {each["serviceName"].removeprefix("com.amazonaws.eu-west-1.") for each in endpoints}
    assert {"s3", "kms", "sts", "ecr.api", "ecr.dkr", "logs", "eks-auth"} <= names
    interfaces = [each for each in endpoints if each["vpcEndpointType"] == "Interface"]
    assert all(each["privateDnsEnabled"] is True and len(each["subnetIds"]) == 3 for each in interfaces)


def test_the_vpc_reaches_every_other_range_through_the_transit_gateway() -> None:
    zones = aws_site().zones
    args = TransitGatewayArgs(
        site=aws_site(),
        name="meridian-eu",
        vpc="vpc",
        subnets={zone: f"subnet-{zone}" for zone in zones},
        route_tables={zone: f"table-{zone}" for zone in zones},
        destinations={"a": PEERS[0], "b": PEERS[1]},
    )
    recording, _ = record(lambda: {"id": TransitGateway("eu", args).id})
    gateway = recording.one("aws:ec2transitgateway/transitGateway:TransitGateway").inputs
    assert gateway["amazonSideAsn"] == 64620 and gateway["vpnEcmpSupport"] == "enable"
    assert gateway["autoAcceptSharedAttachments"] == "disable"
    routes = {
        (made.inputs["routeTableId"], made.inputs["destinationCidrBlock"])
        for made in recording.all("aws:ec2/route:Route")
    }
    assert routes == {(f"table-{zone}", peer) for zone in zones for peer in PEERS}


def test_two_regions_are_joined_with_routes_both_ways_each_spoken_for_by_its_own_provider() -> None:
    def program() -> dict[str, Any]:
        sides = [
            PeeringSide(
                key=key,
                region=region,
                gateway=f"tgw-{key}",
                route_table=f"table-{key}",
                ranges=[cidr],
                provider=aws.Provider(f"aws-{region}", region=region),
            )
            for key, region, cidr in (
                ("eu", "eu-west-1", "10.40.0.0/16"),
                ("us", "us-east-1", "10.24.0.0/16"),
            )
        ]
        args = TransitPeeringArgs(account_id="100000000001", asking=sides[0], accepting=sides[1])
        return {"urn": TransitPeering("eu-us", args).urn}

    recording, _ = record(program)
    asked = recording.one("aws:ec2transitgateway/peeringAttachment:PeeringAttachment")
    accepted = recording.one("aws:ec2transitgateway/peeringAttachmentAccepter:PeeringAttachmentAccepter")
    assert asked.inputs["peerRegion"] == "us-east-1"
    assert "aws-eu-west-1" in asked.provider and "aws-us-east-1" in accepted.provider
    routes = {
        (made.inputs["transitGatewayRouteTableId"], made.inputs["destinationCidrBlock"]): made.provider
        for made in recording.all("aws:ec2transitgateway/route:Route")
    }
    assert set(routes) == {("table-eu", "10.24.0.0/16"), ("table-us", "10.40.0.0/16")}
    assert "aws-us-east-1" in routes["table-us", "10.40.0.0/16"]


def test_a_private_zone_belongs_to_every_given_vpc_and_nobody_else() -> None:
    args = PrivateZoneArgs(
        zone="meridian.internal", vpcs={"us": ("vpc-us", "us-east-1"), "eu": ("vpc-eu", "eu-west-1")}
    )
    recording, _ = record(lambda: {"z": PrivateZone("names", args).id})
    zone = recording.one("aws:route53/zone:Zone").inputs
    assert zone["name"] == "meridian.internal"
    assert zone["vpcs"] == [
        {"vpcId": "vpc-eu", "vpcRegion": "eu-west-1"},
        {"vpcId": "vpc-us", "vpcRegion": "us-east-1"},
    ]


CONNECTION = "aws:ec2/vpnConnection:VpnConnection"


def vpn() -> Recording:
    zones = {"gcp": "europe-west1-b", "aws": "eu-west-1a"}
    region = Region(
        key="eu",
        residency="eu",
        gcp=gcp_site(),
        aws=aws_site(),
        database={"eu-1": DatabaseNode(cloud="gcp", zone=zones["gcp"])},
    )
    args = HaVpnArgs(region=region, name="meridian-eu", network="net", router="router", transit_gateway="tgw")
    computed = {
        "gcp:compute/haVpnGateway:HaVpnGateway": {
            "vpnInterfaces": [{"id": 0, "ipAddress": "34.0.0.1"}, {"id": 1, "ipAddress": "34.0.0.2"}]
        },
        CONNECTION: {
            f"tunnel{number}{field}": f"{value}{number}"
            for number in (1, 2)
            for field, value in (
                ("Address", "52.0.0."),
                ("PresharedKey", "key-"),
                ("CgwInsideAddress", "169.254.10."),
                ("VgwInsideAddress", "169.254.20."),
            )
        },
    }
    return record(lambda: {"u": HaVpn("vpn", args).urn}, computed)[0]


def test_four_tunnels_over_two_interfaces_and_two_connections_join_the_clouds() -> None:
    made = vpn()
    assert len(made.all(CONNECTION)) == 2
    tunnels = [tunnel.inputs for tunnel in made.all("gcp:compute/vPNTunnel:VPNTunnel")]
    ends = {(each["vpnGatewayInterface"], each["peerExternalGatewayInterface"]) for each in tunnels}
    assert ends == {(0, 0), (0, 1), (1, 2), (1, 3)}
    far = made.one("gcp:compute/externalVpnGateway:ExternalVpnGateway").inputs
    assert far["redundancyType"] == "FOUR_IPS_REDUNDANCY" and len(far["interfaces"]) == 4
    addresses = {each.inputs["ipAddress"] for each in made.all("aws:ec2/customerGateway:CustomerGateway")}
    assert addresses == {"34.0.0.1", "34.0.0.2"}


def test_every_tunnel_speaks_bgp_between_the_two_sides_own_numbers_and_none_is_static() -> None:
    made = vpn()
    peers = made.all("gcp:compute/routerPeer:RouterPeer")
    assert len(peers) == 4 and {peer.inputs["peerAsn"] for peer in peers} == {64620}
    assert {each.inputs["bgpAsn"] for each in made.all("aws:ec2/customerGateway:CustomerGateway")} == {
        "64520"
    }
    assert all(connection.inputs["staticRoutesOnly"] is False for connection in made.all(CONNECTION))


def test_a_tunnels_bgp_addresses_are_the_ends_of_its_own_connection() -> None:
    made = vpn()
    for number in (1, 2):
        interface = made.one("gcp:compute/routerInterface:RouterInterface", f"vpn-b{number}").inputs
        peer = made.one("gcp:compute/routerPeer:RouterPeer", f"vpn-b{number}").inputs
        assert interface["ipRange"] == f"169.254.10.{number}/30"
        assert peer["peerIpAddress"] == f"169.254.20.{number}"


def test_the_tunnels_take_ikev2_with_strong_ciphers_only_and_their_secret_is_a_secret() -> None:
    made = vpn()
    for connection in made.all(CONNECTION):
        for number in (1, 2):
            assert connection.inputs[f"tunnel{number}IkeVersions"] == ["ikev2"]
            assert connection.inputs[f"tunnel{number}Phase1EncryptionAlgorithms"] == ["AES256-GCM-16"]
            assert connection.inputs[f"tunnel{number}Phase1DhGroupNumbers"] == [20]
    for tunnel in made.all("gcp:compute/vPNTunnel:VPNTunnel"):
        assert tunnel.inputs["ikeVersion"] == 2
        assert tunnel.inputs["sharedSecret"] in (
            {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "key-1"},
            {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "key-2"},
        )
