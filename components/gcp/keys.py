"""A region's encryption keys on Google Cloud, one for each purpose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pulumi
from pulumi_gcp import kms

PURPOSES: dict[str, str] = {
    "cluster-secrets": "container-engine-robot",
    "disks": "compute-system",
    "backups": "gs-project-accounts",
    "database": "compute-system",
    "logs": "gs-project-accounts",
}
"""Each key's purpose and the service agent that encrypts with it."""


@dataclass(frozen=True, kw_only=True)
class RegionKeysArgs:
    """Where the keys lie and how often they turn over."""

    name: str
    region: str
    """The key ring's location; a multi-region such as `eu` too."""
    project_number: pulumi.Input[str]
    rotation_days: int
    protect: bool
    protection_level: Literal["SOFTWARE", "HSM"] = "HSM"


class RegionKeys(pulumi.ComponentResource):
    """Key ring, keys by purpose, and their service agents' permission; a key is never destroyed here."""

    ring_id: pulumi.Output[str]
    keys: dict[str, pulumi.Output[str]]
    """Key id by purpose; it resolves only after the service agent may use the key."""

    def __init__(self, name: str, args: RegionKeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:gcp:RegionKeys", name, None, opts)
        kept = pulumi.ResourceOptions(parent=self, protect=args.protect, retain_on_delete=args.protect)
        ring = kms.KeyRing(f"{name}-ring", name=args.name, location=args.region, opts=kept)
        self.ring_id = ring.id
        self.keys = {}
        for purpose, agent in PURPOSES.items():
            key = kms.CryptoKey(
                f"{name}-{purpose}",
                name=purpose,
                key_ring=ring.id,
                purpose="ENCRYPT_DECRYPT",
                rotation_period=f"{args.rotation_days * 86400}s",
                destroy_scheduled_duration=f"{30 * 86400}s",
                version_template=kms.CryptoKeyVersionTemplateArgs(
                    algorithm="GOOGLE_SYMMETRIC_ENCRYPTION", protection_level=args.protection_level
                ),
                opts=kept,
            )
            grant = kms.CryptoKeyIAMMember(
                f"{name}-{purpose}-agent",
                crypto_key_id=key.id,
                role="roles/cloudkms.cryptoKeyEncrypterDecrypter",
                member=pulumi.Output.concat(
                    "serviceAccount:service-", args.project_number, f"@{agent}.iam.gserviceaccount.com"
                ),
                opts=pulumi.ResourceOptions(parent=self),
            )
            self.keys[purpose] = pulumi.Output.all(key.id, grant.id).apply(lambda ids: str(ids[0]))
        self.register_outputs({"ring_id": self.ring_id, "keys": self.keys})
