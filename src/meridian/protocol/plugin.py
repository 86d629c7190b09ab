"""The part of a provider plugin that is the same for all of ours."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

# The engine's own limit; the default of 4 MiB is less than a large object can need.
_MESSAGE_BYTES = 400 * 1024 * 1024


class Plugin(provider_pb2_grpc.ResourceProviderServicer):
    """A plugin that keeps secrets secret and can preview; what it makes is its subclass's affair."""

    def __init__(self, version: str) -> None:
        self._version = version

    def Handshake(self, request: Any, context: Any) -> Any:
        """Say what is understood."""
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True, accept_resources=False, accept_outputs=False
        )

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        """Say the plugin's version."""
        return plugin_pb2.PluginInfo(version=self._version)

    def GetSchema(self, request: Any, context: Any) -> Any:
        """Return no schema: programs use typed classes."""
        return provider_pb2.GetSchemaResponse(schema="{}")

    def Attach(self, request: Any, context: Any) -> Any:
        """Nothing to do."""
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> Any:
        """Nothing to do: every operation is short or bounded."""
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: Any) -> Any:
        """Take the configuration as it is; Configure judges it."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        """No configuration: nothing differs."""
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: Any) -> Any:
        """Say what is understood."""
        return configured()


def configured() -> Any:
    """Return the answer to Configure."""
    return provider_pb2.ConfigureResponse(
        acceptSecrets=True, supportsPreview=True, acceptResources=False, acceptOutputs=False
    )


def serve(plugin: Plugin, name: str, workers: int) -> tuple[Any, int]:
    """Serve a plugin on a free loopback port; return the running server and the port."""
    server = grpc.server(
        ThreadPoolExecutor(workers, thread_name_prefix=name),
        options=[
            ("grpc.max_receive_message_length", _MESSAGE_BYTES),
            ("grpc.max_send_message_length", _MESSAGE_BYTES),
        ],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(plugin, server)
    port: int = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port
