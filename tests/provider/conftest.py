"""The plugin in this process, spoken to over the real protocol."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from netlify_world import DEPLOY, SITE, World
from notes import TOKEN, Notes
from pulumi.runtime.proto import provider_pb2 as pb
from pulumi.runtime.proto import provider_pb2_grpc

from meridian.netlify.deploy import Deploys
from meridian.netlify.site import Sites
from meridian.protocol.plugin import serve
from meridian.protocol.values import decode, encode
from meridian.provider.servicer import MeridianProvider


class Instance:
    """One provider instance; `said` is what it told the person who reads the preview."""

    def __init__(self, handlers: dict[str, Any]) -> None:
        self.said: list[str] = []
        provider = MeridianProvider(handlers, lambda _urn, line: self.said.append(line))
        self._server, port = serve(provider, "test", 2)
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.stub = provider_pb2_grpc.ResourceProviderStub(self._channel)

    @staticmethod
    def urn(token: str) -> str:
        return f"urn:pulumi:local-data::meridian::{token}::it"

    def check(self, token: str, inputs: dict[str, Any]) -> Any:
        return self.stub.Check(pb.CheckRequest(urn=self.urn(token), news=encode(inputs)))

    def create(self, token: str, inputs: dict[str, Any], preview: bool = False) -> tuple[str, dict[str, Any]]:
        checked = self.check(token, inputs)
        assert not checked.failures, checked.failures
        made = self.stub.Create(
            pb.CreateRequest(urn=self.urn(token), properties=checked.inputs, preview=preview)
        )
        return made.id, decode(made.properties)

    def diff(self, token: str, id_: str, old: dict[str, Any], new: dict[str, Any], state: Any = None) -> Any:
        request = pb.DiffRequest(
            urn=self.urn(token), id=id_, olds=encode(state or old), old_inputs=encode(old), news=encode(new)
        )
        return self.stub.Diff(request)

    def update(
        self,
        token: str,
        id_: str,
        old: dict[str, Any],
        new: dict[str, Any],
        state: Any = None,
        preview: bool = False,
    ) -> dict[str, Any]:
        request = pb.UpdateRequest(
            urn=self.urn(token),
            id=id_,
            olds=encode(state or old),
            old_inputs=encode(old),
            news=encode(new),
            preview=preview,
        )
        return decode(self.stub.Update(request).properties)

    def read(self, token: str, id_: str, inputs: dict[str, Any], state: Any = None) -> tuple[str, Any, Any]:
        request = pb.ReadRequest(
            urn=self.urn(token), id=id_, inputs=encode(inputs), properties=encode(state or inputs)
        )
        found = self.stub.Read(request)
        return found.id, decode(found.properties), decode(found.inputs)

    def delete(self, token: str, id_: str, inputs: dict[str, Any], state: Any = None) -> None:
        self.stub.Delete(
            pb.DeleteRequest(
                urn=self.urn(token), id=id_, old_inputs=encode(inputs), properties=encode(state or inputs)
            )
        )

    def close(self) -> None:
        self._channel.close()
        self._server.stop(None)


@pytest.fixture
def plugin() -> Iterator[Instance]:
    made = Instance({TOKEN: Notes})
    yield made
    made.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.server.stop()


@pytest.fixture
def netlify(world: World) -> Iterator[Instance]:
    made = Instance(
        {SITE: lambda: Sites(world.open), DEPLOY: lambda: Deploys(world.open, lambda: world.root)}
    )
    yield made
    made.close()
