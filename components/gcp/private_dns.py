"""A private zone that all networks of the estate on Google Cloud resolve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_gcp import dns


@dataclass(frozen=True, kw_only=True)
class PrivateZoneArgs:
    """`networks` maps a stable key to a network's id."""

    zone: str
    networks: Mapping[str, pulumi.Input[str]]


class PrivateZone(pulumi.ComponentResource):
    """The zone and who sees it; records belong to those who own the names."""

    name: pulumi.Output[str]

    def __init__(self, name: str, args: PrivateZoneArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:gcp:PrivateZone", name, None, opts)
        zone = dns.ManagedZone(
            name,
            name=args.zone.replace(".", "-"),
            dns_name=f"{args.zone}.",
            description="Names of the estate's private services",
            visibility="private",
            private_visibility_config=dns.ManagedZonePrivateVisibilityConfigArgs(
                networks=[
                    dns.ManagedZonePrivateVisibilityConfigNetworkArgs(network_url=network)
                    for _, network in sorted(args.networks.items())
                ]
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.name = zone.name
        self.register_outputs({"name": self.name})
