"""The provider in this process, spoken to over the real protocol."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from google.rpc import status_pb2
from pulumi.runtime.proto import provider_pb2 as pb
from pulumi.runtime.proto import provider_pb2_grpc

from meridian.local.controlplane import ControlPlanes
from meridian.local.controlplane.spec import Endpoint
from meridian.local.faults import Faults
from meridian.local.kubernetes.cluster import Cluster
from meridian.local.kubernetes.provider import KubernetesProvider
from meridian.local.kubernetes.reach import Locate
from meridian.local.schema import SchemaStore
from meridian.protocol.values import decode, encode


class Instance:
    """One provider instance, with a line for each call of the protocol."""

    def __init__(
        self, schemas: SchemaStore, locate: Locate | None, faults: Faults | None, settings: dict[str, Any]
    ) -> None:
        self._server = grpc.server(ThreadPoolExecutor(8))
        provider = KubernetesProvider("1.0.0", schemas, locate, faults)
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, self._server)
        port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
        self.stub.Configure(pb.ConfigureRequest(args=encode(settings)))

    @staticmethod
    def urn(token: str, name: str = "web") -> str:
        return f"urn:pulumi:local-us::meridian::{token}::{name}"

    def check(
        self,
        token: str,
        inputs: dict[str, Any],
        name: str = "web",
        olds: dict[str, Any] | None = None,
        **given: Any,
    ) -> Any:
        request = pb.CheckRequest(
            urn=self.urn(token, name), news=encode(inputs), olds=encode(olds or {}), **given
        )
        return self.stub.Check(request)

    def inputs(self, token: str, inputs: dict[str, Any], name: str = "web") -> dict[str, Any]:
        checked = self.check(token, inputs, name)
        assert not checked.failures, checked.failures
        return decode(checked.inputs)

    def create(
        self,
        token: str,
        inputs: dict[str, Any],
        name: str = "web",
        preview: bool = False,
        timeout: float = 60,
    ) -> tuple[str, dict[str, Any]]:
        made = self.stub.Create(
            pb.CreateRequest(
                urn=self.urn(token, name),
                properties=encode(self.inputs(token, inputs, name)),
                preview=preview,
                timeout=timeout,
            )
        )
        return made.id, decode(made.properties)

    def diff(
        self, token: str, identifier: str, olds: dict[str, Any], news: dict[str, Any], outputs: Any = None
    ) -> Any:
        return self.stub.Diff(
            pb.DiffRequest(
                urn=self.urn(token),
                id=identifier,
                olds=encode(outputs or olds),
                old_inputs=encode(self.inputs(token, olds)),
                news=encode(self.inputs(token, news)),
            )
        )

    def update(
        self, token: str, identifier: str, olds: dict[str, Any], news: dict[str, Any], preview: bool = False
    ) -> dict[str, Any]:
        request = pb.UpdateRequest(
            urn=self.urn(token),
            id=identifier,
            olds=encode(olds),
            news=encode(self.inputs(token, news)),
            preview=preview,
            timeout=60,
        )
        return decode(self.stub.Update(request).properties)

    def read(
        self, token: str, identifier: str, inputs: dict[str, Any] | None = None, outputs: Any = None
    ) -> tuple[str, dict[str, Any], dict[str, Any]]:
        request = pb.ReadRequest(
            urn=self.urn(token), id=identifier, inputs=encode(inputs or {}), properties=encode(outputs or {})
        )
        found = self.stub.Read(request)
        return found.id, decode(found.properties), decode(found.inputs)

    def delete(
        self, token: str, identifier: str, outputs: dict[str, Any] | None = None, timeout: float = 60
    ) -> None:
        request = pb.DeleteRequest(
            urn=self.urn(token), id=identifier, properties=encode(outputs or {}), timeout=timeout
        )
        self.stub.Delete(request)

    def close(self) -> None:
        self._channel.close()
        self._server.stop(None)


def not_ready(error: grpc.RpcError) -> pb.ErrorResourceInitFailed:
    """Return what the engine reads of an object that exists but is not ready."""
    metadata = dict(error.trailing_metadata())
    status = status_pb2.Status.FromString(metadata["grpc-status-details-bin"])
    detail = pb.ErrorResourceInitFailed()
    assert status.details[0].Unpack(detail)
    return detail


def kubeconfig(endpoint: Endpoint) -> str:
    """Return what the estate's program gives: an address, an authority and a command that is not there."""
    authority = base64.b64encode(endpoint.ca_pem.encode()).decode()
    cluster = {"server": endpoint.url, "certificate-authority-data": authority}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "one", "cluster": cluster}],
            "contexts": [{"name": "one", "context": {"cluster": "one", "user": "one"}}],
            "users": [{"name": "one", "user": {"exec": {"command": "gke-gcloud-auth-plugin"}}}],
            "current-context": "one",
        }
    )


class Plane:
    """One running control plane with two simulated nodes in two zones."""

    def __init__(self, planes: ControlPlanes, endpoint: Endpoint, schemas: SchemaStore) -> None:
        self.planes, self.endpoint, self._schemas = planes, endpoint, schemas
        self.cluster = Cluster("one", endpoint.kubeconfig)
        self.faults = Faults()
        self._open: list[Instance] = []

    def locate(self, server: str, authority: str) -> tuple[str, Path] | None:
        return ("one", self.endpoint.kubeconfig) if server == self.endpoint.url else None

    def instance(self, **settings: Any) -> Instance:
        given = {"kubeconfig": kubeconfig(self.endpoint), **settings}
        made = Instance(self._schemas, self.locate, self.faults, given)
        self._open.append(made)
        return made

    def close(self) -> None:
        for each in self._open:
            each.close()
