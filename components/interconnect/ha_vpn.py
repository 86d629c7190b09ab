"""The encrypted path between the two clouds of a region: four tunnels with BGP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import ec2
from pulumi_gcp import compute

from meridian.model.regions import Region


@dataclass(frozen=True, kw_only=True)
class HaVpnArgs:
    """Both ends; one provider per cloud comes with the component's options."""

    region: Region
    name: str
    network: pulumi.Input[str]
    router: pulumi.Input[str]
    transit_gateway: pulumi.Input[str]


class HaVpn(pulumi.ComponentResource):
    """Two Google interfaces, two AWS connections of two tunnels each: what 99.99 % asks for on both sides.

    Source: Google Cloud, "HA VPN between Google Cloud and AWS" (2026-11). Routes are learnt by BGP; none is static.
    """

    def __init__(self, name: str, args: HaVpnArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:interconnect:HaVpn", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        gcp, aws = args.region.gcp, args.region.aws
        gateway = compute.HaVpnGateway(
            f"{name}-google", name=args.name, network=args.network, region=gcp.region, opts=child
        )
        connections = {
            letter: self._connection(name, letter, interface, args, gateway, child)
            for interface, letter in enumerate("ab")
        }
        addresses = [
            address
            for letter in "ab"
            for address in (connections[letter].tunnel1_address, connections[letter].tunnel2_address)
        ]
        far = compute.ExternalVpnGateway(
            f"{name}-amazon",
            name=f"{args.name}-aws",
            redundancy_type="FOUR_IPS_REDUNDANCY",
            interfaces=[
                compute.ExternalVpnGatewayInterfaceArgs(id=number, ip_address=address)
                for number, address in enumerate(addresses)
            ],
            opts=child,
        )
        for number, (letter, tunnel) in enumerate((letter, tunnel) for letter in "ab" for tunnel in (1, 2)):
            connection = connections[letter]
            secret, near, beyond = (
                (
                    connection.tunnel1_preshared_key,
                    connection.tunnel1_cgw_inside_address,
                    connection.tunnel1_vgw_inside_address,
                )
                if tunnel == 1
                else (
                    connection.tunnel2_preshared_key,
                    connection.tunnel2_cgw_inside_address,
                    connection.tunnel2_vgw_inside_address,
                )
            )
            key = f"{letter}{tunnel}"
            path = compute.VPNTunnel(
                f"{name}-{key}",
                name=f"{args.name}-{key}",
                region=gcp.region,
                vpn_gateway=gateway.id,
                vpn_gateway_interface="ab".index(letter),
                peer_external_gateway=far.id,
                peer_external_gateway_interface=number,
                ike_version=2,
                shared_secret=pulumi.Output.secret(secret),  # type: ignore[arg-type]
                router=args.router,
                opts=child,
            )
            interface = compute.RouterInterface(
                f"{name}-{key}",
                name=f"{args.name}-{key}",
                region=gcp.region,
                router=args.router,
                ip_range=near.apply(lambda address: f"{address}/30"),
                vpn_tunnel=path.name,
                opts=child,
            )
            compute.RouterPeer(
                f"{name}-{key}",
                name=f"{args.name}-{key}",
                region=gcp.region,
                router=args.router,
                interface=interface.name,
                peer_asn=aws.network.asn,
                peer_ip_address=beyond,
                opts=child,
            )
        self.register_outputs({})

    @staticmethod
    def _connection(
        name: str,
        letter: str,
        interface: int,
        args: HaVpnArgs,
        gateway: compute.HaVpnGateway,
        child: pulumi.ResourceOptions,
    ) -> ec2.VpnConnection:
        address = gateway.vpn_interfaces.apply(lambda found: str(found[interface].ip_address or ""))
        customer = ec2.CustomerGateway(
            f"{name}-{letter}",
            bgp_asn=str(args.region.gcp.network.asn),
            ip_address=address,
            type="ipsec.1",
            tags={"Name": f"{args.name}-{letter}"},
            opts=child,
        )
        strong: dict[str, Any] = {
            f"tunnel{number}_{phase}": value
            for number in (1, 2)
            for phase, value in (
                ("ike_versions", ["ikev2"]),
                ("phase1_encryption_algorithms", ["AES256-GCM-16"]),
                ("phase1_integrity_algorithms", ["SHA2-384"]),
                ("phase1_dh_group_numbers", [20]),
                ("phase2_encryption_algorithms", ["AES256-GCM-16"]),
                ("phase2_integrity_algorithms", ["SHA2-384"]),
                ("phase2_dh_group_numbers", [20]),
            )
        }
        return ec2.VpnConnection(
            f"{name}-{letter}",
            customer_gateway_id=customer.id,
            transit_gateway_id=args.transit_gateway,
            type="ipsec.1",
            static_routes_only=False,
            tags={"Name": f"{args.name}-{letter}"},
            opts=child,
            **strong,
        )
