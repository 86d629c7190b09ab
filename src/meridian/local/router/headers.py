"""Which headers pass the edge, and which it adds (Cloudflare docs, fundamentals/reference/http-headers; RFC 9110, 7.6.1)."""

from __future__ import annotations

import random
from collections.abc import Mapping

from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

from meridian.local.router import affinity, visitor
from meridian.local.router.visitor import Visitor

_HOP_BY_HOP = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"),
        *("te", "trailer", "transfer-encoding", "upgrade", "http2-settings"),
    }
)
# Set by the edge; what a visitor sends under these names is not passed on.
_OURS = frozenset(
    {
        *(
            "cf-connecting-ip",
            "cf-ray",
            "cf-visitor",
            "cf-ipcountry",
            "x-forwarded-proto",
            "expect",
            "cdn-loop",
        ),
        *("host", "cookie", visitor.HEADER.lower()),
    }
)
_WEBSOCKET = "sec-websocket-"
LOOP = "cloudflare; meridian"


def ray_of(who: Visitor) -> str:
    """Return a request's own id: 16 hexadecimal digits and the data centre; a name, no secret."""
    return f"{random.getrandbits(64):016x}-{who.pop or who.region or 'LOCAL'}"


def to_origin(request: web.BaseRequest, who: Visitor, host: str, ray: str) -> CIMultiDict[str]:
    """Return the headers of the request to an origin."""
    named = _named(request.headers)
    sent = CIMultiDict(
        (name, value)
        for name, value in request.headers.items()
        if (key := name.lower()) not in _HOP_BY_HOP
        and key not in _OURS
        and key not in named
        and not key.startswith(_WEBSOCKET)
    )
    if not request.body_exists:
        sent.popall("Content-Length", None)
    cookies = affinity.without_cookie("; ".join(request.headers.getall("Cookie", [])))
    if cookies:
        sent["Cookie"] = cookies
    forwarded = sent.popall("X-Forwarded-For", [])
    sent["Host"] = host
    sent["X-Forwarded-For"] = ", ".join([*forwarded, who.ip])
    sent["X-Forwarded-Proto"] = request.scheme
    sent["CF-Connecting-IP"] = who.ip
    sent["CF-IPCountry"] = who.country or "XX"
    sent["CF-Visitor"] = f'{{"scheme":"{request.scheme}"}}'
    sent["CF-Ray"] = ray
    sent["CDN-Loop"] = LOOP
    return sent


def to_visitor(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    """Return the headers of an origin's answer that reach the visitor."""
    named = _named(headers)
    return CIMultiDict(
        (name, value)
        for name, value in headers.items()
        if (key := name.lower()) not in _HOP_BY_HOP and key not in named
    )


def _named(headers: Mapping[str, str]) -> frozenset[str]:
    """Return the headers that `Connection` says end at this hop."""
    return frozenset(part.strip().lower() for part in headers.get("Connection", "").split(","))
