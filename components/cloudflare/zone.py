"""The environment's zone: its settings, DNSSEC, who may issue certificates, and the certificate itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_cloudflare as cloudflare

from meridian.model.edge import Edge
from meridian.model.edge_protection import Tls


@dataclass(frozen=True, kw_only=True)
class ZoneArgs:
    """The edge's data and the account, which is known once the token has proved good."""

    edge: Edge
    account_id: pulumi.Input[str]
    protect: bool


class Zone(pulumi.ComponentResource):
    """A zone with TLS at its best; delegating it at the registrar is a person's deed, its name servers are an output."""

    id: pulumi.Output[str]
    name_servers: pulumi.Output[list[str]]
    ds_record: pulumi.Output[str]
    """What the registrar must publish for DNSSEC to hold."""

    def __init__(self, name: str, args: ZoneArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:cloudflare:Zone", name, None, opts)
        edge, tls = args.edge, args.edge.protection.tls
        child = pulumi.ResourceOptions(parent=self)
        zone = cloudflare.Zone(
            f"{name}-zone",
            account=cloudflare.ZoneAccountArgs(id=args.account_id),
            name=edge.zone,
            type="full",
            opts=pulumi.ResourceOptions(
                parent=self, protect=args.protect, retain_on_delete=args.protect, import_=edge.zone_id
            ),
        )
        if edge.plan == "business":
            # An Enterprise zone is a contract, not an order.
            cloudflare.ZoneSubscription(
                f"{name}-plan",
                zone_id=zone.id,
                rate_plan=cloudflare.ZoneSubscriptionRatePlanArgs(id=edge.plan),
                opts=child,
            )
        for setting, value in zone_settings(tls).items():
            cloudflare.ZoneSetting(
                f"{name}-{setting.replace('_', '-')}",
                zone_id=zone.id,
                setting_id=setting,
                value=value,
                opts=child,
            )
        dnssec = cloudflare.ZoneDnssec(f"{name}-dnssec", zone_id=zone.id, status="active", opts=child)
        for issuer in tls.caa:
            cloudflare.DnsRecord(
                f"{name}-caa-{issuer}",
                zone_id=zone.id,
                name=edge.zone,
                type="CAA",
                ttl=3600,
                data=cloudflare.DnsRecordDataArgs(flags=0, tag="issue", value=issuer),
                opts=child,
            )
        tools = sorted(tool.hostname for tool in edge.access.tools.values())
        cloudflare.CertificatePack(
            f"{name}-certificate",
            zone_id=zone.id,
            type="advanced",
            certificate_authority=tls.authority,
            validation_method="txt",
            validity_days=tls.validity_days,
            hosts=[edge.zone, edge.hostname, edge.eu_hostname, *tools],
            opts=child,
        )
        self.id = zone.id
        self.name_servers = zone.name_servers.apply(list)
        self.ds_record = dnssec.ds
        self.register_outputs({"id": self.id, "name_servers": self.name_servers, "ds_record": self.ds_record})


def zone_settings(tls: Tls) -> Mapping[str, Any]:
    """Return every zone setting by its id.

    No 0-RTT: whoever recorded a visitor's first bytes could send them again. HSTS is spelled as the API does: in
    camelCase it is never what was asked for (pulumi-cloudflare 1579).
    """
    return {
        "min_tls_version": tls.minimum,
        "tls_1_3": "on",
        "0rtt": "off",
        "ssl": "strict",
        "always_use_https": "on",
        "automatic_https_rewrites": "on",
        "http3": "on",
        "websockets": "on",
        "security_header": {
            "strict_transport_security": {
                "enabled": tls.hsts_seconds > 0,
                "max_age": tls.hsts_seconds,
                "include_subdomains": tls.hsts_seconds > 0,
                "preload": tls.hsts_preload,
                "nosniff": True,
            }
        },
    }
