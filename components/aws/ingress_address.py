"""The addresses of a cluster's ingress, which outlive the ingress: the edge's DNS never changes with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import ec2


@dataclass(frozen=True, kw_only=True)
class IngressAddressArgs:
    """The cluster and its zones."""

    cluster: str
    zones: Sequence[str]


class IngressAddress(pulumi.ComponentResource):
    """One address in each zone; the network load balancer takes them by their allocation ids."""

    addresses: dict[str, pulumi.Output[str]]
    """The address, by zone."""
    allocations: dict[str, pulumi.Output[str]]
    """For the Service's `aws-load-balancer-eip-allocations`, by zone."""

    def __init__(
        self, name: str, args: IngressAddressArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("meridian:aws:IngressAddress", name, None, opts)
        made = {
            zone: ec2.Eip(
                f"{name}-{zone}",
                domain="vpc",
                tags={"Name": f"{args.cluster}-ingress-{zone}"},
                opts=pulumi.ResourceOptions(parent=self),
            )
            for zone in args.zones
        }
        self.addresses = {zone: address.public_ip for zone, address in made.items()}
        self.allocations = {zone: address.allocation_id for zone, address in made.items()}
        self.register_outputs({"addresses": self.addresses, "allocations": self.allocations})
