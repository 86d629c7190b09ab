"""The API and the sites on one loopback port; a thread of the daemon serves it."""

from __future__ import annotations

import asyncio
import hmac
import secrets
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from meridian.files import write_private
from meridian.local.faults import Faults
from meridian.local.netlify import site
from meridian.local.netlify.state import RefusalError, State
from meridian.local.ports import keep_ports

API = "/api/v1"
SITE, DEPLOY = "netlify:Site", "netlify:Deploy"
"""What faults name: `meridian local fault add throttle --type 'netlify:*'`."""
_OPERATIONS = {"POST": "create", "GET": "read", "PUT": "update", "PATCH": "update", "DELETE": "delete"}
_LIMIT, _WINDOW_SECONDS = 500, 60
_START_SECONDS = 10.0
_MOST_BYTES = 64 * 1024 * 1024


class Server:
    """One simulated Netlify in a folder; answers the token of its file only."""

    def __init__(self, folder: Path, faults: Faults) -> None:
        self.state = State(folder)
        self._folder = folder
        self._faults = faults
        self._token = self._keep_token()
        self._requests: list[float] = []
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._problem: BaseException | None = None
        self.port = keep_ports(folder / "port.json", ["api"])["api"]
        self._thread = threading.Thread(target=self._serve, daemon=True, name="netlify")
        self._thread.start()
        if not self._ready.wait(_START_SECONDS) or self._problem is not None:
            raise OSError(f"the simulated Netlify did not start on port {self.port}: {self._problem}")

    @property
    def token_file(self) -> Path:
        """Where the token lies, mode 0600."""
        return self._folder / "token"

    @property
    def endpoint(self) -> str:
        """The API's address."""
        return f"http://127.0.0.1:{self.port}{API}"

    def stop(self) -> None:
        """Stop serving."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _keep_token(self) -> str:
        if not self.token_file.exists():
            write_private(self.token_file, secrets.token_urlsafe(32).encode())
        return self.token_file.read_text()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1)
        try:
            self._loop.run_until_complete(runner.setup())
            self._loop.run_until_complete(web.TCPSite(runner, "127.0.0.1", self.port).start())
        except OSError as error:
            self._problem = error
        self._ready.set()
        if self._problem is None:
            self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    def _application(self) -> web.Application:
        app = web.Application(middlewares=[self._guard], client_max_size=_MOST_BYTES)
        app.add_routes(
            [
                web.get(f"{API}/sites", self._sites),
                web.get(f"{API}/{{account}}/sites", self._sites),
                web.post(f"{API}/{{account}}/sites", self._make_site),
                web.route("*", f"{API}/sites/{{site}}", self._one_site),
                web.get(f"{API}/sites/{{site}}/files", self._files),
                web.route("*", f"{API}/sites/{{site}}/deploys", self._deploys),
                web.get(f"{API}/deploys/{{deploy}}", self._deploy),
                web.put(f"{API}/deploys/{{deploy}}/files/{{path:.+}}", self._upload),
                web.post(f"{API}/sites/{{site}}/deploys/{{deploy}}/restore", self._restore),
                web.route("*", "/{path:.*}", self._nothing),
            ]
        )
        return app

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Serve sites by host name; of the API answer what comes with the token, within the limit, unless a fault strikes."""
        host = request.host.rsplit(":", 1)[0]
        if host not in ("127.0.0.1", "localhost"):
            return self._visit(request, host)
        told = self._limits()
        token = DEPLOY if "/deploys" in request.path else SITE
        operation = _OPERATIONS.get(request.method, "read")
        try:
            if not hmac.compare_digest(request.headers.get("Authorization", ""), f"Bearer {self._token}"):
                raise RefusalError(401, "Access Denied")
            await self._strike(token, operation, told)
            answer = await handler(request)
            if self._faults.strikes(token, operation, "lost-reply"):
                # The change is made; the connection ends without an answer.
                if request.transport is not None:
                    request.transport.close()
                raise ConnectionResetError("lost on demand")
        except RefusalError as refusal:
            answer = web.json_response(refusal.body, status=refusal.status)
        except web.HTTPException as error:
            answer = web.json_response({"code": error.status, "message": error.reason}, status=error.status)
        answer.headers.update(told)
        return answer

    async def _strike(self, token: str, operation: str, told: dict[str, str]) -> None:
        if slow := self._faults.strikes(token, operation, "latency"):
            await asyncio.sleep(slow.seconds)
        if told["X-RateLimit-Remaining"] == "0" or self._faults.strikes(token, operation, "throttle"):
            told["X-RateLimit-Remaining"] = "0"
            raise RefusalError(429, "Too Many Requests")
        if self._faults.strikes(token, operation, "expired-token"):
            raise RefusalError(401, "Access Denied")
        if self._faults.strikes(token, operation, "error"):
            raise RefusalError(500, "Internal Server Error")

    def _limits(self) -> dict[str, str]:
        now = time.time()
        self._requests = [each for each in self._requests if each > now - _WINDOW_SECONDS]
        left = max(_LIMIT - len(self._requests), 0)
        self._requests.append(now)
        # A fault's window is over after a second: the published one lasts a minute.
        reset = int(now) + (1 if left else _WINDOW_SECONDS)
        return {
            "X-RateLimit-Limit": str(_LIMIT),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": str(reset),
        }

    def _visit(self, request: web.Request, host: str) -> web.StreamResponse:
        files = self.state.shown_at(host)
        if files is None or request.method not in ("GET", "HEAD"):
            status = 404 if files is None else 405
            return web.Response(status=status, text=f"{host}: no site here (simulated Netlify)\n")
        return site.answer(files, request.path, request.headers.get("If-None-Match", ""))

    async def _sites(self, request: web.Request) -> web.StreamResponse:
        found = self.state.sites(request.match_info.get("account"))
        name = request.query.get("name", "")
        return _page(request, [each for each in found if name in each["name"]])

    async def _make_site(self, request: web.Request) -> web.StreamResponse:
        made = self.state.make_site(request.match_info["account"], await _json(request))
        return web.json_response(made, status=201)

    async def _one_site(self, request: web.Request) -> web.StreamResponse:
        identifier = request.match_info["site"]
        if request.method == "GET":
            return web.json_response(self.state.site(identifier))
        if request.method == "PATCH":
            return web.json_response(self.state.change_site(identifier, await _json(request)))
        if request.method == "DELETE":
            self.state.remove_site(identifier)
            return web.Response(status=204)
        raise web.HTTPMethodNotAllowed(request.method, ["GET", "PATCH", "DELETE"])

    async def _files(self, request: web.Request) -> web.StreamResponse:
        return _page(request, self.state.files(request.match_info["site"]))

    async def _deploys(self, request: web.Request) -> web.StreamResponse:
        identifier = request.match_info["site"]
        if request.method == "GET":
            return _page(request, self.state.deploys(identifier))
        files = (await _json(request)).get("files")
        if not isinstance(files, dict):
            raise RefusalError(422, "files is missing")
        made = self.state.make_deploy(identifier, files, request.query.get("title", ""))
        return web.json_response(made)

    async def _deploy(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self.state.deploy(request.match_info["deploy"]))

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        path = "/" + request.match_info["path"]
        content = await request.read()
        return web.json_response(self.state.upload(request.match_info["deploy"], path, content))

    async def _restore(self, request: web.Request) -> web.StreamResponse:
        found = self.state.restore(request.match_info["site"], request.match_info["deploy"])
        return web.json_response(found)

    async def _nothing(self, request: web.Request) -> web.StreamResponse:
        raise RefusalError(404, "Not Found")


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        found = await request.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise RefusalError(400, "Bad Request")
    return found


def _page(request: web.Request, found: list[dict[str, Any]]) -> web.StreamResponse:
    try:
        size = min(max(int(request.query.get("per_page", "100")), 1), 100)
        first = (max(int(request.query.get("page", "1")), 1) - 1) * size
    except ValueError:
        raise RefusalError(400, "Bad Request") from None
    return web.json_response(found[first : first + size])
