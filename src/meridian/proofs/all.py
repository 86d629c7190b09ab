"""Every proof by its name, so that the command line, previews and policies run the same ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from meridian.model.assumptions import Assumptions
from meridian.model.environment import Environment
from meridian.proofs.availability import availability
from meridian.proofs.capacity import capacity
from meridian.proofs.failover import failover
from meridian.proofs.latency import latency
from meridian.proofs.result import Proof
from meridian.proofs.survival import survival
from meridian.sql import Desired


@dataclass(frozen=True)
class Subject:
    """What is proved of."""

    environment: Environment
    desired: Desired
    assumptions: Assumptions


PROOFS: Mapping[str, Callable[[Subject], Proof]] = {
    "survival": lambda of: survival(of.desired),
    "capacity": lambda of: capacity(of.environment, of.assumptions),
    "availability": lambda of: availability(of.environment, of.desired, of.assumptions.availability),
    "failover": lambda of: failover(of.environment),
    "latency": lambda of: latency(of.environment, of.desired, of.assumptions.latency),
}
