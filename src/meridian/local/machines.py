"""Machine types and Kubernetes versions that the embedded clouds know.

Sources: cloud.google.com/compute/docs/general-purpose-machines and aws.amazon.com/ec2/instance-types (2026-11).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from meridian.local.errors import CloudError

# GiB of memory for one vCPU.
_GCP_STANDARD = {"n1": 3.75, "n2": 4.0, "n2d": 4.0, "n4": 4.0, "e2": 4.0, "c3": 4.0, "t2d": 4.0}
_AWS_FAMILIES = {
    "t3": 4.0,
    "m5": 4.0,
    "m6i": 4.0,
    "m6a": 4.0,
    "m7i": 4.0,
    "m7g": 4.0,
    "c5": 2.0,
    "c6i": 2.0,
    "r5": 8.0,
    "r6i": 8.0,
}
_AWS_SIZES = {
    "large": 2,
    "xlarge": 4,
    "2xlarge": 8,
    "4xlarge": 16,
    "8xlarge": 32,
    "12xlarge": 48,
    "16xlarge": 64,
    "24xlarge": 96,
}
_GCP_ODD = {"e2-medium": (2, 4.0), "e2-small": (2, 2.0), "e2-micro": (2, 1.0)}


@dataclass(frozen=True)
class Machine:
    """The capacity of a machine type."""

    cpu: int
    memory_gib: float


def machine(name: str) -> Machine:
    """Return a machine type's capacity; raises CloudError for one that is not known."""
    if name in _GCP_ODD:
        return Machine(*_GCP_ODD[name])
    gcp = re.fullmatch(r"([a-z]\d[a-z]?)-(standard|highmem|highcpu)-(\d+)", name)
    if gcp and gcp[1] in _GCP_STANDARD:
        factor = {"standard": 1.0, "highmem": 2.0, "highcpu": 0.25}[gcp[2]]
        return Machine(int(gcp[3]), int(gcp[3]) * _GCP_STANDARD[gcp[1]] * factor)
    aws = re.fullmatch(r"([a-z]\d[a-z]*)\.(\w+)", name)
    if aws and aws[1] in _AWS_FAMILIES and aws[2] in _AWS_SIZES:
        return Machine(_AWS_SIZES[aws[2]], _AWS_SIZES[aws[2]] * _AWS_FAMILIES[aws[1]])
    raise CloudError(
        "InvalidMachineType",
        f"{name!r} is no machine type that is known here; fix: choose n2-standard-8, m5.2xlarge or the like",
    )
