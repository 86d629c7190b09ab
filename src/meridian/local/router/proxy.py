"""Carries one request to one origin: bodies stream both ways, websockets are bridged. Knows nothing of steering."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
from aiohttp import WSMsgType, web
from multidict import CIMultiDict
from yarl import URL

from meridian.local.router import headers
from meridian.local.router.errors import EdgeError
from meridian.local.router.resolver import Place

# Cloudflare docs, fundamentals/reference/connection-limits (2026-07): seconds, between Cloudflare and the origin.
CONNECT_SECONDS, READ_SECONDS = 19.0, 120.0
BODY_BYTES = 500 * 1000 * 1000
"""An Enterprise plan's default; beyond it 413 (Cloudflare docs, error-413)."""
_WEBSOCKET_BYTES = 32 * 2**20
CONNECTIONS, CONNECTIONS_EACH = 2048, 512
"""Towards all origins and towards each; a limit of ours, so that a flood ends in 522 and not in the machine's own limits."""
_NO_AUTO = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


class Body:
    """A request's body on its way: read once, at most BODY_BYTES, `100 Continue` sent when an origin wants it."""

    def __init__(self, request: web.BaseRequest, limit: int = BODY_BYTES) -> None:
        if request.content_length is not None and request.content_length > limit:
            raise EdgeError(413, f"{request.content_length} bytes are more than {limit}")
        self._request = request
        self._limit = limit
        self.started = False
        self.refused: EdgeError | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield what the visitor sends."""
        self.started = True
        request, count = self._request, 0
        if request.headers.get("Expect", "").lower() == "100-continue" and request.version >= (1, 1):
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0
        async for chunk in request.content.iter_any():
            count += len(chunk)
            if count > self._limit:
                self.refused = EdgeError(413, f"more than {self._limit} bytes")
                raise self.refused
            yield chunk


def timeout(scale: float = 1.0) -> aiohttp.ClientTimeout:
    """Return Cloudflare's time limits towards an origin, scaled; waiting for a free connection counts as connecting."""
    connect = CONNECT_SECONDS * scale
    return aiohttp.ClientTimeout(
        total=None, connect=connect, sock_connect=connect, sock_read=READ_SECONDS * scale
    )


@dataclass
class Proxy:
    """The edge's side of the connections to origins."""

    session: aiohttp.ClientSession
    tls: ssl.SSLContext
    timeout: aiohttp.ClientTimeout = field(default_factory=timeout)

    async def carry(
        self,
        request: web.BaseRequest,
        body: Body,
        place: Place,
        sent: CIMultiDict[str],
        added: dict[str, str],
    ) -> web.StreamResponse:
        """Return the origin's answer, sent to the visitor; raises what `errors.edge_error` understands.

        Nothing was sent to the visitor when it raises. An answer that breaks off ends the visitor's connection, so that
        nobody takes a part for the whole.
        """
        url = URL(f"{place.scheme}://{place.host}:{place.port}{request.rel_url.raw_path_qs}", encoded=True)
        async with self.session.request(
            request.method,
            url,
            headers=sent,
            data=body if request.body_exists else None,
            allow_redirects=False,
            timeout=self.timeout,
            skip_auto_headers=_NO_AUTO,
            ssl=self.tls if place.server_name else False,
            server_hostname=place.server_name or None,
        ) as answer:
            response = web.StreamResponse(
                status=answer.status, reason=answer.reason, headers=headers.to_visitor(answer.headers)
            )
            _add(response, added)
            await response.prepare(request)
            try:
                if request.method != "HEAD":
                    async for chunk in answer.content.iter_any():
                        await response.write(chunk)
                await response.write_eof()
            except (TimeoutError, aiohttp.ClientError, ConnectionError):
                answer.close()
                if request.transport is not None:
                    request.transport.abort()
            return response

    async def bridge(
        self, request: web.BaseRequest, place: Place, sent: CIMultiDict[str], added: dict[str, str]
    ) -> web.StreamResponse:
        """Bridge a websocket until one side closes it; raises as `carry`. An origin's refusal is passed on by its status."""
        offered = [each.strip() for each in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
        url = URL(f"{place.scheme}://{place.host}:{place.port}{request.rel_url.raw_path_qs}", encoded=True)
        try:
            upstream = await self.session.ws_connect(
                url,
                protocols=[each for each in offered if each],
                headers=sent,
                autoping=False,
                max_msg_size=_WEBSOCKET_BYTES,
                ssl=self.tls if place.server_name else False,
                server_hostname=place.server_name or None,
            )
        except aiohttp.WSServerHandshakeError as error:
            return web.Response(status=error.status, text=error.message, headers=added)
        async with upstream:
            chosen = (upstream.protocol,) if upstream.protocol else ()
            visitor = web.WebSocketResponse(
                protocols=chosen, autoping=False, max_msg_size=_WEBSOCKET_BYTES, compress=False
            )
            _add(visitor, added)
            await visitor.prepare(request)
            ways = [
                asyncio.ensure_future(_pump(*pair)) for pair in ((visitor, upstream), (upstream, visitor))
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
            code = visitor.close_code or upstream.close_code or 1011
            await visitor.close(code=code if code != 1006 else 1011)
            await upstream.close(code=code if code != 1006 else 1001)
            return visitor


def session() -> aiohttp.ClientSession:
    """Return the connections to origins; bodies pass as they are, cookies are nobody's business here."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=CONNECTIONS, limit_per_host=CONNECTIONS_EACH, keepalive_timeout=15, use_dns_cache=False
        ),
        timeout=timeout(),
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        requote_redirect_url=False,
        max_line_size=16_384,
        max_field_size=131_072,
        read_bufsize=2**17,
    )


def _add(response: web.StreamResponse, added: dict[str, str]) -> None:
    for name, value in added.items():
        if name == "Set-Cookie":
            response.headers.add(name, value)
        else:
            response.headers[name] = value


async def _pump(
    source: web.WebSocketResponse | aiohttp.ClientWebSocketResponse,
    sink: web.WebSocketResponse | aiohttp.ClientWebSocketResponse,
) -> None:
    async for message in source:
        match message.type:
            case WSMsgType.TEXT:
                await sink.send_str(message.data)
            case WSMsgType.BINARY:
                await sink.send_bytes(message.data)
            case WSMsgType.PING:
                await sink.ping(message.data)
            case WSMsgType.PONG:
                await sink.pong(message.data)
            case _:
                return
