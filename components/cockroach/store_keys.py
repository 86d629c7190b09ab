"""The keys of encryption at rest of one cluster's nodes, made by the engine and never shown."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_random as random
from pulumi_kubernetes.core.v1 import Secret
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.cockroach.pod import APP
from meridian.model.database import Encryption

_BYTES = 64
"""32 of the key's id and 32 of an AES-256 key (CockroachDB v26.2 docs, "Encryption", key files)."""


@dataclass(frozen=True, kw_only=True)
class StoreKeysArgs:
    """Which generations there are: the present one, and the one before for as long as stores are rewritten."""

    encryption: Encryption
    namespace: pulumi.Input[str]
    protect: bool


class StoreKeys(pulumi.ComponentResource):
    """Random keys in a Secret, which the cluster encrypts with the region's key; no other cluster knows them."""

    secret: pulumi.Output[str]

    def __init__(self, name: str, args: StoreKeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:cockroach:StoreKeys", name, None, opts)
        kept = pulumi.ResourceOptions(parent=self, protect=args.protect, retain_on_delete=args.protect)
        newest = args.encryption.generation
        data = {
            f"{generation}.key": random.RandomBytes(f"{name}-{generation}", length=_BYTES, opts=kept).base64
            for generation in range(max(1, newest - 1), newest + 1)
        }
        secret = Secret(
            name,
            metadata=ObjectMetaArgs(name="cockroachdb-store-keys", namespace=args.namespace, labels=APP),
            type="Opaque",
            data=data,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.secret = secret.metadata.name.apply(lambda given: given or "cockroachdb-store-keys")
        self.register_outputs({"secret": self.secret})
