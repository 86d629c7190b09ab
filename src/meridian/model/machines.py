"""Machine types by cloud with their size: vCPUs and GiB of memory.

Sources: Google Cloud "General-purpose machine family" and AWS "Amazon EC2 instance types", 2026-11.
"""

from __future__ import annotations

from dataclasses import dataclass

from meridian.model.regions import Cloud


@dataclass(frozen=True)
class Machine:
    """The size of a machine type."""

    cpu: int
    memory_gib: float
    burstable: bool = False
    """Its vCPUs are shares that run out; fit for no database."""


MACHINES: dict[Cloud, dict[str, Machine]] = {
    "gcp": {
        "e2-standard-4": Machine(4, 16),
        "n1-standard-4": Machine(4, 15),
        "n1-standard-8": Machine(8, 30),
        "n1-standard-16": Machine(16, 60),
        "n2-standard-4": Machine(4, 16),
        "n2-standard-8": Machine(8, 32),
        "n2-standard-16": Machine(16, 64),
        "n2d-standard-8": Machine(8, 32),
        "n4-standard-8": Machine(8, 32),
    },
    "aws": {
        "m5.xlarge": Machine(4, 16),
        "m5.2xlarge": Machine(8, 32),
        "m5.4xlarge": Machine(16, 64),
        "m6i.xlarge": Machine(4, 16),
        "m6i.2xlarge": Machine(8, 32),
        "m6i.4xlarge": Machine(16, 64),
        "m7i.2xlarge": Machine(8, 32),
        "t3.2xlarge": Machine(8, 32, burstable=True),
    },
}
