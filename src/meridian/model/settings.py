"""The estate's settings that belong to no region: accounts, CI, compliance, budget, engine, mesh."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from meridian.model.base import Email, HostName, Model, Percent, PrivateAsn


class Gcp(Model):
    """The Google Cloud project that holds the estate of one environment."""

    project: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$")]
    project_number: Annotated[str, Field(pattern=r"^\d{6,14}$")]
    billing_account: Annotated[str, Field(pattern=r"^[0-9A-F]{6}(-[0-9A-F]{6}){2}$")]


class Aws(Model):
    """The AWS account that holds the estate of one environment."""

    account_id: Annotated[str, Field(pattern=r"^\d{12}$")]


class Ci(Model):
    """Who may deploy without a long-lived key: the code host's OIDC tokens of one repository and environment."""

    issuer: Annotated[str, Field(pattern=r"^https://")] = "https://token.actions.githubusercontent.com"
    repository: Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")]
    branch: str = "main"


class Engine(Model):
    """Where the Pulumi engine keeps its state."""

    backend: str | None = None
    """A back end's URL (gs://, s3://, azblob://, https://, file://); none: a folder of the checkout."""


class LogArchive(Model):
    """The archive of audit logs."""

    retention_days: Annotated[int, Field(ge=365, le=3650)] = 2192
    """HIPAA 164.316(b)(2)(i) asks six years for documentation; audit logs are kept as long (6 x 365.25)."""
    locked: bool = True


class Compliance(Model):
    """What the estate answers for."""

    frameworks: Annotated[tuple[Literal["soc2", "hipaa", "gdpr"], ...], Field(min_length=1)] = (
        "soc2",
        "hipaa",
        "gdpr",
    )
    key_rotation_days: Annotated[int, Field(ge=1, le=365)] = 90
    drill_days: Annotated[int, Field(ge=1, le=366)] = 92
    """So many days after it last held a drill is due again: each quarter, of which the longest has 92 days."""
    flow_logs: bool = True
    log_archive: LogArchive = LogArchive()


class Budget(Model):
    """Money a month in USD, over both clouds and all services."""

    floor_usd: Annotated[int, Field(ge=0)] = 50_000
    ceiling_usd: Annotated[int, Field(gt=0)] = 150_000
    gcp_share: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """Part of the ceiling that Google Cloud's own budget alerts on; the rest is AWS's."""
    alert_at: Annotated[tuple[Percent, ...], Field(min_length=1)] = (0.5, 0.9, 1.0)
    notify: Annotated[tuple[Email, ...], Field(min_length=1)]


class Mesh(Model):
    """Routing between the regions on AWS and private names over all of them."""

    private_zone: HostName = "meridian.internal"
    aws_backbone_asn: PrivateAsn = 64600
