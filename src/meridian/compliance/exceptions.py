"""Exceptions from rules as data: each names its owner, its reason and the day on which it ends."""

from __future__ import annotations

from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

from pydantic import Field

from meridian.compliance.files import read
from meridian.model.base import Model


class Exemption(Model):
    """A rule that does not hold for some resources until a day."""

    rule: str
    resource: str
    """Pattern of unit/type/name, such as `*-platform/kubernetes:core/v1:Namespace/*-datadog`."""
    values: tuple[str, ...] = ()
    """The only values that it excuses, such as images by name and tag; none: whatever the rule found there."""
    environments: Annotated[tuple[str, ...], Field(min_length=1)]
    owner: Annotated[str, Field(min_length=3)]
    reason: Annotated[str, Field(min_length=20)]
    expires: date

    def covers(self, rule: str, environment: str, resource: str, value: str) -> bool:
        """True when it speaks of this rule, environment, resource and value; says nothing about its day."""
        return (
            rule == self.rule
            and environment in self.environments
            and fnmatchcase(resource, self.resource)
            and (not self.values or value in self.values)
        )

    def expired(self, today: date) -> bool:
        """True after its last day."""
        return today > self.expires


class Exemptions(Model):
    """`exceptions.yaml`."""

    exceptions: tuple[Exemption, ...] = ()


def load_exceptions(folder: Path) -> tuple[Exemption, ...]:
    """Return the exceptions of the folder `policies/`; raises ModelErrors."""
    return read(folder / "exceptions.yaml", Exemptions).exceptions
