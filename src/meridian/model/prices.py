"""Prices, usage and what no resource stands for: data with sources, replaceable line by line."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from meridian.model.base import Key, Model

Usd = Annotated[float, Field(ge=0)]
Category = Literal["compute", "database", "cdn", "observability", "compliance", "support"]
"""The categories of the seed's table."""


# fmt: off
Unit = Literal[
    "hour", "month", "GB", "GB-month", "GiB-month", "VM-hour", "zone-hour", "host-month", "million events"
]
# fmt: on


class Price(Model):
    """One thing that is sold, by region or everywhere alike."""

    per: Unit
    date: Annotated[str, Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")]
    source: str
    regions: dict[str, Usd] = Field(default_factory=dict)
    everywhere: Usd | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Price:
        if bool(self.regions) == (self.everywhere is not None):
            raise ValueError(
                "a price stands either by region or everywhere; give `regions:` or `everywhere:`"
            )
        return self

    def at(self, region: str) -> float | None:
        """Return the price in USD in a region, None where it is not known."""
        return self.everywhere if self.everywhere is not None else self.regions.get(region)


class Usage(Model):
    """What is used of things that are paid by use, each month, over the whole estate unless said otherwise."""

    expected_fill: Annotated[float, Field(ge=0, le=1)]
    """Where a pool's nodes lie between its least (0) and its most (1), on the average of a month."""
    nat_gb: Usd
    """Through all NAT gateways."""
    inter_region_gb: Usd
    cluster_log_gb: Usd
    """Of each cluster's control plane."""
    stored_gb: Usd
    """In each bucket."""
    hosts_traced: Annotated[float, Field(ge=0, le=1)]
    """Part of the hosts with application traces."""
    log_events_millions: Usd
    key_versions: Annotated[int, Field(ge=1)]
    """Kept of each rotated key."""
    source: str


class Range(Model):
    """USD a month."""

    min: Usd
    expected: Usd
    max: Usd


class Outside(Model):
    """A cost that no resource of the plan stands for."""

    category: Category
    usd: Range
    why: str
    source: str


class Contract(Model):
    """Something that is sold by contract only; without a figure it is told as unknown."""

    category: Category
    per: Literal["vCPU-month", "month"]
    usd: Usd | None = None
    why: str


class Prices(Model):
    """One file of prices and assumptions."""

    hours_per_month: Annotated[int, Field(ge=672, le=744)] = 730
    prices: dict[str, Price]
    usage: Usage
    outside: dict[Key, Outside]
    contracts: dict[Key, Contract] = Field(default_factory=dict)
