"""A private zone that all VPCs of the estate resolve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_aws import route53


@dataclass(frozen=True, kw_only=True)
class PrivateZoneArgs:
    """`vpcs` maps a stable key to (VPC id, region)."""

    zone: str
    vpcs: Mapping[str, tuple[pulumi.Input[str], str]]


class PrivateZone(pulumi.ComponentResource):
    """The zone and who sees it; records belong to those who own the names."""

    id: pulumi.Output[str]

    def __init__(self, name: str, args: PrivateZoneArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:aws:PrivateZone", name, None, opts)
        zone = route53.Zone(
            name,
            name=args.zone,
            comment="Names of the estate's private services",
            vpcs=[
                route53.ZoneVpcArgs(vpc_id=vpc, vpc_region=region)
                for _, (vpc, region) in sorted(args.vpcs.items())
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.id = zone.zone_id
        self.register_outputs({"id": self.id})
