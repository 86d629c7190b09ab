"""The lightened SDK does what the SDK does: same values, same failures."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi import _types
from pulumi.runtime import rpc
from pulumi.runtime.settings import SETTINGS

from meridian.orchestrator import sdk

SCALARS = (
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.floats(allow_nan=False) | st.text(max_size=8)
)
NAMES = st.sampled_from(["apiVersion", "api_version", "container_port", "containerPort", "x", "a b"])
LEAVES = SCALARS | SCALARS.map(lambda held: Held(held))
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
TYPES = st.sampled_from(
    [None, Any, dict, kubernetes.core.v1.ContainerPortArgs, kubernetes.core.v1.PodSpecArgs, list[str]]
)


class Held:
    """Stands for an Output, which belongs to the loop that it is made in."""

    def __init__(self, value: Any) -> None:
        self.value = value


def live(node: Any) -> Any:
    """Put outputs in the places that hold one."""
    if isinstance(node, Held):
        return pulumi.Output.from_input(node.value)
    if isinstance(node, dict):
        return {key: live(value) for key, value in node.items()}
    return [live(each) for each in node] if isinstance(node, list) else node


ORIGINAL = rpc.serialize_property


@pytest.fixture
def restored() -> Iterator[None]:
    """Put the SDK's own function back."""
    yield
    rpc.serialize_property = ORIGINAL


def serialized(serialize: Callable[..., Awaitable[Any]], tree: Any, typ: Any, translate: Any) -> Any:
    """Return what a way of serializing makes of a tree, or the words of its refusal."""

    async def run() -> Any:
        # The SDK's function calls itself by its name in the module.
        rpc.serialize_property = serialize  # type: ignore[assignment]
        try:
            return await serialize(live(tree), [], "p", None, translate, typ, False, False)
        except (ValueError, AssertionError) as error:
            return str(error)

    return asyncio.run(run())


@given(TREES, TYPES, st.sampled_from([None, str.upper]))
@settings(max_examples=150, deadline=None)
def test_a_tree_is_serialized_as_the_sdk_does(tree: Any, typ: Any, translate: Any) -> None:
    try:
        expected = serialized(ORIGINAL, tree, typ, translate)
        assert serialized(sdk._plain_first(ORIGINAL), tree, typ, translate) == expected
    finally:
        rpc.serialize_property = ORIGINAL


@pytest.mark.usefixtures("restored")
def test_plain_data_never_reaches_the_sdks_own_walk() -> None:
    async def refuse(*_: Any) -> Any:
        raise AssertionError("walked")

    tree = {"spec": {"versions": [{"name": "v1", "served": True, "order": 1, "none": None}]}}
    assert asyncio.run(sdk._plain_first(refuse)(tree, [], "p", None, None, None, False, False)) == tree  # type: ignore[arg-type]


def settled_with(*futures: Callable[[], "asyncio.Future[Any]"]) -> bool:
    """Return True when the wait came to the SDK's own wait within two seconds, with these outputs outstanding."""
    reached = False

    async def own() -> None:
        nonlocal reached
        reached = True

    async def run() -> None:
        kept = set(SETTINGS.outputs)
        SETTINGS.outputs.clear()
        made = [future() for future in futures]
        SETTINGS.outputs.update(made)  # type: ignore[arg-type]
        try:
            await asyncio.wait_for(sdk._settled(own)(), 2)
        except TimeoutError:
            pass
        finally:
            for future in made:
                future.cancel()
            SETTINGS.outputs.clear()
            SETTINGS.outputs.update(kept)

    asyncio.run(run())
    return reached


def never() -> "asyncio.Future[Any]":
    return asyncio.get_running_loop().create_future()


def failed() -> "asyncio.Future[Any]":
    future = never()
    future.set_exception(ValueError("refused"))
    return future


def failing_soon() -> "asyncio.Future[Any]":
    future = never()
    asyncio.get_running_loop().call_later(0.05, future.set_exception, ValueError("refused"))
    return future


def done_soon() -> "asyncio.Future[Any]":
    future = never()
    asyncio.get_running_loop().call_later(0.05, future.set_result, 1)
    return future


def test_the_wait_ends_when_all_outputs_are_known() -> None:
    assert settled_with(done_soon, done_soon)


def test_the_wait_ends_at_a_failure_beside_an_output_that_never_ends() -> None:
    assert settled_with(never, failing_soon)
    assert settled_with(never, failed)


def test_the_wait_holds_while_an_output_is_open() -> None:
    assert not settled_with(done_soon, never)


def test_types_learned_once_are_not_resolved_again() -> None:
    sdk.learn([kubernetes.apps.v1.Deployment, str])
    before = _types._types_from_py_properties.cache_info().misses
    _types.resource_types(kubernetes.apps.v1.Deployment)
    for nested in (kubernetes.core.v1.PodSpecArgs, kubernetes.core.v1.outputs.PodSpec):
        _types._types_from_py_properties(nested)
    assert _types._types_from_py_properties.cache_info().misses == before


def resolved(transfer: Callable[..., Any], *answer: Any) -> Any:
    """Return what a property of a resource is once the engine has answered."""

    async def run() -> Any:
        made = pulumi.Resource.__new__(pulumi.CustomResource)
        other = pulumi.Resource.__new__(pulumi.CustomResource)
        resolvers = transfer(made, {"urn": 1, "id": 2, "name": 3}, True)
        assert set(resolvers) == {"name"}
        value, known, secret, deps, failed = answer
        resolvers["name"](value, known, secret, deps and {other}, failed)
        try:
            data = await made.__dict__["name"]._data
        except ValueError as error:
            return str(error)
        finally:
            SETTINGS.outputs.clear()
        return data.value, data.is_known, data.is_secret, made in data.resources, other in data.resources

    return asyncio.run(run())


@pytest.mark.parametrize(
    "answer",
    [
        ("blue", True, False, None, None),
        ({"a": [pulumi.UNKNOWN]}, True, False, True, None),
        (None, False, True, True, None),
        (None, True, False, True, ValueError("refused")),
    ],
)
def test_a_property_resolves_as_the_sdks_own(answer: tuple[Any, ...]) -> None:
    assert resolved(sdk._transferred, *answer) == resolved(rpc.transfer_properties, *answer)


@pytest.mark.parametrize("parent", ["urn:pulumi:s::p::a:b:C::up", "urn:pulumi:s::p::a:b:C$d:e:F::up", None])
def test_a_urn_is_put_together_as_by_the_sdk(parent: str | None) -> None:
    async def run(create: Callable[..., "pulumi.Output[str]"]) -> Any:
        try:
            return await create("name", "g:h:I", parent, *([] if parent else ["p", "s"])).future()
        finally:
            SETTINGS.outputs.clear()

    own = pulumi.runtime.resource.create_urn
    assert asyncio.run(run(sdk._urn(own))) == asyncio.run(run(own))
