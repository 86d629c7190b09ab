"""Names that only the estate's own networks can resolve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi_gcp import dns


@dataclass(frozen=True, kw_only=True)
class PrivateZoneArgs:
    """A zone, the networks that see it, and to whom it forwards."""

    zone: str
    """DNS name without the final dot."""
    networks: Mapping[str, pulumi.Input[str]]
    """Self links or ids of networks, by the regions' keys."""
    forward_to: Sequence[pulumi.Input[str]] = field(default_factory=tuple)
    """Resolvers that answer for the zone, over the private path; none: the zone holds its own records."""


class PrivateZone(pulumi.ComponentResource):
    """A private managed zone bound to several networks; makes no inbound resolver."""

    zone_name: pulumi.Output[str]
    dns_name: pulumi.Output[str]

    def __init__(self, name: str, args: PrivateZoneArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:gcp:PrivateZone", name, None, opts)
        zone = dns.ManagedZone(
            f"{name}-zone",
            name=args.zone.replace(".", "-"),
            dns_name=f"{args.zone}.",
            description=f"Private names below {args.zone}",
            visibility="private",
            private_visibility_config=dns.ManagedZonePrivateVisibilityConfigArgs(
                networks=[
                    dns.ManagedZonePrivateVisibilityConfigNetworkArgs(network_url=args.networks[key])
                    for key in sorted(args.networks)
                ]
            ),
            forwarding_config=dns.ManagedZoneForwardingConfigArgs(
                target_name_servers=[
                    dns.ManagedZoneForwardingConfigTargetNameServerArgs(
                        ipv4_address=address, forwarding_path="private"
                    )
                    for address in args.forward_to
                ]
            )
            if args.forward_to
            else None,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.zone_name = zone.name
        self.dns_name = zone.dns_name
        self.register_outputs({"zone_name": self.zone_name, "dns_name": self.dns_name})

    def record(
        self, name: str, host: str, kind: str, values: Sequence[pulumi.Input[str]], ttl: int = 60
    ) -> dns.RecordSet:
        """Add a record `host` (a full name without the final dot) with `ttl` in seconds."""
        return dns.RecordSet(
            name,
            managed_zone=self.zone_name,
            name=f"{host}.",
            type=kind,
            ttl=ttl,
            rrdatas=values,
            opts=pulumi.ResourceOptions(parent=self),
        )
