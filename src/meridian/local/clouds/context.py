"""What a cloud's behaviour needs to know of the resource at hand."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from meridian.local.schema import ResourceType


@dataclass(frozen=True)
class Neighbour:
    """Another resource, without secret wrappers."""

    id: str
    outputs: Mapping[str, Any]


@dataclass(frozen=True)
class Context:
    """One resource on its way into a cloud; `inputs` are without secret wrappers."""

    resource: ResourceType
    name: str
    inputs: Mapping[str, Any]
    settings: Mapping[str, Any]
    """The configured provider: region, project, account."""
    find: Callable[[str], Mapping[str, Any] | None] = field(default=lambda _value: None)
    """Return the outputs of the resource that answers to an id, ARN or link."""
    others: Callable[[str], Sequence[Neighbour]] = field(default=lambda _token: ())
    """Return the other resources of a type in the environment, of whichever cloud."""

    @property
    def token(self) -> str:
        """The type token."""
        return self.resource.token

    @property
    def kind(self) -> str:
        """The type's own name, such as Cluster."""
        return self.token.rsplit(":", 1)[1]

    @property
    def module(self) -> str:
        """The SDK's module, such as container."""
        return self.token.split(":")[1].split("/")[0]


class Cloud(Protocol):
    """One provider's way."""

    def identify(self, context: Context) -> str:
        """Return a new resource's id."""

    def scope(self, context: Context) -> str:
        """Return where the resource's name must be its own."""

    def computed(self, context: Context, identifier: str) -> dict[str, Any]:
        """Return what only the cloud can tell; secrets wrapped."""

    def settings(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Check a provider's configuration and return it; raises LocalError."""

    def invoke(self, token: str, arguments: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a data source; raises CloudError for one that is not known."""

    def force_new(self, token: str) -> frozenset[str]:
        """Return properties that cannot change in place, where the SDK's text does not say so."""

    def reference(self, text: str) -> bool:
        """True when a text can only be the id, ARN or link of a resource that must exist."""


@runtime_checkable
class Judging(Protocol):
    """A cloud that judges a resource by what else exists, and refuses in its own words."""

    def refuse(self, context: Context) -> None:
        """Raise CloudError for a resource that this cloud would not take as it is."""

    def in_use(self, token: str, identifier: str, users: Sequence[str]) -> Exception | None:
        """Return the refusal to delete what others name; None where they only spell the same text."""

    def known_as(self, token: str, identifier: str) -> str:
        """Return the id of what an import names with its parents."""

    def ask(
        self, token: str, arguments: Mapping[str, Any], others: Callable[[str], Sequence[Neighbour]]
    ) -> dict[str, Any]:
        """Answer a data source from what exists; raises CloudError for one that is not known."""


def hexadecimal(length: int) -> str:
    """Return random hexadecimal digits."""
    return secrets.token_hex((length + 1) // 2)[:length]
