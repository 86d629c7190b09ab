"""The life of a plugin's process: it prints its port and serves until the engine lets go."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from meridian.protocol.plugin import serve
from meridian.provider.handler import Handler
from meridian.provider.servicer import MeridianProvider, Say

_WORKERS = 16


def _teller(address: str) -> Say:
    engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))

    def say(urn: str, line: str) -> None:
        engine.Log(engine_pb2.LogRequest(severity=engine_pb2.INFO, message=line, urn=urn))

    return say


def run(handlers: Mapping[str, Callable[[], Handler[Any]]]) -> None:
    """Serve the handlers to the engine of `argv[1]`; the engine ends its plugins by a signal, at the latest with its own end."""
    # Before anybody can have read the port: an engine that is killed then is noticed, too.
    parent, over = os.getppid(), threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    address = next((each for each in sys.argv[1:] if not each.startswith("-")), "")
    say: Say = _teller(address) if address else lambda _urn, _line: None
    server, port = serve(MeridianProvider(handlers, say), "meridian", _WORKERS)
    print(port, flush=True)
    _end_with_parent(parent, over)
    server.stop(grace=0.2)


def _end_with_parent(parent: int, over: threading.Event) -> None:
    """Wait for the signal; an engine that was killed sends none, but then another process is the parent."""
    while not over.wait(1.0):
        if os.getppid() != parent:
            return
