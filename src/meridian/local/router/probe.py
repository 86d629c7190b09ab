"""One health check, as Cloudflare's monitors do it: over HTTP, HTTPS or TCP."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp

from meridian.local.router.health import Result
from meridian.local.router.resolver import Place, Resolver, UnresolvedError, UnroutableError
from meridian.local.router.resources import Monitor, Origin

USER_AGENT = "Mozilla/5.0 (compatible; Cloudflare-Traffic-Manager/1.0; simulated by meridian)"
_BODY_BYTES = 10_240
_SAID_BYTES = 300
"""Only the first 10 KB of a body are searched for `expected_body`."""


@dataclass(frozen=True)
class Prober:
    """Asks origins how they are; `scale` multiplies timeouts."""

    session: aiohttp.ClientSession
    tls: ssl.SSLContext
    scale: float = 1.0

    async def check(self, monitor: Monitor, origin: Origin, resolver: Resolver) -> Result:
        """Return a check's result; after a timeout it is tried again at once, `retries` times (SDK, `retries`)."""
        try:
            place = resolver.find(origin)
        except (UnresolvedError, UnroutableError) as error:
            return Result(False, str(error))
        if monitor.type not in ("http", "https", "tcp"):
            return Result(False, f"{monitor.type} monitors are not simulated; fix: use http, https or tcp")
        ask = self._tcp if monitor.type == "tcp" else self._http
        return await retried(monitor, lambda: ask(monitor, origin, place), self.scale)

    async def _tcp(self, monitor: Monitor, origin: Origin, place: Place) -> Result:
        started = time.monotonic()
        try:
            _, writer = await asyncio.open_connection(place.host, place.port)
        except OSError as error:
            return Result(False, _said(error))
        writer.close()
        return Result(True, seconds=time.monotonic() - started)

    async def _http(self, monitor: Monitor, origin: Origin, place: Place) -> Result:
        secure = monitor.type == "https"
        headers = [
            (k, v) for k, values in monitor.header.items() for v in values if k.lower() != "user-agent"
        ]
        # The origin's own Host goes before the monitor's, else it is its address (monitors, "Host header prioritization").
        if origin.host or not any(name.lower() == "host" for name, _ in headers):
            headers = [pair for pair in headers if pair[0].lower() != "host"]
            headers.append(("Host", origin.host or origin.address))
        started = time.monotonic()
        try:
            async with self.session.request(
                monitor.method,
                f"{'https' if secure else 'http'}://{place.host}:{place.port}{monitor.path}",
                headers=[*headers, ("User-Agent", USER_AGENT), ("Connection", "close")],
                allow_redirects=monitor.follow_redirects,
                ssl=False if monitor.allow_insecure or not secure else self.tls,
                server_hostname=(place.server_name or place.host) if secure else None,
            ) as answer:
                seconds = time.monotonic() - started
                if not expected(monitor.expected_codes, answer.status):
                    said = (await answer.content.read(_SAID_BYTES)).decode(errors="replace").strip()
                    return Result(False, f"HTTP {answer.status}, expected {monitor.expected_codes}: {said}")
                if monitor.expected_body:
                    body = (await answer.content.read(_BODY_BYTES)).decode(errors="replace")
                    if monitor.expected_body.lower() not in body.lower():
                        return Result(False, f"the body does not hold {monitor.expected_body!r}")
                return Result(True, seconds=seconds)
        except (aiohttp.ClientError, OSError) as error:
            return Result(False, _said(error))


async def retried(monitor: Monitor, ask: Callable[[], Awaitable[Result]], scale: float = 1.0) -> Result:
    """Return the result of a check of at most `timeout` seconds; only a timeout is tried again."""
    for _ in range(monitor.retries + 1):
        try:
            return await asyncio.wait_for(ask(), monitor.timeout * scale)
        except TimeoutError:
            continue
    return Result(False, f"no answer in {monitor.timeout:g} s, {monitor.retries + 1} times")


def expected(codes: str, status: int) -> bool:
    """True when a status is one of `200`, `2xx` or `200-299`, or of a list of them."""
    for code in codes.lower().replace(" ", "").split(","):
        first, dash, last = code.partition("-")
        if dash and first.isdigit() and last.isdigit() and int(first) <= status <= int(last):
            return True
        digits = str(status)
        if len(code) == 3 and all(c in ("x", d) for c, d in zip(code, digits, strict=True)):
            return True
    return False


def _said(error: BaseException) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"the certificate is not valid: {error.certificate_error}"
    if isinstance(error, ConnectionRefusedError) or isinstance(
        getattr(error, "os_error", None), ConnectionRefusedError
    ):
        return "connection refused"
    return f"{type(error).__name__}: {error}"
