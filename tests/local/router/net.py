"""A router and origins on loopback, in this process: real sockets, no control planes."""

import asyncio
import copy
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from meridian.local.authority import Authority
from meridian.local.ports import free_ports
from meridian.local.router.edge import Edge
from meridian.local.router.events import EventLog
from meridian.local.router.monitors import Monitors
from meridian.local.router.probe import Prober
from meridian.local.router.proxy import Proxy, session, timeout
from meridian.local.router.resolver import Place, Resolver
from meridian.local.router.resources import Resources
from meridian.local.router.server import edge_runner

HOST = "app.example.com"


@dataclass
class Fake:
    """An origin that is told what to do."""

    name: str
    port: int
    health: int = 200
    seen: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None
    tls: ssl.SSLContext | None = None
    runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application(client_max_size=2**40)
        app.router.add_get("/health", self._health)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, auto_decompress=False)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", self.port, ssl_context=self.tls).start()

    async def stop(self) -> None:
        if self.runner is not None:
            await self.runner.cleanup()
            self.runner = None

    async def _health(self, request: web.Request) -> web.StreamResponse:
        return web.Response(status=self.health, text=f"{self.name} says {self.health}")

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(f"{request.method} {request.raw_path}")
        self.headers.append(request.headers)
        if self.answer is not None:
            return await self.answer(request)
        return web.Response(text=self.name, headers={"X-From": self.name})


@dataclass
class Net:
    """What a test drives."""

    url: str
    port: int
    edge: Edge
    monitors: Monitors
    events: EventLog
    origins: dict[str, Fake]
    client: aiohttp.ClientSession
    inputs: dict[str, dict[str, dict[str, Any]]]
    resolver: Resolver

    async def get(self, path: str = "/", **rest: Any) -> tuple[int, str]:
        headers = {"Host": HOST, **rest.pop("headers", {})}
        async with self.client.get(f"{self.url}{path}", headers=headers, **rest) as answer:
            return answer.status, await answer.text()

    async def until(self, state: str, *origins: str) -> None:
        """Wait until these origins are so."""
        async with asyncio.timeout(90):
            while {h.state for (_, o), h in self.monitors.origins.items() if o in origins} != {state}:
                await asyncio.sleep(0.01)

    def change(self) -> None:
        """Let the router read the inputs again."""
        self.edge.follow(Resources.read(self.inputs), self.resolver)


def pools(*names: str, **inputs: Any) -> dict[str, dict[str, Any]]:
    """One pool with one origin each."""
    return {
        name: {"name": name, "monitor": "m", "origins": [{"name": f"{name}-gke", "address": f"{name}.invalid"}], **inputs}
        for name in names
    }  # fmt: skip


@asynccontextmanager
async def running(
    default: str,
    given: dict[str, dict[str, Any]],
    folder: Path | None = None,
    monitor: Mapping[str, Any] | None = None,
    scale: float = 0.02,
    population: str = "WEU",
    limits: float = 1.0,
    **balancer: Any,
) -> AsyncIterator[Net]:
    """Run a proxied load balancer over these pools; with a folder everything speaks TLS by an authority in it.

    `scale` multiplies what the load balancer's settings say, `limits` Cloudflare's own time limits towards an origin.
    """
    names = [origin["name"] for each in given.values() for origin in each["origins"]]
    origins = {name: Fake(name, port) for name, port in zip(names, free_ports(len(names)), strict=True)}
    inputs = {
        "balancers": {
            "lb": {
                "name": HOST,
                "proxied": True,
                "defaultPools": [*default],
                "fallbackPool": default[-1],
                **balancer,
            }
        },
        "pools": copy.deepcopy(given),
        "monitors": {
            "m": {"type": "https" if folder else "http", "path": "/health", "interval": 10, "timeout": 5000, "retries": 0, **(monitor or {})}
        },
    }  # fmt: skip
    trusted, served = ssl.create_default_context(), None
    if folder is not None:
        authority = Authority(folder)
        trusted = ssl.create_default_context(cafile=str(authority.ensure()))
        served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        served.load_cert_chain(*authority.issue("edge", [HOST, "127.0.0.1"]))
        for name, origin in origins.items():
            origin.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            origin.tls.load_cert_chain(*authority.issue(name, [name]))
    resolver = Resolver({n: Place("127.0.0.1", o.port, n if folder else "") for n, o in origins.items()})
    events = EventLog()
    async with session() as upstream, aiohttp.ClientSession() as checking:
        prober = Prober(checking, trusted, scale)
        monitors = Monitors(lambda *a: asyncio.ensure_future(prober.check(*a)), events, scale)
        carrier = Proxy(upstream, trusted)
        edge = Edge(carrier, monitors, b"k" * 32, scale)
        # Intervals are short, but how long an origin may take is real: a busy machine must not fail a test.
        carrier.timeout = timeout(limits)
        for origin in origins.values():
            await origin.start()
        runner = edge_runner(edge, population)
        await runner.setup()
        (port,) = free_ports(1)
        await web.TCPSite(runner, "127.0.0.1", port, ssl_context=served).start()
        edge.follow(Resources.read(inputs), resolver)
        connector = aiohttp.TCPConnector(ssl=trusted if folder else False, force_close=True)
        jar = aiohttp.DummyCookieJar()
        async with aiohttp.ClientSession(
            connector=connector, cookie_jar=jar, auto_decompress=False
        ) as client:
            net = Net(
                f"http{'s' if folder else ''}://127.0.0.1:{port}", port, edge, monitors, events, origins, client, inputs, resolver
            )  # fmt: skip
            try:
                if any(each.get("monitor") for each in given.values()):
                    await net.until("healthy", *names)
                yield net
            finally:
                await monitors.close()
                await runner.cleanup()
                for origin in origins.values():
                    await origin.stop()
