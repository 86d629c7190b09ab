"""Runs a component on a mock engine and keeps every registration, with the options that mocks leave out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.runtime import mocks, rpc, settings
from pulumi.runtime.stack import run_in_stack, wait_for_rpcs


@dataclass(frozen=True)
class Recorded:
    """One registered resource; inputs in the wire's camelCase."""

    type: str
    name: str
    inputs: dict[str, Any]
    parent: str
    custom: bool
    protect: bool
    retain_on_delete: bool
    ignore_changes: tuple[str, ...]
    provider: str = ""
    """`URN::id` of the explicit provider; empty means the engine's default one."""
    aliased: bool = False


@dataclass
class Recording:
    """What a program registered, in order."""

    resources: list[Recorded] = field(default_factory=list)
    exports: dict[str, Any] = field(default_factory=dict)
    """What the stack told at its end; only `record_stack` fills it."""

    def all(self, type_: str) -> list[Recorded]:
        """Return every resource of a type."""
        return [made for made in self.resources if made.type == type_]

    def one(self, type_: str, name: str | None = None) -> Recorded:
        """Return the only resource of a type (and name); fails when there are none or several."""
        found = [made for made in self.all(type_) if name in (None, made.name)]
        have = sorted(f"{made.type} {made.name}" for made in self.resources)
        assert len(found) == 1, f"{len(found)} of {type_} {name or ''}; registered: {have}"
        return found[0]


Computed = Mapping[str, Any] | Callable[[mocks.MockResourceArgs], Mapping[str, Any]]
"""What a provider computes for a type: always the same, or by what it is given."""


class _Mocks(mocks.Mocks):
    def __init__(self, outputs: Mapping[str, Computed]) -> None:
        self._outputs = outputs

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        made = {"name": args.name, "arn": f"arn:aws:mock:::{args.name}", **COMPUTED.get(args.typ, {})}
        computed = self._outputs.get(args.typ, {})
        given = computed(args) if callable(computed) else computed
        return f"{args.name}-id", {**made, **args.inputs, **given}

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        found = self._outputs.get(args.token, {})
        return {} if callable(found) else dict(found), []


COMPUTED: dict[str, dict[str, Any]] = {
    "meridian:local:Netlify": {"endpoint": "http://127.0.0.1:1/api/v1", "tokenFile": "token", "port": 1},
    "meridian:netlify:Site": {
        "siteId": "site",
        "url": "https://www.example",
        "defaultDomain": "x.netlify.app",
    },
    "meridian:netlify:Deploy": {"deployId": "deploy", "digest": "0"},
    "gcp:container/cluster:Cluster": {"endpoint": "10.18.0.2"},
    "gcp:serviceaccount/account:Account": {"email": "account@p.iam.gserviceaccount.com"},
    "gcp:logging/projectSink:ProjectSink": {"writerIdentity": "serviceAccount:sink@example.test"},
}
"""What a cloud computes and a component needs; a test gives more through `outputs`."""


class _Monitor(mocks.MockMonitor):
    def __init__(self, mock: mocks.Mocks, recording: Recording) -> None:
        super().__init__(mock)
        self._recording = recording

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the engine's own name
        if request.type != "pulumi:pulumi:Stack":
            self._recording.resources.append(
                Recorded(
                    type=request.type,
                    name=request.name,
                    inputs=rpc.deserialize_properties(request.object),
                    parent=request.parent,
                    custom=bool(request.custom),
                    protect=bool(request.protect),
                    retain_on_delete=bool(request.retainOnDelete),
                    ignore_changes=tuple(request.ignoreChanges),
                    provider=request.provider,
                    aliased=bool(request.aliases or request.aliasURNs),
                )
            )
        return super().RegisterResource(request)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the engine's own name
        if "::pulumi:pulumi:Stack::" in request.urn:
            self._recording.exports = rpc.deserialize_properties(request.outputs)
        return super().RegisterResourceOutputs(request)


def record(
    program: Callable[[], Mapping[str, Any]], outputs: Mapping[str, Computed] | None = None
) -> tuple[Recording, dict[str, Any]]:
    """Run `program` and return every registration and the plain values of what it returns."""
    recording = Recording()
    mock = _Mocks(outputs or {})
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    mocks.set_mocks(mock, project="meridian", stack="test", preview=False, monitor=_Monitor(mock, recording))

    async def run() -> dict[str, Any]:
        made = program()
        await wait_for_rpcs()
        return {key: await pulumi.Output.from_input(value).future() for key, value in made.items()}

    try:
        return recording, loop.run_until_complete(run())
    finally:
        loop.close()


def record_stack(
    stack: str,
    program: Callable[[], None],
    outputs: Mapping[str, Computed] | None = None,
    *,
    preview: bool = False,
) -> Recording:
    """Run a whole program as `stack`, with its transformations and exports, and return what it registered.

    What a StackReference finds is `outputs["pulumi:pulumi:StackReference"]`.
    """
    recording = Recording()
    mock = _Mocks(outputs or {})
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    mocks.set_mocks(mock, project="meridian", stack=stack, preview=preview, monitor=_Monitor(mock, recording))
    # Mocks keep the root of the run before.
    settings.set_root_resource(None)  # type: ignore[arg-type]
    try:
        loop.run_until_complete(run_in_stack(program))
        return recording
    finally:
        settings.set_root_resource(None)  # type: ignore[arg-type]
        # What a program that failed left waiting must not meet the next one's loop.
        settings.SETTINGS.outputs.clear()
        loop.close()
