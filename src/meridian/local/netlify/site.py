"""A published site over HTTP: its files with `_headers` applied, its redirects, its 404 page."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Mapping

from aiohttp import web

from meridian.local.netlify.rules import headers, matches, redirects

_OBEYED = ("/_headers", "/_redirects")


def answer(files: Mapping[str, bytes], path: str, seen: str = "") -> web.Response:
    """Return what a visitor of a path is given; `seen` is the visitor's If-None-Match."""
    shown = {name: content for name, content in files.items() if name not in _OBEYED}
    rules = files.get("/_headers", b"").decode()
    name = next((each for each in _candidates(path) if each in shown), None)
    if name is None:
        for redirect in redirects(files.get("/_redirects", b"").decode()):
            if matches(redirect.source, path):
                return web.Response(
                    status=redirect.status, headers={**headers(rules, path), "Location": redirect.target}
                )
        name, status = "/404.html", 404
    else:
        status = 200
    content = shown.get(name, b"Not Found\n")
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    kind = f"{kind}; charset=UTF-8" if kind.startswith("text/") else kind
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    told = {
        "Content-Type": kind,
        "Cache-Control": "public,max-age=0,must-revalidate",
        "ETag": tag,
        "Server": "Netlify (simulated)",
        **headers(rules, path),
    }
    if status == 200 and seen == tag:
        return web.Response(status=304, headers=told)
    return web.Response(status=status, body=content, headers=told)


def _candidates(path: str) -> tuple[str, ...]:
    if path.endswith("/"):
        return (f"{path}index.html",)
    return (path, f"{path}.html", f"{path}/index.html")
