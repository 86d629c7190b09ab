"""DNS records that point away from the estate, such as the frontend's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_cloudflare as cloudflare

from meridian.model.edge import Record


@dataclass(frozen=True, kw_only=True)
class RecordsArgs:
    """The zone and its records by their keys."""

    zone_id: pulumi.Input[str]
    records: Mapping[str, Record]


class Records(pulumi.ComponentResource):
    """Plain records; what a proxy does before Netlify, and why it should not, is the model's rule."""

    def __init__(self, name: str, args: RecordsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:cloudflare:Records", name, None, opts)
        for key, record in sorted(args.records.items()):
            cloudflare.DnsRecord(
                f"{name}-{key}",
                zone_id=args.zone_id,
                name=record.host,
                type=record.type,
                content=record.value,
                priority=record.priority,
                ttl=1 if record.proxied else record.ttl,
                proxied=record.proxied,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
