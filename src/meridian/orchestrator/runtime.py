"""The language runtime of one stack, served in a forked worker: what `pulumi-language-python` would do, started already."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from concurrent import futures
from typing import Any

import grpc
import pulumi
from pulumi.automation._server import LanguageServer
from pulumi.errors import RunError
from pulumi.runtime.proto import language_pb2_grpc, source_pb2


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


def _no_debug(*_: object, **__: object) -> None:
    """Take the place of `pulumi.log.debug`, which is a call to the engine for each of several messages a resource."""


def _no_trace() -> source_pb2.StackTrace:
    """Take the place of the SDK's stack trace of every registration, a fifth of the program's time and of the state."""
    return source_pb2.StackTrace()


def serve(entry: str, stack: str) -> int:
    """Serve `entry` ("module:function", called with the stack's name) on a free loopback port and return the port.

    The SDK's debug messages and its traces of where a resource was made are left out unless MERIDIAN_DEBUG is set: nobody
    sees them without `pulumi --debug`.
    """
    if not os.environ.get("MERIDIAN_DEBUG"):
        pulumi.log.debug = _no_debug
        pulumi.runtime.resource._get_stack_trace = _no_trace
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageServer(_program(entry, stack)), server)
    port: int = server.add_insecure_port("127.0.0.1:0")
    server.start()
    _ALIVE.append(server)
    return port


# A server that nobody refers to is stopped by the collector.
_ALIVE: list[grpc.Server] = []
