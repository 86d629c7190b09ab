"""The language runtime of one stack, served in a forked worker: what `pulumi-language-python` would do, started already."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from concurrent import futures
from typing import Any

import grpc
from pulumi.automation._server import LanguageServer
from pulumi.errors import RunError
from pulumi.runtime.proto import language_pb2_grpc

from meridian.orchestrator import sdk


def _known(error: Exception) -> bool:
    """True for errors that explain themselves: the model's, whose message needs no traceback."""
    return type(error).__module__.startswith("meridian.model")


def _program(entry: str, stack: str) -> Callable[[], Any]:
    module, function = entry.split(":")

    def run() -> Any:
        try:
            return getattr(importlib.import_module(module), function)(stack)
        except Exception as error:
            if _known(error):
                raise RunError(str(error)) from error
            raise

    return run


def serve(entry: str, stack: str) -> int:
    """Serve `entry` ("module:function", called with the stack's name) on a free loopback port and return the port."""
    sdk.lighten()
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageServer(_program(entry, stack)), server)
    port: int = server.add_insecure_port("127.0.0.1:0")
    server.start()
    _ALIVE.append(server)
    return port


# A server that nobody refers to is stopped by the collector.
_ALIVE: list[grpc.Server] = []
