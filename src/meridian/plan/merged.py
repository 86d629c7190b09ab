"""The plan of a whole environment: every unit's resources, and a digest of what would be done."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from meridian.plan.resource import PlannedResource
from meridian.wording import unreadable

FORMAT = 1
_REGION_INPUTS = ("region", "location", "locations")


@dataclass(frozen=True)
class Plan:
    """One preview of one environment."""

    environment: str
    providers: str
    """embedded, plan (simulated) or official."""
    revision: str
    """The code's revision, with a mark when the work tree differed from it."""
    inputs: Mapping[str, str]
    """Digests of what the program read: each file of the environment's data, each provider's version."""
    units: Mapping[str, tuple[PlannedResource, ...]]

    def __iter__(self) -> Iterator[PlannedResource]:
        """Yield every resource of every unit."""
        for resources in self.units.values():
            yield from resources

    def held(self, unit: str) -> list[PlannedResource]:
        """Return the resources of a unit, as every figure counts them: components and providers too, nothing that is only read."""
        return [each for each in self.units.get(unit, ()) if each.op != "read"]

    def changing(self, unit: str) -> list[PlannedResource]:
        """Return those of them to which the plan does something."""
        return [each for each in self.held(unit) if each.changes]

    @property
    def count(self) -> int:
        """How many resources all units hold."""
        return sum(len(self.held(unit)) for unit in self.units)

    def of(self, *types: str) -> Iterator[PlannedResource]:
        """Yield what stays of these types, over all units."""
        return (each for kind, each in self._typed if kind in types and each.stays)

    @cached_property
    def _typed(self) -> list[tuple[str, PlannedResource]]:
        # Rules and proofs ask for types many times over, and a type is read out of a URN.
        return [(each.type, each) for each in self]

    @cached_property
    def by_urn(self) -> dict[str, PlannedResource]:
        """Every resource by its URN."""
        return {each.urn: each for each in self}

    @cached_property
    def _regions(self) -> dict[tuple[str, str], str]:
        return {
            (each.unit, each.name): str(each.get("region", default=""))
            for each in self
            if each.type.startswith("pulumi:providers:")
        }

    def region(self, resource: PlannedResource) -> str:
        """Return where a resource lies: its own region, location or bucket's, else its provider's; empty for nowhere."""
        for name in _REGION_INPUTS:
            value = resource.get(name)
            if isinstance(value, str) and value:
                return value.lower()
        return self._regions.get((resource.unit, resource.provider), "")

    def operations(self) -> list[dict[str, Any]]:
        """Return what would be done, without what stays the same."""
        return [
            {
                "unit": each.unit,
                "urn": each.urn,
                "op": each.op,
                "inputs": each.inputs,
                "changed": each.changed,
            }
            for _, resources in sorted(self.units.items())
            for each in resources
            if each.changes
        ]

    def digest(self) -> str:
        """Return the SHA-256 over inputs, revision, versions and operations of all units, as canonical JSON."""
        content = {
            "format": FORMAT,
            "environment": self.environment,
            "providers": self.providers,
            "revision": self.revision,
            "inputs": dict(self.inputs),
            "operations": self.operations(),
        }
        return hashlib.sha256(_canonical(content)).hexdigest()

    def to_json(self) -> str:
        """Return the plan as text that `from_json` reads back, with its digest."""
        content = {
            "format": FORMAT,
            "digest": self.digest(),
            "environment": self.environment,
            "providers": self.providers,
            "revision": self.revision,
            "inputs": dict(self.inputs),
            "units": {unit: [asdict(each) for each in found] for unit, found in self.units.items()},
        }
        return json.dumps(content, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str, source: str = "plan file") -> Plan:
        """Return what `to_json` wrote; raises PlanFileError for another format or a content that its digest denies."""
        no_plan = PlanFileError(source, "it is JSON, but no plan that `meridian preview` wrote")
        try:
            content = json.loads(text)
        except json.JSONDecodeError as error:
            raise PlanFileError(
                source, f"{unreadable(error)}; a plan is what `meridian preview` wrote"
            ) from None
        if not isinstance(content, dict) or "format" not in content:
            raise no_plan
        if content["format"] != FORMAT:
            raise PlanFileError(
                f"{source}: format {content['format']}", f"this version reads format {FORMAT}"
            )
        try:
            plan = cls(
                content["environment"],
                content["providers"],
                content["revision"],
                content["inputs"],
                {
                    unit: tuple(
                        PlannedResource(**{**each, "changed": tuple(each["changed"])}) for each in found
                    )
                    for unit, found in content["units"].items()
                },
            )
            digest = content["digest"]
        except (ValueError, KeyError, TypeError, AttributeError):
            raise no_plan from None
        if plan.digest() != digest:
            raise PlanFileError(
                f"{source}: digest {str(digest)[:12]}",
                f"its content has digest {plan.digest()[:12]}: it was edited",
            )
        return plan


class PlanFileError(ValueError):
    """Raised for a plan file that cannot be trusted, with the value, the rule and the fix."""

    def __init__(self, value: str, rule: str) -> None:
        super().__init__(f"{value}: {rule}; fix: make it anew with `meridian preview ENV --report DIR`")


def _canonical(content: Any) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), default=list).encode()
