"""All that decides the SQL, in one value that a state can hold and that reads back equal."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from meridian.model.base import Key, Model
from meridian.model.environment import Environment
from meridian.model.placement import Form, Placement, placement_fields
from meridian.model.regions import Residency
from meridian.model.tables import Tables

_SECRET_PARAMETERS = (
    "CREDENTIALS",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_ACCOUNT_KEY",
    "BEARER_TOKEN",
)


def _without_credential(uri: str) -> str:
    found = [name for name in _SECRET_PARAMETERS if f"{name}=" in uri.upper()]
    if found:
        raise ValueError(
            f"{found[0]} would stand in a statement; use AUTH=implicit, so that nodes sign in with their own identity"
        )
    return uri


Uri = Annotated[str, Field(pattern=r"^[a-z0-9]+://[^?]*(\?.*)?$"), AfterValidator(_without_credential)]


class BackupTarget(Model):
    """Where one region's nodes write their part of a backup."""

    uri: Uri
    """The bucket, with how it is reached, such as `gs://name?AUTH=implicit`; never with a credential."""
    kms: Uri
    """The key of the region, as CockroachDB writes it: `gs:///projects/...` or `aws:///arn...?REGION=...`."""
    residency: Residency
    """The jurisdiction in which the bucket and its key lie."""


class Parameters(Model):
    """What only the running program knows: names of buckets and keys, and whether a licence is bound."""

    backups: dict[Key, BackupTarget] = Field(default_factory=dict)
    """By region; none: no schedule is made (a local database)."""
    licence: str | None = None
    """The version of the secret that holds the licence, never the licence; none: the cluster has none."""


class Desired(Placement):
    """The schema, the placement and the form that a database shall have."""

    environment: Key
    name: Key
    pitr_days: int
    tables: Tables
    parameters: Parameters

    def to_json(self) -> str:
        """Return canonical JSON; the order of tables and columns is part of it."""
        return self.model_dump_json()

    @classmethod
    def from_json(cls, text: str) -> Desired:
        """Return what `to_json` wrote; raises pydantic's ValidationError for anything else."""
        return cls.model_validate_json(text)


def desired(
    environment: Environment, parameters: Parameters | None = None, *, form: Form | None = None
) -> Desired:
    """Return what an environment's database shall be; `form` overrides the environment's choice."""
    return Desired(
        **placement_fields(environment, form),
        environment=environment.environment,
        name=environment.database.name,
        pitr_days=environment.database.pitr_days,
        tables=environment.tables,
        parameters=parameters or Parameters(),
    )
