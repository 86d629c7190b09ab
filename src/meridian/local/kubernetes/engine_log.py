"""Tells the engine what is going on, so that its own progress shows it."""

from __future__ import annotations

from typing import Any

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

_SECONDS = 2.0


class EngineLog:
    """Lines for the engine at an address; without one, or when it is gone, nothing happens."""

    def __init__(self) -> None:
        self._stub: Any = None
        self._address = ""

    def at(self, address: str) -> None:
        """Keep where the engine listens."""
        if address and address != self._address:
            self._address = address
            self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))

    def status(self, urn: str, message: str) -> None:
        """Show a line beside the resource while it is worked on."""
        self._send(engine_pb2.INFO, urn, message, ephemeral=True)

    def warning(self, urn: str, message: str) -> None:
        """Warn."""
        self._send(engine_pb2.WARNING, urn, message, ephemeral=False)

    def _send(self, severity: Any, urn: str, message: str, *, ephemeral: bool) -> None:
        if self._stub is None:
            return
        request = engine_pb2.LogRequest(severity=severity, urn=urn, message=message, ephemeral=ephemeral)
        try:
            self._stub.Log(request, timeout=_SECONDS)
        except grpc.RpcError:
            self._stub = None  # the engine has ended; its successor says where it listens
            self._address = ""
