# ruff: noqa: N802 (the protocol names the methods)
"""A provider of one kind of thing, kept in a folder: file name = URN digest. Prints its port; ends with its parent's pipe.

While the file `hold` exists, a creation makes the thing and then withholds its reply, so that a killed engine
leaves an open operation behind. A creation of a thing that exists already adopts it, as the embedded clouds do.
"""

import hashlib
import json
import sys
import time
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, urn: str) -> Path:
        return self._folder / (hashlib.sha256(urn.encode()).hexdigest()[:12] + ".json")

    def Configure(self, request: Any, context: Any) -> Any:
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True, acceptResources=False)

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Check(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request: Any, context: Any) -> Any:
        old, new = (json_format.MessageToDict(side) for side in (request.old_inputs, request.news))
        changed = [key for key in {*old, *new} if old.get(key) != new.get(key)]
        kind = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=kind, diffs=changed)

    def Create(self, request: Any, context: Any) -> Any:
        path = self._path(request.urn)
        if not request.preview:
            if "refuse" in json_format.MessageToDict(request.properties):
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the quota of things is used up")
            path.write_text(json.dumps(json_format.MessageToDict(request.properties)))
            (self._folder / "reached").touch()
            while (self._folder / "hold").exists():
                time.sleep(0.05)
        return provider_pb2.CreateResponse(id=path.stem, properties=request.properties)

    def Update(self, request: Any, context: Any) -> Any:
        if not request.preview:
            self._path(request.urn).write_text(json.dumps(json_format.MessageToDict(request.news)))
        return provider_pb2.UpdateResponse(properties=request.news)

    def Read(self, request: Any, context: Any) -> Any:
        path = self._folder / f"{request.id}.json"
        if not path.exists():
            return provider_pb2.ReadResponse(id="")
        found = json_format.ParseDict(json.loads(path.read_text()), type(request.properties)())
        return provider_pb2.ReadResponse(id=request.id, properties=found, inputs=found)

    def Delete(self, request: Any, context: Any) -> Any:
        (self._folder / f"{request.id}.json").unlink(missing_ok=True)
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version="1.0.0")

    def Attach(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()


if __name__ == "__main__":
    server = grpc.server(futures.ThreadPoolExecutor(16))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(Path(sys.argv[1])), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    sys.stdin.read()
