"""The address of a cluster's ingress, which outlives the ingress: the edge's DNS never changes with it."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_gcp import compute


@dataclass(frozen=True, kw_only=True)
class IngressAddressArgs:
    """The cluster and its region."""

    cluster: str
    region: str


class IngressAddress(pulumi.ComponentResource):
    """One regional address; the ingress Service asks for it by `loadBalancerIP`."""

    addresses: dict[str, pulumi.Output[str]]
    """The address, by region."""

    def __init__(
        self, name: str, args: IngressAddressArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("meridian:gcp:IngressAddress", name, None, opts)
        made = compute.Address(
            f"{name}-address",
            name=f"{args.cluster}-ingress",
            region=args.region,
            address_type="EXTERNAL",
            network_tier="PREMIUM",
            description=f"Ingress of {args.cluster}",
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.addresses = {args.region: made.address}
        self.register_outputs({"addresses": self.addresses})
