"""What an origin tells the public page: the state of each region, asked of every region's own origins."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from typing import Any

import aiohttp
from aiohttp import web

_PATIENCE_SECONDS = 2.0
# Every visitor of the page asks: one round of questions serves those of the same second.
_KEPT_SECONDS = 1.0


class RegionStatus:
    """A region is healthy when one of its clusters says so of itself; who does not answer in time is not."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._lock = asyncio.Lock()
        self._asked, self._found = 0.0, dict[str, bool]()

    async def answer(self, spec: Mapping[str, Any], request: web.Request) -> web.StreamResponse:
        """Return `{"regions": {KEY: {"healthy": BOOL}}}`; a browser may read it on the page that Netlify serves, and on no other."""
        headers = {"Cache-Control": "no-store", "Vary": "Origin"}
        origin = request.headers.get("Origin", "")
        if origin in spec.get("pages", ()):
            headers["Access-Control-Allow-Origin"] = origin
        regions = {key: {"healthy": healthy} for key, healthy in (await self._regions(spec)).items()}
        return web.json_response({"regions": regions}, headers=headers)

    async def _regions(self, spec: Mapping[str, Any]) -> dict[str, bool]:
        async with self._lock:
            if time.monotonic() - self._asked > _KEPT_SECONDS:
                origins = [(key, *each) for key, of in spec.get("regions", {}).items() for each in of.items()]
                tls = ssl.create_default_context(cafile=spec["authority"])
                said = await asyncio.gather(*(self._healthy(name, port, tls) for _, name, port in origins))
                self._found = {key: False for key, _, _ in origins}
                for (key, _, _), healthy in zip(origins, said, strict=True):
                    self._found[key] |= healthy
                self._asked = time.monotonic()
            return self._found

    async def _healthy(self, name: str, port: int, tls: ssl.SSLContext) -> bool:
        try:
            async with self._session.get(
                f"https://127.0.0.1:{port}/health",
                ssl=tls,
                server_hostname=name,
                timeout=aiohttp.ClientTimeout(total=_PATIENCE_SECONDS),
            ) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False
