"""What a kind of resource is made of: validated inputs and the operations on the thing itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from meridian.protocol.differences import KIND, walk


class Inputs(BaseModel):
    """A resource's inputs, camelCase on the wire; unknown ones are refused, `SecretStr` fields are always secret."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)


I = TypeVar("I", bound=Inputs)  # noqa: E741 - inputs
Outputs = Mapping[str, Any]


@dataclass(frozen=True)
class Failure:
    """An input that is refused: its path on the wire and why."""

    property: str
    reason: str


@dataclass(frozen=True)
class Diff:
    """Paths that differ with their kind (ADD, DELETE, UPDATE) and the top-level inputs that need another resource."""

    changed: Mapping[str, int] = field(default_factory=dict)
    replaces: frozenset[str] = frozenset()
    delete_before_replace: bool = False


@dataclass(frozen=True)
class Plan:
    """What is known before it is done: outputs, and lines for the person who reads the preview."""

    outputs: Outputs = field(default_factory=dict)
    lines: Sequence[str] = ()


@dataclass(frozen=True)
class Made:
    """What exists now: its id and what it has beyond its inputs."""

    id: str
    outputs: Outputs = field(default_factory=dict)


@dataclass(frozen=True)
class Found(Generic[I]):
    """What a read found; inputs say what the thing is like now, None: as before."""

    id: str
    outputs: Outputs = field(default_factory=dict)
    inputs: I | None = None


class Handler(ABC, Generic[I]):
    """One type of resource. Operations raise ProviderError and must bear being repeated: a reply can be lost."""

    token: ClassVar[str]
    inputs: type[I]
    fixed: ClassVar[frozenset[str]] = frozenset()
    """Wire names whose change needs another resource."""
    plans_from: ClassVar[frozenset[str]] = frozenset()
    """Wire names that `check` and `plan` are content with while others are unknown; none: they wait for all.

    The inputs that they are given then lack the unknown fields: reading one raises AttributeError.
    """
    secret_outputs: ClassVar[frozenset[str]] = frozenset()
    unknown_outputs: ClassVar[frozenset[str]] = frozenset()
    """Outputs that nobody knows before the creation."""

    def check(self, news: I) -> Sequence[Failure]:
        """Return what is wrong beyond types; talks to nobody."""
        return ()

    def diff(self, old: I, new: I, outputs: Outputs) -> Diff:
        """Compare input by input; a handler that knows better says better."""
        return differences(wire(old), wire(new), self.fixed)

    def plan(self, old: I | None, new: I, outputs: Outputs) -> Plan:
        """Say what a creation (old is None) or update would do; raise ProviderError for what must not be done."""
        return Plan()

    @abstractmethod
    def create(self, new: I) -> Made:
        """Make the thing; one that is there already is taken over."""

    @abstractmethod
    def read(self, id: str, inputs: I | None, outputs: Outputs) -> Found[I] | None:
        """Return what exists, None when it is gone; without inputs it is an import."""

    @abstractmethod
    def update(self, id: str, old: I, new: I, outputs: Outputs) -> Outputs:
        """Change the thing in place and return its new outputs."""

    @abstractmethod
    def delete(self, id: str, inputs: I, outputs: Outputs) -> None:
        """Delete the thing; one that is gone is no error."""


def wire(inputs: Inputs) -> dict[str, Any]:
    """Return inputs as they travel; a `SecretStr` stays wrapped and compares by its value."""
    return {name: value for name, value in inputs.model_dump(by_alias=True).items() if value is not None}


def differences(old: Mapping[str, Any], new: Mapping[str, Any], fixed: frozenset[str]) -> Diff:
    """Return the difference of two sets of inputs."""
    changed: dict[str, int] = {}
    for name in sorted({*old, *new}):
        changed.update(walk(name, old.get(name), new.get(name)))
    tops = {path.split(".")[0].split("[")[0] for path in changed}
    return Diff(changed, frozenset(tops & fixed), delete_before_replace=bool(tops & fixed))


__all__ = ["KIND", "Diff", "Failure", "Found", "Handler", "Inputs", "Made", "Outputs", "Plan"]
