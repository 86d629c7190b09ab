"""Google Cloud's side of the service accounts: one account each, with no more than its identity's access."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_gcp import kms, projects, serviceaccount

from meridian.model.platform import Identity


@dataclass(frozen=True, kw_only=True)
class WorkloadIdentitiesArgs:
    """The cluster whose workloads they are, and what they may reach."""

    identities: Mapping[str, Identity]
    project: str
    cluster: str
    pool: pulumi.Input[str]
    """The workload pool, PROJECT.svc.id.goog; it is the project's, so namespace and account name are all it knows."""
    encryption_key: pulumi.Input[str]
    secrets_prefix: str
    """Secrets whose names begin so are the region's own."""


class WorkloadIdentities(pulumi.ComponentResource):
    """Accounts and grants; no account key exists. Who takes backups needs none (components/gcp/backup_access.py). All clusters of a project share the pool: an account that the same
    namespace and name of another cluster of this project may use reaches only this region's secrets and key."""

    emails: Mapping[str, pulumi.Output[str]]
    """Email by identity; it resolves only after the workload may act as the account."""

    def __init__(
        self, name: str, args: WorkloadIdentitiesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("meridian:gcp:WorkloadIdentities", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        emails: dict[str, pulumi.Output[str]] = {}
        for key, identity in args.identities.items():
            if identity.access == "backups":
                continue
            account = serviceaccount.Account(
                f"{name}-{key}",
                account_id=account_id(args.cluster, key),
                display_name=f"{identity.namespace}/{identity.service_account} of {args.cluster}",
                opts=child,
            )
            used = serviceaccount.IAMMember(
                f"{name}-{key}-use",
                service_account_id=account.name,
                role="roles/iam.workloadIdentityUser",
                member=pulumi.Output.concat(
                    "serviceAccount:", args.pool, f"[{identity.namespace}/{identity.service_account}]"
                ),
                opts=child,
            )
            self._grant(f"{name}-{key}", args, identity, account.email)
            emails[key] = pulumi.Output.all(account.email, used.id).apply(lambda made: str(made[0]))
        self.emails = emails
        self.register_outputs({"emails": emails})

    def _grant(
        self, logical: str, args: WorkloadIdentitiesArgs, identity: Identity, email: pulumi.Output[str]
    ) -> None:
        child = pulumi.ResourceOptions(parent=self)
        member = email.apply(lambda known: f"serviceAccount:{known}")
        if identity.access == "secrets":
            projects.IAMMember(
                f"{logical}-secrets",
                project=args.project,
                role="roles/secretmanager.secretAccessor",
                member=member,
                condition=projects.IAMMemberConditionArgs(
                    title=args.secrets_prefix.rstrip("-"),
                    expression=f'resource.name.extract("/secrets/{{name}}/").startsWith("{args.secrets_prefix}")',
                ),
                opts=child,
            )
        elif identity.access == "field-encryption":
            kms.CryptoKeyIAMMember(
                f"{logical}-key",
                crypto_key_id=args.encryption_key,
                role="roles/cloudkms.cryptoKeyEncrypterDecrypter",
                member=member,
                opts=child,
            )


def account_id(cluster: str, key: str) -> str:
    """Return an account id of at most 30 characters; a long one keeps a digest, so that none collide."""
    full = f"{cluster}-{key}"
    if len(full) <= 30:
        return full
    return f"{full[:24].rstrip('-')}-{hashlib.sha256(full.encode()).hexdigest()[:5]}"
