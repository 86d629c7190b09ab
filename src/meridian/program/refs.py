"""What one unit takes from another: the only place that makes StackReferences."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from typing import Any

import pulumi

from meridian.model import Environment


class Upstream:
    """The outputs of another unit's stack.

    In a preview of an environment that does not exist yet they are unknown, so that everything can be shown.
    """

    def __init__(self, environment: Environment, unit: str) -> None:
        self._stack = f"{environment.environment}-{unit}"
        name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{self._stack}"
        self._reference = pulumi.StackReference(name)

    def get(self, *path: str) -> pulumi.Output[Any]:
        """Return one value; in an `up`, a missing one is an error that names the stack and the command."""

        def pick(outputs: Any) -> Any:
            value = outputs
            for step in path:
                value = value.get(step) if isinstance(value, dict) else None
            if value is None and not pulumi.runtime.is_dry_run():
                raise pulumi.RunError(
                    f"stack {self._stack} has no output {'.'.join(path)}; fix: `meridian up` its environment, or this unit first"
                )
            return pulumi.Output.from_input(value) if value is not None else unknown()

        return _value(self._reference.outputs.apply(pick))

    def public(self, *path: str) -> pulumi.Output[Any]:
        """Return one value that is no secret: the engine marks all outputs of a stack that holds one."""
        return pulumi.Output.unsecret(self.get(*path))


def _value(output: pulumi.Output[Any]) -> pulumi.Output[Any]:
    """Return an output that names no resource.

    A preview never knows a StackReference's id, and takes a data source that depends on one for unknown: what uses
    the answer would be shown as changed at every preview.
    """
    value = output.future(with_unknowns=True)
    return pulumi.Output(set(), value, _Asked(output.is_known), _Asked(output.is_secret))


class _Asked:
    """Asks when it is awaited: the SDK awaits no more once the value is an error, and a coroutine made ahead would warn."""

    def __init__(self, ask: Callable[[], Coroutine[Any, Any, bool]]) -> None:
        self._ask = ask

    def __await__(self) -> Generator[Any, Any, bool]:
        return self._ask().__await__()


def unknown() -> pulumi.Output[Any]:
    """Return a value that only an `up` will know."""

    def settled(value: Any) -> Any:
        import asyncio

        future: asyncio.Future[Any] = asyncio.Future()
        future.set_result(value)
        return future

    return pulumi.Output(set(), settled(None), settled(False), settled(False))
