"""Which providers a command uses: the embedded clouds, a plan against their knowledge of types, or the official ones."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from meridian.orchestrator.errors import UsageError

LOCAL = "local"


class Providers(StrEnum):
    """`embedded` applies to the checkout's own clouds, `plan` only plans against them, `official` is real."""

    EMBEDDED = "embedded"
    PLAN = "plan"
    OFFICIAL = "official"

    def sentence(self, environment: str, reason: str) -> str:
        """Say in one line what the plan or run is made against."""
        if self is Providers.EMBEDDED:
            return f"{environment}: against this checkout's embedded clouds"
        if self is Providers.PLAN:
            return (
                f"{environment}: a plan against SIMULATED providers ({reason}); "
                "no account is read and no state of this environment is used or changed"
            )
        return f"{environment}: against the official providers and real accounts"


_GCP_VARIABLES = (
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_CREDENTIALS",
    "GOOGLE_OAUTH_ACCESS_TOKEN",
    "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT",
)
_AWS_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)


def missing_credentials(environ: Mapping[str, str], home: Path) -> list[str]:
    """Return the clouds for which no credentials are in sight; looks at names and files, never at their content."""
    gcloud = Path(environ.get("CLOUDSDK_CONFIG") or home / ".config" / "gcloud")
    missing = []
    if not (
        any(environ.get(name) for name in _GCP_VARIABLES)
        or (gcloud / "application_default_credentials.json").is_file()
    ):
        missing.append("GCP")
    if not (any(environ.get(name) for name in _AWS_VARIABLES) or (home / ".aws" / "credentials").is_file()):
        missing.append("AWS")
    return missing


def decide(
    environment: str, operation: str, requested: str, environ: Mapping[str, str], home: Path
) -> tuple[Providers, str]:
    """Return the providers to use and why; raises UsageError where the wish makes no sense or nothing fits.

    `local` is always embedded. Elsewhere `auto` means official when credentials of both clouds are found; without
    them only a preview is possible, as a plan against simulated providers.
    """
    if requested not in ("auto", "simulated", "official"):
        raise UsageError(
            f"--providers {requested!r}", "it is one of auto, simulated, official", "leave it out for auto"
        )
    if environment == LOCAL:
        if requested == "official":
            raise UsageError(
                "--providers official",
                "the environment `local` lives on the embedded clouds only",
                "leave --providers out, or name another environment",
            )
        return Providers.EMBEDDED, "the environment is local"
    reading = operation in ("preview", "env")
    missing = missing_credentials(environ, home)
    lacks = f"no credentials of {' and '.join(missing)} found"
    if requested == "simulated":
        if reading:
            return Providers.PLAN, "asked for by --providers simulated"
        raise UsageError(
            f"{operation} {environment} --providers simulated",
            f"{environment} is a real environment: only a plan of it can be simulated",
            f"`meridian preview {environment} --providers simulated`, or `meridian {operation} local`",
        )
    if not missing:
        return Providers.OFFICIAL, "credentials of both clouds found"
    if requested == "auto" and reading:
        return Providers.PLAN, lacks
    raise UsageError(
        f"{operation} {environment}",
        f"it needs the official providers and credentials of both clouds, but {lacks}",
        "sign in (`gcloud auth application-default login`; AWS_PROFILE or AWS_ACCESS_KEY_ID), "
        f"or try it at no cost with `meridian {operation} local`",
    )
