"""Lets GKE's control plane call admission webhooks: GKE itself opens 443 and 10250 to the nodes, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_gcp import compute

from meridian.model.regions import GcpSite


@dataclass(frozen=True, kw_only=True)
class WebhookFirewallArgs:
    """The site's ranges and the ports on which webhooks listen (GKE docs, "Firewall rules", 2026-11)."""

    site: GcpSite
    network: pulumi.Input[str]
    ports: Sequence[int]


class WebhookFirewall(pulumi.ComponentResource):
    """One rule, from the control plane's /28 to the pods."""

    def __init__(
        self, name: str, args: WebhookFirewallArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("meridian:gcp:WebhookFirewall", name, None, opts)
        compute.Firewall(
            name,
            name=f"{args.site.cluster.name}-webhooks",
            network=args.network,
            direction="INGRESS",
            source_ranges=[str(args.site.network.control_plane)],
            destination_ranges=[str(args.site.network.pods)],
            allows=[
                compute.FirewallAllowArgs(protocol="tcp", ports=[str(port) for port in sorted(args.ports)])
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
