"""The local router against a direct request and against a bare reverse proxy of the same library (aiohttp)."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import aiohttp
import psutil
from aiohttp import web
from common import in_turn, spread

from meridian.local.ports import free_ports
from meridian.local.router import proxy
from meridian.local.router.edge import Edge
from meridian.local.router.events import EventLog
from meridian.local.router.health import Result
from meridian.local.router.monitors import Monitors
from meridian.local.router.resolver import Place, Resolver
from meridian.local.router.resources import Resources
from meridian.local.router.server import edge_runner

HOST, BODY = "app.example.com", b"x" * 1024
ROUNDS, REQUESTS, CLIENTS = 7, 2000, 16
_HOPS = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "host"})


def main() -> None:
    """Measure in turn, in one run, and print spreads and ratios."""
    origin, bare, router = free_ports(3)
    with (
        _process("origin", origin, 0) as first,
        _process("bare", bare, origin) as second,
        _process("router", router, origin) as third,
    ):
        processes = {"direct": first, "bare aiohttp proxy": second, "meridian router": third}
        ports = {"direct": origin, "bare aiohttp proxy": bare, "meridian router": router}
        for port in ports.values():
            asyncio.run(_load(port))
        latencies: dict[str, list[list[float]]] = {name: [] for name in ports}
        work: dict[str, list[float]] = {name: [] for name in ports}

        def measure(name: str) -> Callable[[], float]:
            def once() -> float:
                before, began = _cpu(processes[name]), time.monotonic()
                latencies[name].append(asyncio.run(_load(ports[name])))
                took = time.monotonic() - began
                work[name].append(1000 * (_cpu(processes[name]) - before) / REQUESTS)
                return REQUESTS / took

            return once

        rates = in_turn({name: measure(name) for name in ports}, ROUNDS)
    print(
        f"GET of {len(BODY)} bytes without TLS, {CLIENTS} clients that keep their connections, {REQUESTS} requests, "
        f"{ROUNDS} rounds in turn\n{'':40}     min   median      max"
    )
    _print("requests/s", rates, "/s")
    # What a busy machine does not blur: processor time of the process itself.
    _print("CPU/request", work, "ms")
    for percent in (50, 99):
        cuts = {
            n: [1000 * statistics.quantiles(r, n=100)[percent - 1] for r in v] for n, v in latencies.items()
        }
        _print(f"p{percent}", cuts, "ms")


def _print(title: str, found: Mapping[str, Sequence[float]], unit: str) -> None:
    for name, values in found.items():
        print(f"  {title + ' ' + name:38}{spread(values, unit)}")
    for base in ("direct", "bare aiohttp proxy"):
        pairs = zip(found["meridian router"], found[base], strict=True)
        print(f"  {title + ' router / ' + base:38}{spread([own / other for own, other in pairs], 'x')}")


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


async def _load(port: int) -> list[float]:
    """Return the seconds of each request."""
    took: list[float] = []
    left = iter(range(REQUESTS))

    async def client(session: aiohttp.ClientSession) -> None:
        for _ in left:
            began = time.perf_counter()
            async with session.get(f"http://127.0.0.1:{port}/", headers={"Host": HOST}) as answer:
                assert len(await answer.read()) == len(BODY), answer.status
            took.append(time.perf_counter() - began)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CLIENTS)) as session:
        await asyncio.gather(*(client(session) for _ in range(CLIENTS)))
    return took


@contextlib.contextmanager
def _process(kind: str, port: int, origin: int) -> Iterator[psutil.Process]:
    started = subprocess.Popen(
        [sys.executable, __file__, kind, str(port), str(origin)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert started.stdout is not None
        assert started.stdout.readline() == "listening\n"
        yield psutil.Process(started.pid)
    finally:
        started.kill()
        started.wait()


async def _serve(kind: str, port: int, origin: int) -> None:
    async with proxy.session() as session:
        if kind == "router":
            runner: web.BaseRunner = _router(session, origin)
        else:
            handler = _answer if kind == "origin" else _bare(session, origin)
            runner = web.ServerRunner(web.Server(handler, access_log=None))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        print("listening", flush=True)
        await asyncio.Event().wait()


async def _answer(_: web.BaseRequest) -> web.StreamResponse:
    return web.Response(body=BODY)


def _bare(session: aiohttp.ClientSession, origin: int) -> Callable[[web.BaseRequest], object]:
    """Return the least that a streaming reverse proxy of this library does: no steering, no retry, no headers of its own."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        sent = {k: v for k, v in request.headers.items() if k.lower() not in _HOPS}
        url = f"http://127.0.0.1:{origin}{request.rel_url}"
        body = request.content if request.body_exists else None
        async with session.request(request.method, url, headers=sent, data=body) as answer:
            kept = {k: v for k, v in answer.headers.items() if k.lower() not in _HOPS}
            response = web.StreamResponse(status=answer.status, headers=kept)
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            await response.write_eof()
            return response

    return handle


def _router(session: aiohttp.ClientSession, origin: int) -> web.BaseRunner:
    async def healthy(*_: object) -> Result:
        return Result(True, seconds=0.001)

    monitors = Monitors(lambda *given: asyncio.ensure_future(healthy(*given)), EventLog())
    edge = Edge(proxy.Proxy(session, ssl.create_default_context()), monitors, b"k" * 32)
    pools = {
        name: {"name": name, "monitor": "m", "origins": [{"name": f"{name}-{cloud}", "address": "o.example.com"} for cloud in ("gke", "eks")]}
        for name in ("us", "eu", "asia")
    }  # fmt: skip
    balancer = {
        "name": HOST, "proxied": True, "steeringPolicy": "geo", "defaultPools": ["us"], "fallbackPool": "us",
        "regionPools": {"WEU": ["eu", "us"], "SEAS": ["asia", "us"]}, "adaptiveRouting": {"failoverAcrossPools": True},
    }  # fmt: skip
    given = {"balancers": {"lb": balancer}, "pools": pools, "monitors": {"m": {"interval": 3600}}}
    places = {f"{name}-{cloud}": Place("127.0.0.1", origin) for name in pools for cloud in ("gke", "eks")}
    edge.follow(Resources.read(given), Resolver(places))
    return edge_runner(edge, "WEU")


if __name__ == "__main__":
    if len(sys.argv) == 4:
        asyncio.run(_serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
    else:
        main()
