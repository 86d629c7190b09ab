"""Joins the transit gateways of two regions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import ec2transitgateway


@dataclass(frozen=True, kw_only=True)
class PeeringSide:
    """One region: its gateway, the ranges that lie behind it, and the provider that speaks for it."""

    key: str
    region: str
    gateway: pulumi.Input[str]
    route_table: pulumi.Input[str]
    ranges: Sequence[str]
    provider: pulumi.ProviderResource


@dataclass(frozen=True, kw_only=True)
class TransitPeeringArgs:
    """Both sides; the first asks and the second accepts."""

    account_id: str
    asking: PeeringSide
    accepting: PeeringSide


class TransitPeering(pulumi.ComponentResource):
    """A peering with static routes both ways: AWS offers no BGP between regions. Traffic is encrypted by AWS."""

    def __init__(
        self, name: str, args: TransitPeeringArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("meridian:aws:TransitPeering", name, None, opts)
        here, there = args.asking, args.accepting
        peering = ec2transitgateway.PeeringAttachment(
            name,
            transit_gateway_id=here.gateway,
            peer_transit_gateway_id=there.gateway,
            peer_region=there.region,
            peer_account_id=args.account_id,
            tags={"Name": name},
            opts=pulumi.ResourceOptions(parent=self, provider=here.provider),
        )
        accepted = ec2transitgateway.PeeringAttachmentAccepter(
            f"{name}-accepted",
            transit_gateway_attachment_id=peering.id,
            opts=pulumi.ResourceOptions(parent=self, provider=there.provider),
        )
        for side, other in ((here, there), (there, here)):
            for index in other.ranges:
                ec2transitgateway.Route(
                    f"{name}-{side.key}-{index.replace('.', '-').replace('/', '-')}",
                    destination_cidr_block=index,
                    transit_gateway_attachment_id=peering.id,
                    transit_gateway_route_table_id=side.route_table,
                    opts=pulumi.ResourceOptions(parent=self, provider=side.provider, depends_on=[accepted]),
                )
        self.register_outputs({})
