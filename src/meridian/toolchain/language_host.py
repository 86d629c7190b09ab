"""The engine's Python language host, over the SDK's own `LanguageServer`: `pulumi-language-python ENGINE_ADDRESS`.

An official install brings a host of its own and this one is not used. It deliberately does not generate code, pack
packages or install dependencies: the checkout's environment is made by `make up`.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2


def _program(root: Path, entry: str) -> Any:
    def run() -> None:
        target = (root / entry).resolve()
        folder = target if target.is_dir() else target.parent
        if not target.exists():
            raise FileNotFoundError(f"the program {target} does not exist; `main:` in Pulumi.yaml names it")
        sys.path.insert(0, str(folder))
        runpy.run_path(str(target), run_name="__main__")

    return run


class Host(LanguageServer):
    """Serves one engine; runs the one program that it names."""

    def __init__(self, engine: str) -> None:
        super().__init__(lambda: None)
        self._engine = engine

    def Handshake(self, request: Any, context: Any) -> Any:
        """Take the engine's address anew: it may differ from the argument."""
        self._engine = request.engine_address or self._engine
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        """Return no version: the host is part of the checkout."""
        return plugin_pb2.PluginInfo()

    def InstallDependencies(self, request: Any, context: Any) -> Any:
        """Say where dependencies come from; installs nothing."""
        yield language_pb2.InstallDependenciesResponse(
            stdout=b"dependencies are installed by `make up` (requirements.lock)\n"
        )

    def RuntimeOptionsPrompts(self, request: Any, context: Any) -> Any:
        """Ask nothing."""
        return language_pb2.RuntimeOptionsResponse()

    def GetProgramDependencies(self, request: Any, context: Any) -> Any:
        """Return the installed distributions and their versions."""
        from importlib.metadata import distributions

        found = sorted({(each.metadata["Name"], each.version) for each in distributions()})
        dependencies = [language_pb2.DependencyInfo(name=name, version=version) for name, version in found]
        return language_pb2.GetProgramDependenciesResponse(dependencies=dependencies)

    def Run(self, request: Any, context: Any) -> Any:
        """Run the program; its errors are reported by the engine, with their traceback unless they are RunErrors."""
        os.chdir(request.pwd or ".")
        root = request.info.program_directory or request.pwd
        self.program = _program(Path(root), request.info.entry_point or request.program or ".")
        del request.args[:]
        request.args.append(self._engine)
        return super().Run(request, context)  # type: ignore[no-untyped-call]

    def Cancel(self, request: Any, context: Any) -> Any:
        """Do nothing: the engine ends this process itself."""
        from google.protobuf import empty_pb2

        return empty_pb2.Empty()


def main(arguments: list[str]) -> int:
    """Serve until the engine ends this process; prints the port, as the engine expects."""
    addresses = [argument for argument in arguments if not argument.startswith("-")]
    if not addresses:
        print("usage: pulumi-language-python ENGINE_ADDRESS", file=sys.stderr)
        return 2
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    unlimited = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4), options=unlimited)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(Host(addresses[0]), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    parent = os.getppid()
    while not ended.wait(1.0):
        if os.getppid() != parent:
            break
    server.stop(0)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
