"""The CockroachDB cluster that spans the regions; where each node sits is the regions' own data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from meridian.model.base import Key, Model


class Partition(Model):
    """One value of the partitioning column and the locality that its rows are constrained to."""

    constraint: str
    """The region tier exactly as the nodes are started with it, such as eu for `region=eu`."""


class Database(Model):
    """Topology and sizes; consumed by the platforms and the data unit."""

    name: Key = "app"
    nodes: Annotated[int, Field(ge=3, le=99)] = 9
    replication_factor: Literal[3, 5, 7] = 3
    form: Literal["partition-by-list", "regional-by-row"] = "partition-by-list"
    partitions: Annotated[dict[Key, Partition], Field(min_length=1)]
    cpu: Annotated[int, Field(ge=1, le=96)] = 8
    memory_gib: Annotated[int, Field(ge=2, le=768)] = 16
    storage_gib: Annotated[int, Field(ge=10, le=16384)] = 1024
    max_offset_ms: Annotated[int, Field(ge=100, le=500)] = 250
    sql_port: Literal[26257] = 26257
    http_port: Literal[8080] = 8080
