"""How a node outside Google Cloud signs in there: its cluster's short token and a file that says where to exchange it."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1 import (
    ConfigMapProjectionArgs,
    EnvVarArgs,
    ProjectedVolumeSourceArgs,
    ServiceAccountTokenProjectionArgs,
    VolumeArgs,
    VolumeMountArgs,
    VolumeProjectionArgs,
)

NAME = "cockroachdb-google"
VOLUME = "google"
FOLDER = "/cockroach/google"
_FILE, _TOKEN = "credentials.json", "token"
_SECONDS = 3600
"""The kubelet renews a token after 80 % of it (Kubernetes docs, "Projected Volumes", serviceAccountToken)."""


@dataclass(frozen=True, kw_only=True)
class GoogleSignIn:
    """What the pod mounts; without one, the cloud itself gives a pod of GKE its identity."""

    config_map: pulumi.Input[str]
    provider: pulumi.Input[str]
    """Full name of the pool's provider that takes this cluster's tokens: `//iam.googleapis.com/projects/...`."""


def credential_file(provider: str) -> str:
    """Return an external account's configuration, which holds no secret (Google AIP-4117, file-sourced)."""
    return json.dumps(
        {
            "type": "external_account",
            "audience": provider,
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "token_url": "https://sts.googleapis.com/v1/token",
            "credential_source": {"file": f"{FOLDER}/{_TOKEN}", "format": {"type": "text"}},
        },
        indent=2,
    )


def config_data(provider: pulumi.Input[str]) -> dict[str, pulumi.Input[str]]:
    """Return the config map's data."""
    return {_FILE: pulumi.Output.from_input(provider).apply(credential_file)}


def volume(sign_in: GoogleSignIn) -> VolumeArgs:
    """Return the file and the token in one volume; the token is good for this provider only."""
    return VolumeArgs(
        name=VOLUME,
        projected=ProjectedVolumeSourceArgs(
            default_mode=0o440,
            sources=[
                VolumeProjectionArgs(config_map=ConfigMapProjectionArgs(name=sign_in.config_map)),
                VolumeProjectionArgs(
                    service_account_token=ServiceAccountTokenProjectionArgs(
                        # The provider's default audience is its own name as an address.
                        audience=pulumi.Output.concat("https:", sign_in.provider),
                        expiration_seconds=_SECONDS,
                        path=_TOKEN,
                    )
                ),
            ],
        ),
    )


def mount() -> VolumeMountArgs:
    """Return where the container finds them."""
    return VolumeMountArgs(name=VOLUME, mount_path=FOLDER, read_only=True)


def variable() -> EnvVarArgs:
    """Return what `AUTH=implicit` of a backup's address goes by."""
    return EnvVarArgs(name="GOOGLE_APPLICATION_CREDENTIALS", value=f"{FOLDER}/{_FILE}")
