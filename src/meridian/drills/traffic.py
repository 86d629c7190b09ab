"""A bounded stream of real requests over TLS from every population, in a thread of its own."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from meridian.drills.promise import Population
from meridian.drills.recording import Answer

PATIENCE_SECONDS = 10.0
"""How long a visitor waits for an answer, whatever the time scale."""
LEAST_PAUSE_SECONDS = 0.25
_POOL = "Meridian-Pool"
_VISITOR = "Meridian-Visitor"


class _Loopback(AbstractResolver):
    """Every name is this machine: the router's listeners are on loopback, and names and certificates stay as they are."""

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=0)
        ]

    async def close(self) -> None:
        return None


@dataclass
class Traffic:
    """Visitors, each asking once a second times the scale, and at most four times a second.

    Every second one of a population is new at each request: a fresh connection without a cookie. The others return:
    they keep cookie and connection. `path` is the product's health path, since only that says that a database serves.
    """

    populations: Sequence[Population]
    listeners: Mapping[str, int]
    authority: str
    path: str
    clients: int
    scale: float
    pool_clusters: Mapping[str, str]
    answers: list[Answer] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ending = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more, and wait for the answers that are under way."""
        self._ending.set()
        if self._thread.ident is not None:
            self._thread.join(PATIENCE_SECONDS + 5)

    def count(self) -> int:
        """Return how many answers came so far."""
        return len(self.answers)

    async def _run(self) -> None:
        trusted = ssl.create_default_context(cafile=self.authority)
        visitors = itertools.product(self.populations, range(self.clients))
        await asyncio.gather(*(self._visit(each, number, trusted) for each, number in visitors))

    async def _visit(self, population: Population, number: int, trusted: ssl.SSLContext) -> None:
        returning = number % 2 == 1
        pause = max(self.scale, LEAST_PAUSE_SECONDS)
        connector = aiohttp.TCPConnector(resolver=_Loopback(), ssl=trusted, force_close=not returning)
        jar = aiohttp.CookieJar() if returning else aiohttp.DummyCookieJar()
        timeout = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
        async with aiohttp.ClientSession(connector=connector, cookie_jar=jar, timeout=timeout) as session:
            # Not all in the same moment.
            await asyncio.sleep(pause * number / self.clients)
            while not self._ending.is_set():
                answer = await self._ask(session, population, returning)
                self.answers.append(answer)
                await asyncio.sleep(max(0.0, answer.began + pause - time.time()))

    async def _ask(self, session: aiohttp.ClientSession, population: Population, returning: bool) -> Answer:
        port = self.listeners[population.code]
        place = "/".join(part for part in (population.code, population.country) if part)
        began = time.time()
        status, cluster, detail = 0, "", ""
        try:
            async with session.get(
                f"https://{population.hostname}:{port}{self.path}",
                headers={_VISITOR: place},
                allow_redirects=False,
            ) as got:
                text = await got.text()
                status = got.status
                cluster = _cluster(text) or (
                    self.pool_clusters.get(got.headers.get(_POOL, ""), "") if status < 500 else ""
                )
                detail = "" if status < 400 else _reason(text)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            detail = f"{type(error).__name__}: {error}"[:200]
        return Answer(
            population.name,
            began,
            time.time(),
            status,
            cluster,
            "returning" if returning else "new",
            detail,
        )


def _body(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _cluster(text: str) -> str:
    """Return who answered by its own word."""
    return str(_body(text).get("cluster") or "")


def _reason(text: str) -> str:
    reasons = _body(text).get("reasons")
    return "; ".join(map(str, reasons)) if isinstance(reasons, list) else text.split("\n", 1)[0][:200]
