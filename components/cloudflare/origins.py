"""The ways to the clusters: DNS-only names of their ingress addresses, which let in Cloudflare and nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_cloudflare as cloudflare

from meridian.model.steering import Pool


@dataclass(frozen=True, kw_only=True)
class OriginsArgs:
    """The pools with their ingress addresses by place, and the certificate that Cloudflare shows at the origin."""

    zone_id: pulumi.Input[str]
    pools: Mapping[str, Pool]
    addresses: Mapping[str, Mapping[str, pulumi.Input[str]]]
    """Per pool key the addresses by zone or region."""
    pull_certificate: pulumi.Input[str]
    pull_key: pulumi.Input[str]


class Origins(pulumi.ComponentResource):
    """Records and Authenticated Origin Pulls; the ingress itself checks the certificate.

    The certificate is the estate's own: the one that all of Cloudflare's customers share would let any of them in.
    """

    ready: pulumi.Output[bool]
    """True once every origin's name exists."""

    def __init__(self, name: str, args: OriginsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:cloudflare:Origins", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        records = [
            cloudflare.DnsRecord(
                f"{name}-{key}-{place}",
                zone_id=args.zone_id,
                name=args.pools[key].origin,
                type="A",
                content=address,
                ttl=60,
                proxied=False,
                comment=f"Ingress of {args.pools[key].cluster.name}",
                opts=child,
            )
            for key in sorted(args.pools)
            for place, address in sorted(args.addresses[key].items())
        ]
        certificate = cloudflare.AuthenticatedOriginPullsCertificate(
            f"{name}-pull-certificate",
            zone_id=args.zone_id,
            certificate=args.pull_certificate,
            private_key=args.pull_key,
            opts=child,
        )
        cloudflare.AuthenticatedOriginPullsSettings(
            f"{name}-pulls",
            zone_id=args.zone_id,
            enabled=True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[certificate]),
        )
        self.ready = pulumi.Output.all(*(record.id for record in records)).apply(lambda _ids: True)
        self.register_outputs({"ready": self.ready})
