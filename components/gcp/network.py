"""A region's VPC network on Google Cloud: private, deny by default, with its way out logged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
from pulumi_gcp import compute

from meridian.model.regions import GcpNetwork

HEALTH_CHECKERS = ("35.191.0.0/16", "130.211.0.0/22")
"""Google's load balancers' health checks (Cloud Load Balancing documentation, firewall rules)."""
IAP_FORWARDERS = "35.235.240.0/20"
"""Identity-Aware Proxy's TCP forwarding (IAP documentation)."""


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """A region's ranges, and whether flows are logged."""

    name: str
    region: str
    network: GcpNetwork
    flow_logs: bool
    protect: bool
    peers: tuple[str, ...] = ()
    """Ranges outside this network that may reach it over the mesh."""
    database_ranges: tuple[str, ...] = ()
    """Ranges of the pods of every site that holds database nodes; empty where this one holds none."""
    reserved: Mapping[str, str] = field(default_factory=dict)
    """Fixed addresses of the nodes' range, by their purpose."""


class Network(pulumi.ComponentResource):
    """VPC network, subnetwork, router, NAT and firewall of one region; peers no other network itself."""

    network_id: pulumi.Output[str]
    network_name: pulumi.Output[str]
    network_self_link: pulumi.Output[str]
    subnetwork_id: pulumi.Output[str]
    subnetwork_name: pulumi.Output[str]
    router_name: pulumi.Output[str]
    pods_range: str
    services_range: str

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:gcp:Network", name, None, opts)
        self.pods_range, self.services_range = "pods", "services"
        kept = pulumi.ResourceOptions(parent=self, protect=args.protect, retain_on_delete=args.protect)
        child = pulumi.ResourceOptions(parent=self)
        network = compute.Network(
            f"{name}-vpc",
            name=args.name,
            auto_create_subnetworks=False,
            routing_mode="GLOBAL",
            mtu=1460,
            opts=kept,
        )
        ranges = args.network
        subnetwork = compute.Subnetwork(
            f"{name}-nodes",
            name=f"{args.name}-nodes",
            region=args.region,
            network=network.id,
            ip_cidr_range=str(ranges.nodes),
            private_ip_google_access=True,
            stack_type="IPV4_ONLY",
            secondary_ip_ranges=[
                compute.SubnetworkSecondaryIpRangeArgs(
                    range_name=self.pods_range, ip_cidr_range=str(ranges.pods)
                ),
                compute.SubnetworkSecondaryIpRangeArgs(
                    range_name=self.services_range, ip_cidr_range=str(ranges.services)
                ),
            ],
            log_config=compute.SubnetworkLogConfigArgs(
                aggregation_interval="INTERVAL_5_SEC", flow_sampling=0.5, metadata="INCLUDE_ALL_METADATA"
            )
            if args.flow_logs
            else None,
            opts=kept,
        )
        router = compute.Router(
            f"{name}-router",
            name=f"{args.name}-router",
            region=args.region,
            network=network.id,
            bgp=compute.RouterBgpArgs(
                asn=ranges.asn,
                advertise_mode="CUSTOM",
                advertised_groups=["ALL_SUBNETS"],
                advertised_ip_ranges=[
                    compute.RouterBgpAdvertisedIpRangeArgs(
                        range=str(ranges.control_plane), description="control plane"
                    )
                ],
            ),
            opts=child,
        )
        compute.RouterNat(
            f"{name}-nat",
            name=f"{args.name}-nat",
            region=args.region,
            router=router.name,
            nat_ip_allocate_option="AUTO_ONLY",
            source_subnetwork_ip_ranges_to_nat="LIST_OF_SUBNETWORKS",
            subnetworks=[
                compute.RouterNatSubnetworkArgs(
                    name=subnetwork.id, source_ip_ranges_to_nats=["ALL_IP_RANGES"]
                )
            ],
            enable_dynamic_port_allocation=True,
            min_ports_per_vm=64,
            max_ports_per_vm=4096,
            log_config=compute.RouterNatLogConfigArgs(enable=True, filter="ALL"),
            opts=child,
        )
        self._firewall(name, args, network)
        for purpose, address in args.reserved.items():
            compute.Address(
                f"{name}-{purpose}",
                name=f"{args.name}-{purpose}",
                region=args.region,
                subnetwork=subnetwork.id,
                address_type="INTERNAL",
                purpose="GCE_ENDPOINT",
                address=address,
                opts=child,
            )
        self.network_id = network.id
        self.network_name = network.name
        self.network_self_link = network.self_link
        self.subnetwork_id = subnetwork.id
        self.subnetwork_name = subnetwork.name
        self.router_name = router.name
        self.register_outputs(
            {
                "network_id": self.network_id,
                "network_name": self.network_name,
                "subnetwork_id": self.subnetwork_id,
                "router_name": self.router_name,
            }
        )

    def _firewall(self, name: str, args: NetworkArgs, network: compute.Network) -> None:
        ranges = args.network
        inside = [str(ranges.nodes), str(ranges.pods), str(ranges.control_plane)]
        allowed: dict[str, tuple[list[str], list[tuple[str, list[str] | None]]]] = {
            "internal": (inside, [("tcp", None), ("udp", None), ("icmp", None)]),
            "health": (list(HEALTH_CHECKERS), [("tcp", None)]),
            "iap": ([IAP_FORWARDERS], [("tcp", ["22"])]),
        }
        if args.peers:
            allowed["mesh"] = (list(args.peers), [("tcp", ["443"]), ("icmp", None)])
        logged = compute.FirewallLogConfigArgs(metadata="INCLUDE_ALL_METADATA")
        for key, (sources, flows) in allowed.items():
            compute.Firewall(
                f"{name}-allow-{key}",
                name=f"{args.name}-allow-{key}",
                network=network.id,
                direction="INGRESS",
                priority=1000,
                source_ranges=sources,
                allows=[
                    compute.FirewallAllowArgs(protocol=protocol, ports=ports) for protocol, ports in flows
                ],
                log_config=logged,
                opts=pulumi.ResourceOptions(parent=self),
            )
        if args.database_ranges:
            # From pods to pods and nothing else: these two ports are the database's own.
            compute.Firewall(
                f"{name}-allow-database",
                name=f"{args.name}-allow-database",
                network=network.id,
                direction="INGRESS",
                priority=1000,
                source_ranges=list(args.database_ranges),
                destination_ranges=[str(ranges.pods)],
                allows=[compute.FirewallAllowArgs(protocol="tcp", ports=["26257", "8080"])],
                log_config=logged,
                opts=pulumi.ResourceOptions(parent=self),
            )
        # The implied deny is not logged; this one is, and it stands after every explicit flow.
        compute.Firewall(
            f"{name}-deny-all",
            name=f"{args.name}-deny-all",
            network=network.id,
            direction="INGRESS",
            priority=65534,
            source_ranges=["0.0.0.0/0"],
            denies=[compute.FirewallDenyArgs(protocol="all")],
            log_config=logged,
            opts=pulumi.ResourceOptions(parent=self),
        )
