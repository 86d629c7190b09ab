"""All rules. A module is one subject; a rule is a module-level value made by `resource_rule` or `stack_rule`."""

from __future__ import annotations

from types import ModuleType

from meridian.compliance.rule import Rule
from policies.rules import (
    audit,
    clusters,
    continuity,
    database,
    edge,
    governance,
    identity,
    keys,
    kubernetes,
    network,
    residency,
    secrets,
    storage,
)

SUBJECTS: tuple[ModuleType, ...] = (
    storage,
    keys,
    clusters,
    network,
    identity,
    audit,
    continuity,
    residency,
    kubernetes,
    secrets,
    database,
    edge,
    governance,
)
RULES: tuple[Rule, ...] = tuple(
    rule for subject in SUBJECTS for rule in vars(subject).values() if isinstance(rule, Rule)
)
"""In the order of the modules and of what stands in them."""

__all__ = ["RULES", "SUBJECTS"]
