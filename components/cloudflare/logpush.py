"""Request logs of the edge, each into the bucket of the region that its visitor belongs to."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_cloudflare as cloudflare
from pulumi_gcp import storage

from meridian.model.edge import Logs

FIELDS: dict[str, tuple[str, ...]] = {
    "http_requests": (
        *("EdgeStartTimestamp", "RayID", "ClientIP", "ClientCountry", "ClientRequestHost"),
        *("ClientRequestMethod", "ClientRequestPath", "ClientSSLProtocol", "EdgeColoCode"),
        *("EdgeResponseStatus", "OriginResponseStatus", "OriginResponseDurationMs", "CacheCacheStatus"),
    ),
    "firewall_events": (
        *("Datetime", "RayID", "ClientIP", "ClientCountry", "ClientRequestHost", "ClientRequestPath"),
        *("Action", "RuleID", "Source", "EdgeColoCode"),
    ),
}
"""What is kept of a request: no query, no cookie, no body."""


@dataclass(frozen=True, kw_only=True)
class LogpushArgs:
    """The zone, what to push, whose requests (a filter of Logpush) and the bucket for them."""

    zone_id: pulumi.Input[str]
    logs: Logs
    whose: str
    bucket: pulumi.Input[str]
    provider: pulumi.ProviderResource
    """Google Cloud's, to read the proof that Cloudflare writes into the bucket."""


class Logpush(pulumi.ComponentResource):
    """A job for each dataset; the bucket and Cloudflare's leave to write there are the region's."""

    def __init__(self, name: str, args: LogpushArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:cloudflare:Logpush", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        for dataset in args.logs.datasets:
            key = f"{name}-{dataset.replace('_', '-')}"
            destination = pulumi.Output.concat("gs://", args.bucket, "/", dataset, "/{DATE}")
            challenge = cloudflare.LogpushOwnershipChallenge(
                f"{key}-challenge", zone_id=args.zone_id, destination_conf=destination, opts=child
            )
            proof = storage.get_bucket_object_content_output(
                bucket=args.bucket,
                name=challenge.filename,
                opts=pulumi.InvokeOutputOptions(provider=args.provider),
            )
            cloudflare.LogpushJob(
                f"{key}-job",
                zone_id=args.zone_id,
                name=key,
                dataset=dataset,
                enabled=True,
                destination_conf=destination,
                ownership_challenge=proof.content,
                filter=args.whose,
                max_upload_interval_seconds=60,
                output_options=cloudflare.LogpushJobOutputOptionsArgs(
                    output_type="ndjson", timestamp_format="rfc3339", field_names=list(FIELDS[dataset])
                ),
                opts=child,
            )
        self.register_outputs({})
