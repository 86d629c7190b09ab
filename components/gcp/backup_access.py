"""Who may write and read a region's backups: every database node of the estate, and nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_gcp import kms, storage

from components.gcp.cluster_federation import subject
from meridian.model.platform import Identity

_ROLES = ("objectCreator", "objectViewer")
"""Write and read, never delete: the bucket's retention would refuse it anyhow."""


@dataclass(frozen=True, kw_only=True)
class BackupAccessArgs:
    """A bucket, the key of its backups, and the identities that take them on every cluster."""

    bucket: pulumi.Input[str]
    key_id: pulumi.Input[str]
    project: str
    project_number: str
    identities: Mapping[str, Identity]
    federated: pulumi.Input[str]
    """What the principals of clusters outside Google Cloud begin with."""


class BackupAccess(pulumi.ComponentResource):
    """Grants to the principals themselves: no account stands between, whose rights another pod could borrow.

    Nodes of other regions are among them: any node may coordinate a backup, and then writes the list of its files beside
    each region's part (CockroachDB v26.2 docs, "Take and Restore Locality-aware Backups"). They reach no row more than
    they do: a node of a cluster reads every range of it.
    """

    def __init__(self, name: str, args: BackupAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("meridian:gcp:BackupAccess", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        for key, identity in args.identities.items():
            for cloud, member in _members(args, identity).items():
                for role in _ROLES:
                    storage.BucketIAMMember(
                        f"{name}-{key}-{cloud}-{role}",
                        bucket=args.bucket,
                        role=f"roles/storage.{role}",
                        member=member,
                        opts=child,
                    )
                kms.CryptoKeyIAMMember(
                    f"{name}-{key}-{cloud}-key",
                    crypto_key_id=args.key_id,
                    role="roles/cloudkms.cryptoKeyEncrypterDecrypter",
                    member=member,
                    opts=child,
                )
        self.register_outputs({})


def _members(args: BackupAccessArgs, identity: Identity) -> dict[str, pulumi.Input[str]]:
    """Return the identity's principal in GKE's pool, which is the project's own, and in the federation's."""
    pool = f"projects/{args.project_number}/locations/global/workloadIdentityPools/{args.project}.svc.id.goog"
    on_google = f"ns/{identity.namespace}/sa/{identity.service_account}"
    return {
        "gcp": f"principal://iam.googleapis.com/{pool}/subject/{on_google}",
        "aws": pulumi.Output.concat(args.federated, "/subject/", subject(identity)),
    }
