"""Provider instances of the embedded clouds, in this process, spoken to over the real protocol."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2 as pb
from pulumi.runtime.proto import provider_pb2_grpc

from meridian.local.clouds import cloud
from meridian.local.faults import Faults
from meridian.local.inventory import Inventory
from meridian.local.provider import CloudProvider
from meridian.local.schema import SchemaStore
from meridian.local.store import Store
from meridian.protocol.values import decode, encode

SETTINGS = {
    "gcp": {"project": "meridian-test", "region": "us-central1"},
    "aws": {"region": "us-east-1", "allowedAccountIds": ["123456789012"]},
}


class Instance:
    """One provider instance, with a line for each call of the protocol."""

    def __init__(
        self, name: str, schemas: SchemaStore, store: Store | None, settings: dict[str, Any]
    ) -> None:
        self._server = grpc.server(ThreadPoolExecutor(2))
        provider = CloudProvider(name, "1.0.0", schemas, store, None)
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, self._server)
        port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
        self.stub.Configure(pb.ConfigureRequest(args=encode(settings)))

    @staticmethod
    def urn(token: str, name: str) -> str:
        return f"urn:pulumi:local-us::meridian::{token}::{name}"

    def check(self, token: str, name: str, inputs: dict[str, Any], olds: dict[str, Any] | None = None) -> Any:
        request = pb.CheckRequest(urn=self.urn(token, name), news=encode(inputs), olds=encode(olds or {}))
        return self.stub.Check(request)

    def create(
        self, token: str, name: str, inputs: dict[str, Any], preview: bool = False
    ) -> tuple[str, dict[str, Any]]:
        checked = self.check(token, name, inputs)
        assert not checked.failures, checked.failures
        made = self.stub.Create(
            pb.CreateRequest(urn=self.urn(token, name), properties=checked.inputs, preview=preview)
        )
        return made.id, decode(made.properties)

    def diff(self, token: str, name: str, identifier: str, olds: dict[str, Any], news: dict[str, Any]) -> Any:
        return self.stub.Diff(
            pb.DiffRequest(
                urn=self.urn(token, name),
                id=identifier,
                olds=encode(olds),
                old_inputs=encode(olds),
                news=encode(news),
            )
        )

    def update(
        self, token: str, name: str, identifier: str, olds: dict[str, Any], news: dict[str, Any]
    ) -> dict[str, Any]:
        request = pb.UpdateRequest(
            urn=self.urn(token, name), id=identifier, olds=encode(olds), news=encode(news)
        )
        return decode(self.stub.Update(request).properties)

    def read(self, token: str, name: str, identifier: str) -> tuple[str, dict[str, Any], dict[str, Any]]:
        found = self.stub.Read(pb.ReadRequest(urn=self.urn(token, name), id=identifier))
        return found.id, decode(found.properties), decode(found.inputs)

    def delete(self, token: str, name: str, identifier: str) -> None:
        self.stub.Delete(pb.DeleteRequest(urn=self.urn(token, name), id=identifier))

    def close(self) -> None:
        self._channel.close()
        self._server.stop(None)


class Clouds:
    """An inventory with instances over it."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.folder = folder
        self.inventory = Inventory(folder)
        self.faults = Faults()
        self._cache = cache
        self._open: list[Instance] = []

    def instance(self, name: str, plan: bool = False, **settings: Any) -> Instance:
        store = None if plan else Store(cloud(name), name, "local", self.inventory, self.faults)
        made = Instance(name, SchemaStore(name, self._cache), store, {**SETTINGS.get(name, {}), **settings})
        self._open.append(made)
        return made

    def close(self) -> None:
        for each in self._open:
            each.close()
        self.inventory.close()


@pytest.fixture(scope="session")
def schema_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("schema")


@pytest.fixture
def clouds(tmp_path: Path, schema_cache: Path) -> Iterator[Clouds]:
    made = Clouds(tmp_path / "local", schema_cache)
    yield made
    made.close()


@pytest.fixture
def aws(clouds: Clouds) -> Instance:
    return clouds.instance("aws")


@pytest.fixture
def gcp(clouds: Clouds) -> Instance:
    return clouds.instance("gcp")
