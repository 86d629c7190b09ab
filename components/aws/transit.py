"""The transit gateway of one AWS region: where its VPC, the VPN to Google and the other regions meet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_aws import ec2, ec2transitgateway

from meridian.model.regions import AwsSite


@dataclass(frozen=True, kw_only=True)
class TransitGatewayArgs:
    """`destinations` are the estate's other ranges by a stable key."""

    site: AwsSite
    name: str
    vpc: pulumi.Input[str]
    subnets: Mapping[str, pulumi.Input[str]]
    route_tables: Mapping[str, pulumi.Input[str]]
    destinations: Mapping[str, str]


class TransitGateway(pulumi.ComponentResource):
    """Gateway, attachment and the VPC's routes to it; peers with nobody by itself."""

    id: pulumi.Output[str]
    route_table: pulumi.Output[str]

    def __init__(
        self, name: str, args: TransitGatewayArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("meridian:aws:TransitGateway", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        gateway = ec2transitgateway.TransitGateway(
            name,
            description=args.name,
            amazon_side_asn=args.site.network.asn,
            auto_accept_shared_attachments="disable",
            default_route_table_association="enable",
            default_route_table_propagation="enable",
            dns_support="enable",
            vpn_ecmp_support="enable",
            tags={"Name": args.name},
            opts=child,
        )
        attachment = ec2transitgateway.VpcAttachment(
            f"{name}-vpc",
            transit_gateway_id=gateway.id,
            vpc_id=args.vpc,
            subnet_ids=[args.subnets[zone] for zone in sorted(args.subnets)],
            dns_support="enable",
            opts=child,
        )
        for zone, table in args.route_tables.items():
            for key, destination in args.destinations.items():
                ec2.Route(
                    f"{name}-{zone[-1]}-{key}",
                    route_table_id=table,
                    destination_cidr_block=destination,
                    transit_gateway_id=gateway.id,
                    opts=pulumi.ResourceOptions(parent=self, depends_on=[attachment]),
                )
        self.id = gateway.id
        self.route_table = gateway.association_default_route_table_id
        self.register_outputs({"id": self.id, "route_table": self.route_table})
