"""One resource of a plan: what is done to it, with which inputs, under which protection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How the engine writes a value that is only known after an upstream was made (`sdk/go/common/resource/plugin/rpc.go`)."""
SECRET = "[secret]"  # noqa: S105 - the engine's mask, no secret
CHANGES = frozenset({"create", "update", "replace", "delete", "import"})


@dataclass(frozen=True)
class PlannedResource:
    """A resource as the engine plans it; secrets are masked by the engine, unknown values are UNKNOWN."""

    unit: str
    urn: str
    op: str
    """same, create, update, replace, delete, import or read."""
    inputs: Mapping[str, Any]
    """What it shall be; for a deletion what it was."""
    old_inputs: Mapping[str, Any] = field(default_factory=dict)
    changed: tuple[str, ...] = ()
    """Paths of the properties that differ."""
    protect: bool = False
    retain: bool = False
    custom: bool = True
    """False for components, which exist in the engine only."""
    provider: str = ""
    """The provider's logical name, such as aws-eu-west-1."""
    parent: str = ""

    @property
    def type(self) -> str:
        """Return the type token, such as aws:s3/bucket:Bucket."""
        return self.urn.split("::")[2].rsplit("$", 1)[-1]

    @property
    def name(self) -> str:
        """Return the logical name."""
        return self.urn.rsplit("::", 1)[-1]

    @property
    def component(self) -> str:
        """Return the token of the component that it belongs to, empty for none."""
        kinds = self.urn.split("::")[2].split("$")
        return kinds[-2] if len(kinds) > 1 else ""

    @property
    def stays(self) -> bool:
        """True when the resource exists after the plan is applied."""
        return self.op != "delete"

    @property
    def changes(self) -> bool:
        """True when the plan does something to it."""
        return self.op in CHANGES

    def get(self, *path: str | int, default: Any = None) -> Any:
        """Return an input by its path; `default` where there is none. A list of one object counts as that object."""
        node: Any = self.inputs
        for step in path:
            if isinstance(node, list) and isinstance(step, str) and len(node) == 1:
                node = node[0]
            inside = isinstance(node, list) and isinstance(step, int) and step < len(node)
            if not inside and not (isinstance(node, Mapping) and step in node):
                return default
            node = node[step]
        return node

    def strings(self) -> Iterator[str]:
        """Yield every text among the inputs."""
        yield from _strings(self.inputs)


def _strings(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for value in node.values():
            yield from _strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from _strings(value)
