"""One origin process: `python -m meridian.local.origin.server SPEC.json`; lives and dies with its cluster."""

from __future__ import annotations

import asyncio
import hashlib
import json
import signal
import ssl
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import WSMsgType, web

from meridian.local.origin.status import RegionStatus

_CHECK_SECONDS = 2.0
# Several monitors ask in the same moment: one answer of the API server serves them all.
_KEPT_SECONDS = 0.2
_STREAM_CHUNKS, _STREAM_SECONDS = 1000, 10.0


class OriginProcess:
    """Answers for one cluster; reads its file again when it changed."""

    def __init__(self, spec: Path) -> None:
        self._file = spec
        self._seen = 0
        self._spec: dict[str, Any] = {}
        self._checked, self._problem = 0.0, ""
        self._lock = asyncio.Lock()

    async def run(self, ending: asyncio.Event) -> None:
        """Serve until told to end."""
        spec = self._read()
        app = web.Application()
        app.add_routes(
            [
                web.get("/health", self._health),
                web.get("/status", self._status),
                web.get("/ws", self._websocket),
                web.get("/stream", self._stream),
                web.route("*", "/echo", self._echo),
                web.route("*", "/{path:.*}", self._home),
            ]
        )
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(spec["certificate"], spec["key"])
        async with aiohttp.ClientSession() as self._session:
            self._regions = RegionStatus(self._session)
            runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", int(spec["port"]), ssl_context=tls, backlog=512).start()
            await ending.wait()
            await runner.cleanup()

    def _read(self) -> dict[str, Any]:
        seen = self._file.stat().st_mtime_ns
        if seen != self._seen:
            self._spec = json.loads(self._file.read_text())
            self._seen = seen
        return self._spec

    async def _health(self, request: web.Request) -> web.StreamResponse:
        """Healthy means: the cluster's API server answers, and the region has a quorum of its database nodes."""
        spec = self._read()
        reasons = [each for each in (await self._api_server(spec), _no_quorum(spec.get("quorum"))) if each]
        # What is wrong comes first: who asks for a health check reads only the beginning.
        body = {"healthy": not reasons, "reasons": reasons, **_identity(spec)}
        return web.json_response(body, status=503 if reasons else 200)

    async def _status(self, request: web.Request) -> web.StreamResponse:
        return await self._regions.answer(self._read(), request)

    async def _api_server(self, spec: dict[str, Any]) -> str:
        """Return why the API server does not answer; empty when it does."""
        async with self._lock:
            if time.monotonic() - self._checked > _KEPT_SECONDS:
                self._problem = await self._ask(spec["api_server"])
                self._checked = time.monotonic()
            return self._problem

    async def _ask(self, api: dict[str, str]) -> str:
        try:
            async with self._session.get(
                f"{api['url']}/readyz",
                ssl=ssl.create_default_context(cadata=api["ca"]),
                timeout=aiohttp.ClientTimeout(total=_CHECK_SECONDS),
            ) as answer:
                return "" if answer.status == 200 else f"the API server says {answer.status}"
        except (aiohttp.ClientError, OSError) as error:
            return f"the API server does not answer: {type(error).__name__}"

    async def _home(self, request: web.Request) -> web.StreamResponse:
        """Say who served this, and what the request was when it came in."""
        digest, count = hashlib.sha256(), 0
        async for chunk in request.content.iter_any():
            digest.update(chunk)
            count += len(chunk)
        seen = {
            "method": request.method,
            "path": request.raw_path,
            "headers": [list(pair) for pair in request.headers.items()],
            "body": {"bytes": count, "sha256": digest.hexdigest()},
        }
        return web.json_response(
            {**_identity(self._read()), "request": seen}, headers={"Cache-Control": "no-store"}
        )

    async def _echo(self, request: web.Request) -> web.StreamResponse:
        """Send the body back as it comes in."""
        response = web.StreamResponse(
            headers={"Content-Type": request.headers.get("Content-Type", "application/octet-stream")}
        )
        if request.content_length is not None:
            response.content_length = request.content_length
        await response.prepare(request)
        async for chunk in request.content.iter_any():
            await response.write(chunk)
        await response.write_eof()
        return response

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        """Send `chunks` lines, one every `seconds`."""
        chunks = min(int(request.query.get("chunks", "3")), _STREAM_CHUNKS)
        pause = min(float(request.query.get("seconds", "0.1")), _STREAM_SECONDS)
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        for number in range(chunks):
            await response.write(f"{number}\n".encode())
            await asyncio.sleep(pause)
        await response.write_eof()
        return response

    async def _websocket(self, request: web.Request) -> web.StreamResponse:
        """Send every message back."""
        socket = web.WebSocketResponse(heartbeat=30)
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await socket.send_str(message.data)
            elif message.type is WSMsgType.BINARY:
                await socket.send_bytes(message.data)
        return socket


def _identity(spec: dict[str, Any]) -> dict[str, str]:
    return {name: str(spec[name]) for name in ("cluster", "region", "cloud", "environment")} | {
        "simulated": "an origin of meridian's embedded clouds"
    }


def _no_quorum(quorum: dict[str, Any] | None) -> str:
    """Return why the region's database cannot serve; empty when it can, or nothing is known of it."""
    if not quorum or len(quorum["up"]) >= quorum["needed"]:
        return ""
    return (
        f"{quorum['group']} has no quorum: {len(quorum['up'])} of {len(quorum['up']) + len(quorum['down'])} database "
        f"nodes are up and {quorum['needed']} are needed; down: {', '.join(quorum['down'])}"
    )


async def _main(spec: Path) -> None:
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    await OriginProcess(spec).run(ending)


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
