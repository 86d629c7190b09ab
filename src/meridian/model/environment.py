"""The root of the model: one environment, whole."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from meridian.model.base import Key, Model
from meridian.model.clusters import Cluster
from meridian.model.database import Database
from meridian.model.edge import Edge
from meridian.model.platform import Platform
from meridian.model.regions import Cloud, Region
from meridian.model.settings import Aws, Budget, Ci, Compliance, Engine, Gcp, Mesh
from meridian.model.tables import Tables


class Estate(Model):
    """What `estate.yaml` says: all that belongs to no single region."""

    environment: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{0,19}$")]
    """The name of the folder; without a hyphen, for a stack is named <environment>-<unit>."""
    owner: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
    """The team that answers for the estate; becomes a label of every resource."""
    gcp: Gcp
    aws: Aws
    ci: Ci
    engine: Engine = Engine()
    compliance: Compliance = Compliance()
    budget: Budget
    edge: Edge
    database: Database
    mesh: Mesh = Mesh()
    platform: Platform


class Environment(Estate):
    """The estate with its regions, keyed by the regions' keys, and the schema that all environments share."""

    tables: Tables
    regions: Annotated[dict[Key, Region], Field(min_length=1)]

    def clusters(self) -> dict[str, tuple[Region, Cloud, Cluster]]:
        """Return every cluster by name with where it lies."""
        return {
            site.cluster.name: (region, cloud, site.cluster)
            for region in self.regions.values()
            for cloud, site in region.sites().items()
        }
