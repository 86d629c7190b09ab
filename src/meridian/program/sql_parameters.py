"""What the database's SQL needs from the clouds: each region's bucket and key, by the names that the regions give them."""

from __future__ import annotations

from meridian.model import Environment
from meridian.program import naming
from meridian.program.context import Context
from meridian.sql import BackupTarget, Parameters


def sql_parameters(environment: Environment, licence: str | None = "1") -> Parameters:
    """Return the parameters; `licence` is the version of its secret, None for a cluster without one.

    Backups go to Google Cloud's bucket of the region: nodes on AWS sign in to it by workload identity federation.
    """
    prefix = Context(environment, "data").prefix
    return Parameters(
        licence=licence,
        backups={
            key: BackupTarget(
                uri=f"gs://{naming.bucket(environment, 'gcp', f'backups-{key}')}?AUTH=implicit",
                kms=f"gs:///projects/{environment.gcp.project}/locations/{region.gcp.region}/keyRings/"
                f"{prefix}-{key}/cryptoKeys/backups?AUTH=implicit",
                residency=region.residency,
            )
            for key, region in environment.regions.items()
        },
    )
