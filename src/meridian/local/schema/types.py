"""A resource type as plain data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

Shape = dict[str, Any]
"""`{"kind": "string"|"bool"|"int"|"float"|"any"}`, `{"kind": "list"|"map", "of": Shape}` or `{"kind": "object", "ref": name}`."""


@dataclass(frozen=True)
class Field:
    """One input property of a resource or a nested object."""

    shape: Shape
    required: bool
    force_new: bool


@dataclass(frozen=True)
class ResourceType:
    """What a provider's SDK declares of one type token."""

    token: str
    inputs: dict[str, Field]
    outputs: dict[str, Shape]
    """Every property of the finished resource; those that are no inputs are computed by the cloud."""
    objects: dict[str, dict[str, Field]]
    """Nested input objects by name."""
    certain: tuple[str, ...] = ()
    """Outputs that the SDK types as never absent."""
    secrets: tuple[str, ...] = ()
    """Outputs that the SDK declares secret."""

    @property
    def computed(self) -> list[str]:
        """Return the names of what only the cloud can tell."""
        return [name for name in self.outputs if name not in self.inputs]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ResourceType:
        """Build from what `to_json` gave."""

        def fields(raw: dict[str, Any]) -> dict[str, Field]:
            return {
                name: Field(each["shape"], each["required"], each["force_new"]) for name, each in raw.items()
            }

        return cls(
            data["token"],
            fields(data["inputs"]),
            data["outputs"],
            {name: fields(each) for name, each in data["objects"].items()},
            tuple(data["certain"]),
            tuple(data["secrets"]),
        )
