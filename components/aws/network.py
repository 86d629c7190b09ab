"""The private network of one AWS region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi_aws import cloudwatch, ec2, iam

from components.aws import policies
from meridian.model.regions import AwsSite

_INTERFACE_ENDPOINTS = ("ec2", "ecr.api", "ecr.dkr", "eks-auth", "kms", "logs", "sts")


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """What the network is for; `database_ranges` are the pods' ranges of every site that holds database nodes."""

    site: AwsSite
    name: str
    cluster: str
    flow_logs: bool
    log_key: pulumi.Input[str]
    log_retention_days: int
    database_ranges: Sequence[str]
    reserved: Mapping[str, str] = field(default_factory=dict)
    """By zone a range of its private subnet that AWS gives to nobody by itself."""


class Network(pulumi.ComponentResource):
    """A VPC over three zones with a NAT gateway each, private service endpoints and flow logs; no VPN, no cluster."""

    id: pulumi.Output[str]
    private_subnets: Mapping[str, pulumi.Output[str]]
    private_route_tables: Mapping[str, pulumi.Output[str]]
    database_security_group: pulumi.Output[str]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:aws:Network", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        site = args.site
        vpc = ec2.Vpc(
            name,
            cidr_block=str(site.network.vpc),
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags={"Name": args.name},
            opts=child,
        )
        # The group that every VPC brings allows everything inside; without rules it allows nothing.
        ec2.DefaultSecurityGroup(f"{name}-default", vpc_id=vpc.id, ingress=[], egress=[], opts=child)
        gateway = ec2.InternetGateway(f"{name}-internet", vpc_id=vpc.id, opts=child)
        public = ec2.RouteTable(f"{name}-public", vpc_id=vpc.id, opts=child)
        ec2.Route(
            f"{name}-public-internet",
            route_table_id=public.id,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=gateway.id,
            opts=child,
        )
        subnets: dict[str, pulumi.Output[str]] = {}
        tables: dict[str, pulumi.Output[str]] = {}
        for zone, inner, outer in zip(site.zones, site.network.private, site.network.public, strict=True):
            key = f"{name}-{zone[-1]}"
            face = ec2.Subnet(
                f"{key}-public",
                vpc_id=vpc.id,
                cidr_block=str(outer),
                availability_zone=zone,
                map_public_ip_on_launch=False,
                tags={"Name": f"{args.name}-public-{zone}", "kubernetes.io/role/elb": "1"},
                opts=child,
            )
            ec2.RouteTableAssociation(
                f"{key}-public", subnet_id=face.id, route_table_id=public.id, opts=child
            )
            address = ec2.Eip(f"{key}-nat", domain="vpc", opts=child)
            nat = ec2.NatGateway(f"{key}-nat", allocation_id=address.id, subnet_id=face.id, opts=child)
            table = ec2.RouteTable(f"{key}-private", vpc_id=vpc.id, opts=child)
            ec2.Route(
                f"{key}-private-nat",
                route_table_id=table.id,
                destination_cidr_block="0.0.0.0/0",
                nat_gateway_id=nat.id,
                opts=child,
            )
            subnet = ec2.Subnet(
                f"{key}-private",
                vpc_id=vpc.id,
                cidr_block=str(inner),
                availability_zone=zone,
                tags={
                    "Name": f"{args.name}-private-{zone}",
                    "kubernetes.io/role/internal-elb": "1",
                    f"kubernetes.io/cluster/{args.cluster}": "owned",
                },
                opts=child,
            )
            ec2.RouteTableAssociation(
                f"{key}-private", subnet_id=subnet.id, route_table_id=table.id, opts=child
            )
            if zone in args.reserved:
                ec2.SubnetCidrReservation(
                    f"{key}-reserved",
                    subnet_id=subnet.id,
                    cidr_block=args.reserved[zone],
                    reservation_type="explicit",
                    description="Fixed addresses of inner load balancers",
                    opts=child,
                )
            subnets[zone], tables[zone] = subnet.id, table.id
        self._endpoints(name, site, vpc, subnets, tables, child)
        if args.flow_logs:
            self._flow_logs(name, args, vpc, child)
        self.database_security_group = self._database(name, args, vpc, child)
        self.id, self.private_subnets, self.private_route_tables = vpc.id, subnets, tables
        self.register_outputs({"id": self.id, "private_subnets": subnets, "private_route_tables": tables})

    @staticmethod
    def _endpoints(
        name: str,
        site: AwsSite,
        vpc: ec2.Vpc,
        subnets: Mapping[str, pulumi.Output[str]],
        tables: Mapping[str, pulumi.Output[str]],
        child: pulumi.ResourceOptions,
    ) -> None:
        """Keep traffic to AWS's own services off the internet."""
        group = ec2.SecurityGroup(
            f"{name}-endpoints",
            description="HTTPS from the VPC to the service endpoints",
            vpc_id=vpc.id,
            ingress=[
                ec2.SecurityGroupIngressArgs(
                    protocol="tcp",
                    from_port=443,
                    to_port=443,
                    cidr_blocks=[str(site.network.vpc)],
                    description="HTTPS",
                )
            ],
            opts=child,
        )
        ec2.VpcEndpoint(
            f"{name}-s3",
            vpc_id=vpc.id,
            service_name=f"com.amazonaws.{site.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=list(tables.values()),
            opts=child,
        )
        for service in _INTERFACE_ENDPOINTS:
            ec2.VpcEndpoint(
                f"{name}-{service.replace('.', '-')}",
                vpc_id=vpc.id,
                service_name=f"com.amazonaws.{site.region}.{service}",
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=list(subnets.values()),
                security_group_ids=[group.id],
                opts=child,
            )

    @staticmethod
    def _flow_logs(name: str, args: NetworkArgs, vpc: ec2.Vpc, child: pulumi.ResourceOptions) -> None:
        group = cloudwatch.LogGroup(
            f"{name}-flows",
            name=f"/meridian/{args.name}/flows",
            kms_key_id=args.log_key,
            retention_in_days=args.log_retention_days,
            opts=child,
        )
        role = iam.Role(
            f"{name}-flows",
            name=f"{args.name}-flows",
            assume_role_policy=policies.trust("vpc-flow-logs.amazonaws.com"),
            opts=child,
        )
        iam.RolePolicy(
            f"{name}-flows",
            name="write",
            role=role.id,
            policy=group.arn.apply(
                lambda arn: policies.allow(
                    ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], [f"{arn}:*"]
                )
            ),
            opts=child,
        )
        ec2.FlowLog(
            f"{name}-flows",
            vpc_id=vpc.id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            max_aggregation_interval=60,
            opts=child,
        )

    @staticmethod
    def _database(
        name: str, args: NetworkArgs, vpc: ec2.Vpc, child: pulumi.ResourceOptions
    ) -> pulumi.Output[str]:
        """Let only pods of the sites that hold database nodes speak SQL and RPC (26257) and HTTP (8080)."""
        group = ec2.SecurityGroup(
            f"{name}-database",
            description="CockroachDB between the nodes' ranges",
            vpc_id=vpc.id,
            ingress=[
                ec2.SecurityGroupIngressArgs(
                    protocol="tcp",
                    from_port=port,
                    to_port=port,
                    cidr_blocks=list(args.database_ranges),
                    description=description,
                )
                for port, description in ((26257, "SQL and RPC"), (8080, "status and console"))
            ],
            opts=child,
        )
        return group.id
