"""A process that has imported the program and the SDKs once and forks one language runtime per stack.

A fork must happen before any gRPC object exists (gRPC's threads do not survive it), so this process speaks a line of
JSON over a plain socket and leaves gRPC to its children. A child serves until its client's connection closes; the
process itself ends when nobody has asked for `idle` seconds.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from meridian.files import write_private
from meridian.orchestrator.preload import load


def _serve_child(connection: socket.socket, request: dict[str, Any], program: str) -> None:
    # A child lives for one program: what it leaves behind goes with it.
    gc.disable()
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["directory"])
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if "call" in request:
        module, function = request["call"].split(":")
        answer = getattr(importlib.import_module(module), function)(*request["arguments"])
        connection.sendall(json.dumps({"answer": answer}).encode() + b"\n")
        return
    from meridian.orchestrator.runtime import serve

    port = serve(program, request["stack"])
    connection.sendall(json.dumps({"port": port}).encode() + b"\n")
    # The client never sends again: readable means that it has gone.
    connection.recv(1)


def _read_line(connection: socket.socket) -> bytes:
    connection.settimeout(5)
    received = b""
    while not received.endswith(b"\n"):
        part = connection.recv(65536)
        if not part:
            break
        received += part
    connection.settimeout(None)
    return received


class Zygote:
    """The accepting loop; holds no state but its children."""

    def __init__(
        self,
        listener: socket.socket,
        token: str,
        program: str,
        idle: float,
        failure: str,
        announced: Path,
        warm: str = "",
    ) -> None:
        self._warm = warm
        self._failure = failure
        self._announced = announced
        self._listener = listener
        self._token = token
        self._program = program
        self._idle = idle
        self._children: set[int] = set()

    def run(self) -> None:
        """Serve until idle for too long or told to stop."""
        last = time.monotonic()
        while True:
            readable, _, _ = select.select([self._listener], [], [], 1.0)
            self._reap()
            if readable:
                connection, _ = self._listener.accept()
                try:
                    if not self._answer(connection):
                        return
                except (OSError, ValueError, KeyError) as error:
                    print(f"request refused: {error}", file=sys.stderr, flush=True)
                finally:
                    connection.close()
            if self._children or readable:
                last = time.monotonic()
            elif time.monotonic() - last > self._idle or not _announces(self._announced):
                # Nobody can find a process whose announcement was lost or overwritten: it would stay for nothing.
                return

    def _answer(self, connection: socket.socket) -> bool:
        request = json.loads(_read_line(connection))
        if request.get("token") != self._token:
            raise ValueError("wrong token")
        if request.get("stop"):
            return False
        if self._failure:
            connection.sendall(json.dumps({"error": self._failure}).encode() + b"\n")
            return True
        if self._warm:
            _call_quietly(self._warm, request["environment"])
        if threading.active_count() > 1:
            raise ValueError("a thread is running: a fork would not be safe")
        child = os.fork()
        if child == 0:
            code = 1
            try:
                self._listener.close()
                _serve_child(connection, request, self._program)
                code = 0
            except BaseException as error:  # the child must never return into the parent's loop
                print(f"worker failed: {error!r}", file=sys.stderr, flush=True)
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        self._children.add(child)
        return True

    def _reap(self) -> None:
        for child in list(self._children):
            done, _ = os.waitpid(child, os.WNOHANG)
            if done:
                self._children.discard(child)


def _call_quietly(function: str, environment: dict[str, str]) -> None:
    """Call "module:function"; what is wrong with the data is told by the child, to whom it is said."""
    module, name = function.split(":")
    try:
        getattr(importlib.import_module(module), name)(environment)
    except Exception as error:
        print(f"not read ahead: {type(error).__name__}", file=sys.stderr, flush=True)


def _learn(found: list[type]) -> None:
    """Resolve what each worker would resolve; what cannot be is told by the worker that needs it."""
    try:
        importlib.import_module("meridian.orchestrator.sdk").learn(found)
    except Exception:
        traceback.print_exc()


def _announces(path: Path) -> bool:
    try:
        return bool(json.loads(path.read_text())["pid"] == os.getpid())
    except (OSError, ValueError, KeyError, TypeError):
        return False


def main() -> None:
    """Entry point of `python -m meridian.orchestrator.zygote`; the token comes on standard input."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--preload", default="")
    parser.add_argument("--path", action="append", default=[])
    parser.add_argument("--warm", default="")
    parser.add_argument("--idle", type=float, required=True)
    parser.add_argument("--announce", type=Path, required=True)
    parser.add_argument("--digest", required=True)
    options = parser.parse_args()
    token = sys.stdin.readline().strip()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.path[:0] = options.path
    # Listening before the imports: a client's request waits in the queue instead of polling for the file.
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    listener.set_inheritable(False)
    announcement = {
        "pid": os.getpid(),
        "port": listener.getsockname()[1],
        "token": token,
        "digest": options.digest,
    }
    write_private(options.announce, json.dumps(announcement))
    try:
        failure, idle = "", options.idle
        try:
            found = load(options.program, [name for name in options.preload.split(",") if name], Path.cwd())
            # The language server, its gRPC stubs and the model: modules only, no gRPC object is made.
            for name in ("meridian.orchestrator.runtime", "grpc._server", "grpc._channel"):
                importlib.import_module(name)
            _learn(found)
            importlib.import_module("meridian.model")
        except Exception as error:
            traceback.print_exc()
            # Not for long: what mends it may be an installation, which no source's time shows.
            failure, idle = f"{type(error).__name__}: {error}", 2.0
        # Kept out of the collector, the imported pages stay shared with the children.
        gc.collect()
        gc.freeze()
        Zygote(listener, token, options.program, idle, failure, options.announce, options.warm).run()
    finally:
        if _announces(options.announce):
            options.announce.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
