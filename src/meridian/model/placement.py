"""Where the database's rows shall lie, and on which nodes they can: one value that rules and renderers share."""

from __future__ import annotations

from typing import Any, Literal

from meridian.model.base import Key, Model
from meridian.model.database import Partition
from meridian.model.environment import Environment
from meridian.model.regions import Residency
from meridian.model.topology import nodes

Form = Literal["partition-by-list", "regional-by-row"]


class Placement(Model):
    """The placement of one environment, in one of the two forms."""

    form: Form
    replication_factor: int
    partitions: dict[Key, Partition]
    survival: Literal["zone", "region"]
    primary_region: Key
    super_regions: dict[Key, tuple[Key, ...]]
    localities: dict[Key, tuple[str, ...]]
    """Every node's locality, as it is started."""
    residencies: dict[Key, Residency]
    """Every region's jurisdiction."""

    def regions(self) -> tuple[str, ...]:
        """Return the database's regions, the primary first."""
        named = [partition.constraint for partition in self.partitions.values()]
        named += [region for members in self.super_regions.values() for region in members]
        return tuple(dict.fromkeys([self.primary_region, *named]))

    def nodes_in(self, region: str) -> dict[str, tuple[str, ...]]:
        """Return the nodes that a constraint on this region matches."""
        return {name: tiers for name, tiers in self.localities.items() if f"region={region}" in tiers}


def placement_fields(environment: Environment, form: Form | None = None) -> dict[str, Any]:
    """Return the fields of an environment's placement; `form` overrides the environment's choice."""
    database = environment.database
    return {
        "form": form or database.form,
        "replication_factor": database.replication_factor,
        "partitions": database.partitions,
        "survival": database.survival,
        "primary_region": database.primary_region or next(iter(database.partitions.values())).constraint,
        "super_regions": database.super_regions,
        "localities": {node.key: tuple(node.locality.split(",")) for node in nodes(environment)},
        "residencies": {key: region.residency for key, region in environment.regions.items()},
    }


def placement(environment: Environment) -> Placement:
    """Return an environment's placement."""
    return Placement(**placement_fields(environment))
