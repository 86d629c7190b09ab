"""What the Pulumi SDK does in vain, or again in each process, for the hundreds of resources of a stack.

Read in the sources of pulumi 3.272.0 (`_types.py`, `log.py`, `output.py`, `runtime/resource.py`, `rpc.py`, `settings.py` and
`stack.py`); an SDK without one of the names fails at the first worker. MERIDIAN_DEBUG leaves the SDK's messages and traces as
they are.
"""

from __future__ import annotations

import asyncio
import os
import sys
import typing
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from types import ModuleType
from typing import Any

import pulumi
from pulumi import _types
from pulumi.output import _OutputData
from pulumi.runtime import resource, rpc, stack
from pulumi.runtime.proto import source_pb2
from pulumi.runtime.settings import SETTINGS


def lighten() -> None:
    """Take the SDK's needless work out of this process, once, before the program runs; raises AttributeError for another SDK."""
    if not os.environ.get("MERIDIAN_DEBUG"):
        _replace(pulumi.log, "debug", lambda _: _no_debug)
        _replace(resource, "_get_stack_trace", lambda _: _no_trace)
    _replace(stack, "wait_for_rpcs", _settled)
    _replace(rpc, "serialize_property", _plain_first)
    _replace(rpc, "transfer_properties", lambda _: _transferred)
    _replace(resource, "create_urn", _urn)


def _replace(module: ModuleType, name: str, with_: Callable[[Any], object]) -> None:
    setattr(module, name, with_(getattr(module, name)))


def _no_debug(*_: object, **__: object) -> None:
    """Take the place of `pulumi.log.debug`, which is a call to the engine for each of several messages a resource."""


def _no_trace() -> source_pb2.StackTrace:
    """Take the place of the SDK's stack trace of every registration, a fifth of the program's time and of the state."""
    return source_pb2.StackTrace()


def _settled(wait_for_rpcs: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Wait for all outputs at once before the SDK's own wait, which goes over all that are left for each that is done."""

    async def settled(*arguments: object, **named: object) -> None:
        while True:
            with SETTINGS.lock:
                outputs = list(SETTINGS.outputs)
            pending = [output for output in outputs if not output.done()]
            # A failure is the SDK's own to tell, at once.
            if not pending or any(
                output.cancelled() or output.exception() for output in outputs if output.done()
            ):
                break
            await asyncio.wait(pending, return_when=asyncio.FIRST_EXCEPTION)
        await wait_for_rpcs(*arguments, **named)

    return settled


def _transferred(made: pulumi.Resource, props: Iterable[str], custom: bool) -> dict[str, Callable[..., None]]:
    """Take the place of `transfer_properties`, which makes four futures and a task for each property: one future is enough."""
    resolvers: dict[str, Callable[..., None]] = {}
    for name in props:
        if name == "urn" or (name == "id" and custom):
            continue
        data: asyncio.Future[_OutputData[Any]] = asyncio.Future()
        resolvers[name] = partial(_resolve, made, data)
        made.__dict__[name] = pulumi.Output._from_data(data)
    return resolvers


def _resolve(
    made: pulumi.Resource,
    data: asyncio.Future[_OutputData[Any]],
    value: Any,
    is_known: bool,
    is_secret: bool,
    deps: Iterable[pulumi.Resource] | None,
    failed: Exception | None,
) -> None:
    if failed is not None:
        data.set_exception(failed)
    else:
        data.set_result(_OutputData({*(deps or ()), made}, value, is_known, is_secret))


def _urn(create_urn: Callable[..., pulumi.Output[str]]) -> Callable[..., pulumi.Output[str]]:
    """Put plain texts together at once: every registration asks for its URN, which only a program without an engine uses."""

    def urn(name: Any, type_: Any, parent: Any = None, *others: Any, **named: Any) -> pulumi.Output[str]:
        if type(name) is type(type_) is type(parent) is str and not others and not named:
            return pulumi.Output.from_input(f"{parent[: parent.rfind('::')]}${type_}::{name}")
        return create_urn(name, type_, parent, *others, **named)

    return urn


def _plain_first(serialize: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Let plain data through as it is: the SDK looks at each node for outputs, resources and assets, and types' names."""

    async def serialize_property(
        value: Any,
        deps: Any,
        property_key: Any,
        resource_obj: Any = None,
        input_transformer: Any = None,
        typ: Any = None,
        *options: bool,
        **named: Any,
    ) -> Any:
        # What nests can be held against a type, or have names to translate; a scalar cannot.
        free = input_transformer is None and typ in (None, Any)
        if not named and (type(value) in _SCALARS or (free and _plain(value))):
            return value
        return await serialize(
            value, deps, property_key, resource_obj, input_transformer, typ, *options, **named
        )

    return serialize_property


def _plain(value: Any) -> bool:
    kind = type(value)
    if kind is list:
        return all(map(_plain, value))
    if kind is dict:
        return all(type(key) is str for key in value) and all(map(_plain, value.values()))
    return kind in _SCALARS


_SCALARS = frozenset({str, int, float, bool, type(None)})


def learn(classes: Iterable[type]) -> None:
    """Resolve the types of the resources among `classes` and of all that nests in them: forked processes then have them."""
    seen: set[type] = set()
    open_: list[Any] = []
    for each in classes:
        if issubclass(each, pulumi.CustomResource):
            open_ += _types.resource_types(each).values()
            # The class of its arguments lies beside it.
            beside = vars(sys.modules[each.__module__])
            open_ += [found for name, found in beside.items() if name.endswith("Args")]
    while open_:
        found = open_.pop()
        open_ += typing.get_args(found)
        if not isinstance(found, type) or found in seen:
            continue
        seen.add(found)
        if _types.is_input_type(found) or _types.is_output_type(found):
            open_ += _types._types_from_py_properties(found).values()
