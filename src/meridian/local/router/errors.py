"""Cloudflare's own error answers: what the edge says when an origin does not.

Source: Cloudflare docs, support/troubleshooting/http-status-codes (2026-04).
"""

from __future__ import annotations

import asyncio
import errno

import aiohttp
from aiohttp import web

from meridian.local.router.resolver import UnresolvedError, UnroutableError

SERVER = "cloudflare (simulated by meridian)"
TITLES = {
    403: "Error 1000: the request came back to the router",
    409: "Error 1001: DNS resolution error",
    413: "Error 413: payload too large",
    400: "Error 400: bad request",
    520: "Error 520: web server returns an unknown error",
    521: "Error 521: web server is down",
    522: "Error 522: connection timed out",
    523: "Error 523: origin is unreachable",
    524: "Error 524: a timeout occurred",
    525: "Error 525: SSL handshake failed",
    526: "Error 526: invalid SSL certificate",
    530: "Error 530: error 1016, origin DNS error",
}
FAILOVER = frozenset({521, 522, 523, 525, 526})
"""Only these let a request be tried once more (zero-downtime-failover-retry-on-error): an app's own 503 never does."""


class EdgeError(RuntimeError):
    """The edge answers by itself; no origin did."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"{TITLES[status]}: {detail}")
        self.status = status

    def response(self, ray: str) -> web.Response:
        """Return the answer; plain text, and it says that it is simulated."""
        return web.Response(
            status=self.status,
            reason=TITLES[self.status].partition(": ")[2],
            text=f"{self}\nCloudflare's edge, simulated by meridian. Ray ID: {ray}\n",
            headers={"Cache-Control": "no-store", "Server": SERVER},
        )


def edge_error(error: BaseException) -> EdgeError | None:
    """Return what the edge says when speaking to an origin failed so; None for what is no failure of an origin."""
    if isinstance(error, EdgeError):
        return error
    status: int | None = None
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        status = 526
    elif isinstance(error, aiohttp.ClientConnectorSSLError):
        status = 525
    elif isinstance(error, aiohttp.ConnectionTimeoutError):
        status = 522
    elif isinstance(error, asyncio.TimeoutError):
        status = 524
    elif isinstance(error, aiohttp.ClientConnectorError):
        status = _of_connect(error)
    elif isinstance(error, UnresolvedError):
        status = 530
    elif isinstance(error, UnroutableError):
        status = 523
    elif isinstance(error, (aiohttp.ClientError, ConnectionError)):
        status = 520
    return EdgeError(status, _words(error)) if status else None


def _words(error: BaseException) -> str:
    """Return an error's words; of a connection that was not made the system's own, without the library's objects."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error.strerror or type(error.os_error).__name__
    return str(error) or type(error).__name__


def _of_connect(error: aiohttp.ClientConnectorError) -> int:
    if isinstance(error.os_error, ConnectionRefusedError):
        return 521
    if error.os_error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH):
        return 523
    # A connection that breaks while it is made breaks in the TLS handshake.
    return 525 if error.ssl not in (None, False) else 521
