"""The router's process: listeners, the configuration that it follows, and its status."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import os
import secrets
import signal
import ssl
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aiohttp import web

from meridian.files import write_private
from meridian.local import rendezvous
from meridian.local.authority import Authority
from meridian.local.ports import keep_ports
from meridian.local.router import proxy
from meridian.local.router.edge import Edge
from meridian.local.router.events import EventLog
from meridian.local.router.monitors import Monitors
from meridian.local.router.probe import Prober
from meridian.local.router.resolver import Resolver
from meridian.local.router.resources import REGIONS, Resources
from meridian.local.router.status import describe
from meridian.wording import counted

POPULATIONS = ("ANY", *REGIONS)
"""One listener each; visitors of ANY are of no region unless their header names one."""
_TLS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
"""Older ones are not spoken here, whatever a zone allows."""
_POLL_SECONDS = 0.1
_SHOWN_EVENTS = 20


class RouterProcess:
    """One router in a folder: reads `config.json`, writes `router.json` (0600) beside the folder, keeps health and events."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._authority = Authority(folder.parent / "authority")
        self._events = EventLog(folder / "events.jsonl")
        self._token = secrets.token_urlsafe(24)
        self._listeners: dict[str, int] = {}
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
        self._scale = 1.0
        self._seen: tuple[int, int] | None = None

    async def run(self, ending: asyncio.Event) -> None:
        """Serve until told to end."""
        trusted = ssl.create_default_context(cafile=str(self._authority.ensure()))
        self._config = self._read() or {}
        self._scale = float(self._config.get("time_scale", 1.0))
        self._certify([])
        async with proxy.session() as session, proxy.session() as checking:
            self._prober = Prober(checking, trusted, self._scale)
            self._monitors = Monitors(
                lambda *given: asyncio.ensure_future(self._prober.check(*given)),
                self._events,
                self._scale,
                self._folder / "health.json",
            )
            self._edge = Edge(proxy.Proxy(session, trusted), self._monitors, self._secret(), self._scale)
            self._events.add(
                "router", "router", f"started, process {os.getpid()}, time scale {self._scale:g}"
            )
            self._apply()
            runners = await self._listen()
            announced = self._announce()
            try:
                await self._follow(ending)
            finally:
                announced.unlink(missing_ok=True)
                await self._monitors.close()
                for runner in runners:
                    await runner.cleanup()
                self._events.add("router", "router", "ended")

    async def _follow(self, ending: asyncio.Event) -> None:
        while not ending.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ending.wait(), _POLL_SECONDS)
            fresh = self._read()
            if fresh is not None:
                self._config = fresh
                self._apply()

    def _read(self) -> dict[str, Any] | None:
        """Return the configuration when it changed since it was last read."""
        file = self._folder / "config.json"
        try:
            found = file.stat()
            seen = (found.st_mtime_ns, found.st_ino)
            if seen == self._seen:
                return None
            config: dict[str, Any] = json.loads(file.read_text())
        except (OSError, ValueError):
            return None
        self._seen = seen
        return config

    def _apply(self) -> None:
        resources = Resources.read(self._config.get("resources") or {})
        self._certify(sorted(resources.balancers))
        self._tls.minimum_version = _TLS.get(str(self._config.get("tls_minimum")), ssl.TLSVersion.TLSv1_2)
        self._edge.follow(resources, Resolver.read(self._config.get("origins") or {}))
        scale = float(self._config.get("time_scale", 1.0))
        if scale != self._scale:
            self._scale = self._monitors.scale = scale
            self._edge.pace(scale)
            self._prober = Prober(self._prober.session, self._prober.tls, scale)
            self._monitors.restart()
            self._events.add("router", "router", f"time scale {scale:g}")
        self._events.add(
            "router",
            "configuration",
            f"{counted(len(resources.balancers), 'load balancer')}, {counted(len(resources.pools), 'pool')}, "
            f"{counted(len(resources.monitors), 'monitor')}",
        )

    def _certify(self, hostnames: list[str]) -> None:
        """Load a certificate for every host name; connections that stand keep theirs."""
        self._tls.load_cert_chain(*self._authority.issue("edge", ["localhost", "127.0.0.1", *hostnames]))

    async def _listen(self) -> list[web.BaseRunner]:
        ports = keep_ports(self._folder / "ports.json", [*POPULATIONS, "status"])
        runners: list[web.BaseRunner] = []
        for population in POPULATIONS:
            runner = edge_runner(self._edge, "" if population == "ANY" else population)
            await runner.setup()
            await web.TCPSite(
                runner, "127.0.0.1", ports[population], ssl_context=self._tls, backlog=512
            ).start()
            runners.append(runner)
        status = web.ServerRunner(web.Server(self._status, access_log=None))
        await status.setup()
        await web.TCPSite(status, "127.0.0.1", ports["status"]).start()
        self._listeners = ports
        return [*runners, status]

    def _announce(self) -> Path:
        file = self._folder.parent / "router.json"
        pid = os.getpid()
        content = {
            "pid": pid,
            "started": rendezvous.started_at(pid),
            "token": self._token,
            "status": self._listeners["status"],
            "listeners": {name: self._listeners[name] for name in POPULATIONS},
            "authority": str(self._authority.certificate),
            "time_scale": self._scale,
        }
        write_private(file, json.dumps(content, indent=2).encode())
        return file

    def _secret(self) -> bytes:
        file = self._folder / "affinity.key"
        if not file.exists():
            write_private(file, secrets.token_bytes(32))
        return file.read_bytes()

    async def _status(self, request: web.BaseRequest) -> web.StreamResponse:
        if not hmac.compare_digest(request.headers.get("Authorization", ""), f"Bearer {self._token}"):
            return web.Response(status=401, text="the token is in router.json\n")
        if request.path == "/events":
            number = int(request.query.get("since", "0"))
            return web.json_response([asdict(event) for event in self._events.since(number)])
        head = {
            "pid": os.getpid(),
            "time_scale": self._scale,
            "authority": str(self._authority.certificate),
            "listeners": {name: self._listeners[name] for name in POPULATIONS},
        }
        found = describe(self._edge, self._monitors, POPULATIONS)
        recent = [asdict(event) for event in self._events.since()[-_SHOWN_EVENTS:]]
        return web.json_response({**head, **found, "events": recent})


def edge_runner(edge: Edge, population: str) -> web.ServerRunner:
    """Return what serves one population; a handler ends when its visitor hangs up."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return await edge.handle(request, population)

    server = web.Server(
        handle,
        handler_cancellation=True,
        access_log=None,
        auto_decompress=False,
        keepalive_timeout=400,
        max_line_size=16_384,
        max_field_size=131_072,
        read_bufsize=2**17,
    )
    return web.ServerRunner(server, shutdown_timeout=2)


async def _main(folder: Path) -> None:
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    await RouterProcess(folder).run(ending)


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
