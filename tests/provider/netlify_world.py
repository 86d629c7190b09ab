"""The simulated Netlify, and both handlers of our provider in this process."""

from pathlib import Path
from typing import Any

import httpx

from meridian.local.faults import Fault, Faults
from meridian.local.netlify.server import Server
from meridian.netlify.api import Netlify
from meridian.netlify.connection import Connection
from meridian.netlify.content import digests

SITE, DEPLOY = "meridian:netlify:Site", "meridian:netlify:Deploy"
ACCOUNT = "acme"


class World:
    """One simulated Netlify with one account; `waits` are the seconds that the provider would have slept."""

    def __init__(self, folder: Path) -> None:
        self.faults = Faults()
        self.server = Server(folder / "netlify", self.faults)
        self.server.state.open_account(ACCOUNT)
        self.root = folder
        self.folder = folder / "pages"
        self.folder.mkdir()
        self.waits: list[float] = []
        self.write("index.html", "<h1>first</h1>")
        self.write("style.css", "h1 {color: red}")

    def open(self, connection: Connection) -> Netlify:
        return Netlify(connection, sleep=self.waits.append)

    def write(self, path: str, text: str) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text)

    def fault(self, kind: str, types: str = "*", operation: str = "*", count: int = 1) -> None:
        self.faults.add(Fault(kind=kind, types=types, operation=operation, count=count))

    @property
    def connection(self) -> dict[str, str]:
        return {"endpoint": self.server.endpoint, "tokenFile": str(self.server.token_file)}

    def site(self, **changed: Any) -> dict[str, Any]:
        return {"account": ACCOUNT, "name": "acme-web", "connection": self.connection, **changed}

    def deploy(self, site: str, **changed: Any) -> dict[str, Any]:
        files = digests(self.folder)
        given = {"siteId": site, "folder": "pages", "files": files, "connection": self.connection}
        return {**given, "contents": {"/_headers": "/*\n  X-Frame-Options: DENY\n"}, **changed}

    def api(self, method: str, path: str, token: str | None = None, **given: Any) -> httpx.Response:
        held = self.server.token_file.read_text() if token is None else token
        headers = {"Authorization": f"Bearer {held}"}
        return httpx.request(method, self.server.endpoint + path, headers=headers, **given)

    def visit(self, path: str = "/", host: str = "acme-web.localhost") -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.server.port}{path}", headers={"Host": host})
